"""A fault in one process ends the run in all, with the same last good weights, and soon."""

import os
import re
import signal
import time

import long_run
import numpy as np
import pytest
from fault_data import X, Y

import nnframe
from nnframe import nNet
from nnframe.saving.files import read_file

# The error of process 1, and of the other one.
ENDINGS = {
    "a formula that raises": ("PluginError", r"^activation 'flaky', forward: raised ZeroDivisionError"),
    "memory that runs out": ("MemoryError", ""),
    "Ctrl-C in one process": ("KeyboardInterrupt", ""),
    "an update that raises": ("PluginError", "^optimizer 'flaky', update: raised ZeroDivisionError"),
    "a metric that raises": ("PluginError", "^metric 'flaky', value: raised ZeroDivisionError"),
}
IN_ALL = {
    "a callback that raises": ("PluginError", "nnframe_epoch_end: raised ValueError: not now"),
    "a sample that is NaN": ("DivergenceError", "the input of sample 5 of the data .* in process 1"),
    "steps that are too large": ("DivergenceError", "training stopped in epoch 1, batch 2"),
    "other versions": (
        "EngineError",
        "versions is .*'1.0'.* in process 0 and .*'1.1'.* in process 1.*install the same",
    ),
    "other lengths": ("EngineError", "data has 40 rows in process 0 and 39 in process 1; .* load the same data"),
    "other numbers": (
        "EngineError",
        "data has other numbers in process 0 .* or give each process its own with .*shards=true",
    ),
    "other batches": ("EngineError", "batch_size is 8 in process 0 and 9 in process 1; expected the same in all 2"),
    "another net": ("EngineError", "layers is .*5.* in process 0 and .*6.* in process 1"),
    "another seed": ("EngineError", "seed is 0 in process 0 and 1 in process 1"),
    "another optimizer": ("EngineError", "optimizer is 'adam' in process 0 and 'adamw' in process 1"),
    "no data at all": ("DataError", "data is empty in every process"),
    "an engine that can't": ("EngineError", r"the engine mpi can't compute shares .* mpi\(engine=numpy\)"),
}
SECONDS = 5
ENDING_OF_ANOTHER = {"memory that runs out": ("EngineError", "^process 1 of 2 failed: MemoryError$")}


@pytest.mark.parametrize("fault", ENDINGS)
def test_the_error_of_a_process_is_raised_in_all(fault_endings, fault):
    kind, pattern = ENDINGS[fault]
    first, second = (of_process[fault] for of_process in fault_endings)
    failed, other = (first, second) if fault == "a metric that raises" else (second, first)
    assert failed[0] == kind
    assert re.search(pattern, failed[1])
    kind, pattern = ENDING_OF_ANOTHER.get(fault, (kind, r"^process \d of 2"))
    assert other[0] == kind
    assert re.search(pattern, other[1])


@pytest.mark.parametrize("fault", IN_ALL)
def test_all_processes_raise_the_same_error(fault_endings, fault):
    kind, pattern = IN_ALL[fault]
    for of_process in fault_endings:
        assert of_process[fault][0] == kind
        assert re.search(pattern, of_process[fault][1])


@pytest.mark.parametrize("fault", [*ENDINGS, *(fault for fault in IN_ALL if fault != "another net")])
def test_all_processes_end_with_the_same_weights_soon(fault_endings, fault):
    (_, _, first, seconds), (_, _, second, _) = (of_process[fault] for of_process in fault_endings)
    assert all(map(np.array_equal, first, second))
    assert seconds < SECONDS


@pytest.mark.parametrize("fault", ["a formula that raises", "memory that runs out", "Ctrl-C in one process"])
def test_the_weights_are_those_of_the_last_whole_batch(fault_endings, fault):
    # In the third batch; see the script.
    expected = nNet.from_sizes([4, 5, 2], ["tanh", None], seed=0)
    expected.backprop(nnframe.pairs(X[:16], Y[:16]), "mse", 0.1, 8)
    wanted = [array for layer in expected.layersList for array in (layer.linear, layer.bias)]
    for mine, theirs in zip(fault_endings[0][fault][2], wanted, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


def test_a_run_after_all_faults_is_fine(fault_endings):
    assert [of_process["none"][0] for of_process in fault_endings] == [None, None]


def running(job, folder, engine):
    """Return a job that is in the middle of a run, and the numbers of its processes."""
    started = job("long_run.py", 2, engine)
    for _ in range(600):
        if (folder / "runs").exists():
            return started, [int((folder / f"{rank}.pid").read_text()) for rank in range(2)]
        time.sleep(0.05)
    pytest.fail(f"the run did not start: {started.output(1)}")


def require_whole_checkpoint(folder):
    """Go on with a checkpoint in one process, and require what an uninterrupted run ends with."""
    resumed, whole, epochs = long_run.make_net(), long_run.make_net(), []
    n = int(read_file(folder / "checkpoint.nnf")[0]["epoch"]) + 2
    long_run.train(resumed, folder, "numpy", n, [lambda run: epochs.append(run.epoch)])
    assert len(epochs) == 2
    (folder / "checkpoint.nnf").unlink()
    long_run.train(whole, folder, "numpy", n)
    for mine, wanted in zip(weights_of(resumed), weights_of(whole), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-9, atol=1e-12)


def test_a_killed_process_ends_the_job_with_a_whole_checkpoint(job, tmp_path):
    started, pids = running(job, tmp_path, "mpi")
    began = time.monotonic()
    os.kill(pids[1], signal.SIGKILL)
    started.output(SECONDS)
    assert time.monotonic() - began < SECONDS
    assert started.process.returncode != 0
    require_whole_checkpoint(tmp_path)


def test_a_frozen_process_ends_the_job_after_the_limit(job, tmp_path):
    started, pids = running(job, tmp_path, "mpi(limit=2)")
    began = time.monotonic()
    os.kill(pids[1], signal.SIGSTOP)
    output = started.output(2 + SECONDS)
    assert time.monotonic() - began > 2
    assert "EngineError: process 1 of 2 has not answered for 2 seconds" in output
    assert started.process.returncode != 0
    require_whole_checkpoint(tmp_path)


def test_ctrl_c_at_the_launcher_ends_all_processes_with_the_same_weights(job, tmp_path):
    started, _ = running(job, tmp_path, "mpi")
    os.kill(started.process.pid, signal.SIGINT)
    first, second = started.results(SECONDS)
    assert all(map(np.array_equal, first, second))


def test_processes_that_are_out_of_step_say_so(run_job):
    for error in run_job("out_of_step.py", 2):
        assert re.search(
            "out of step: they have begun different runs, with shards and without; expected the same", error
        )


def weights_of(net):
    return [array for layer in net.layersList for array in (layer.linear, layer.bias)]
