"""Callbacks: their hooks, their failures, and the built-in ones."""

import csv
import re
import sys

import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError, Callback, PluginError, nNet, pairs, registry
from nnframe.callbacks import Checkpoint, CSVLog, EarlyStopping, ProgressBar, ReduceOnPlateau, TensorBoardLog

rng = np.random.default_rng(0)
DATA = pairs(rng.normal(size=(30, 3)), rng.dirichlet(np.ones(2), 30))


def net_of():
    return nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)


def train(*callbacks, n=3, net=None, rate=0.1, **settings):
    net = net or net_of()
    return net, net.nEpochs(n, DATA, "cel", rate, 4, callbacks=list(callbacks), **settings)


def arrays_of(net):
    return [array.copy() for layer in net.layersList for array in (layer.linear, layer.bias)]


class Recorder:
    """Writes down what it is called with."""

    def __init__(self, name="", seen=None):
        self.name = name
        self.seen = [] if seen is None else seen

    @nnframe.hookimpl
    def nnframe_train_start(self, run):
        self.seen.append((self.name, "start", run.epoch))

    @nnframe.hookimpl
    def nnframe_epoch_end(self, run):
        self.seen.append((self.name, "epoch", run.epoch))

    @nnframe.hookimpl
    def nnframe_train_end(self, run):
        self.seen.append((self.name, "end", run.epoch))


def test_the_hooks_are_called_in_order():
    recorder = Recorder()
    train(recorder)
    assert [call[1:] for call in recorder.seen] == [("start", 0), ("epoch", 1), ("epoch", 2), ("epoch", 3), ("end", 3)]


def test_callbacks_are_called_in_the_order_of_the_list():
    seen = []
    train(Recorder("a", seen), Recorder("b", seen), n=1)
    assert [call[0] for call in seen] == ["a", "b"] * 3


def test_trylast_comes_last():
    class Late(Recorder):
        @nnframe.hookimpl(trylast=True)
        def nnframe_epoch_end(self, run):
            super().nnframe_epoch_end(run)

    seen = []
    train(Late("late", seen), Recorder("b", seen), n=1)
    assert [name for name, hook, _ in seen if hook == "epoch"] == ["b", "late"]


def test_a_callback_only_sees_its_own_run():
    recorder = Recorder()
    train(recorder, n=1)
    train(n=1)
    assert len(recorder.seen) == 3


def test_parts_of_an_epoch_are_reported_when_requested():
    batches = []

    class Parts:
        @nnframe.hookimpl
        def nnframe_train_start(self, run):
            run.batches_per_part = 3

        @nnframe.hookimpl
        def nnframe_part_end(self, run):
            batches.append((run.epoch, run.batch))

    net, history = train(Parts(), n=2)
    # 30 samples in batches of 4 are 8 batches.
    assert batches == [(0, 3), (0, 6), (1, 0), (1, 3), (1, 6), (2, 0)]
    whole, other = train(n=2)
    for mine, yours in zip(arrays_of(net), arrays_of(whole), strict=True):
        np.testing.assert_array_equal(mine, yours)
    assert history.loss == pytest.approx(other.loss, rel=1e-12)


def test_a_callback_can_stop_the_run():
    class Stop:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            if run.epoch == 2:
                run.stop("enough")

    _, history = train(Stop(), n=10)
    assert len(history.loss) == 2
    assert history.stopped == "enough"


@pytest.mark.parametrize("hook", ["nnframe_train_start", "nnframe_epoch_end", "nnframe_train_end"])
def test_a_callback_that_raises_is_blamed_and_the_net_is_usable(hook):
    class Faulty:
        pass

    def fail(self, run):
        raise ZeroDivisionError("no")

    setattr(Faulty, hook, nnframe.hookimpl(fail))
    other = Recorder()
    net = net_of()
    with pytest.raises(PluginError, match=f"callback Faulty, {hook}: raised ZeroDivisionError: no") as caught:
        train(other, Faulty(), net=net)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    # The others are called at the end of the run.
    assert other.seen[-1][1] == "end"
    _, history = train(net=net)
    assert np.isfinite(history.loss).all()


