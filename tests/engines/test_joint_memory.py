import pickle

import numpy as np
import pytest

from nnframe import denseLayer, nNet
from nnframe.contracts.bound import parameters_of
from nnframe.engines.joint_memory import joint_vector, joint_vectors


def test_a_net_from_a_pickle_trains_in_single_updates():
    net = pickle.loads(pickle.dumps(nNet.from_sizes([3, 4, 2], seed=0)))
    other = nNet.from_sizes([3, 4, 2], seed=0)
    x, y = [[1.0], [2.0], [3.0]], [[1.0], [0.0]]
    assert net.trainer("mse", 0.1).step(x, y) == other.trainer("mse", 0.1).step(x, y)


def arrays_of(net):
    return parameters_of(layer.for_engine() for layer in net.layersList)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_vectors_have_the_numbers_of_the_arrays_in_order_and_share_their_memory(dtype):
    base = np.arange(20, dtype=dtype)
    alone = np.arange(4, dtype=dtype).reshape(2, 2)
    # The second follows the first, the third lies elsewhere, and between the last two there is a gap.
    arrays = [base[2:8].reshape(2, 3), base[8:10, np.newaxis], alone, base[12:14], base[15:16]]
    vectors = joint_vectors(arrays)
    assert [each.tolist() for each in vectors] == [list(range(2, 10)), [0, 1, 2, 3], [12, 13], [15]]
    for each in vectors:
        each += 100
    assert base[2:10].min() == 102
    assert alone.min() == 100
    assert base[10:12].tolist() == [10, 11]


def test_arrays_that_are_not_contiguous_have_no_vector():
    with pytest.raises(ValueError, match=r"an array of shape \(3, 2\) is not C-contiguous"):
        joint_vectors([np.ones((2, 3)).T])


def test_the_weights_and_the_bias_of_a_layer_are_one_vector():
    net = nNet([denseLayer(np.ones((3, 2), np.float32), np.zeros((3, 1))), denseLayer([[1, 2, 3]])])
    assert [len(vector) for vector in joint_vectors(arrays_of(net))] == [9, 4]
    assert joint_vector(arrays_of(net)) is None
    assert len(joint_vector(arrays_of(nNet.from_sizes([2, 3, 1])))) == 13
