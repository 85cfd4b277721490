"""``nnframe train``: train a net on a table of one's own, or on a data set that ships with nnframe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnframe import hookimpl, registry
from nnframe.cli import numbers
from nnframe.cli.output import check_place, say
from nnframe.contracts.activation import Activation
from nnframe.contracts.engine import Engine
from nnframe.contracts.loss import Loss
from nnframe.contracts.optimizer import Optimizer
from nnframe.data import Pairs
from nnframe.errors import ArgumentError
from nnframe.history import History
from nnframe.network import nNet
from nnframe.saving.files import check_format

if TYPE_CHECKING:
    from nnframe_table.model import Model

    from nnframe.cli.training_data import TrainingData
    from nnframe.training.run import TrainingRun


def add_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the subcommand to a parser."""
    parser = commands.add_parser(
        "train",
        help="train a net on a table of yours, or on a data set that ships with nnframe",
        description="Train a net to predict one column of a table from the others; print a line an epoch, and how good "
        "the net is for rows that it was not trained with. Numbers are scaled, texts become categories, and what was "
        "learned of the columns goes into the model file, for nnframe predict.",
    )
    parser.add_argument("data", help="a .csv, .parquet, .npy or .npz file; or digits, which ship with nnframe")
    columns = parser.add_argument_group("columns")
    columns.add_argument(
        "--target",
        metavar="NAME",
        help="the column to predict; of a .npy file its number, the last by default; of a .npz file y by default",
    )
    columns.add_argument("--task", choices=["classification", "regression"], help="in place of what is recognised")
    columns.add_argument(
        "--kind",
        type=_kind,
        action="append",
        default=[],
        metavar="NAME=KIND",
        help="what a column holds, where it is taken for something else: numeric, category or boolean",
    )
    columns.add_argument("--drop", action="append", default=[], metavar="NAME", help="a column to leave out")
    columns.add_argument(
        "--fill",
        type=_fill,
        metavar="HOW",
        help="fill missing values: mean, median, most-frequent, or a number; without it they are refused",
    )
    columns.add_argument(
        "--validation", type=numbers.share, metavar="R", help="the share of rows held out (default: 0.2)"
    )
    net = parser.add_argument_group("net")
    net.add_argument(
        "--hidden",
        type=numbers.sizes,
        metavar="N[,N...]",
        help="the size of each hidden layer; 0 for none (default: 64, for digits 32)",
    )
    net.add_argument(
        "--activation", default="relu", metavar="NAME", help="of the hidden layers, a plugin's too (default: relu)"
    )
    training = parser.add_argument_group("training")
    training.add_argument("--loss", metavar="NAME", help="a plugin's too (default: cel for classes, mse for numbers)")
    training.add_argument(
        "--optimizer",
        metavar="NAME",
        help="a plugin's too, such as 'adam(learning_rate=0.01)' (default: adam, for digits sgd)",
    )
    training.add_argument("--learning-rate", type=numbers.rate, metavar="R", help="the optimizer's step size")
    training.add_argument(
        "--epochs", type=numbers.count, metavar="N", help="passes over the data (default: 200, for digits 30)"
    )
    training.add_argument(
        "--patience",
        type=numbers.count_or_zero,
        metavar="N",
        help="stop after so many epochs without a better validation loss, and take the best weights; 0 for never "
        "(default: 20)",
    )
    training.add_argument(
        "--batch-size", type=numbers.count, default=32, metavar="N", help="samples an update (default: 32)"
    )
    training.add_argument(
        "--seed",
        type=numbers.count_or_zero,
        default=0,
        metavar="N",
        help="what all that is random is drawn from (default: 0)",
    )
    training.add_argument(
        "--no-shuffle",
        action="store_true",
        help="visit the rows as they stand: much faster where there are more than fit into memory, and worse where "
        "they are sorted",
    )
    training.add_argument("--engine", metavar="NAME", help="what runs the epochs, a plugin's too")
    results = parser.add_argument_group("results")
    results.add_argument("--out", type=Path, metavar="FILE", help="save the net and its columns, as m.nnf")
    results.add_argument("--plot", type=Path, metavar="FILE", help="draw the losses into a .png, .pdf or .svg file")
    results.add_argument("--quiet", action="store_true", help="print what has come out, and no line an epoch")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train as the options say.

    Raises
    ------
    NNFrameError
        If the data can't be used, a name can't be found, a plugin fails, or a file can't be written.
    KeyboardInterrupt
        If that ends the training. The net is saved as it is then.
    """
    # The other commands don't wait for what reads tables.
    from nnframe_table.model import Model

    from nnframe.cli.training_data import opened

    _check_early(options)
    with opened(options) as data:
        if not options.quiet:
            for line in data.summary:
                say(line)
        loss = _loss(options, data)
        net = _net(options, data)
        if not options.quiet:
            say(repr(net))
        model = Model(net, data.columns, data.task, loss.spec)
        try:
            history = _train(options, data, net, loss)
        except KeyboardInterrupt:
            if options.out is not None:
                model.save(options.out)
                say(f"{options.out} written, with the net as far as it was trained")
            raise
        for name, judged_by in (("validation", data.validation), ("test", data.test)):
            if judged_by is not None:
                say(f"{name} {_quality(model, judged_by)}")
    if options.out is not None:
        model.save(options.out)
        say(f"{options.out} written")
    if options.plot is not None:
        _draw(history, options.plot)
        say(f"{options.plot} written")


class EpochLines:
    """Prints a line an epoch, and why the run ended early."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    @hookimpl
    def nnframe_epoch_end(self, run: TrainingRun) -> None:
        """Print the epoch."""
        history = run.history
        line = f"epoch {run.epoch:>{len(str(run.n_epochs))}}/{run.n_epochs}  {self.loss.spec} {history.loss[-1]:.4f}"
        if history.validation_loss:
            line += f"  validation {history.validation_loss[-1]:.4f}"
        say(line + "".join(f"  {name} {values[-1]:.4f}" for name, values in history.metrics.items()))

    @hookimpl
    def nnframe_train_end(self, run: TrainingRun) -> None:
        """Print why there is no further line."""
        if run.history.stopped and run.error is None:
            say(f"stopped after epoch {run.epoch}: {run.history.stopped}")