def test_a_registered_callback_that_raises_is_blamed_by_its_provider():
    class Faulty:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            raise KeyError("x")

    with registry.temporarily(Callback("faulty", Faulty), name="my-plugins"):  # noqa: SIM117
        with pytest.raises(PluginError, match=r"'faulty' of my-plugins .*, nnframe_epoch_end: raised KeyError"):
            train("faulty")


def test_an_interrupt_in_a_callback_is_passed_on():
    class Interrupting:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            raise KeyboardInterrupt

    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        train(recorder, Interrupting())
    assert recorder.seen[-1][1] == "end"


def test_a_hook_that_does_not_exist_is_refused():
    class Misspelt:
        @nnframe.hookimpl
        def nnframe_epoch_ends(self, run):
            pass

    with pytest.raises(nnframe.ArgumentTypeError, match=r"nnframe_epoch_ends.*the hooks are nnframe_train_start"):
        train(Misspelt())


def test_a_named_callback_gets_its_parameters():
    made = []

    def make(**params):
        made.append(params)
        return Recorder()

    with registry.temporarily(Callback("counting", make, params={"every": 3})):
        train("counting(every=5)")
        train("counting")
    assert made == [{"every": 5}, {"every": 3}]


# Early stopping


def scripted(values, patience=2, **settings):
    """Return the net and history of a run in which early stopping sees these values of a metric."""
    left = list(values)
    metric = nnframe.Metric("scripted", lambda a, y: left.pop(0), better=settings.pop("better", "lower"))
    weights = []

    class Keep:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            weights.append(arrays_of(run.net))

    stopping = EarlyStopping(patience, monitor="scripted", **settings)
    net, history = train(Keep(), stopping, n=len(values), metrics=[metric])
    return net, history, weights, stopping


def test_it_stops_when_patience_is_over_and_restores_the_best_weights():
    net, history, weights, stopping = scripted([5, 4, 3, 3.5, 3.1, 1, 1])
    assert len(history.loss) == 5
    assert (stopping.best, stopping.best_epoch) == (3, 2)
    assert history.stopped == "scripted has not become better than 3 for 2 epochs"
    for mine, best in zip(arrays_of(net), weights[2], strict=True):
        np.testing.assert_array_equal(mine, best)


def test_it_also_restores_the_best_weights_when_the_run_ends():
    net, history, weights, _ = scripted([5, 4, 6])
    assert history.stopped is None
    for mine, best in zip(arrays_of(net), weights[1], strict=True):
        np.testing.assert_array_equal(mine, best)


def test_higher_is_better_if_the_metric_says_so():
    _, history, _, stopping = scripted([1, 3, 2, 2, 9], better="higher")
    assert (stopping.best, len(history.loss)) == (3, 4)


def test_an_improvement_below_min_delta_does_not_count():
    _, history, _, _ = scripted([5, 4.95, 4.91, 1], min_delta=0.1)
    assert len(history.loss) == 3


def test_it_monitors_the_validation_loss_by_default():
    _, history = train("early_stopping(patience=1)", n=200, validation=DATA[:5], rate=3.0)
    assert history.stopped is not None
    assert history.stopped.startswith("validation_loss has not become better than")
    *before, best, last = history.validation_loss
    assert last >= best == min(history.validation_loss)
    assert best < min(before, default=np.inf)


def test_nan_is_never_the_best():
    _, history, _, stopping = scripted([np.nan, 5, np.nan, 4, 6, 6])
    assert (stopping.best, stopping.best_epoch, len(history.loss)) == (4, 3, 6)


def test_after_an_error_the_net_has_the_last_weights_and_not_the_best():
    class Fail:
        @nnframe.hookimpl(trylast=True)
        def nnframe_epoch_end(self, run):
            if run.epoch == 3:
                raise KeyboardInterrupt

    left = [1.0, 2.0, 3.0]
    metric = nnframe.Metric("scripted", lambda a, y: left.pop(0), better="lower")
    net = net_of()
    with pytest.raises(KeyboardInterrupt):
        train(EarlyStopping(monitor="scripted"), Fail(), net=net, metrics=[metric])
    for mine, last in zip(arrays_of(net), arrays_of(train()[0]), strict=True):
        np.testing.assert_array_equal(mine, last)


