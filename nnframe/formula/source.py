"""Nodes as readable numpy source, and that as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnframe.arrays import FLOAT64, DType
from nnframe.formula.graph import Node, Shape
from nnframe.formula.inlining import inlined
from nnframe.formula.intervals import UNKNOWN, Interval, Intervals
from nnframe.formula.writer import Writer


class Source(NamedTuple):
    """A function in Python, as text.

    Attributes
    ----------
    name : str
    text : str
    namespace : dict of str to object
        What its names mean: numpy as np, and functions of the formula's author that it calls.
    selects : bool
        Whether it computes values that it doesn't use, which may overflow or be no numbers.
    roots : tuple of Node
        What it returns.
    given : mapping of Node to str
        Which nodes are arguments.
    arguments : tuple of str
    """

    name: str
    text: str
    namespace: dict[str, Any]
    selects: bool
    roots: tuple[Node, ...]
    given: Mapping[Node, str]
    arguments: tuple[str, ...]

    def function(self) -> Callable[..., Any]:
        """Return the function as it is written."""
        namespace = {"__name__": __name__, **self.namespace}
        exec(compile(self.text, f"<formula {self.name}>", "exec"), namespace)
        function: Callable[..., Any] = namespace[self.name]
        return function

    def compiled(self) -> Callable[..., Any]:
        """Return the function, without warnings about values that it computes and doesn't use."""
        function = self.function()
        if not self.selects:
            return function

        def quiet(*args: Any) -> Any:
            with np.errstate(all="ignore"):
                return function(*args)

        return quiet


def source_of(
    name: str,
    roots: Sequence[Node],
    arguments: Sequence[str],
    *,
    shapes: Sequence[Shape] = (Shape.FULL,),
    given: Mapping[Node, str] | None = None,
    dtype: DType = FLOAT64,
    compiles: bool = False,
    inputs: Interval = UNKNOWN,
) -> Source:
    """Return a function that computes nodes.

    Parameters
    ----------
    name : str
        The function's.
    roots : sequence of Node
        What it returns; several are returned as a tuple.
    arguments : sequence of str
        The names of its arguments.
    shapes : sequence of Shape, optional
        Those that the results are to have.
    given : mapping of Node to str, optional
        What needn't be computed, for it is an argument.
    dtype : numpy.dtype, optional
        Of the arguments.
    compiles : bool, optional
        Whether to write what numba compiles best, and not what numpy runs fastest.
    inputs : pair of float, optional
        What arguments can be.
    """
    if compiles:
        roots = [inlined(root, dtype, given or {}) for root in roots]
    writer = Writer(arguments, given or {}, dtype, compiles, Intervals(inputs))
    writer.name_shared(roots)
    results = [writer.of_shape(root, shape) for root, shape in zip(roots, shapes, strict=True)]
    returned = ", ".join(results) if len(results) > 1 else results[0]
    lines = [*writer.opening(), *writer.lines, f"return {returned}"]
    text = f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace = {"np": np, **writer.functions}
    return Source(name, text, namespace, writer.selects, tuple(roots), given or {}, tuple(arguments))
