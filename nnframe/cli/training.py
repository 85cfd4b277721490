"""What ``nnframe train`` does: read the data, train a net, report how good it is, and save it."""

from __future__ import annotations

import argparse
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnframe import registry
from nnframe.arrays import copy_all
from nnframe.builtins.callbacks.early_stopping import EarlyStopping
from nnframe.cli.missing import refuse_missing
from nnframe.cli.output import check_place, say
from nnframe.cli.readers import reader_for
from nnframe.contracts.activation import Activation
from nnframe.contracts.callback import Callback
from nnframe.contracts.engine import Engine
from nnframe.contracts.loss import Loss
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.metric import Metric
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.reader import Reader, TrainingData
from nnframe.data import Pairs
from nnframe.errors import ArgumentError, NNFrameError, PluginError, with_type
from nnframe.inputs.checks import float_dtype
from nnframe.layer import denseLayer
from nnframe.network import nNet
from nnframe.registry.blame import blamed_error, raised
from nnframe.saving.files import format_for_writing
from nnframe.saving.model_file import require_savable, save_layers
from nnframe.training.evaluation import metric_value

if TYPE_CHECKING:
    from nnframe.training.run import TrainingRun

ROWS_AT_ONCE = 1 << 14


def train(options: argparse.Namespace) -> None:
    """Train a net as the options say; see `nnframe.cli.commands.train`."""
    reader = reader_for(options.data, options.reader)
    _check_early(options)
    plot = None if options.plot is None else LossPlot(options.plot)
    with ExitStack() as stack:
        data = _opened(reader, options, stack)
        if not options.quiet:
            for line in data.summary:
                say(line)
        loss = _loss(options, data)
        net = _net(options, data, loss)
        if options.out is not None:
            # What can't be saved must not be found out after the training.
            require_savable(*_saved(options, data, net, loss))
        if not options.quiet:
            say(repr(net))
        job = Training(options, data, net, loss)
        try:
            job.run()
            is_saved = _save(options, data, net, loss)
        except BaseException as error:
            # Keep hours of training, whatever ends them. A run that failed in its first epoch has nothing to keep.
            if isinstance(error, KeyboardInterrupt) or job.n_epochs:
                kept = job.keep_best()
                if _save(options, data, net, loss):
                    say(f"{options.out} written, with {kept}")
                if plot is not None:
                    plot.draw(job)
            raise
        for name, judged_by in (("validation", data.validation), ("test", data.test)):
            if judged_by is not None and data.metrics:
                say(f"{name} {_quality(net, data, judged_by)}")
        if is_saved:
            say(f"{options.out} written")
        if plot is not None:
            plot.draw(job)


class Training:
    """A training run that can be interrupted.

    Parameters
    ----------
    options : argparse.Namespace
    data : TrainingData
    net : nNet
        Trained in place.
    loss : Loss

    Attributes
    ----------
    run_so_far : TrainingRun or None
        The run, after it has started.
    """

    def __init__(self, options: argparse.Namespace, data: TrainingData, net: nNet, loss: Loss) -> None:
        self.options, self.data, self.net, self.loss = options, data, net, loss
        self.run_so_far: TrainingRun | None = None
        patience = data.defaults.patience if options.patience is None else options.patience
        self._stopping = EarlyStopping(patience) if patience and data.validation is not None else None

    @property
    def n_epochs(self) -> int:
        """The number of epochs that are complete."""
        return 0 if self.run_so_far is None else len(self.run_so_far.history.loss)

    def run(self) -> None:
        """Train to the end, or until there is no improvement any more."""
        options, data = self.options, self.data
        optimizer = registry.resolve(Optimizer, options.optimizer or data.defaults.optimizer)
        if options.learning_rate is not None:
            optimizer = optimizer.with_params(learning_rate=options.learning_rate)
        self.net.nEpochs(
            data.defaults.epochs if options.epochs is None else options.epochs,
            data.train,
            self.loss,
            batch_size=options.batch_size,
            optimizer=optimizer,
            engine=options.engine,
            shuffle=not options.no_shuffle,
            seed=options.seed,
            validation=data.validation,
            metrics=data.metrics[:1] if data.validation is not None else (),
            callbacks=[self] if self._stopping is None else [self._stopping, self],
        )

    def keep_best(self) -> str:
        """After an interrupt, give the net the weights that early stopping would have kept; say which these are."""
        if self.run_so_far is None or self._stopping is None or self._stopping.best_epoch is None:
            return f"the weights so far, after {self.n_epochs} complete epochs"
        copy_all(self.run_so_far.weights, self._stopping.state_dict()["best_weights"])
        return f"the best weights, those after epoch {self._stopping.best_epoch + 1}"

    @hookimpl
    def nnframe_train_start(self, run: TrainingRun) -> None:
        """Remember the run, which has the history and the weights."""
        self.run_so_far = run

    @hookimpl
    def nnframe_epoch_end(self, run: TrainingRun) -> None:
        """Print the epoch."""
        if self.options.quiet:
            return
        history = run.history
        line = f"epoch {run.epoch:>{len(str(run.n_epochs))}}/{run.n_epochs}  {self.loss.spec} {history.loss[-1]:.4f}"
        if history.validation_loss:
            line += f"  validation {history.validation_loss[-1]:.4f}"
        say(line + "".join(f"  {name} {values[-1]:.4f}" for name, values in history.metrics.items()))

    @hookimpl
    def nnframe_train_end(self, run: TrainingRun) -> None:
        """Print why training ended early."""
        if run.history.stopped and run.error is None and not self.options.quiet:
            say(f"stopped after epoch {run.epoch}: {run.history.stopped}")


