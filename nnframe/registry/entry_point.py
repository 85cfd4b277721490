"""An entry point: a name that a distribution declares, and what it stands for."""

from __future__ import annotations

import importlib
from functools import reduce
from typing import Any, NamedTuple


class EntryPoint(NamedTuple):
    """An entry point of the group ``nnframe``.

    Attributes
    ----------
    name : str
    value : str
        ``"module"`` or ``"module:object"``, perhaps with extras in brackets behind it.
    """

    name: str
    value: str

    @property
    def module(self) -> str:
        """The module that it names."""
        return self._place[0]

    def load(self) -> Any:
        """Import the module and return the object; raises what the import raises."""
        module, attributes = self._place
        return reduce(getattr, filter(None, attributes.split(".")), importlib.import_module(module))

    @property
    def _place(self) -> tuple[str, str]:
        module, _, attributes = self.value.partition("[")[0].partition(":")
        return module.strip(), attributes.strip()
