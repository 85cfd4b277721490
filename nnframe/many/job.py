"""What `train_many` is given and what it returns: a job for each net, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nnframe.contracts.loss import Loss
from nnframe.errors import ArgumentTypeError, NNFrameError, one_line, with_type
from nnframe.history import History
from nnframe.network import nNet
from nnframe.training.settings import Settings


class Job:
    """A net and how to train it.

    Parameters
    ----------
    net : nNet or callable
        A net, of which a copy is trained; or a function without arguments that makes one, such as
        ``functools.partial(nNet.from_sizes, [64, 32, 10], ["relu", "softmax"], seed=3)``.
    n : int
        The number of epochs.
    data : sequence of (x, y), or callable
        As in `nNet.nEpochs`; or a function without arguments that returns that. A function is called once by each
        worker that needs it, and memory-mapped arrays are opened by each worker: neither is sent with each job.
    loss : str or Loss
    learning_rate, batch_size, **settings
        As in `nNet.nEpochs`. ``validation`` may be a function, too.
    name : str, optional
        What messages and results call it; by default its number, as in ``"job 3"``.

    Raises
    ------
    NNFrameError
        If an argument can't be used, as far as that can be said without the data.
    """

    def __init__(
        self,
        net: nNet | Callable[[], nNet],
        n: int,
        data: Any,
        loss: str | Loss,
        learning_rate: float | None = None,
        batch_size: int = 1,
        *,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        if not (isinstance(net, nNet) or callable(net)):
            raise ArgumentTypeError(f"net is {with_type(net)}; expected an nNet, or a function that makes one")
        if not isinstance(name, (str, type(None))):
            raise ArgumentTypeError(f"name is {with_type(name)}; expected text, or None")
        self.net, self.data, self.name = net, data, name
        self.settings = {"n": n, "loss": loss, "learning_rate": learning_rate, "batch_size": batch_size, **settings}
        # A mistake shows here, and not in some worker.
        self.checked = Settings.of(**self.settings)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "checked"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.checked = Settings.of(**self.settings)

    def __repr__(self) -> str:
        return f"<Job {self.name or self.net!r}>"


@dataclass(frozen=True)
class JobResult:
    """How a job ended.

    Attributes
    ----------
    name : str
    job : Job
    history : History or None
        None if the job failed.
    scores : dict of str to float
        The loss and the metrics of the finished net, over the validation data, or without any over the training data.
    seconds : float
        The time it took in the worker.
    error : BaseException or None
        What ended it, if it failed.
    traceback : str
        Where that was raised in the worker; empty if nobody knows.
    """

    name: str
    job: Job
    history: History | None = None
    scores: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: BaseException | None = None
    traceback: str = field(default="", repr=False)
    _net: nNet | None = field(default=None, repr=False)

    @property
    def net(self) -> nNet:
        """The trained net.

        Raises
        ------
        NNFrameError
            If the job failed.
        """
        if self._net is None:
            what = "has no net" if self.error is None else f"failed: {one_line(self.error)}"
            raise NNFrameError(f"{self.name} {what}") from self.error
        return self._net
