"""How checks run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from nnframe import registry
from nnframe.contracts.activation import Activation
from nnframe.contracts.engine import Engine
from nnframe.contracts.loss import Loss
from nnframe.contracts.metric import Metric
from nnframe.contracts.optimizer import Optimizer
from nnframe.contracts.plugin import Plugin
from nnframe.contracts.schedule import Schedule
from nnframe.errors import ArgumentTypeError, one_line, with_type
from nnframe.testing.checks import CAUSES, CHECKS, COMMON_CHECKS, MINIMIZE_CHECKS, UPDATE_CHECKS, Check
from nnframe.testing.outcome import CheckFailure, CheckResult, CheckSkipped, CheckWarning

# A check of one plugin.
BoundCheck: TypeAlias = "Callable[[], str | None]"


def checks_of(plugin: Plugin) -> dict[str, BoundCheck]:
    """Return the checks of a plugin by name, as functions without arguments."""
    own = next((checks for kind, checks in CHECKS.items() if isinstance(plugin, kind)), ())
    if isinstance(plugin, Optimizer):
        others = UPDATE_CHECKS if plugin.takes_whole_data else MINIMIZE_CHECKS
        own = tuple(check for check in own if check not in others)
    checks = (*own, *COMMON_CHECKS)
    return {check.__name__: _bound(check, plugin, _before(check, checks)) for check in checks}


def run_checks(plugin: Plugin) -> list[CheckResult]:
    """Run all checks of a plugin and return the results; errors of the plugin are never raised."""
    return [run_check(name, check) for name, check in checks_of(plugin).items()]


def run_check(name: str, check: BoundCheck) -> CheckResult:
    """Run one of the checks from `checks_of` and return the result."""
    try:
        note = check()
    except CheckSkipped as skipped:
        return CheckResult(name, "skipped", str(skipped))
    except CheckWarning as warning:
        return CheckResult(name, "warned", str(warning))
    except CheckFailure as failure:
        return CheckResult(name, "failed", str(failure))
    return CheckResult(name, "passed", note or "")


def check_activation(activation: str | Activation) -> None:
    """Raise `CheckFailure` for the first check that an activation fails.

    Parameters
    ----------
    activation : str or Activation
        A registered name, or the object.

    Raises
    ------
    CheckFailure
        With what was expected, what came, at which input, and what to do.
    UnknownNameError, NameConflictError, PluginError
        If it can't be found.
    """
    _check(registry.resolve(Activation, activation))


def check_loss(loss: str | Loss) -> None:
    """Raise `CheckFailure` for the first check that a loss fails; see `check_activation`."""
    _check(registry.resolve(Loss, loss))


def check_optimizer(optimizer: str | Optimizer) -> None:
    """Raise `CheckFailure` for the first check that an optimizer fails; see `check_activation`."""
    _check(registry.resolve(Optimizer, optimizer))


def check_schedule(schedule: str | Schedule) -> None:
    """Raise `CheckFailure` for the first check that a schedule fails; see `check_activation`."""
    _check(registry.resolve(Schedule, schedule))


def check_metric(metric: str | Metric) -> None:
    """Raise `CheckFailure` for the first check that a metric fails; see `check_activation`."""
    _check(registry.resolve(Metric, metric))


def check_engine(engine: str | Engine) -> None:
    """Raise `CheckFailure` for the first check that an engine fails; see `check_activation`."""
    _check(registry.resolve(Engine, engine))


def plugins_meant_by(what: str | Plugin) -> list[Plugin]:
    """Return the plugins that a distribution's name, a plugin's name or an object refers to.

    Raises
    ------
    UnknownNameError
        If nothing has that name.
    ArgumentTypeError
        If it is something else.
    """
    if isinstance(what, Plugin):
        return [what]
    if not isinstance(what, str):
        raise ArgumentTypeError(f"{with_type(what)} came; expected a distribution's or plugin's name, or an object")
    rows = [row for row in registry.overview() if row.is_from(what)]
    for row in rows:
        if row.state == "broken":
            raise CheckFailure(f"{row.qualified_name} could not be loaded: {row.detail}")
    if rows:
        return [registry.get(row.kind, row.qualified_name) for row in rows if row.kind]
    return [plugin for _, plugin in registry.get_all_kinds(what)]


def _check(plugin: Plugin) -> None:
    for check in checks_of(plugin).values():
        try:
            check()
        except (CheckSkipped, CheckWarning):
            continue


def _before(check: Check, checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """Return the checks whose failure explains the failure of a given one."""
    # A kind's first check is that its functions return arrays at all.
    found = list(checks[:1])
    causes = [check]
    while causes:
        for cause in CAUSES.get(causes.pop(), ()):
            if cause in checks and cause not in found:
                found.append(cause)
                causes.append(cause)
    return tuple(cause for cause in found if cause is not check)


def _bound(check: Check, plugin: Plugin, first: tuple[Check, ...]) -> BoundCheck:
    """Return a check without arguments that names the plugin, and is skipped where another failure explains its own."""

    def run() -> str | None:
        # So pytest shows the author's test and function, without the kit in between.
        __tracebackhide__ = True
        try:
            # One check looks for floating-point warnings, and turns them into errors.
            with np.errstate(all="ignore"):
                return check(plugin)
        except CheckFailure as failure:
            give_way()
            raise type(failure)(f"{plugin.spec}: {failure}") from failure.__cause__
        except (CheckSkipped, CheckWarning) as ending:
            raise type(ending)(f"{plugin.spec}: {ending}") from ending.__cause__
        except (Exception, SystemExit) as error:
            give_way()
            raise CheckFailure(
                f"{plugin.spec}: a function raised {one_line(error)} in the check {check.__name__}; expected a result "
                f"for each of its sample inputs"
            ) from error

    def give_way() -> None:
        for other in first:
            try:
                _bound(other, plugin, ())()
            except (CheckSkipped, CheckWarning):
                continue
            except CheckFailure as failure:
                raise CheckSkipped(f"{plugin.spec}: it fails too; {other.__name__} is to pass first") from failure

    run.__doc__ = check.__doc__
    return run
