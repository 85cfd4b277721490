"""Pictures of training runs and of nets, as matplotlib axes that the caller can go on drawing on.

matplotlib is the extra ``plot``, and is imported by the first picture. Without ``ax``, a picture gets a figure of its
own from pyplot, so that notebooks and ``plt.show()`` show it; styles and other settings are left as they are.
"""

from nnframe_plot.boundary import decision_boundary
from nnframe_plot.confusion import confusion_matrix
from nnframe_plot.curves import loss_curve, metric_curves
from nnframe_plot.histograms import activation_histograms, weight_histograms

__all__ = [
    "activation_histograms",
    "confusion_matrix",
    "decision_boundary",
    "loss_curve",
    "metric_curves",
    "weight_histograms",
]
