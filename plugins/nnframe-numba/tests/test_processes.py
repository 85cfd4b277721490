"""What only whole processes show: the cache, two that compile at once, users without a home, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nnframe_numba
import pytest

pytestmark = pytest.mark.usefixtures("hasty_compiler")
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
GELU = """
import numpy as np, nnframe
net = nnframe.nNet.from_sizes([3, 4, 2], ["gelu", "softmax"])
net.backprop(nnframe.pairs(np.ones((4, 3)), np.eye(2)[[0, 1, 0, 1]]), "cel", 0.1, engine="numba")
print("trained")
"""


def start(code, cache, *options, **environment):
    variables = os.environ | {"NNFRAME_NUMBA_CACHE": str(cache)} | environment
    return subprocess.Popen(
        [sys.executable, *options, "-c", code],
        env={name: value for name, value in variables.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores interrupts, and so do the processes that it starts.
        preexec_fn=None if sys.platform == "win32" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def output(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out, err


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@pytest.mark.parametrize("batch_size", [1, 8])
def test_processes_that_compile_at_once_and_those_that_come_later_agree_to_the_bit(batch_size, cache):
    code = TRAIN.format(batch_size=batch_size)
    together = [start(code, cache) for _ in range(2)]
    (first, _), (second, _) = map(output, together)
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*.code")}
    assert kept
    assert first == second == output(start(code, cache))[0]
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.code")} == kept


def test_a_damaged_cache_is_made_anew_with_one_warning(cache):
    code = TRAIN.format(batch_size=1)
    expected, _ = output(start(code, cache))
    paths = [path for path in cache.rglob("*") if path.is_file()]
    for path in paths:
        path.write_bytes(path.read_bytes()[:-3] if path.suffix == ".code" else b"")
    found, err = output(start(code, cache))
    assert found == expected
    assert err.count("EngineWarning") == 1
    assert "is damaged; its content is made anew" in err
    assert output(start(code, cache)) == (expected, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another idea of a home")
@pytest.mark.parametrize("home", ["/dev/null", None])
def test_a_user_with_nothing_to_write_to_compiles_anew_with_one_warning(home, cache):
    package = Path(nnframe_numba.__file__).parent
    before = set(package.rglob("*.nb?"))
    # Where HOME is unset, the system knows this user's home, and nothing must be left there.
    places = {"HOME": home, "XDG_CACHE_HOME": "/dev/null/cache", "NNFRAME_NUMBA_CACHE": None}
    found, err = output(start(TRAIN.format(batch_size=1), cache, **places))
    assert found == output(start(TRAIN.format(batch_size=1), cache))[0]
    assert err.count("EngineWarning") == 1
    assert "each process compiles anew: set NNFRAME_NUMBA_CACHE to a folder of your own" in err
    assert set(package.rglob("*.nb?")) == before


def test_nothing_warns_where_all_warnings_are_errors(cache):
    pytest.importorskip("nnframe_zoo")
    assert output(start(GELU, cache, "-W", "error")) == ("trained\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't be sent Ctrl-C alone")
def test_ctrl_c_ends_an_epoch_in_the_middle(cache):
    process = start(FOREVER, cache)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert output(process)[0] == "interrupted True\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a process can't be sent Ctrl-C alone")
def test_ctrl_c_while_compiling_is_an_interrupt_and_leaves_the_engine_usable(cache):
    n_interrupts = 8
    script = Path(__file__).with_name("interrupts.py")
    process = subprocess.run(
        [sys.executable, str(script), str(n_interrupts)],
        env=os.environ | {"NNFRAME_NUMBA_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)
    assert found["outcomes"] == {"interrupted": n_interrupts}, process.stderr
    assert found["usable"] == n_interrupts - 2
    assert found["agrees"]
