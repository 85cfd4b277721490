"""Interrupts the engine while it compiles, at random moments, and prints what became of each as JSON.

Run as ``python interrupts.py 200``. Each interrupt meets a formula that was never compiled before. After each, a net
whose code exists must train as before, and in the end the last formula must compile.
"""

import json
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections import Counter

import numpy as np

import nnframe

RNG = np.random.default_rng(0)
DATA = nnframe.pairs(RNG.normal(size=(4, 2)), RNG.normal(size=(4, 1)))


def train(activation):
    net = nnframe.nNet.from_sizes([2, 1], [activation], seed=0)
    return net.nEpochs(1, DATA, "mse", 0.1, engine="numba").loss[0]


def new_activation(number):
    return nnframe.Activation(f"new{number}", lambda z: z + number * np.arctan(z), lambda z: 1 + number / (1 + z * z))


def interrupt_after(seconds):
    """Return two events: one that starts the clock, and one that is set when the interrupt is sent."""
    began, sent = threading.Event(), threading.Event()

    def send():
        began.wait()
        time.sleep(seconds)
        sent.set()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send, daemon=True).start()
    return began, sent


def outcome(number, most_seconds):
    """Interrupt a training with a new formula and return what happened."""
    began, sent = interrupt_after(random.uniform(0, most_seconds))
    try:
        began.set()
        train(new_activation(number))
        # It may have been faster than the interrupt.
        while True:
            time.sleep(0.001)
    except KeyboardInterrupt:
        return "interrupted" if sent.is_set() else "interrupted by nobody"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def main(n_interrupts):
    warnings.simplefilter("error")
    random.seed(0)
    # A shell's background job ignores interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The first interrupts meet imports, before anything has been compiled.
    outcomes = Counter(outcome(1000 + i, 0.5) for i in range(max(2, n_interrupts // 20)))
    expected = train("tanh")
    began = time.perf_counter()
    train(new_activation(0.5))
    seconds = time.perf_counter() - began
    usable = 0
    while sum(outcomes.values()) < n_interrupts:
        outcomes[outcome(sum(outcomes.values()), 1.2 * seconds)] += 1
        usable += train("tanh") == expected
    mine = train(new_activation(0.25))
    net = nnframe.nNet.from_sizes([2, 1], [new_activation(0.25)], seed=0)
    reference = net.nEpochs(1, DATA, "mse", 0.1, engine="reference").loss[0]
    print(json.dumps({"outcomes": outcomes, "usable": usable, "agrees": abs(mine - reference) < 1e-12}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