def test_a_callback_that_saves_at_the_end_gets_the_best_weights():
    saved = []

    class Save:
        @nnframe.hookimpl
        def nnframe_train_end(self, run):
            saved.extend(arrays_of(run.net))

    left = [1.0, 2.0]
    metric = nnframe.Metric("scripted", lambda a, y: left.pop(0), better="lower")
    train(Save(), EarlyStopping(monitor="scripted"), n=2, metrics=[metric])
    for mine, best in zip(saved, arrays_of(train(n=1)[0]), strict=True):
        np.testing.assert_array_equal(mine, best)


def test_an_interrupt_in_one_callback_does_not_hide_the_end_from_the_others():
    class Interrupting:
        @nnframe.hookimpl
        def nnframe_train_end(self, run):
            raise KeyboardInterrupt

    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        train(Interrupting(), recorder)
    assert recorder.seen[-1][1] == "end"


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        ([EarlyStopping], r"callback EarlyStopping is a class; expected an object: EarlyStopping\(...\)"),
        ([same := Recorder(), same], "callbacks has the same Recorder twice"),
        (["early_stopping(patience=0)"], "^early_stopping: parameter patience is 0; expected at least 1"),
        ([EarlyStopping(monitor="MAE")], "monitor is 'MAE'; expected one of 'loss': give"),
    ],
    ids=["class", "twice", "parameter", "monitor"],
)
def test_unusable_callbacks_are_refused(callbacks, message):
    with pytest.raises((ArgumentError, nnframe.ArgumentTypeError), match=message):
        train(*callbacks)


def test_a_metric_is_monitored_by_the_name_it_was_given():
    _, history = train(EarlyStopping(monitor="MAE"), metrics=["MAE"])
    assert list(history.metrics) == ["MAE"]


def test_an_unknown_metric_can_not_be_monitored():
    with pytest.raises(
        ArgumentError, match="monitor is 'accuracy'; expected one of 'loss': give validation or metrics"
    ):
        train(EarlyStopping(monitor="accuracy"))


@pytest.mark.parametrize(
    ("settings", "message"), [({"patience": 0}, "patience"), ({"min_delta": -1.0}, "min_delta is -1.0")]
)
def test_wrong_settings_of_early_stopping_are_refused(settings, message):
    with pytest.raises(ArgumentError, match=message):
        EarlyStopping(**settings)


# Progress


def test_progress_is_a_line_without_a_terminal(capsys):
    train("progress", metrics=["accuracy"])
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"epoch 3/3  loss [\d.]+  accuracy [\d.]+  [\d,]+ samples/s  0:00:00 left", lines[-1])


def test_progress_says_why_a_run_ended_early(capsys):
    class Stop:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            run.stop("enough")

    train(Stop(), "progress")
    assert capsys.readouterr().err.splitlines()[-1] == "stopped after epoch 1: enough"


def test_silent_progress_prints_nothing(capsys):
    train("progress(silent=true)")
    train(ProgressBar(silent=True))
    assert capsys.readouterr() == ("", "")


def test_progress_is_a_bar_in_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    train("progress")
    shown = capsys.readouterr().err
    assert "3/3" in shown
    assert "loss=" in shown
    assert "speed=" in shown


