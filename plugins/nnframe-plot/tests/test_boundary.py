"""The decision boundary of a net with two inputs."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nnframe_plot.palette import COLORS

from nnframe import ArgumentError, DataError, ShapeError, denseLayer, nNet, pairs, plot

# sigmoid(4 x1): class 1 on the right, its probability 0.9 at x1 = ln(9) / 4.
RIGHT = nNet([denseLayer([[4.0, 0.0]], 0, "sigmoid")])
CORNERS = pairs([[-2, -1], [2, 1], [-2, 1], [2, -1]], [[0], [1], [0], [1]])
# softmax(2 x1, 2 x2, 0): three classes that meet at the origin.
THREE = nNet([denseLayer([[2.0, 0], [0, 2], [0, 0]], 0, "softmax")])
TRIANGLE = pairs([[3.0, 0], [0, 3], [-3, -3]], np.eye(3))


def shade(ax, x1, x2):
    """Return the color and the opacity of the shading at a point."""
    image = ax.images[0].get_array()
    # The first row is the lowest.
    assert ax.images[0].origin == "lower"
    left, right, bottom, top = ax.images[0].get_extent()
    column = round((x1 - left) / (right - left) * (image.shape[1] - 1))
    row = round((x2 - bottom) / (top - bottom) * (image.shape[0] - 1))
    return tuple(image[row, column, :3]), image[row, column, 3]


def contours(ax):
    """Return the points of the contours, by line style."""
    found = {"solid": [], "dashed": []}
    for each in ax.collections:
        if hasattr(each, "levels"):
            style = "solid" if each.get_linestyles()[0][1] is None else "dashed"
            found[style] += [path.vertices for path in each.get_paths() if len(path.vertices)]
    return {style: np.concatenate(parts) if parts else np.empty((0, 2)) for style, parts in found.items()}


def samples(ax):
    scatters = [each for each in ax.collections if not hasattr(each, "levels")]
    return {each.get_label(): each.get_offsets().data.tolist() for each in scatters}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_samples_of_each_class_are_drawn(ax):
    plot.decision_boundary(RIGHT, CORNERS, ax)
    assert samples(ax) == {"0": [[-2, -1], [-2, 1]], "1": [[2, 1], [2, -1]]}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input 1", "input 2")


def test_all_samples_lie_inside_the_shaded_area(ax):
    plot.decision_boundary(RIGHT, CORNERS, ax)
    left, right, bottom, top = ax.images[0].get_extent()
    assert left < -2 < 2 < right
    assert bottom < -1 < 1 < top
    assert ax.get_xlim() == (left, right)
    assert ax.get_ylim() == (bottom, top)


def test_the_boundary_of_a_single_output_is_where_it_equals_one_half(ax):
    plot.decision_boundary(RIGHT, CORNERS, ax)
    np.testing.assert_allclose(contours(ax)["solid"][:, 0], 0, atol=1e-3)


def test_the_dashed_line_is_where_the_probability_is_nine_tenths(ax):
    plot.decision_boundary(RIGHT, CORNERS, ax)
    np.testing.assert_allclose(np.abs(contours(ax)["dashed"][:, 0]), np.log(9) / 4, atol=1e-3)
    assert legend(ax) == ["0", "1", "probability 0.9"]


@pytest.mark.parametrize(("x1", "number"), [(-1.9, 0), (-0.2, 0), (0.2, 1), (1.9, 1)])
def test_a_region_has_the_color_of_its_class(ax, x1, number):
    plot.decision_boundary(RIGHT, CORNERS, ax)
    assert shade(ax, x1, 0)[0] == to_rgb(COLORS[number])


def test_the_shade_is_deeper_where_the_probability_is_higher(ax):
    plot.decision_boundary(RIGHT, CORNERS, ax)
    opacities = [shade(ax, x1, 0)[1] for x1 in (0.05, 0.3, 0.8, 2)]
    assert opacities == sorted(opacities)
    assert opacities[-1] > opacities[0] + 0.3


def test_three_classes_meet_where_their_scores_are_equal(ax):
    plot.decision_boundary(THREE, TRIANGLE, ax)
    assert [shade(ax, *point)[0] for point in ([2, 0], [0, 2], [-2, -2])] == [to_rgb(color) for color in COLORS[:3]]
    x1, x2 = contours(ax)["solid"].T
    largest_two = np.sort([x1, x2, np.zeros_like(x1)], axis=0)[-2:]
    # The contour cuts corners between grid points, which allows this much.
    assert np.abs(largest_two[1] - largest_two[0]).max() < 0.03
    assert np.abs(largest_two[1] - largest_two[0]).mean() < 1e-3


def test_scores_that_are_not_probabilities_give_even_shades_and_no_dashed_line(ax):
    net = nNet([denseLayer([[2.0, 0], [0, 2], [0, 0]])])
    plot.decision_boundary(net, TRIANGLE, ax)
    assert len({shade(ax, *point)[1] for point in ([2, 0], [0, 2], [0.5, 0], [-3, -3])}) == 1
    assert legend(ax) == ["0", "1", "2"]


def test_targets_of_minus_one_and_one_have_their_boundary_at_zero(ax):
    net = nNet([denseLayer([[1.0, 0.0]], -0.5, "tanh")])
    data = pairs([[-2, -1], [2, 1]], [[-1], [1]])
    plot.decision_boundary(net, data, ax)
    np.testing.assert_allclose(contours(ax)["solid"][:, 0], 0.5, atol=1e-3)
    assert legend(ax)[:2] == ["-1", "1"]


def test_a_net_that_predicts_one_class_everywhere_has_no_boundary(ax):
    plot.decision_boundary(nNet([denseLayer([[0.0, 0.0]], 9, "sigmoid")]), CORNERS, ax)
    assert len(contours(ax)["solid"]) == 0
    assert legend(ax) == ["0", "1"]


def test_with_more_classes_than_colors_the_names_are_written_in_the_plot(ax):
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    plot.decision_boundary(nNet([denseLayer(points * 9, 0, "softmax")]), pairs(points, np.eye(12)), ax)
    assert len({shade(ax, *point)[0] for point in points}) == 12
    np.testing.assert_allclose([text.get_position() for text in ax.texts], points)
    assert [text.get_text() for text in ax.texts] == [str(k) for k in range(12)]


def test_labels_name_the_classes(ax):
    plot.decision_boundary(RIGHT, CORNERS, ax, labels=["left", "right"])
    assert legend(ax)[:2] == ["left", "right"]


def test_samples_on_a_line_get_a_margin(ax):
    plot.decision_boundary(RIGHT, pairs([[-1, 5], [1, 5]], [[0], [1]]), ax)
    assert ax.get_ylim() == (4, 6)


def test_the_caller_can_go_on_drawing_on_the_axes(ax):
    assert plot.decision_boundary(RIGHT, CORNERS, ax) is ax
    ax.plot([0], [0], "*", label="here")
    ax.set_title("mine")
    ax.figure.canvas.draw()
    assert mpl.pyplot.get_fignums() == []


def test_without_axes_a_pyplot_figure_is_made():
    before = dict(mpl.rcParams)
    ax = plot.decision_boundary(RIGHT, CORNERS)
    assert mpl.pyplot.gcf() is ax.figure
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("net", "data", "error", "sentence"),
    [
        (nNet.from_sizes([3, 1]), CORNERS, ShapeError, r"net takes columns of shape \(3, 1\), expected \(2, 1\)"),
        (RIGHT, pairs([[1, 2]], [[1, 0]]), DataError, r"the net has inputs of \(2, 1\) and outputs of \(1, 1\)"),
        (RIGHT, pairs([[1, 2]] * 3, [[0.1], [0.2], [0.3]]), DataError, "the targets have 3 different values"),
        (RIGHT, pairs([[1, np.nan]], [[1]]), DataError, r"row 0 of X is \[1.0, nan\]"),
        (nNet([denseLayer([[np.inf, 0.0]])]), CORNERS, ArgumentError, "expected finite numbers; train it again"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_cannot_be_drawn_is_an_error_and_no_figure_is_made(net, data, error, sentence):
    with pytest.raises(error, match=sentence):
        plot.decision_boundary(net, data)
    assert mpl.pyplot.get_fignums() == []


def test_dollar_signs_in_labels_are_not_read_as_a_formula(ax):
    labels = [r"$\frac{1$", "5 $ or 6 $"]
    plot.decision_boundary(RIGHT, CORNERS, ax, labels=labels)
    ax.figure.canvas.draw()
    assert [label.replace(r"\$", "$") for label in legend(ax)[:2]] == labels


@pytest.mark.parametrize("other", [1e17, np.nextafter(1e17, np.inf)])
def test_nearly_equal_large_inputs_get_a_margin(ax, other):
    plot.decision_boundary(RIGHT, pairs([[1e17, 1e17], [other, 1e17]], [[0], [1]]), ax)
    ax.figure.canvas.draw()
    for low, high in (ax.get_xlim(), ax.get_ylim()):
        assert low < 1e17 <= other < high
        assert high - low < 1e10


def test_inputs_that_are_too_large_to_draw_are_an_error():
    with pytest.raises(
        DataError, match=r"row 1 of X is \[0\.0, -1\.7e\+308\]; the largest number that can be drawn is 1e\+100"
    ):
        plot.decision_boundary(RIGHT, pairs([[1, 1], [0, -1.7e308]], [[0], [1]]))
    assert mpl.pyplot.get_fignums() == []


def test_large_inputs_are_drawn(ax):
    net = nNet([denseLayer([[1e-99, 0.0]], 0, "sigmoid")])
    plot.decision_boundary(net, pairs([[-1e100, 1e100], [1e100, -1e100]], [[0], [1]]), ax)
    ax.figure.canvas.draw()
    assert np.abs(contours(ax)["solid"][:, 0]).max() < 1e98


def test_with_more_classes_than_fit_in_a_legend_there_is_no_legend():
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.column_stack([np.cos(angles), np.sin(angles)])
    ax = plot.decision_boundary(nNet([denseLayer(points * 9, 0, "softmax")]), pairs(points, np.eye(40)))
    ax.figure.canvas.draw()
    assert ax.get_legend() is None
    assert len(ax.texts) == 40
