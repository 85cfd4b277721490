"""Plugins registered in code, in worker processes: forked, spawned, and started by a server."""

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """\
import multiprocessing
import sys
import numpy as np
from concurrent.futures import ProcessPoolExecutor
from nnframe import Activation, nNet, registry

def bump(z, k):
    return k * np.exp(-z * z)

def slope(z, k):
    return -2 * z * k * np.exp(-z * z)

def answer(net):
    return net.forwardPass([[1.0], [2.0]], False).tolist()

def spec(plugin):
    return plugin.spec
"""


def run(method, rest, timeout=60):
    """Run a script that uses worker processes and return what it printed."""
    source = SCRIPT + textwrap.dedent(rest).replace("METHOD", repr(method))
    path = run.folder / "script.py"
    path.write_text(source)
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path):
    run.folder = tmp_path


METHODS = ["fork", "spawn", "forkserver"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("where", ["at the top", "in main only"])
def test_a_net_with_a_plugin_of_a_script_works_in_workers(method, where):
    register = "registry.register(Activation('bump', bump, slope, params={'k': 1.0}))"
    out = run(method, f"""
        {register if where == "at the top" else ""}
        if __name__ == "__main__":
            {register}
            net = nNet.from_sizes([2, 3, 1], ["bump(k=2)", None], seed=0)
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(METHOD)) as pool:
                print(pool.submit(answer, net).result(30) == answer(net), pool.submit(spec, net.layersList[0]
                      .resolved_activation).result(30))
    """)  # fmt: skip
    assert out == "True bump(k=2.0)\n"


@pytest.mark.parametrize("method", METHODS)
def test_a_lambda_that_the_script_registers_at_the_top_works_in_workers(method):
    out = run(method, """
        registry.register(Activation("double", lambda z: 2 * z, lambda z: 2 + 0 * z))
        if __name__ == "__main__":
            net = nNet.from_sizes([2, 3, 1], ["double", None], seed=0)
            with multiprocessing.get_context(METHOD).Pool(1) as pool:
                print(pool.apply_async(answer, [net]).get(30) == answer(net))
    """)  # fmt: skip
    assert out == "True\n"


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_plugin_that_workers_can_not_find_is_an_error_and_no_deadlock(method):
    out = run(method, """
        if __name__ == "__main__":
            registry.register(Activation("double", lambda z: 2 * z, lambda z: 2 + 0 * z))
            net = nNet.from_sizes([2, 3, 1], ["double", None], seed=0)
            with multiprocessing.get_context(METHOD).Pool(1) as pool:
                try:
                    pool.apply_async(answer, [net]).get(30)
                except Exception as error:
                    print(type(error).__name__, error)
    """)  # fmt: skip
    assert "There is no activation 'double' of '__main__'" in out
    assert "register it in this one, too" in out


def test_a_process_may_be_forked_while_another_thread_holds_the_registry(tmp_path):
    out = run("fork", """
        import os, threading, time

        class Slow:
            def __dir__(self):
                held.set()
                time.sleep(1)
                return []

        held = threading.Event()
        threading.Thread(target=lambda: registry.temporarily(Slow()).__enter__(), daemon=True).start()
        held.wait()
        child = os.fork()
        if child == 0:
            print(registry.get("activation", "tanh"), registry.names("metric")[0], flush=True)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        os._exit(0)
    """)  # fmt: skip
    assert "<Activation tanh> accuracy" in out