def test_without_tqdm_a_terminal_gets_lines_too(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    train("progress")
    assert capsys.readouterr().err.startswith("epoch 3/3  loss")


# Logs


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_the_csv_log_has_a_line_an_epoch(tmp_path):
    _, history = train(CSVLog(tmp_path / "log.csv"), validation=DATA[:5], metrics=["accuracy"])
    header, *rows = rows_of(tmp_path / "log.csv")
    assert header == ["epoch", "seconds", "loss", "validation_loss", "accuracy"]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [float(row[2]) for row in rows] == history.loss
    assert [float(row[4]) for row in rows] == history.metrics["accuracy"]


def test_a_new_run_overwrites_the_csv_log(tmp_path):
    log = CSVLog(tmp_path / "log.csv")
    train(log)
    train(log, n=1)
    assert len(rows_of(tmp_path / "log.csv")) == 2


def test_a_csv_log_that_can_not_be_written_stops_the_run_before_it_starts(tmp_path):
    net = net_of()
    with pytest.raises(ArgumentError, match=r"nowhere.log.csv can't be written \(No such file"):
        train(CSVLog(tmp_path / "nowhere" / "log.csv"), net=net)
    for mine, expected in zip(arrays_of(net), arrays_of(net_of()), strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_tensorboard_reads_what_its_log_writes(tmp_path):
    _, history = train(TensorBoardLog(tmp_path), metrics=["accuracy"])
    (file,) = tmp_path.iterdir()
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    data = file.read_bytes()
    # Each record: 8 bytes of length, 4 of check sum, the event, 4 of check sum.
    while data:
        length = int.from_bytes(data[:8], "little")
        for value in Event.FromString(data[12 : 12 + length]).summary.value:
            found.setdefault(value.tag, []).append(value.simple_value)
        data = data[16 + length :]
    assert found["loss"] == pytest.approx(history.loss)
    assert found["accuracy"] == pytest.approx(history.metrics["accuracy"])


def test_a_missing_tensorboardx_is_reported(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(nnframe.MissingDependencyError, match=r'pip install "nnframe\[tensorboard\]"'):
        TensorBoardLog(tmp_path)


class Broken:
    """An output on a full disk."""

    def __init__(self, error):
        self.error = error

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error

    def isatty(self):
        return False


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), UnicodeEncodeError("cp1252", "x", 0, 1, "?"), ValueError("closed")],
)
def test_an_output_that_can_not_be_written_does_not_stop_the_run(monkeypatch, error):
    monkeypatch.setattr(sys, "stderr", Broken(error))
    _, history = train(ProgressBar(), EarlyStopping(1, min_delta=100.0), n=5)
    assert history.stopped is not None


def test_a_csv_log_that_can_not_be_written_later_warns_once_and_training_continues(tmp_path):
    class RemoveFolder:
        @nnframe.hookimpl(tryfirst=True)
        def nnframe_epoch_end(self, run):
            if run.epoch == 2:
                (tmp_path / "logs" / "log.csv").unlink()
                (tmp_path / "logs").rmdir()

    (tmp_path / "logs").mkdir()
    with pytest.warns(UserWarning, match=r"log.csv can't be written \(.*\); training continues") as caught:
        _, history = train(CSVLog(tmp_path / "logs" / "log.csv"), RemoveFolder(), n=4)
    assert len(history.loss) == 4
    assert len(caught) == 1


def rates_for(values, **settings):
    """The learning rate after each epoch, for these values of a metric that should fall."""
    metric = nnframe.Metric("given", lambda outputs, y: 0.0, better="lower")

    class Give:
        @nnframe.hookimpl(tryfirst=True)
        def nnframe_epoch_end(self, run):
            run.history.metrics[metric.spec][-1] = values[run.epoch - 1]

    rates = []

    class Watch:
        @nnframe.hookimpl(trylast=True)
        def nnframe_epoch_end(self, run):
            rates.append(run.learning_rate)

    callbacks = [Give(), ReduceOnPlateau(monitor=metric.spec, **settings), Watch()]
    net_of().nEpochs(len(values), DATA, "mse", 1e-3, metrics=[metric], callbacks=callbacks)
    return [round(rate / 1e-3, 9) for rate in rates]


def test_reduce_on_plateau_reduces_after_epochs_that_are_no_better():
    # Better at 3.0, 2.0 and 1.9; two epochs in a row that are not: the 5th and 6th.
    assert rates_for([3.0, 2.0, 2.5, 1.9, 1.9, 2.0, 1.9], factor=0.5, patience=2) == [1, 1, 1, 1, 1, 0.5, 0.5]


def test_reduce_on_plateau_asks_for_an_improvement_of_more_than_min_delta():
    assert rates_for([3.0, 2.95, 2.5], factor=0.5, patience=1, min_delta=0.1) == [1, 0.5, 0.5]


