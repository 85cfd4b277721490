"""Plots of training runs and of nets. Each function that draws returns the matplotlib axes it drew on.

Without ``ax``, a function makes a new pyplot figure, which a notebook displays by itself and a script with
``plt.show()``. matplotlib is imported by the first plot, and its styles and settings are left alone.
"""

from nnframe_plot.boundary import decision_boundary
from nnframe_plot.confusion import confusion_matrix
from nnframe_plot.curves import loss_curve, metric_curves
from nnframe_plot.histograms import activation_histograms, weight_histograms
from nnframe_plot.rate_search import RateSearch, find_learning_rate, learning_rate_curve

__all__ = [
    "RateSearch",
    "activation_histograms",
    "confusion_matrix",
    "decision_boundary",
    "find_learning_rate",
    "learning_rate_curve",
    "loss_curve",
    "metric_curves",
    "weight_histograms",
]