class LossPlot:
    """Draws the losses with the callback ``loss_plot``, which nnframe-plot provides.

    It is called after the run instead of in it, so that a second Ctrl-C can't lose the net: the net is saved first.

    Parameters
    ----------
    file : pathlib.Path

    Raises
    ------
    MissingDependencyError
        If nnframe-plot is not installed.
    ArgumentError
        If the file's format is unknown.
    """

    def __init__(self, file: Path) -> None:
        refuse_missing("callback", "loss_plot", "--plot")
        callback = registry.resolve(Callback, "loss_plot").with_params(file=str(file))
        self.file, self._callback = file, callback.make(**callback.settings)

    def draw(self, job: Training) -> None:
        """Draw what the run has seen, if it has seen an epoch.

        Raises
        ------
        ArgumentError
            If the file can't be written.
        """
        run = job.run_so_far
        if run is None or not run.history.loss:
            return
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self._callback.nnframe_train_end(run=run)  # type: ignore[attr-defined]
        # In a run a plot that fails is only a warning. Here it was asked for.
        if caught:
            raise ArgumentError(str(caught[0].message))
        say(f"{self.file} written")


def _opened(reader: Reader, options: argparse.Namespace, stack: ExitStack) -> TrainingData:
    """Return what a reader opens, which the stack closes.

    Raises
    ------
    NNFrameError, OSError
        If the data can't be read.
    PluginError
        If the reader fails in another way, or opens something else.
    """
    try:
        data = stack.enter_context(reader.open(options.data, options))
    except (NNFrameError, OSError):
        raise
    except Exception as error:
        raise raised(reader, "open", error) from error
    if not isinstance(data, TrainingData):
        raise blamed_error(PluginError, reader, "open", f"yielded {with_type(data)}; expected a TrainingData")
    return data


def _loss(options: argparse.Namespace, data: TrainingData) -> Loss:
    loss = registry.resolve(Loss, options.loss or data.loss)
    if loss.a_domain in ("probability", "distribution", "log_distribution") and data.activation is None:
        raise ArgumentError(
            f"--loss is {loss.spec}, which needs probabilities, but the net predicts any number; use a loss such as "
            f"{data.loss}, or --task classification"
        )
    if loss.is_grouped and data.activation is not None:
        raise ArgumentError(
            f"--loss is {loss.spec}, which has several outputs for each number that it predicts, but the net predicts "
            f"classes; use a loss such as {data.loss}, or --task regression"
        )
    if loss.is_grouped and data.finish is not None:
        raise ArgumentError(
            f"--loss is {loss.spec}, which has several outputs for each number that it predicts; the scale of the "
            f"targets can't be made part of such a net: use --reader table, of nnframe-table, which keeps it apart"
        )
    return loss


def _net(options: argparse.Namespace, data: TrainingData, loss: Loss) -> nNet:
    hidden = data.defaults.hidden if options.hidden is None else options.hidden
    return nNet.from_sizes(
        [data.n_inputs, *hidden, data.n_outputs * loss.n_outputs],
        [options.activation, data.activation] if hidden else [data.activation],
        seed=options.seed,
        dtype=float_dtype(data.train.X.dtype, "X"),
    )


def _save(options: argparse.Namespace, data: TrainingData, net: nNet, loss: Loss) -> bool:
    """Save the net if --out asks for it; return whether it does."""
    if options.out is None:
        return False
    save_layers(*_saved(options, data, net, loss))
    return True


def _saved(
    options: argparse.Namespace, data: TrainingData, net: nNet, loss: Loss
) -> tuple[list[denseLayer], Path, dict[str, Any], Loss | None]:
    """Return what is saved, and where: the layers, the path, the metadata, and the loss if it reads the outputs."""
    finished = net if data.finish is None else data.finish(net)
    reader = None if loss.point is None else loss
    return finished.layersList, options.out, {**data.metadata, "loss": loss.spec}, reader


def _quality(net: nNet, data: TrainingData, judged_by: Pairs) -> str:
    in_units = data.in_units or (lambda outputs: outputs)
    starts = range(0, len(judged_by), ROWS_AT_ONCE)
    parts = [judged_by.rows(slice(start, start + ROWS_AT_ONCE), net.dtype) for start in starts]
    a = in_units(np.concatenate([net.predict(x) for x, _ in parts]).T)
    y = in_units(np.concatenate([y for _, y in parts]).T)
    values = {name: metric_value(registry.resolve(Metric, name), a, y) for name in data.metrics}
    return ", ".join(f"{name} {value:.4f}" for name, value in values.items())


def _check_early(options: argparse.Namespace) -> None:
    """Raise before a large file is read for names that don't exist, or for places that can't be written to."""
    for kind in (Activation, Loss, Optimizer, Engine):
        name = getattr(options, kind.__name__.lower())
        if name is not None:
            registry.resolve(kind, name)
    if options.out is not None and options.plot is not None and options.out.resolve() == options.plot.resolve():
        raise ArgumentError(f"--out and --plot are both {options.plot}; choose another file for the picture")
    for option, path in (("--out", options.out), ("--plot", options.plot)):
        if path is not None:
            check_place(option, path, options.data)
    if options.out is not None:
        format_for_writing(options.out)