def test_reduce_on_plateau_does_not_count_while_it_cools_down():
    assert rates_for([1.0] * 7, factor=0.5, patience=1, cooldown=2) == [1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_reduce_on_plateau_keeps_to_its_minimum():
    assert rates_for([1.0, 1.0, 1.0, 1.0], factor=0.1, patience=1, minimum=5e-5) == [1, 0.1, 0.05, 0.05]


def test_reduce_on_plateau_counts_nan_as_no_better():
    assert rates_for([np.nan, np.nan, 1.0], factor=0.5, patience=2) == [1, 0.5, 0.5]


@pytest.mark.parametrize(
    "bad", [{"factor": 1.0}, {"factor": 0.0}, {"patience": 0}, {"cooldown": -1}, {"minimum": -1.0}]
)
def test_reduce_on_plateau_refuses_arguments_that_make_no_sense(bad):
    with pytest.raises(ArgumentError, match=next(iter(bad))):
        ReduceOnPlateau(**bad)


def test_the_history_has_the_learning_rate_of_each_epoch():
    class Halve:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            run.learning_rate /= 2

    net = net_of()
    assert net.nEpochs(3, DATA, "mse", 0.08, callbacks=[Halve()]).learning_rate == [0.08, 0.04, 0.02]
    assert net.nEpochs(2, DATA, "mse", 0.08, schedule="exponential").learning_rate == [0.08, 0.08]


class PartWatcher:
    def __init__(self, batches_per_part, stop_at=None):
        self.batches_per_part, self.stop_at, self.parts, self.batches, self.epochs = (
            batches_per_part,
            stop_at,
            [],
            [],
            0,
        )

    @nnframe.hookimpl
    def nnframe_train_start(self, run):
        run.batches_per_part = self.batches_per_part

    @nnframe.hookimpl
    def nnframe_part_end(self, run):
        self.parts.append(run.part_loss)
        if len(self.parts) == self.stop_at:
            run.stop("enough")

    @nnframe.hookimpl
    def nnframe_epoch_end(self, run):
        self.epochs += 1


class BatchWatcher(PartWatcher):
    @nnframe.hookimpl
    def nnframe_batch_end(self, run):
        self.batches.append(run.part_loss)


def five_pairs():
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(1, 1)), rng.normal(size=(1, 1))) for _ in range(5)]


def losses_of_samples(data):
    """The loss of each sample at a net that doesn't change: (2 x - y)^2."""
    return [float((2 * x - y).item() ** 2) for x, y in data]


@pytest.mark.parametrize("kind", [PartWatcher, BatchWatcher])
def test_a_part_and_a_batch_have_a_loss_of_their_own(kind):
    data, watcher = five_pairs(), kind(2)
    history = nnframe.nNet([nnframe.denseLayer([[2.0]])]).nEpochs(1, data, "mse", 0.0, callbacks=[watcher])
    a, b, c, d, e = losses_of_samples(data)
    assert watcher.parts == pytest.approx([(a + b) / 2, (c + d) / 2, e])
    assert watcher.batches == (pytest.approx([a, b, c, d, e]) if kind is BatchWatcher else [])
    assert history.loss == pytest.approx([(a + b + c + d + e) / 5])


@pytest.mark.parametrize("kind", [PartWatcher, BatchWatcher])
def test_a_run_can_be_stopped_within_an_epoch(kind):
    data, watcher = five_pairs(), kind(2, stop_at=4)
    net = nnframe.nNet([nnframe.denseLayer([[2.0]])])
    history = net.nEpochs(9, data, "mse", 0.0, callbacks=[watcher], validation=data)
    a, b, c, d, e = losses_of_samples(data)
    # Three parts in the first epoch, one in the second.
    assert history.loss == pytest.approx([(a + b + c + d + e) / 5, (a + b) / 2])
    assert (len(history.validation_loss), len(history.seconds), watcher.epochs) == (2, 2, 2)
    assert (history.stopped, len(watcher.parts)) == ("enough", 4)


def test_a_run_that_watches_batches_ends_with_the_same_weights():
    nets = [net_of() for _ in range(2)]
    for net, callbacks in zip(nets, ([], [BatchWatcher(None)]), strict=True):
        net.nEpochs(2, DATA, "mse", 0.05, 3, callbacks=callbacks)
    for mine, yours in zip(arrays_of(nets[0]), arrays_of(nets[1]), strict=True):
        np.testing.assert_allclose(mine, yours, rtol=1e-12)


def test_a_checkpoint_of_a_run_that_was_stopped_within_an_epoch_is_taken(tmp_path):
    nets, histories = [net_of() for _ in range(2)], []
    for net in nets:
        callbacks = [PartWatcher(1, stop_at=2), Checkpoint(tmp_path / "c")]
        histories.append(net.nEpochs(3, DATA, "mse", optimizer="adam", callbacks=callbacks))
    assert histories[0] == histories[1]
    for mine, yours in zip(arrays_of(nets[0]), arrays_of(nets[1]), strict=True):
        np.testing.assert_array_equal(mine, yours)
