"""The contract for readers: from a file, or a data set known by name, to data that ``nnframe train`` can train on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nnframe.contracts.plugin import Plugin
from nnframe.errors import ArgumentError, ArgumentTypeError, shown

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _ArgumentGroup

    from nnframe.arrays import Array
    from nnframe.data import Pairs


@dataclass(frozen=True)
class TrainingDefaults:
    """Settings that suit the data; ``nnframe train`` uses them where the user sets no option.

    Parameters
    ----------
    hidden : sequence of int, optional
        The sizes of the hidden layers.
    optimizer : str, optional
        A name, perhaps with parameters: ``"sgd(learning_rate=0.2)"``.
    epochs : int, optional
    patience : int, optional
        Epochs without a better validation loss before training stops; 0 for never.
    """

    hidden: Sequence[int] = (64,)
    optimizer: str = "adam"
    epochs: int = 200
    patience: int = 20


@dataclass(frozen=True)
class TrainingData:
    """All that ``nnframe train`` needs to build, train, judge and save a net.

    Parameters
    ----------
    train : Pairs
        What the net is trained with.
    loss : str
        The loss to train with, unless the user chooses another.
    activation : str or None
        The activation of the last layer; None for a linear one.
    validation : Pairs, optional
        Evaluated after each epoch; early stopping follows it.
    test : Pairs, optional
        Evaluated once, at the end.
    metrics : sequence of str, optional
        The metrics to report at the end; the first is also printed after each epoch.
    summary : sequence of str, optional
        Lines that say what was read and what was decided. Printed before training.
    defaults : TrainingDefaults, optional
    in_units : callable, optional
        ``in_units(outputs) -> outputs`` converts the net's outputs or targets, shape (n_outputs, N), to the units in
        which metrics are reported. None if they are in these units already.
    finish : callable, optional
        ``finish(net) -> nNet`` returns the net to save, such as one with the scaling of the inputs folded into its
        first layer. None to save the trained net itself.
    metadata : mapping of str to JSON values, optional
        Saved with the net. ``nnframe train`` adds ``"loss"``, the loss that it trained with.
    """

    train: Pairs
    loss: str
    activation: str | None
    validation: Pairs | None = None
    test: Pairs | None = None
    metrics: Sequence[str] = ()
    summary: Sequence[str] = ()
    defaults: TrainingDefaults = field(default_factory=TrainingDefaults)
    in_units: Callable[[Array], Array] | None = None
    finish: Callable[[Any], Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_inputs(self) -> int:
        """The number of inputs of a net for this data."""
        return int(self.train.X.shape[1])

    @property
    def n_outputs(self) -> int:
        """The number of outputs of a net for this data."""
        return int(self.train.Y.shape[1])


@dataclass(frozen=True, repr=False)
class Reader(Plugin):
    """Reads data for ``nnframe train``.

    Parameters
    ----------
    name : str
        What users call it by: a data set, as in ``nnframe train digits``, or a kind of file, as in
        ``nnframe train data.txt --reader csv``.
    open : callable
        ``open(source, options)`` returns a context manager that yields `TrainingData` and releases its memory and
        files at the end. source is the text that the user passed, such as a path; options has the reader's own
        options, and ``seed``.
    suffixes : tuple of str, optional
        The files that it reads, each with its dot and in lower case: ``(".csv",)``. Empty for a data set that is
        known by its name.
    add_arguments : callable, optional
        ``add_arguments(group)`` adds the reader's options to a group of an `argparse.ArgumentParser`. They are added
        to ``nnframe train`` only when this reader is used.
    doc : str, optional
        What it reads.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument can't be used.

    Examples
    --------
    >>> from contextlib import nullcontext
    >>> from nnframe import pairs
    >>> xor = pairs([[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]])
    >>> reader = Reader("xor", lambda source, options: nullcontext(TrainingData(xor, "mse", "sigmoid")))
    >>> with reader.open("xor", None) as data:
    ...     data.n_inputs, data.n_outputs
    (2, 1)
    """

    open: Callable[[str, Namespace], AbstractContextManager[TrainingData]]
    suffixes: tuple[str, ...] = field(default=(), kw_only=True)
    add_arguments: Callable[[ArgumentParser | _ArgumentGroup], None] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_callable("open", "add_arguments")
        if not isinstance(self.suffixes, tuple) or not all(isinstance(each, str) for each in self.suffixes):
            raise ArgumentTypeError(
                f"suffixes of reader {self.name!r} is {shown(self.suffixes)}; expected a tuple such as ('.csv',)"
            )
        for suffix in self.suffixes:
            if not suffix.startswith(".") or len(suffix) < 2 or suffix != suffix.lower():
                raise ArgumentError(
                    f"suffixes of reader {self.name!r} has {suffix!r}; expected a dot and lower-case letters, such as "
                    f"'.csv'"
                )
