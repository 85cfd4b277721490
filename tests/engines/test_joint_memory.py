import copy
import pickle

import numpy as np
import pytest

from nnframe import denseLayer, load, nNet
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
    layers = [denseLayer(np.ones((3, 2), np.float32), np.zeros((3, 1))), denseLayer([[1, 2, 3]])]
    assert [len(joint_vector(parameters_of([layer.for_engine()]))) for layer in layers] == [9, 4]


@pytest.mark.parametrize("kind", ["by hand", "from sizes", "loaded"])
def test_a_new_net_has_all_its_numbers_in_one_vector(kind, tmp_path):
    net = nNet.from_sizes([2, 3, 1])
    if kind == "by hand":
        net = nNet([denseLayer([[1.0, 2.0]] * 3, 0, "tanh"), denseLayer([[1.0, 2.0, 3.0]])])
    elif kind == "loaded":
        net.save(tmp_path / "net.nnf")
        net = load(tmp_path / "net.nnf")
    assert len(joint_vector(arrays_of(net))) == 13


@pytest.mark.parametrize(
    "seen", [lambda layer: layer.linear, lambda layer: layer.bias, lambda layer: layer.for_engine()[0]]
)
def test_arrays_that_someone_has_seen_stay_in_the_net(seen):
    layers = [denseLayer([[1.0, 2.0]] * 3, 0, "tanh"), denseLayer([[1.0, 2.0, 3.0]])]
    array = seen(layers[1])
    net = nNet(layers)
    net.nEpochs(1, [([[1.0], [1.0]], [[0.0]])], "mse", 0.1)
    assert seen(net.layersList[1]) is array
    assert joint_vector(arrays_of(net)) is None


def test_a_layer_of_two_nets_is_trained_in_both():
    first, shared, last = denseLayer([[1.0]], 0, "tanh"), denseLayer([[2.0]]), denseLayer([[3.0]])
    one, two = nNet([first, shared]), nNet([shared, last])
    trainer = one.trainer("mse", 0.1)
    two.nEpochs(1, [([[1.0]], [[0.0]])], "mse", 0.1)
    trainer.step([[1.0]], [[0.0]])
    assert one.forwardPass([[1.0]])[-1] == shared.linear @ np.tanh(first.linear + first.bias) + shared.bias
    assert two.layersList[0].linear is shared.linear


def test_a_layer_that_comes_twice_is_moved_once():
    layer = denseLayer([[0.5]], 0.1, "tanh")
    net = nNet([layer, layer])
    assert net.forwardPass([[1.0]])[-1] == pytest.approx(np.tanh(0.5 * np.tanh(0.6) + 0.1))


def test_a_shallow_copy_of_a_layer_keeps_sharing_its_arrays():
    layer = denseLayer([[1.0]])
    twin = copy.copy(layer)
    nNet([layer]).nEpochs(3, [([[1.0]], [[2.0]])], "mse", 0.25)
    assert twin.linear is layer.linear
    assert twin.bias is layer.bias
