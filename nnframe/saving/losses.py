"""The loss that reads the outputs of a net, in a manifest: as text that finds it when it is needed."""

from __future__ import annotations

from nnframe import registry
from nnframe.contracts.loss import Loss
from nnframe.contracts.parameters import format_parameters
from nnframe.errors import ArgumentError, NNFrameError, shown
from nnframe.registry.spec import parse_spec
from nnframe.saving.failures import DefectError

MOST_LETTERS = 10_000


def described_loss(loss: str | Loss) -> str:
    """Return provider, name and all parameters of a loss, since another version of it may have other defaults.

    Raises
    ------
    ArgumentError
        If it was never registered, so that nothing can find it by name.
    """
    if isinstance(loss, str):
        # From a file, and perhaps not installed here.
        return loss
    provider = registry.provider_of(loss)
    if provider is None:
        raise ArgumentError(
            f"the net was trained with the loss {loss.spec!r}, which reads its predictions and is not registered, so a "
            f"file can't refer to it by name; call nnframe.registry.register(...) before saving and before loading, or "
            f"set net.trained_for = None to keep the bare outputs"
        )
    return f"{provider.name}/{loss.name}{format_parameters(loss.settings)}"


def check_loss(text: object) -> None:
    """Raise if a part of a manifest is not the text of a loss.

    Raises
    ------
    DefectError
    """
    try:
        if isinstance(text, str) and len(text) <= MOST_LETTERS:
            parse_spec(text)
            return
    except NNFrameError:
        pass
    raise DefectError(f"its loss is {shown(text)}, expected a name such as 'nnframe-zoo/gaussian_nll'")
