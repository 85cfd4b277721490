"""What only whole processes show: the cache, two that compile at once, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import time

import pytest

TRAIN = """
import numpy as np, nnframe
rng = np.random.default_rng(0)
data = nnframe.pairs(rng.random((200, 4)), np.eye(3)[rng.integers(0, 3, 200)])
net = nnframe.nNet.from_sizes([4, 5, 3], ["tanh", "softmax"], seed=0)
loss = net.nEpochs(3, data, "cel", 0.1, {batch_size}, engine="numba", seed=1, shuffle=True).loss
print(repr(loss), net.layersList[0].linear.tobytes().hex())
"""
FOREVER = """
import numpy as np, nnframe
data = nnframe.pairs(np.ones((100_000, 4)), np.ones((100_000, 1)))
net = nnframe.nNet.from_sizes([4, 5, 1], ["tanh", None], seed=0)
net.backprop(data, "mse", 1e-9, engine="numba")
print("ready", flush=True)
before = net.layersList[0].linear.copy()
try:
    net.nEpochs(10**6, data, "mse", 1e-9, engine="numba")
except KeyboardInterrupt:
    print("interrupted", bool((net.layersList[0].linear != before).any()), flush=True)
"""


def start(code, cache):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"NNFRAME_NUMBA_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores interrupts, and so do the processes that it starts.
        preexec_fn=None if sys.platform == "win32" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def output(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


@pytest.mark.parametrize("batch_size", [1, 8])
def test_processes_that_compile_at_once_and_those_that_come_later_agree_to_the_bit(batch_size, tmp_path):
    code = TRAIN.format(batch_size=batch_size)
    together = [start(code, tmp_path) for _ in range(2)]
    first, second = map(output, together)
    kept = set(tmp_path.rglob("*.nbi"))
    assert kept
    assert first == second == output(start(code, tmp_path))
    assert set(tmp_path.rglob("*.nbi")) == kept


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    code = TRAIN.format(batch_size=8)
    assert output(start(code, blocked)) == output(start(code, blocked))


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't be sent Ctrl-C alone")
def test_ctrl_c_ends_an_epoch_in_the_middle(tmp_path):
    process = start(FOREVER, tmp_path)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert output(process) == "interrupted True\n"
