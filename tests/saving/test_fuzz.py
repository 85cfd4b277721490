"""Thousands of damaged and hostile files: each is loaded as some net or refused, and takes no memory to speak of."""

import io
import os
import random
import sys
import tracemalloc
from collections import Counter
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

import nnframe
from nnframe import ModelFileError, denseLayer, nNet
from nnframe.cli.model_info import show_file

sys.path.insert(0, str(Path(__file__).parent))
from mutations import MUTATIONS

# More by hand: NNFRAME_FUZZ_FILES=100000 pytest tests/saving/test_fuzz.py
FILES = int(os.environ.get("NNFRAME_FUZZ_FILES", "2000"))
# Watching the memory takes longer than all the rest. 5 has no factor in common with the numbers of mutations.
MEMORY_EVERY = 5
MOST_MEMORY = 16 * 2**20
CHECKSUM_MADE_RIGHT = {"change_manifest", "change_arrays_everywhere"}


def good_nets():
    shared = denseLayer(np.eye(2), 0.5, "tanh")
    return [
        nNet.from_sizes([3, 2, 2], ["tanh", "softmax"]),
        nNet.from_sizes([3, 2, 2], ["relu", None], dtype=np.float32, seed=1),
        nNet([denseLayer(np.ones((2, 3))), shared, shared]),
    ]


def bits_of(net):
    """Return all that a net computes with."""
    return tuple((layer.linear.tobytes(), layer.bias.tobytes(), layer.activation) for layer in net.layersList)


def show(path):
    with redirect_stdout(io.StringIO()):
        show_file(path, as_json=False)


def outcome(load, path):
    """Return whether a file was loaded; anything but a clear refusal ends the test."""
    try:
        return load(path)
    except ModelFileError as error:
        message = str(error)
        assert message.startswith(f"{path} can't be loaded: ")
        assert "; " in message
        assert len(message) < 1000
        assert message.isprintable()
        return None


@contextmanager
def memory_watched():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore::nnframe.errors.ChangedFormulaWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # random weights overflow
def test_every_file_is_loaded_or_refused_with_bounded_memory(tmp_path):
    path = tmp_path / "m.nnf"
    goods, good_bits = [], set(map(bits_of, good_nets()))
    for net in good_nets():
        net.save(path, metadata={"text": "some", "numbers": [1, 2.5], "array": np.ones(3)})
        goods.append(path.read_bytes())
    loaded: Counter[str] = Counter()
    for seed in range(FILES):
        rng = random.Random(seed)
        mutate = MUTATIONS[seed % len(MUTATIONS)]
        good, other = rng.sample(goods, 2)
        content = mutate(rng, good, other)
        if content in goods:
            continue
        path.write_bytes(content)
        with memory_watched() if seed % MEMORY_EVERY == 0 else nullcontext():
            net = outcome(nnframe.load, path)
            outcome(show, path)
        if net is not None:
            loaded[mutate.__name__] += 1
            assert sum(layer.linear.nbytes for layer in set(net.layersList)) <= len(content)
            steps = net.forwardPass(np.zeros((net.layersList[0].n_in, 1), net.dtype))
            assert steps[-1].shape == (net.layersList[-1].n_out, 1)
            # Whoever doesn't make the checksum right can change nothing that matters.
            assert mutate.__name__ in CHECKSUM_MADE_RIGHT or bits_of(net) in good_bits
    print(f"{FILES} files, of which these say something that is right: {dict(loaded)}")
    assert 0 < loaded.total() < FILES / 5
    assert set(loaded) >= CHECKSUM_MADE_RIGHT
