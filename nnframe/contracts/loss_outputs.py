"""Whether what a loss says of its outputs for each target fits together."""

from __future__ import annotations

from typing import Any, Protocol

from nnframe.errors import ArgumentError, ArgumentTypeError, with_type
from nnframe.inputs.by_name import GIVEN_BY_NAME


class HasOutputs(Protocol):
    """What is asked of a loss here; `nnframe.Loss` describes it."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def outputs(self) -> Any:
        """The number of outputs for each target, or a function that returns it."""

    @property
    def n_outputs(self) -> int:
        """That number."""

    @property
    def is_grouped(self) -> bool:
        """Whether a has an axis for them."""

    @property
    def asks(self) -> tuple[str, ...]:
        """What it takes by name."""

    @property
    def point(self) -> Any:
        """What reads the prediction."""

    @property
    def a_domain(self) -> Any:
        """What it takes as activations."""

    @property
    def fused(self) -> Any:
        """Its fused forms."""

    @property
    def learned(self) -> Any:
        """Its learned parameters."""

    @property
    def column_value(self) -> Any:
        """Its form for a single column."""


def check_answers(loss: HasOutputs) -> None:
    """Raise unless the outputs of a loss for each target, and what is read from them, fit together.

    Raises
    ------
    ArgumentError, ArgumentTypeError
    """
    if loss.is_grouped:
        if not callable(loss.outputs) and (isinstance(loss.outputs, bool) or not isinstance(loss.outputs, int)):
            raise ArgumentTypeError(
                f"outputs of loss {loss.name!r} is {with_type(loss.outputs)}; expected the number of outputs for "
                f"each target, or a function of the parameters"
            )
        if loss.n_outputs < 1:
            raise ArgumentError(f"outputs of loss {loss.name!r} is {loss.n_outputs}; expected at least 1")
        if loss.point is None:
            raise ArgumentError(
                f"loss {loss.name!r} has several outputs for each target and no point; expected a function that "
                f"returns the prediction, of shape (n, B), such as point=lambda a: a[0]"
            )
        if loss.a_domain in ("distribution", "log_distribution"):
            raise ArgumentError(
                f"a_domain of loss {loss.name!r} is {loss.a_domain!r}; expected a domain of single numbers, since "
                f"its outputs are several for each target"
            )
    what = "fused" if loss.fused else "learned" if loss.learned else "column_value"
    if (loss.fused or loss.learned or loss.column_value is not None) and (loss.is_grouped or loss.asks):
        raise ArgumentError(
            f"loss {loss.name!r} has {what}; expected none, since it has several outputs for each target or takes "
            f"{' or '.join(GIVEN_BY_NAME)}: leave it out"
        )
