"""digits: 1,797 handwritten digits, 8 x 8 pixels, which ship with nnframe; every fifth is a test sample.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nnframe.contracts.markers import hookimpl
from nnframe.contracts.reader import Reader, TrainingData, TrainingDefaults
from nnframe.errors import ArgumentError

if TYPE_CHECKING:
    from argparse import Namespace


@contextmanager
def open_digits(source: str, options: Namespace) -> Iterator[TrainingData]:
    """Yield the digits.

    Raises
    ------
    ArgumentError
        If something else was asked for.
    """
    if source.lower() != digits.name:
        raise ArgumentError(f"--reader digits reads the data set digits, not {source}: nnframe train digits")
    # numpy and the images load only when they are asked for.
    from nnframe.datasets import load_digits

    train, test = load_digits()
    yield TrainingData(
        train,
        loss="cel",
        activation="softmax",
        test=test,
        metrics=("accuracy",),
        summary=(f"digits: {len(train)} samples to train on, {len(test)} to test",),
        defaults=TrainingDefaults(hidden=(32,), optimizer="sgd(learning_rate=0.2)", epochs=30, patience=0),
        metadata={"data": "digits", "classes": list(map(str, range(train.Y.shape[1])))},
    )


digits = Reader("digits", open_digits, doc=__doc__)


@hookimpl
def nnframe_readers() -> list[Reader]:
    """Return the digits."""
    return [digits]