def _loss(options: argparse.Namespace, data: TrainingData) -> Loss:
    loss = registry.resolve(Loss, options.loss or data.task.loss)
    if loss.a_domain == "probability" and data.task.activation is None:
        raise ArgumentError(
            f"--loss is {loss.spec}, which takes probabilities, and a {data.task.kind} gives any number; wanted a loss "
            f"such as {data.task.loss}, or --task classification"
        )
    return loss


def _net(options: argparse.Namespace, data: TrainingData) -> nNet:
    hidden = data.defaults.hidden if options.hidden is None else options.hidden
    last = data.task.activation
    return nNet.from_sizes(
        [data.columns.n_inputs, *hidden, data.task.n_outputs],
        [options.activation, last] if hidden else [last],
        seed=options.seed,
        dtype=data.train.X.dtype,
    )


def _train(options: argparse.Namespace, data: TrainingData, net: nNet, loss: Loss) -> History:
    optimizer = registry.resolve(Optimizer, options.optimizer or data.defaults.optimizer)
    if options.learning_rate is not None:
        optimizer = optimizer.with_params(learning_rate=options.learning_rate)
    patience = data.defaults.patience if options.patience is None else options.patience
    callbacks: list[Any] = [] if options.quiet else [EpochLines(loss)]
    if patience and data.validation is not None:
        callbacks.insert(0, f"early_stopping(patience={patience})")
    return net.nEpochs(
        data.defaults.epochs if options.epochs is None else options.epochs,
        data.train,
        loss,
        batch_size=options.batch_size,
        optimizer=optimizer,
        engine=options.engine,
        shuffle=not options.no_shuffle,
        seed=options.seed,
        validation=data.validation,
        metrics=data.task.metrics[:1] if data.validation is not None else (),
        callbacks=callbacks,
    )


def _quality(model: Model, judged_by: Pairs) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in model.quality(judged_by).items())


def _check_early(options: argparse.Namespace) -> None:
    """Raise before a large file is read for names that don't exist, or for places that can't be written to."""
    for kind in (Activation, Loss, Optimizer, Engine):
        name = getattr(options, kind.__name__.lower())
        if name is not None:
            registry.resolve(kind, name)
    for option, path in (("--out", options.out), ("--plot", options.plot)):
        if path is not None:
            check_place(option, path, options.data)
    if options.out is not None:
        check_format(options.out)
    if options.plot is not None:
        from nnframe_plot.figure import check_figure_file

        check_figure_file(options.plot)
        if options.out is not None and options.out.resolve() == options.plot.resolve():
            raise ArgumentError(f"--out and --plot are both {options.plot}; give the picture a file of its own")


def _draw(history: History, path: Path) -> None:
    from nnframe_plot.curves import loss_curve
    from nnframe_plot.figure import file_figure, save_figure

    figure = file_figure()
    loss_curve(history, figure.add_subplot())
    save_figure(figure, path)


def _kind(text: str) -> tuple[str, str]:
    name, equals, kind = text.rpartition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} came; wanted NAME=KIND, such as zip=category")
    return name, kind


def _fill(text: str) -> str | float:
    if text in ("mean", "median"):
        return text
    if text.replace("-", " ").replace("_", " ") == "most frequent":
        return "most frequent"
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} came; wanted mean, median, most-frequent, or a number") from None
