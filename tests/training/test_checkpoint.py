"""A run that is resumed, or killed and resumed, ends like an uninterrupted one."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import nnframe
from nnframe import ArgumentError, ModelFileError, nNet, pairs
from nnframe.callbacks import Checkpoint, CSVLog, EarlyStopping
from nnframe.saving.files import read_file, write_file

rng = np.random.default_rng(0)
DATA = pairs(rng.normal(size=(30, 3)), rng.dirichlet(np.ones(2), 30))
FULL = {
    "optimizer": "nadam(learning_rate=0.05)",
    "schedule": "one_cycle",
    "shuffle": True,
    "dropout": 0.3,
    "validation": 0.2,
    "metrics": ["accuracy"],
    "seed": 3,
}


class Crash:
    """Raises after so many calls of a hook."""

    def __init__(self, calls):
        self.left = calls

    @nnframe.hookimpl
    def nnframe_part_end(self, run):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def run(*callbacks, n=6, net=None, data=DATA, **settings):
    net = net or nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
    if "optimizer" not in settings:
        settings["learning_rate"] = 0.1
    history = net.nEpochs(n, data, "cel", batch_size=4, callbacks=list(callbacks), **settings)
    return net, history


def assert_same(one, other):
    for mine, yours in zip(one.layersList, other.layersList, strict=True):
        np.testing.assert_array_equal(mine.linear, yours.linear)
        np.testing.assert_array_equal(mine.bias, yours.bias)


@pytest.mark.parametrize("engine", ["reference", "numpy"])
@pytest.mark.parametrize("calls", [2, 3, 5, 8])
@pytest.mark.parametrize("settings", [{}, FULL], ids=["plain", "everything"])
def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path, settings, calls, engine):
    def callbacks(name):
        return [EarlyStopping(4), Checkpoint(tmp_path / name, every_batches=3)]

    whole, expected = run(*callbacks("whole"), engine=engine, **settings)
    with pytest.raises(KeyboardInterrupt):
        run(*callbacks("stopped"), Crash(calls), engine=engine, **settings)
    # Other first weights: all that counts comes from the file.
    other = nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=99)
    _, history = run(*callbacks("stopped"), net=other, engine=engine, **settings)
    assert_same(other, whole)
    assert history == expected


def test_a_run_can_be_resumed_on_another_engine(tmp_path):
    whole, expected = run(engine="numpy", **FULL)
    with pytest.raises(KeyboardInterrupt):
        run(Checkpoint(tmp_path / "c", every_batches=3), Crash(4), engine="numpy", **FULL)
    other, history = run(Checkpoint(tmp_path / "c", every_batches=3), engine="reference", **FULL)
    for mine, yours in zip(other.layersList, whole.layersList, strict=True):
        np.testing.assert_allclose(mine.linear, yours.linear, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-12)


def test_a_finished_run_is_not_run_again(tmp_path):
    whole, expected = run(Checkpoint(tmp_path / "c"))
    again, history = run(Checkpoint(tmp_path / "c"))
    assert_same(again, whole)
    assert history == expected


def test_a_finished_run_can_be_extended(tmp_path):
    run(Checkpoint(tmp_path / "c"), n=2)
    longer, history = run(Checkpoint(tmp_path / "c"), n=6)
    assert_same(longer, run(n=6)[0])
    assert len(history.loss) == 6


def test_a_drawn_seed_is_read_from_the_file(tmp_path):
    _, first = run(Checkpoint(tmp_path / "c"), n=2, shuffle=True, validation=0.3)
    resumed, history = run(Checkpoint(tmp_path / "c"), n=4, shuffle=True, validation=0.3)
    assert history.seed == first.seed
    assert_same(resumed, run(n=4, shuffle=True, validation=0.3, seed=first.seed)[0])


def test_it_can_be_written_every_few_epochs(tmp_path):
    written = []

    class Look:
        @nnframe.hookimpl(trylast=True)
        def nnframe_epoch_end(self, run):
            written.append((tmp_path / "c").exists())

    # In a list, trylast callbacks keep their order.
    run(Checkpoint(tmp_path / "c", every=3), Look(), n=4)
    assert written == [False, False, True, True]


def test_it_can_start_over(tmp_path):
    run(Checkpoint(tmp_path / "c"), n=6)
    _, history = run(Checkpoint(tmp_path / "c", resume=False), n=2)
    assert len(history.loss) == 2


def test_a_log_continues_where_the_checkpoint_does(tmp_path):
    log = CSVLog(tmp_path / "log.csv")
    with pytest.raises(KeyboardInterrupt):
        run(log, Checkpoint(tmp_path / "c", every=2), Crash(4), n=5)
    with (tmp_path / "log.csv").open() as file:
        # The third epoch is in no checkpoint, and will come again.
        assert [line.split(",")[0] for line in file] == ["epoch", "1", "2", "3"]
    run(log, Checkpoint(tmp_path / "c", every=2), n=5)
    with (tmp_path / "log.csv").open() as file:
        assert [line.split(",")[0] for line in file] == ["epoch", "1", "2", "3", "4", "5"]


def test_a_stopped_run_stays_stopped_when_resumed(tmp_path):
    callbacks = [EarlyStopping(1, min_delta=100), Checkpoint(tmp_path / "c")]
    whole, expected = run(*callbacks)
    again, history = run(*callbacks)
    assert history.stopped == expected.stopped is not None
    assert_same(again, whole)


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"batch_size": 5}, "batch_size is 5 and was 4"),
        ({"learning_rate": 0.2}, "learning_rate is 0.2 and was 0.1"),
        ({"l2": 0.1}, "l2 is 0.1 and was 0.0"),
        ({"shuffle": True}, "shuffle is True and was False"),
        ({"seed": 4}, "seed is 4 and was 3"),
        ({"metrics": ["mae"]}, r"metrics is \['mae'\] and was \[\]"),
        ({"loss": "mse"}, "loss is 'mse' and was 'cel'"),
        ({"data": DATA[:20]}, "data has changed"),
        ({"data": pairs(DATA.X + 1, DATA.Y)}, "data has changed"),
        ({"net": nNet.from_sizes([3, 4, 2], ["tanh", "softmax"])}, "layers is .* and was"),
        ({"net": nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], dtype="float32")}, "dtype is 'float32' and was"),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, changed, what):
    def go(net=None, data=DATA, loss="cel", **settings):
        net = net or nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
        settings = {"learning_rate": 0.1, "batch_size": 4, "seed": 3} | settings
        net.nEpochs(2, data, loss, callbacks=[Checkpoint(tmp_path / "c")], **settings)

    go()
    before = (tmp_path / "c").read_bytes()
    with pytest.raises(ArgumentError, match=f"is a checkpoint of another run: {what}"):
        go(**changed)
    assert (tmp_path / "c").read_bytes() == before


def test_a_file_that_is_not_a_checkpoint_is_refused_and_left_alone(tmp_path):
    (tmp_path / "c").write_text("my novel")
    with pytest.raises(ModelFileError, match="c can't be loaded"):
        run(Checkpoint(tmp_path / "c"))
    assert (tmp_path / "c").read_text() == "my novel"


def test_a_file_of_another_kind_is_refused(tmp_path):
    write_file(tmp_path / "c", {"kind": "recipe"}, {})
    with pytest.raises(ModelFileError, match="c is not a checkpoint of a training run"):
        run(Checkpoint(tmp_path / "c"))


@pytest.mark.parametrize("gone", ["epoch", "settings", "callbacks"])
def test_a_checkpoint_with_something_missing_is_refused_and_changes_nothing(tmp_path, gone):
    run(Checkpoint(tmp_path / "c"), n=2)
    manifest, arrays = read_file(tmp_path / "c")
    del manifest[gone]
    write_file(tmp_path / "c", manifest, arrays)
    net = nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
    with pytest.raises(ModelFileError, match="is a checkpoint with something wrong or missing"):
        run(Checkpoint(tmp_path / "c"), net=net)
    assert_same(net, nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1))


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "3"}, {"epoch": -1}, {"epoch": 5}, {"batch": 1000}, {"batch": 1.5}, {"stopped": 7}, {"seed": None},
        {"callbacks": [{"name": "EarlyStopping", "state": None}, {"name": "Checkpoint", "state": {}}]},
        {"callbacks": None}, {"settings": []},
    ],
    ids=str,
)  # fmt: skip
def test_a_checkpoint_with_wrong_values_is_refused_and_changes_nothing(tmp_path, change):
    callbacks = [EarlyStopping(9), Checkpoint(tmp_path / "c")]
    run(*callbacks, n=3)
    manifest, arrays = read_file(tmp_path / "c")
    write_file(tmp_path / "c", manifest | change, arrays)
    net = nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
    with pytest.raises(ModelFileError, match="is a checkpoint with something wrong or missing"):
        run(*callbacks, net=net)
    assert_same(net, nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1))


HOSTILE = {
    "a text as the best score": lambda manifest, arrays: state_of(manifest)["best"].update(value="0.1"),
    "no best score with a best epoch": lambda manifest, arrays: state_of(manifest)["best"].update(value=None),
    "a negative epoch as the best": lambda manifest, arrays: state_of(manifest)["best_epoch"].update(value=-1),
    "a text as the epochs waited": lambda manifest, arrays: state_of(manifest)["waited"].update(value="1"),
    "a number as the best weights": lambda manifest, arrays: state_of(manifest).update(best_weights={"value": 1}),
    "too few best weights": lambda manifest, arrays: state_of(manifest)["best_weights"]["arrays"].pop(),
    "a 2-D history": lambda manifest, arrays: arrays.update({"history/loss": arrays["history/loss"][:, np.newaxis]}),
    "a history that is too long": lambda manifest, arrays: arrays.update({"history/loss": np.ones(9)}),
    "a loss that is infinite": lambda manifest, arrays: arrays.update({"history/loss": np.full(3, np.inf)}),
    "a NaN as the time": lambda manifest, arrays: arrays.update(sums=np.array([0.0, np.nan])),
    "one sum": lambda manifest, arrays: arrays.update(sums=np.zeros(1)),
    "a negative number of updates": lambda manifest, arrays: arrays.update({LAST_LIVE: np.array(-1)}),
    "too many updates": lambda manifest, arrays: arrays.update({LAST_LIVE: np.array(10**9)}),
    "a learning rate below 0": lambda manifest, arrays: manifest.update(learning_rate=-0.1),
    "a text as the learning rate": lambda manifest, arrays: manifest.update(learning_rate="0.1"),
    "weights of another dtype": lambda manifest, arrays: arrays.update({"live/0": np.ones((5, 3), np.float32)}),
}
LAST_LIVE = "live/6"


def state_of(manifest):
    return manifest["callbacks"][0]["state"]


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_checkpoint_is_refused_as_a_file_and_changes_nothing(tmp_path, change):
    settings = {"optimizer": "adam", "learning_rate": None}
    callbacks = [EarlyStopping(9), Checkpoint(tmp_path / "c")]
    run(*callbacks, n=3, **settings)
    manifest, arrays = read_file(tmp_path / "c")
    arrays = dict(arrays)
    assert arrays[LAST_LIVE].shape == ()
    change(manifest, arrays)
    write_file(tmp_path / "c", manifest, arrays)
    net = nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
    with pytest.raises(ModelFileError, match="is a checkpoint with something wrong or missing"):
        run(*callbacks, net=net, **settings)
    assert_same(net, nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1))


def test_a_learning_rate_that_a_callback_has_changed_is_resumed(tmp_path):
    class Halve:
        @nnframe.hookimpl
        def nnframe_epoch_end(self, run):
            run.learning_rate = 0.5 * run.learning_rate

    whole, _ = run(Halve(), n=4)
    run(Halve(), Checkpoint(tmp_path / "c"), n=2)
    resumed, _ = run(Halve(), Checkpoint(tmp_path / "c"), n=4)
    assert_same(resumed, whole)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    run(Checkpoint(tmp_path / "c"), n=2)
    manifest, arrays = read_file(tmp_path / "c")
    write_file(tmp_path / "c", manifest, arrays | {"live/0": arrays["live/0"] * np.nan})
    with pytest.raises(ModelFileError, match="expected finite numbers"):
        run(Checkpoint(tmp_path / "c"))


def test_each_of_several_callbacks_of_one_class_gets_its_own_state(tmp_path):
    def callbacks():
        return [
            EarlyStopping(50, monitor="loss"), EarlyStopping(50, monitor="mae"), Checkpoint(tmp_path / "c")
        ]  # fmt: skip

    before, after = callbacks(), callbacks()
    run(*before, n=3, metrics=["mae"])
    run(*after, n=3, metrics=["mae"])
    assert before[0].best != before[1].best
    assert [each.best for each in after[:2]] == [each.best for each in before[:2]]


class Keeper:
    """Keeps something from run to run."""

    def __init__(self, state=None, expected=None):
        self.state, self.expected, self.loaded = state, expected, None

    @nnframe.hookimpl
    def nnframe_epoch_end(self, run):
        pass

    def state_dict(self):
        return self.state() if callable(self.state) else self.state

    def load_state_dict(self, state):
        self.loaded = state


def test_the_state_of_a_custom_callback_is_restored(tmp_path):
    state = {"a": 1, "b": np.float32(0.5), "c": float("nan"), "d": np.arange(3), "e": [np.ones(2), np.zeros(1)]}
    run(Keeper(state), Checkpoint(tmp_path / "c"), n=2)
    keeper = Keeper(state)
    run(keeper, Checkpoint(tmp_path / "c"), n=2)
    assert {key: keeper.loaded[key] for key in "ab"} == {"a": 1, "b": 0.5}
    assert np.isnan(keeper.loaded["c"])
    np.testing.assert_array_equal(keeper.loaded["d"], np.arange(3))
    np.testing.assert_array_equal(keeper.loaded["e"][0], np.ones(2))


@pytest.mark.parametrize("state", [lambda: 1 / 0, {"x": object()}, {"x": [1, 2]}], ids=["raises", "object", "list"])
def test_a_callback_whose_state_can_not_be_saved_is_blamed(tmp_path, state):
    with pytest.raises(nnframe.PluginError, match="callback Keeper, state_dict: "):
        run(Keeper(state), Checkpoint(tmp_path / "c"))


def test_a_callback_that_fails_to_load_its_state_is_blamed_and_nothing_changes(tmp_path):
    class Forgetful(Keeper):
        def load_state_dict(self, state):
            raise RuntimeError("who am I")

    run(Forgetful({"a": 1}), Checkpoint(tmp_path / "c"), n=2)
    net = nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
    with pytest.raises(nnframe.PluginError, match="callback Forgetful, load_state_dict: RuntimeError: who am I"):
        run(Forgetful({"a": 1}), Checkpoint(tmp_path / "c"), net=net)
    assert_same(net, nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1))


def test_two_checkpoints_with_different_intervals_can_both_be_resumed(tmp_path):
    def callbacks():
        return [Checkpoint(tmp_path / "a", every_batches=5), Checkpoint(tmp_path / "b", every_batches=3)]

    whole, _ = run()
    with pytest.raises(KeyboardInterrupt):
        run(*callbacks(), Crash(5))
    for name in ("a", "b"):
        resumed, _ = run(Checkpoint(tmp_path / name))
        assert_same(resumed, whole)


def test_it_is_written_within_epochs_though_another_callback_makes_the_parts_shorter(tmp_path):
    class Parts:
        @nnframe.hookimpl
        def nnframe_train_start(self, run):
            run.batches_per_part = 3

    with pytest.raises(KeyboardInterrupt):
        run(Checkpoint(tmp_path / "c", every_batches=4), Parts(), Crash(3))
    # Parts end after 3, 6 and 8 batches; 4 have passed after 6.
    assert read_file(tmp_path / "c")[0]["batch"] == 6


def test_fewer_epochs_than_are_done_are_refused(tmp_path):
    run(Checkpoint(tmp_path / "c"), n=4)
    with pytest.raises(ArgumentError, match="is a checkpoint after 4 epochs, and n is 2"):
        run(Checkpoint(tmp_path / "c"), n=2)


def test_other_validation_data_is_another_run(tmp_path):
    run(Checkpoint(tmp_path / "c"), n=2, validation=DATA[:5])
    with pytest.raises(ArgumentError, match="validation has changed"):
        run(Checkpoint(tmp_path / "c"), validation=DATA[5:10])
    with pytest.raises(ArgumentError, match="validation is None and was"):
        run(Checkpoint(tmp_path / "c"))


def test_one_changed_number_in_the_data_is_another_run(tmp_path):
    run(Checkpoint(tmp_path / "c"), n=2)
    X = DATA.X.copy()
    X[17, 1] += 1e-9
    with pytest.raises(ArgumentError, match="data has changed"):
        run(Checkpoint(tmp_path / "c"), data=pairs(X, DATA.Y))


def test_a_missing_folder_is_reported_before_the_first_epoch(tmp_path):
    net = nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1)
    with pytest.raises(ArgumentError, match=r"the folder of .*nowhere.c does not exist"):
        run(Checkpoint(tmp_path / "nowhere" / "c"), net=net)
    assert_same(net, nNet.from_sizes([3, 5, 2], ["tanh", "softmax"], seed=1))


KILLED = """
import os
import sys
import numpy as np
import nnframe
from nnframe.callbacks import Checkpoint, EarlyStopping

