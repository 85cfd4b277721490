"""Checks of what all kinds of plugins promise."""

from __future__ import annotations

import copy
import pickle
import re

from nnframe import registry
from nnframe.contracts.activation import Activation
from nnframe.contracts.loss import Loss
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.parameters import Parameter
from nnframe.contracts.plugin import Plugin
from nnframe.errors import DerivativeError
from nnframe.registry.spec import parse_spec
from nnframe.testing.calls import Call, calls_of, run_call, update_call
from nnframe.testing.outcome import CheckFailure, CheckSkipped, CheckWarning, difference
from nnframe.testing.samples import other_values, update_arguments, variants

MOST_UPDATES = 130

PLACEHOLDER = re.compile(
    r"\b(todo|fixme|tbd|lorem ipsum|placeholder)\b|say in a line (what|when)|name the paper or book", re.IGNORECASE
)
WHAT_FOR = "what it is for: it still has the words that stood there for you to replace"
REFERENCE = re.compile(r"source|reference|https?:|doi|arxiv|\b(19|20)\d\d\b", re.IGNORECASE)


def parameters_survive_their_spelling(plugin: Plugin) -> None:
    """Its text form, such as `name(alpha=0.2)`, finds the same plugin again."""
    for name in plugin.params:
        for other in other_values(plugin, name):
            changed = plugin.with_params(**{name: other})
            spec = parse_spec(changed.spec)
            again = registry.set_parameters(plugin, spec.parameters)
            if spec.name != plugin.name or again.settings != changed.settings:
                raise CheckFailure(
                    f"{changed.spec!r} is read as {again.settings}; expected {changed.settings}. Give {name} a default "
                    f"that is a plain number"
                )


def every_parameter_changes_the_result(plugin: Plugin) -> None:
    """Each parameter changes the result for at least one sample input."""

    def makes_a_difference(name: str, other: Parameter) -> bool:
        # One parameter may matter only with another value of a second.
        return any(
            difference(one(), two()) is not None
            for each in variants(plugin)
            for one, two in zip(_calls(each), _calls(each.with_params(**{name: other})), strict=True)
        )

    for name, value in plugin.params.items():
        others = other_values(plugin, name)
        if others and not any(makes_a_difference(name, other) for other in others):
            raise CheckFailure(
                f"the parameter {name} was set to {others} in place of {value}, and nothing changed; "
                f"expected another result at one of the sample inputs at least. Use it in the formula, or leave it out"
            )


def _calls(plugin: Plugin) -> list[Call]:
    """Return all calls that may show a parameter: an optimizer may act in every tenth or hundredth update only."""
    if isinstance(plugin, Optimizer) and plugin.takes_whole_data:
        # Some parameters, such as a tolerance, make no difference in the first iterations.
        return [run_call(plugin)]
    if isinstance(plugin, Optimizer):
        arguments = update_arguments(plugin)
        return [update_call(plugin, arguments, t) for t in range(1, MOST_UPDATES)]
    return calls_of(plugin)


def it_pickles_and_copies(plugin: Plugin) -> None:
    """A pickle or a deep copy is the same plugin, with any parameters."""
    for each in variants(plugin):
        try:
            copies = [pickle.loads(pickle.dumps(each)), copy.deepcopy(each)]
        except (Exception, SystemExit) as error:
            if registry.provider_of(each) is None:
                raise CheckSkipped(
                    f"it is not registered, and so pickles as its functions do, which they don't ({error})"
                ) from error
            raise CheckFailure(
                f"copying {each.spec!r} raised {error!r}; expected the plugin again. Register it under the name it has"
            ) from error
        for again in copies:
            if again != each:
                raise CheckFailure(
                    f"a copy of {each.spec!r} is {again!r} with other functions; expected the same ones. Return the "
                    f"same object from the hook at every call, made once at the top of the module"
                )


def its_entry_point_has_its_name(plugin: Plugin) -> None:
    """Its entry point has its name, so that no other lookup imports it."""
    claims = registry.claims_of(plugin)
    if not claims:
        raise CheckSkipped("it doesn't come from an installed distribution")
    if plugin.name not in claims:
        listed = ", ".join(map(repr, claims))
        raise CheckWarning(
            f"the distribution's entry points that lead to it are named {listed}, after nothing that they provide; "
            f"expected one named {plugin.name!r}: without it, nnframe imports every installed plugin to find this one"
        )


def it_is_documented(plugin: Plugin) -> None:
    """The documentation has a source, and a formula where nnframe can't record the one that is computed."""
    missing = []
    if PLACEHOLDER.search(plugin.documentation):
        missing.append(WHAT_FOR)
    if "=" not in plugin.documentation and not _shows_its_formula(plugin):
        missing.append("a formula, such as 'a = tanh(z)'")
    if not REFERENCE.search(plugin.documentation):
        missing.append("a source: a paper, a book, or that it is your own")
    if missing:
        raise CheckWarning(
            f"the documentation lacks {' and '.join(missing)}. Write it into the module's docstring, and pass "
            f"doc=__doc__"
        )


def its_documentation_has_a_first_line(plugin: Plugin) -> None:
    """The documentation says what the plugin does, for --help and nnframe plugins show."""
    if not plugin.documentation.strip():
        raise CheckWarning("there is no documentation; pass doc=__doc__, or give the function a docstring")
    if PLACEHOLDER.search(plugin.documentation):
        raise CheckWarning(f"the documentation lacks {WHAT_FOR}")


def _shows_its_formula(plugin: Plugin) -> bool:
    """Whether `nnframe plugins show` prints the formula without being told it."""
    if not isinstance(plugin, (Activation, Loss)):
        return False
    try:
        plugin.explanation()
    except DerivativeError:
        return False
    return True
