"""Array-likes that mean more than their numbers are refused wherever arrays are taken, with what to do about it."""

import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nnframe import ArgumentError, ArgumentTypeError, ShapeError, denseLayer, nNet, pairs

X = np.arange(6.0).reshape(3, 2)
Y = np.ones((3, 1))
with warnings.catch_warnings():
    # numpy advises against its matrices, and takes them all the same.
    warnings.simplefilter("ignore")
    MATRIX = np.asmatrix(X)


class Quantity(np.ndarray):
    """An array with units, as astropy's are."""

    unit = "km"


class Tensor:
    """A tensor that must be detached before it becomes an array."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("call detach() first")


def net():
    return nNet([denseLayer([[1.0, 2.0]])])


# Each place that takes an array of X's shape.
PLACES = {
    "pairs": lambda X: pairs(X, Y),
    "targets": lambda X: pairs(np.ones((3, 1)), X),
    "predict": lambda X: net().predict(X),
    "forwardPass": lambda X: net().forwardPass(X),
    "predictor": lambda X: net().predictor().rows(X),
    "layer": lambda X: denseLayer(X),
    "layer's forwardPass": lambda X: net().layersList[0].forwardPass(X),
    "assigned weights": lambda X: setattr(denseLayer(np.ones((3, 2))), "linear", X),
    "a list of pairs": lambda X: net().nEpochs(1, [(X, Y)], "mse", 0.1),
    "evaluate": lambda X: net().evaluate([(X, Y)], "mse"),
    "sample_weights": lambda X: net().nEpochs(1, pairs(np.ones((3, 2)), Y), "mse", 0.1, sample_weights=X),
}
REFUSED = {
    "masked": (np.ma.masked_greater(X, 3), "is a masked array with masked values.*filled"),
    "a list with masked rows": (list(np.ma.masked_greater(X, 3)), "is a masked array with masked values"),
    "a list with masked": ([[1.0, np.ma.masked], [1.0, 2.0], [3.0, 4.0]], "is a masked array"),
    "sparse matrix": (scipy.sparse.csr_matrix(X), r"is a sparse matrix \(csr_matrix\).*toarray"),
    "sparse array": (scipy.sparse.coo_array(X), "is a sparse matrix.*toarray"),
    "units": (X.view(Quantity), r"has units \(Quantity\)"),
    "pandas' NA": (pandas.DataFrame({"a": [1, None, 3], "b": [1, 2, 3]}, dtype="Int64"), "holds <NA>.*missing"),
    "categories": (pandas.DataFrame({"a": [1, 2, 3], "b": [1, 2, 1]}, dtype="category"), "holds categories"),
    "one categorical": (pandas.DataFrame({"a": [1.0, 2, 3], "b": pandas.Categorical([1, 2, 1])}), "holds categories"),
    "None": ([[1.0, None], [1.0, 2.0], [3.0, 4.0]], "holds None.*missing"),
    "text": ([["1", "2"], ["1", "2"], ["1", "2"]], "has dtype <U1.*one_hot"),
    "a generator": ((row for row in X), "of type generator; expected an array of numbers: list"),
    "a set": ({1.0, 2.0}, "of type set; expected an array of numbers: list"),
    "a tensor": (Tensor(), "can't be converted to a numpy array: RuntimeError: call detach"),
    "dates": (np.zeros((3, 2), "datetime64[D]"), "has dtype datetime64"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize(("value", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_lose_its_meaning_is_refused(place, value, message):
    with pytest.raises(ArgumentTypeError, match=message):
        place(value)


@pytest.mark.parametrize(
    "value",
    [
        np.ma.array(X),
        MATRIX,
        pandas.DataFrame(X),
        pandas.DataFrame(X).astype("float32"),
        X.tolist(),
        tuple(map(tuple, X)),
        list(X),
    ],
    ids=lambda value: type(value).__name__,
)
def test_array_likes_that_are_plain_numbers_are_taken(value):
    np.testing.assert_array_equal(net().predict(value), X @ [[1.0], [2.0]])


def test_a_memory_map_is_not_copied(tmp_path):
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=(3, 2))
    assert np.shares_memory(pairs(mapped, Y).X, mapped)


@given(npst.arrays(np.float64, (3, 2), elements=st.floats(-5, 5)), npst.arrays(bool, (3, 2)))
def test_a_masked_array_never_changes_what_a_net_learns(values, mask):
    masked = np.ma.array(values, mask=mask)
    if mask.any():
        with pytest.raises(ArgumentTypeError, match="masked"):
            pairs(masked, Y)
    else:
        np.testing.assert_array_equal(pairs(masked, Y).X, values)


def test_1d_targets_are_told_of_one_hot():
    with pytest.raises(ShapeError, match=r"Y has shape \(3,\), 1-D; .*nnframe\.one_hot\(Y\).*Y\.reshape\(-1, 1\)"):
        pairs(X, [0, 1, 2])


def test_class_numbers_in_a_column_are_told_of_one_hot():
    with pytest.raises(ArgumentError, match=r"for class labels, use nnframe\.one_hot"):
        nNet([denseLayer(np.ones((3, 2)), 0, "softmax")]).nEpochs(1, pairs(X, [[0], [1], [2]]), "cel", 0.1)


def test_layers_that_override_what_a_net_computes_are_refused():
    class Doubling(denseLayer):
        def forwardPass(self, v):  # noqa: N802
            return 2 * super().forwardPass(v)

    message = r"\(Doubling\) overrides forwardPass.*nnframe\.Activation"
    with pytest.raises(ArgumentTypeError, match=message):
        nNet([Doubling([[1.0]])])
    plain = nNet([denseLayer([[1.0]])])
    plain.layersList = [Doubling([[1.0]])]
    with pytest.raises(ArgumentTypeError, match=message):
        plain.predict([[1.0]])


@pytest.mark.parametrize("name", ["linearPass", "activationDerDiag", "linear", "for_engine"])
def test_every_override_is_named(name):
    changed = type("Changed", (denseLayer,), {name: lambda self, v: v})
    layer = denseLayer([[1.0]])
    layer.__class__ = changed
    with pytest.raises(ArgumentTypeError, match=f"overrides {name}"):
        nNet([layer])


def test_a_function_set_on_one_layer_is_refused():
    layer = denseLayer([[1.0]])
    layer.forwardPass = lambda v: v
    with pytest.raises(ArgumentTypeError, match="overrides forwardPass"):
        nNet([layer])


def test_a_subclass_that_adds_something_is_a_layer():
    class Named(denseLayer):
        def __init__(self, name, *arguments):
            super().__init__(*arguments)
            self.name = name

    assert nNet([Named("first", [[2.0]])]).predict([[3.0]]).item() == 6


@pytest.mark.parametrize("engine", ["numpy", "reference"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd(learning_rate=0.1)"])
def test_numpys_error_state_of_the_caller_makes_no_difference(engine, optimizer):
    def results():
        net = nNet.from_sizes([2, 4, 3], ["tanh", "softmax"], dtype=np.float32)
        net.layersList[-1].linear = net.layersList[-1].linear * 300
        data = pairs(X * 100, np.eye(3))
        history = net.nEpochs(
            2, data, "cel", optimizer=optimizer, engine=engine, sample_weights=[1e-30, 1, 1], l2=1e-30,
            metrics=["accuracy"], validation=data,
        )  # fmt: skip
        column = X[:1].T * 1e3
        return [
            *history.loss, *history.validation_loss, net.predict(X * 1e3), net.forwardPass(column, False),
            net.layersList[0].linearPass(column), net.layersList[0].activationDerDiag(np.full((4, 1), 80.0)),
            net.predictor().rows(X * 1e3),
            net.predictor()(np.full((2, 1), 1e-300)),
            net.predictor().rows(np.full((1, 2), 1e-300)),
            net.trainer("cel", 0.1, schedule="exponential(gamma=1e-200)", n=3, steps_per_epoch=1).step(
                np.full((2, 1), 1e-300), np.eye(3)[:, :1], [1e-300]
            ),
            *net.nEpochs(3, data, "cel", 1e-300, schedule="exponential(gamma=1e-200)", engine=engine).loss,
            *net.evaluate(data, "cel", ["accuracy"]).values(),
        ]  # fmt: skip

    expected = results()
    with np.errstate(all="raise"):
        found = results()
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_layer_that_overrides_something_is_refused_when_it_comes_later():
    class Doubling(denseLayer):
        def forwardPass(self, v):  # noqa: N802
            return 2 * super().forwardPass(v)

    own = Doubling([[1.0, 2.0]])
    assert own.forwardPass([[1.0], [1.0]]).tolist() == [[6.0]]
    changed = net()
    changed.layersList[0] = own
    for use in (changed.forwardPass, lambda v: changed.predict(v.T), lambda v: changed.predictor()(v)):
        with pytest.raises(ArgumentTypeError, match=r"\(Doubling\) overrides forwardPass"):
            use(np.ones((2, 1)))


@pytest.mark.parametrize(
    "use",
    [
        lambda net: net.nEpochs(1, pairs(X, Y), "mse", 0.1),
        lambda net: net.backprop(pairs(X, Y), "mse", 0.1),
        lambda net: net.backprop([pairs(X, Y)[0]], "mse", 0.1),
        lambda net: net.evaluate(pairs(X, Y), "mse"),
        lambda net: net.trainer("mse", 0.1),
        lambda net: net.predictor(),
    ],
    ids=["nEpochs", "backprop", "backprop with one pair", "evaluate", "trainer", "predictor"],
)
def test_a_net_that_overrides_its_forward_pass_is_refused_where_it_would_be_ignored(use):
    class Scaling(nNet):
        def forwardPass(self, v, return_all_steps=True):  # noqa: N802
            return super().forwardPass(v / 100, return_all_steps)

    scaling = Scaling([denseLayer([[1.0, 2.0]])])
    assert scaling.predict([[100.0, 100.0]]).tolist() == [[3.0]]
    with pytest.raises(ArgumentTypeError, match="Scaling overrides forwardPass, which training"):
        use(scaling)


def test_a_net_may_have_more_methods_and_call_its_own():
    class Logging(nNet):
        def backprop(self, *arguments, **settings):
            self.calls = getattr(self, "calls", 0) + 1
            return super().backprop(*arguments, **settings)

    own = Logging([denseLayer([[1.0, 2.0]])])
    own.backprop(pairs(X, Y), "mse", 0.01)
    own.backprop([(X[:1].T, Y[:1])], "mse", 0.01)
    assert own.calls == 2


def test_frames_whose_rows_are_shuffled_differently_are_refused():
    x, y = pandas.DataFrame(X), pandas.DataFrame(Y)
    with pytest.raises(ArgumentError, match=r"X and Y have the same index in another order.*Y\.loc\[X\.index\]"):
        pairs(x.iloc[[2, 0, 1]], y)
    assert len(pairs(x.iloc[[2, 0, 1]], y.iloc[[2, 0, 1]])) == 3
    assert len(pairs(x.iloc[[2, 0, 1]], y.to_numpy())) == 3
    assert len(pairs(x, y.set_axis([7, 8, 9]))) == 3


@pytest.mark.parametrize("number", [Decimal(1), Fraction(1, 2)], ids=["decimal", "fraction"])
def test_exact_numbers_are_told_to_be_converted(number):
    with pytest.raises(ArgumentTypeError, match=r"convert numbers with \.astype\(np\.float64\)"):
        pairs(np.full((3, 1), number), Y)
