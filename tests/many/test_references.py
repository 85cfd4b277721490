"""Data that workers load by reference."""

import pickle
from functools import partial

from nnframe.many.references import Loader, forget_loaded


def test_functions_that_cannot_be_hashed_are_not_taken_for_each_other():
    # Unpickled for each job and gone after it, they all get the same address.
    loaded = [pickle.loads(pickle.dumps(Loader(partial(sum, [i, i])))).load() for i in range(20)]
    forget_loaded()
    assert loaded == [2 * i for i in range(20)]
