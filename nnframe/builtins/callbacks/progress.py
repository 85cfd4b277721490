"""progress: the epoch, the time left, samples per second, and the latest loss and metrics.

They are shown as a bar of tqdm, which the extra ``progress`` installs. Without tqdm, or if the output is not a
terminal, a line is printed about once a second. ``silent=true`` prints nothing, for a program that leaves the choice to
its user.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any

from nnframe.builtins.callbacks.numbers import latest
from nnframe.contracts.callback import Callback
from nnframe.contracts.markers import hookimpl
from nnframe.contracts.run import Run

SECONDS_PER_LINE = 1.0


class ProgressBar:
    """Shows the progress of a run on the error output. An output that can't be written never stops the run.

    Parameters
    ----------
    silent : bool, optional
        Whether to print nothing.
    """

    def __init__(self, silent: bool = False) -> None:
        self.silent = silent
        self._bar: Any = None

    @hookimpl
    def nnframe_train_start(self, run: Run) -> None:
        """Draw the empty bar."""
        self._bar = None
        self._began = self._printed = time.monotonic()
        self._done_before: int | None = None
        if not self.silent and sys.stderr is not None and sys.stderr.isatty():
            self._bar = _tqdm_bar(run)

    @hookimpl
    def nnframe_epoch_end(self, run: Run) -> None:
        """Draw the epoch."""
        if self.silent:
            return
        if self._done_before is None:
            # Only now: a checkpoint may have moved the run forward.
            self._done_before = run.epoch - 1
            if self._bar is not None:
                self._bar.initial = self._bar.n = self._done_before
        seconds = run.history.seconds[-1]
        numbers = {name: f"{value:.4g}" for name, value in latest(run.history).items()}
        speed = f"{run.n_samples / seconds:,.0f} samples/s" if seconds > 0 else ""
        if self._bar is not None:
            with suppress(OSError, ValueError):
                self._bar.set_postfix({**numbers, "speed": speed}, refresh=False)
                self._bar.update(1)
            return
        now = time.monotonic()
        if now - self._printed >= SECONDS_PER_LINE or run.epoch == run.n_epochs or run.history.stopped:
            self._printed = now
            place, left = f"epoch {run.epoch}", ""
            if run.n_epochs is not None:
                seconds_left = (now - self._began) / (run.epoch - self._done_before) * (run.n_epochs - run.epoch)
                place, left = f"{place}/{run.n_epochs}", f"  {_clock(seconds_left)} left"
            described = "  ".join(f"{name} {value}" for name, value in numbers.items())
            _print(f"{place}  {described}  {speed}{left}")

    @hookimpl
    def nnframe_train_end(self, run: Run) -> None:
        """Close the bar, and print why the run ended early if it did."""
        if self._bar is not None:
            with suppress(OSError, ValueError):
                self._bar.close()
        if not self.silent and run.history.stopped:
            _print(f"stopped after epoch {run.epoch}: {run.history.stopped}")


def _print(text: str) -> None:
    # The disk behind it may be full, a pipe closed, or a name not in its encoding.
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def _tqdm_bar(run: Run) -> Any:
    """Return a bar, or None without tqdm."""
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=run.n_epochs, unit="epoch", dynamic_ncols=True)


def _clock(seconds: float) -> str:
    """Return a duration as h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


progress = Callback("progress", make=ProgressBar, params={"silent": False}, doc=__doc__)


@hookimpl
def nnframe_callbacks() -> list[Callback]:
    """Return progress."""
    return [progress]
