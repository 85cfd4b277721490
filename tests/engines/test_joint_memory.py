import pickle

from nnframe import nNet


def test_a_net_from_a_pickle_trains_in_single_updates():
    net = pickle.loads(pickle.dumps(nNet.from_sizes([3, 4, 2], seed=0)))
    other = nNet.from_sizes([3, 4, 2], seed=0)
    x, y = [[1.0], [2.0], [3.0]], [[1.0], [0.0]]
    assert net.trainer("mse", 0.1).step(x, y) == other.trainer("mse", 0.1).step(x, y)