rng = np.random.default_rng(0)
data = nnframe.pairs(rng.normal(size=(200, 8)), rng.dirichlet(np.ones(3), 200))
# A run that resumes must not depend on its own initial weights.
resumed = os.path.exists(sys.argv[1])
net = nnframe.nNet.from_sizes([8, 32, 3], ["relu", "softmax"], seed=99 if resumed else 0)
print("resumed" if resumed else "started", flush=True)
net.nEpochs(
    60, data, "cel", batch_size=4, optimizer="adam", schedule="cosine", shuffle=True, dropout=0.2, validation=0.2,
    callbacks=[EarlyStopping(1000), Checkpoint(sys.argv[1], every_batches=9)],
)
np.savez(sys.argv[2], *[array for layer in net.layersList for array in (layer.linear, layer.bias)])
"""


def seeds_of(text, seed):
    return text.replace("shuffle=True,", f"shuffle=True, seed={seed},")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL on this system")
def test_killing_the_process_at_any_moment_loses_nothing(tmp_path):
    kills = int(os.environ.get("NNFRAME_TEST_KILLS", "12"))
    chance = random.Random(kills)
    script = seeds_of(KILLED, 5)
    subprocess.run([sys.executable, "-c", script, tmp_path / "whole.nnf", tmp_path / "whole.npz"], check=True)
    with np.load(tmp_path / "whole.npz") as file:
        expected = [file[name] for name in file.files]
    killed = resumed = 0
    while killed < kills:
        checkpoint, result = tmp_path / "killed.nnf", tmp_path / "killed.npz"
        process = subprocess.Popen(
            [sys.executable, "-c", script, checkpoint, result], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        resumed += process.stdout.readline() == b"resumed\n"
        while killed % 2 == 0 and not checkpoint.exists() and process.poll() is None:
            # However busy the machine is, some kills must come after the first file.
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        if process.returncode == 0:
            # It finished before the kill: the result counts, and the next round starts over.
            with np.load(result) as file:
                for mine, whole in zip(file.values(), expected, strict=True):
                    np.testing.assert_array_equal(mine, whole)
            checkpoint.unlink()
        else:
            assert process.returncode == -signal.SIGKILL
    assert resumed >= kills // 4
    subprocess.run([sys.executable, "-c", script, checkpoint, result], check=True)
    with np.load(result) as file:
        for mine, whole in zip(file.values(), expected, strict=True):
            np.testing.assert_array_equal(mine, whole)
