"""loss_plot: draw the losses of a run into a file when it ends, also when an interrupt or an error ends it.

The file's suffix chooses the format, such as .png, .pdf or .svg. A file that can't be written is reported as a warning,
because a plot must not stop a run.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nnframe.contracts.callback import Callback
from nnframe.contracts.markers import hookimpl
from nnframe.errors import ArgumentError, NNFrameError, one_line
from nnframe_plot.curves import loss_curve
from nnframe_plot.figure import check_figure_file, file_figure, save_figure

if TYPE_CHECKING:
    from nnframe.training.run import TrainingRun


class LossPlot:
    """Draws the losses of a run into a file when it ends.

    Parameters
    ----------
    file : str or path-like, optional

    Raises
    ------
    ArgumentError
        If matplotlib doesn't know the format, or the folder doesn't exist.
    """

    def __init__(self, file: str | os.PathLike[str] = "losses.png") -> None:
        self.file = Path(file)
        check_figure_file(self.file)
        if not self.file.absolute().parent.is_dir():
            raise ArgumentError(f"file is {self.file}, in a folder that doesn't exist; create the folder first")

    @hookimpl
    def nnframe_train_end(self, run: TrainingRun) -> None:
        """Draw the losses."""
        if not run.history.loss:
            return
        figure = file_figure()
        loss_curve(run.history, figure.add_subplot())
        try:
            save_figure(figure, self.file)
        except NNFrameError as error:
            warnings.warn(f"the losses are not drawn: {one_line(error)}", RuntimeWarning, stacklevel=2)


loss_plot = Callback("loss_plot", make=LossPlot, params={"file": "losses.png"}, doc=__doc__)


@hookimpl
def nnframe_callbacks() -> list[Callback]:
    """Return loss_plot."""
    return [loss_plot]
