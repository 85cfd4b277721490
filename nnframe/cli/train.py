"""``nnframe train``: train a net on a data set that ships with nnframe, and say how good it has become."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe import registry
from nnframe.cli.output import say
from nnframe.datasets import load_digits
from nnframe.loss import Loss
from nnframe.network import nNet

if TYPE_CHECKING:
    from nnframe.arrays import Array

DATASETS = {"digits": load_digits}


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the subcommand to a parser."""
    parser = commands.add_parser(
        "train",
        help="train a net on a data set that ships with nnframe",
        description="Train a net with a softmax layer at the end by plain stochastic gradient descent; print a line an "
        "epoch, and the share of test samples that it gets right.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("dataset", choices=sorted(DATASETS), help="the data set")
    parser.add_argument(
        "--hidden", type=_sizes, default=[32], metavar="N[,N...]", help="the size of each hidden layer; 0 for none"
    )
    parser.add_argument(
        "--activation", default="relu", metavar="NAME", help="the activation of the hidden layers, a plugin's too"
    )
    parser.add_argument("--loss", default="cel", metavar="NAME", help="the loss, a plugin's too")
    parser.add_argument("--epochs", type=_count, default=30, metavar="N", help="passes over the data")
    parser.add_argument("--batch-size", type=_count, default=32, metavar="N", help="samples an update")
    parser.add_argument("--learning-rate", type=_rate, default=0.2, metavar="R", help="the step size")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="what the first weights are drawn from")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train as the options say.

    Raises
    ------
    NNFrameError
        If a name can't be found, or a plugin fails.
    """
    loss = registry.resolve(Loss, options.loss)
    train, test = DATASETS[options.dataset]()
    sizes = [train.X.shape[1], *options.hidden, train.Y.shape[1]]
    net = nNet.from_sizes(sizes, [options.activation, "softmax"] if options.hidden else ["softmax"], seed=options.seed)
    say(f"{options.dataset}: {len(train)} samples to train on, {len(test)} to test")
    say(repr(net))
    width = len(str(options.epochs))
    for epoch in range(1, options.epochs + 1):
        mean_loss = net.backprop(train, loss, options.learning_rate, options.batch_size)
        say(f"epoch {epoch:>{width}}/{options.epochs}  {loss.spec} {mean_loss:.4f}")
    say(f"test accuracy {_accuracy(net, test.X.T, test.Y.T):.4f}")


def _accuracy(net: nNet, x: Array, y: Array) -> float:
    return float(np.mean(net.forwardPass(x, False).argmax(axis=0) == y.argmax(axis=0)))


def _sizes(text: str) -> list[int]:
    return [] if text.strip() == "0" else [_count(part) for part in text.split(",")]


def _count(text: str) -> int:
    return int(_number(text, int, "a whole number of at least 1", 1))


def _seed(text: str) -> int:
    return int(_number(text, int, "a whole number of at least 0", 0))


def _rate(text: str) -> float:
    return _number(text, float, "a finite number of at least 0", 0)


def _number(text: str, convert: Callable[[str], float], wanted: str, minimum: float) -> float:
    try:
        number = convert(text)
    except ValueError:
        number = math.nan
    if not minimum <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} came; wanted {wanted}")
    return number
