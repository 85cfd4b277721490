"""Histograms of weights and activations."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from nnframe import ArgumentError, ArgumentTypeError, DataError, datasets, denseLayer, nNet, pairs, plot


def bars(ax):
    """Return the shares and the edges of a histogram."""
    [stairs] = [patch for patch in ax.patches if hasattr(patch, "get_data")]
    return stairs.get_data().values, stairs.get_data().edges


@pytest.fixture
def net():
    return nNet.from_sizes([64, 32, 10], ["relu", "softmax"])


@pytest.fixture
def digits():
    return datasets.load_digits().test


def test_each_layer_has_a_histogram_of_its_weights(net):
    for ax, layer in zip(plot.weight_histograms(net), net.layersList, strict=True):
        shares, edges = bars(ax)
        np.testing.assert_allclose(shares * layer.linear.size, np.histogram(layer.linear, edges)[0])
        assert shares.sum() == pytest.approx(1)
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("value", "share of weights")


def test_the_biases_are_ticks_at_the_bottom(net):
    net.layersList[1].bias = np.arange(10.0).reshape(-1, 1)
    [marks] = plot.weight_histograms(net)[1].lines
    np.testing.assert_array_equal(np.ravel(marks.get_xdata()), np.arange(10))
    assert marks.get_label() == "biases"


def test_titles_name_the_layers(net, digits):
    titles = ["1. 64 -> 32 relu", "2. 32 -> 10 softmax"]
    assert [ax.get_title() for ax in plot.weight_histograms(net)] == titles
    assert [ax.get_title().splitlines()[0] for ax in plot.activation_histograms(net, digits)] == titles
    assert plot.weight_histograms(nNet.from_sizes([3, 2]))[0].get_title() == "1. 3 -> 2 linear"


def test_weights_that_are_not_finite_are_counted_in_the_title_and_the_others_drawn():
    [ax] = plot.weight_histograms(nNet([denseLayer([[np.nan, 1.0, 2.0], [np.inf, 3.0, 4.0]], bias=[[np.nan], [0.0]])]))
    assert ax.get_title() == "1. 3 -> 2 linear\n2 of 6 not finite"
    assert bars(ax)[0].sum() == pytest.approx(4 / 6)


def test_each_layer_has_a_histogram_of_its_outputs(net, digits):
    steps = net.forwardPass(digits.X.T)[1:]
    for ax, a in zip(plot.activation_histograms(net, digits), steps, strict=True):
        shares, edges = bars(ax)
        np.testing.assert_allclose(shares * a.size, np.histogram(a, edges)[0])
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("output", "share of outputs")


def finding(layer, X):
    [ax] = plot.activation_histograms(nNet([layer]), pairs(X, np.zeros((len(X), layer.n_out))))
    return ax.get_title().partition("\n")[2]


def test_dead_relus_are_counted():
    layer = denseLayer([[1.0], [1.0], [0.0]], [[0.0], [-9.0], [-1.0]], "relu")
    # The first unit is 0 for one sample in four, the other two for all samples.
    assert finding(layer, [[-1.0], [1.0], [2.0], [3.0]]) == "no gradient: 75% of outputs, 2 of 3 units"


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    # The slope is 1 % of the steepest where a (1 - a) = 0.25 / 100 for sigmoid, 1 - a^2 = 1 / 100 for tanh.
    [("sigmoid", 5.98, 5.99), ("tanh", 2.99, 3.0)],
)
def test_saturated_outputs_are_counted(name, inside, outside):
    layer = denseLayer([[1.0]], 0, name)
    assert finding(layer, [[inside], [-inside], [0.0]]) == ""
    assert finding(layer, [[outside], [-inside], [0.0]]) == "no gradient: 33% of outputs, 0 of 1 units"
    assert finding(layer, [[outside], [-outside], [90.0]]) == "no gradient: 100% of outputs, 1 of 1 units"


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_linear_layers_and_softmax_are_not_judged(activation):
    assert finding(denseLayer(np.eye(2), [[0], [-50]], activation), [[0.0, 0.0], [1.0, 0.0]]) == ""


def test_outputs_that_are_not_finite_are_counted():
    assert finding(denseLayer([[np.inf]], 0, "relu"), [[1.0], [-1.0]]) == "1 of 2 not finite"


def test_of_many_samples_some_are_drawn_evenly_spaced():
    x = np.arange(10001.0).reshape(-1, 1)
    shares, edges = bars(plot.activation_histograms(nNet([denseLayer([[1.0]])]), pairs(x, x))[0])
    np.testing.assert_allclose(shares, np.histogram(x[::3], edges)[0] / len(x[::3]))


def test_float32_nets_are_drawn_too(digits):
    net = nNet.from_sizes([64, 8, 10], ["tanh", "softmax"], dtype="float32")
    assert [bars(ax)[0].sum() for ax in plot.activation_histograms(net, digits)] == pytest.approx([1, 1])


@pytest.mark.parametrize("shape", ["list", "array", "column"])
def test_the_callers_axes_are_drawn_on_and_returned(net, digits, shape):
    grid = Figure().subplots(2, 1)
    axes = {"list": list(grid), "array": grid, "column": grid.reshape(2, 1)}[shape]
    assert plot.weight_histograms(net, axes) == list(grid)
    assert plot.activation_histograms(net, digits, axes) == list(grid)
    assert mpl.pyplot.get_fignums() == []


def test_a_net_with_one_layer_takes_single_axes(ax):
    assert plot.weight_histograms(nNet.from_sizes([3, 2]), ax) == [ax]


def test_without_axes_a_pyplot_figure_is_made(net):
    before = dict(mpl.rcParams)
    axes = plot.weight_histograms(net)
    assert axes[0].figure is axes[1].figure is mpl.pyplot.gcf()
    assert dict(mpl.rcParams) == before


def test_a_figure_has_as_many_panels_as_the_net_has_layers():
    axes = plot.weight_histograms(nNet.from_sizes([2, 2, 2, 2, 2, 2]))
    assert len(axes) == len(axes[0].figure.axes) == 5


@pytest.mark.parametrize(
    ("axes", "error", "sentence"),
    [
        ("ax", ArgumentTypeError, r"axes\[0\] is 'ax', of type str, expected matplotlib axes"),
        ([None, None], ArgumentTypeError, r"axes\[0\] is None"),
        (Figure(), ArgumentTypeError, r"axes\[0\] is <Figure"),
        (Figure().subplots(1, 3), ArgumentError, r"axes holds 3 axes, expected 2, one per layer"),
        (Figure().add_subplot(), ArgumentError, r"axes holds 1 axes, expected 2, one per layer"),
        ([], ArgumentError, r"axes holds 0 axes, expected 2, one per layer"),
    ],
)
def test_the_wrong_type_or_number_of_axes_is_an_error(net, axes, error, sentence):
    with pytest.raises(error, match=sentence):
        plot.weight_histograms(net, axes)


def test_data_that_does_not_fit_the_net_is_an_error_and_no_figure_is_made(net):
    with pytest.raises(DataError, match=r"the net has inputs of \(64, 1\)"):
        plot.activation_histograms(net, pairs([[1.0]], [[1.0]]))
    assert mpl.pyplot.get_fignums() == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weight", [1e17, 3e38])
def test_equal_large_weights_are_drawn(weight, dtype):
    weight = float(dtype(weight))
    [ax] = plot.weight_histograms(nNet([denseLayer(np.full((1, 2), weight, dtype))]))
    ax.figure.canvas.draw()
    shares, edges = bars(ax)
    assert shares.sum() == 1
    assert edges[0] < weight < edges[-1]


def test_weights_that_are_too_large_to_draw_are_counted_in_the_title():
    [ax] = plot.weight_histograms(nNet([denseLayer([[1e308, -1e308, 1, 3]], 1.7e308)]))
    ax.figure.canvas.draw()
    assert "2 of 4 beyond 1e+100 or not finite" in ax.get_title()
    shares, edges = bars(ax)
    assert shares.sum() == 0.5
    assert (edges[0], edges[-1]) == (1, 3)
    assert len(ax.lines[0].get_xdata()) == 0


def test_outputs_that_are_too_large_to_draw_are_counted_in_the_title():
    [ax] = plot.activation_histograms(nNet([denseLayer([[1.0]])]), pairs([[1e308], [-1e308]], [[0], [1]]))
    assert "2 of 2 beyond 1e+100 or not finite" in ax.get_title()
