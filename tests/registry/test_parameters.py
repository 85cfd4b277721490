"""What parameters of plugins may be, their limits, and how they are written and read again."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnframe import Activation, ArgumentError, ArgumentTypeError, Loss, Metric, Optimizer, Schedule, registry
from nnframe.contracts.parameters import format_parameters, interval_of
from nnframe.contracts.plugin import Plugin
from nnframe.registry.spec import Spec, parse_spec

ADAM = registry.get("optimizer", "adam")


def squared(a, y, **settings):
    return ((a - y) ** 2).sum(axis=0)


def make_loss():
    return Loss(
        "many",
        squared,
        lambda a, y, **settings: 2 * (a - y),
        params={
            "reduction": "mean", "quantiles": (0.1, 0.5, 0.9), "inner": ADAM, "bound": math.inf, "monitor": None,
            "share": None, "every": 3, "on": False, "best": None,
        },
        limits={
            "reduction": {"mean", "sum"}, "quantiles": "(0, 1)", "bound": "(0, inf]", "monitor": str,
            "share": "[0, 1]", "every": "[1, inf)", "best": Metric,
        },
    )  # fmt: skip


@pytest.fixture
def many():
    with registry.temporarily(loss := make_loss()):
        yield loss


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("many(reduction=sum)", {"reduction": "sum"}),
        ("many(reduction='sum')", {"reduction": "sum"}),
        ("many(quantiles=(0.25, 0.75))", {"quantiles": (0.25, 0.75)}),
        ("many(quantiles=(0.25,))", {"quantiles": (0.25,)}),
        ("many(quantiles=0.25)", {"quantiles": (0.25,)}),
        ("many(inner=sgd)", {"inner": registry.get("optimizer", "sgd")}),
        ("many(inner=nnframe/SGD)", {"inner": registry.get("optimizer", "sgd")}),
        ("many(inner=adam(learning_rate=0.1))", {"inner": ADAM.with_params(learning_rate=0.1)}),
        ("many(bound=2, every=1)", {"bound": 2.0, "every": 1}),
        ("many(monitor=accuracy)", {"monitor": "accuracy"}),
        ("many(monitor=top_k.5)", {"monitor": "top_k.5"}),
        ("many(monitor='two words, (both)')", {"monitor": "two words, (both)"}),
        ("many(monitor='none')", {"monitor": "none"}),
        ("many(monitor=None, share=0.5)", {"share": 0.5}),
        ("many(share=1)", {"share": 1}),
        ("many(on=True,)", {"on": True}),
        ("many(best=accuracy)", {"best": registry.get("metric", "accuracy")}),
    ],
)  # fmt: skip
def test_every_sort_of_parameter_can_be_set_in_the_name(many, text, changes):
    found = registry.get("loss", text)
    assert found.overrides == changes
    assert registry.get("loss", found.spec) == found


def test_a_text_means_the_plugin_that_has_the_name_at_the_moment(many):
    first = registry.get("loss", "many(every=7)")
    assert registry.get("loss", "many(every=7)") is first
    registry.unregister(many)
    other = Loss("many", squared, lambda a, y, **settings: a - y, params={"every": 1})
    with registry.temporarily(other), registry.temporarily(Metric("many", squared, params={"every": 2})):
        assert registry.get("loss", "many(every=7)").gradient is other.gradient
        assert type(registry.get("metric", "many(every=7)")) is Metric
    registry.register(many)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("many(reduction=max)", ArgumentError, "many: parameter reduction is 'max'; expected one of mean, sum"),
        ("many(reduction=3)", ArgumentError, "many: parameter reduction is 3; expected one of mean, sum"),
        ("many(quantiles=(0.5, 1.5))", ArgumentError,
         "many: parameter quantiles is (0.5, 1.5); expected each number above 0 and below 1"),
        ("many(quantiles=())", ArgumentTypeError, "expected a tuple of numbers each, above 0 and below 1"),
        ("many(quantiles=half)", ArgumentTypeError, "expected a tuple of numbers"),
        ("many(bound=nan)", ArgumentError, "many: parameter bound is nan; expected above 0"),
        ("many(bound=0)", ArgumentError, "many: parameter bound is 0.0; expected above 0"),
        ("many(share=inf)", ArgumentError, "many: parameter share is inf; expected at least 0 and at most 1"),
        ("many(share=low)", ArgumentTypeError, "expected a number, at least 0 and at most 1"),
        ("many(share=true)", ArgumentTypeError, "many: parameter share is True, of type bool; expected a number"),
        ("many(every=0)", ArgumentError, "many: parameter every is 0; expected at least 1"),
        ("many(every=1.5)", ArgumentTypeError, "expected a whole number, at least 1"),
        ("many(every=none)", ArgumentTypeError, "parameter every is None"),
        ("many(monitor=3)", ArgumentTypeError, "many: parameter monitor is 3, of type int; expected text"),
        ("many(monitor=accuracy(k=3))", ArgumentTypeError, "text that has them goes in quotes"),
        ("many(inner=3)", ArgumentTypeError, "expected a plugin of the class Optimizer"),
        ("many(inner=relu)", LookupError, "There is no optimizer 'relu'"),
        ("many(inner=adam(beta1=2))", ArgumentError, "adam: parameter beta1 is 2.0; expected at least 0 and below 1"),
        ("many(inner=adam(beta1=0.5)", ArgumentError, "the end stands behind the value of inner; expected ',' or ')'"),
        ("many(monitor='open)", ArgumentError, "is not a name"),
        ("many(quantiles=(0.5, x))", ArgumentError, "has 'x' in brackets; expected numbers"),
        ("many(every=)", ArgumentError, "the parameter every has no value"),
        ("many(=3)", ArgumentError, "'=' is not the name of a parameter"),
        ("many(every=3 on=true)", ArgumentError, "'on' stands behind the value of every"),
        ("many(every=3) more", ArgumentError, "is not a name"),
        ("many" + "(inner=many" * 50 + ")" * 50, ArgumentError, "more than 20 names in one another"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_what_was_expected(many, text, error, message):
    with pytest.raises(error) as caught:
        registry.get("loss", text)
    assert message in str(caught.value)


def test_limits_hold_for_every_kind():
    limit = {"params": {"p": 0.5}, "limits": {"p": "[0, 1)"}}
    optimizer = {"params": {"learning_rate": 0.1, "p": 0.5}, "limits": {"p": "[0, 1)"}}
    for plugin in (
        Activation("x", np.tanh, **limit),
        Loss("x", squared, squared, **limit),
        Optimizer("x", max, **optimizer),
        Schedule("x", max, **limit),
        Metric("x", max, **limit),
    ):
        with pytest.raises(ArgumentError, match=r"x: parameter p is 1\.0; expected at least 0 and below 1"):
            plugin.with_params(p=1)


def test_a_default_that_is_infinite_says_that_the_parameter_may_be():
    plugin = Schedule("x", max, params={"most": math.inf, "least": 0.0})
    assert plugin.with_params(most=3).with_params(most=math.inf) == plugin
    with pytest.raises(ArgumentError, match="least is -inf; expected a finite number"):
        plugin.with_params(least=-math.inf)


def test_numbers_of_numpy_and_lists_become_plain():
    plugin = make_loss().with_params(quantiles=np.array([0.5, 0.75], np.float32), bound=np.float32(2), every=np.int8(4))
    assert plugin.overrides == {"quantiles": (0.5, 0.75), "bound": 2.0, "every": 4}
    assert {type(value) for value in plugin.overrides.values()} == {tuple, float, int}
    assert make_loss().with_params(quantiles=[0.5]).overrides == {"quantiles": (0.5,)}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda plugin: pickle.loads(pickle.dumps(plugin))])
def test_every_sort_of_parameter_survives_a_pickle(many, copied):
    changed = many.with_params(
        reduction="sum", quantiles=(0.3,), inner=ADAM.with_params(beta1=0.5), monitor="a b", share=0.1, bound=3
    )
    assert copied(changed) == changed


@pytest.mark.parametrize(
    ("text", "inside", "outside", "words"),
    [
        ("[0, 1)", (0, 0.5), (-1e-300, 1, math.nan, math.inf), "at least 0 and below 1"),
        ("(0, inf)", (1e-300, 1e300), (0, math.inf), "above 0"),
        ("[1, inf]", (1, math.inf), (0.5, math.nan), "at least 1"),
        ("(-inf, inf)", (-1e300, 0), (math.inf, -math.inf, math.nan), "a finite number"),
        ("[-1e-3, 2.5] or None", (-0.001, 2.5), (2.6,), "at least -0.001 and at most 2.5 or None"),
    ],
)
def test_an_interval_is_what_its_notation_says(text, inside, outside, words):
    interval = interval_of(text)
    assert all(number in interval for number in inside)
    assert not any(number in interval for number in outside)
    assert interval.condition == words


# Other processes may want the processor, too.
unhurried = settings(deadline=None)
texts = st.text(max_size=30)
numbers = st.integers() | st.floats(allow_nan=False)
plain = st.booleans() | numbers | texts | st.none() | st.lists(numbers, max_size=4).map(tuple)
names = st.from_regex(r"[A-Za-z0-9_.-]+", fullmatch=True)
keys = st.text(st.characters(categories=("Lu", "Ll", "Nd"), include_characters="_"), min_size=1).filter(
    str.isidentifier
)


@unhurried
@given(names, st.dictionaries(keys, plain, max_size=4))
def test_what_is_written_is_read_as_the_same(name, parameters):
    spec = parse_spec(name + format_parameters(parameters))
    assert spec == Spec(None, name.lower(), parameters)
    for key, value in parameters.items():
        assert type(spec.parameters[key]) is type(value)


NESTED = Optimizer(
    "nested",
    lambda w, g, t, **settings: (w,),
    params={"learning_rate": 0.5, "inner": ADAM, "label": ""},
    limits={"inner": Optimizer},
)


def nested(inner, learning_rate, label):
    return NESTED.with_params(inner=inner, learning_rate=learning_rate, label=label)


@unhurried
@given(st.recursive(st.just(ADAM), lambda inner: st.builds(nested, inner, st.floats(0, 1), texts), max_leaves=8))
def test_plugins_in_plugins_are_read_as_the_same(plugin):
    with registry.temporarily(NESTED):
        assert registry.get("optimizer", plugin.spec) == plugin


@unhurried
@given(st.text(max_size=40) | st.text("relu(alph=0.12,'\")- \n/", max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        found = parse_spec(text)
    except ArgumentError as error:
        found = str(error)
    assert isinstance(found, Spec) or "\n" not in found


def test_a_plugin_shows_its_parameters_as_they_are_written():
    assert repr(make_loss().with_params(inner=ADAM.with_params(beta1=0.5), monitor="a b")) == (
        "<Loss many(inner=adam(beta1=0.5), monitor='a b')>"
    )
    assert isinstance(make_loss().settings["inner"], Plugin)
