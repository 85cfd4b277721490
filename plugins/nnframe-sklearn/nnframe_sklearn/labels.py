"""Class labels as targets of a net, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from nnframe import Array

# What losses take that need an output for each class, also for two.
DISTRIBUTIONS = ("distribution", "log_distribution")


@dataclass(frozen=True)
class Labels:
    """The classes of a classification.

    Attributes
    ----------
    classes : ndarray, shape (n_classes,)
        The labels, sorted; for several labels a sample, the numbers of the columns.
    is_multilabel : bool
        Whether a sample may have several labels.
    """

    classes: Array
    is_multilabel: bool

    @classmethod
    def learn(cls, y: Any) -> Labels:
        """Return the classes that occur in y.

        Parameters
        ----------
        y : ndarray of shape (N,), or array or sparse matrix of 0 and 1 of shape (N, n_classes)

        Raises
        ------
        ValueError
            If y holds continuous numbers, or several columns that are not 0 and 1.
        """
        kind = type_of_target(y, input_name="y")
        if kind == "multilabel-indicator":
            return cls(np.arange(y.shape[1]), True)
        if kind == "multiclass-multioutput":
            raise ValueError(
                f"y has shape {y.shape} with several classes in a column; expected shape (n_samples,), or an array of "
                f"0 and 1 with a column for each label: train a net for each column with MultiOutputClassifier"
            )
        if kind not in ("binary", "multiclass"):
            check_classification_targets(y)
        classes = np.unique(y)
        if 2 * len(classes) > len(y):
            # Warns. It would find the kind again, which takes as long as an epoch of a small net.
            check_classification_targets(y)
        return cls(classes, False)

    def n_outputs(self, binary_outputs: int) -> int:
        """Return the number of outputs of a net; `binary_outputs` is that for up to two classes."""
        if self.is_multilabel:
            return len(self.classes)
        return len(self.classes) if len(self.classes) > 2 else binary_outputs

    def indices(self, y: Any) -> Array:
        """Return the number of the class of each label, shape (N,).

        Raises
        ------
        ValueError
            If there is a label that is not a class.
        """
        y = np.asarray(y)
        found: Array = np.searchsorted(self.classes, y)
        is_known = self.classes.take(found, mode="clip") == y
        if not np.all(is_known):
            unknown = np.unique(y[~is_known])
            raise ValueError(f"y has the classes {unknown.tolist()[:5]}; expected some of {self.classes.tolist()}")
        return found

    def targets(self, y: Any, n_outputs: int, dtype: Any) -> Array:
        """Return an array of 0 and 1 of shape (N, n_outputs), whose largest component is the class.

        Raises
        ------
        ValueError
            If y has another shape, or a label that is not a class.
        """
        if self.is_multilabel:
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(f"y has shape {y.shape}; expected (n_samples, {len(self.classes)})")
            dense: Array = (y.toarray() if sp.issparse(y) else np.asarray(y)).astype(dtype)
            return dense
        # What is a vector already needn't be checked, which takes as long as an update.
        indices = self.indices(y if type(y) is np.ndarray and y.ndim == 1 else column_or_1d(y))
        if n_outputs == 1:
            return indices[:, None].astype(dtype)
        return np.eye(n_outputs, dtype=dtype)[indices]

    def weights(self, class_weight: Any, y: Any, sample_weight: Array | None) -> Array:
        """Return the factor of each sample for the weight of its class, shape (N,).

        Parameters
        ----------
        class_weight : "balanced" or dict of label to float
            "balanced" makes all classes count the same. A label that is not in the dict has weight 1. A sample with
            several labels has the product of their weights.
        y : array or sparse matrix
        sample_weight : ndarray or None
            How often each sample counts, for "balanced".

        Raises
        ------
        ValueError
            If it is something else, or has a label that is not a class.
        """
        if class_weight != "balanced" and not isinstance(class_weight, dict):
            raise ValueError(
                f"class_weight is {class_weight!r}; expected 'balanced', None, or a dict such as "
                f"{{{self.classes[0]!r}: 2.0}}"
            )
        if self.is_multilabel:
            columns = (y.toarray() if sp.issparse(y) else np.asarray(y)).astype(int)
            factors = np.ones(len(columns))
            for number, column in enumerate(columns.T):
                weight = self._weights(class_weight, column, sample_weight, np.array([0, 1]), number)
                factors *= weight[column]
            return factors
        indices = self.indices(y)
        return self._weights(class_weight, indices, sample_weight, self.classes, None)[indices]

    def _weights(
        self, class_weight: Any, indices: Array, sample_weight: Array | None, classes: Array, label: int | None
    ) -> Array:
        if class_weight == "balanced":
            counts = np.bincount(indices, sample_weight, minlength=len(classes))
            balanced: Array = counts.sum() / (np.count_nonzero(counts) * np.where(counts > 0, counts, 1))
            return balanced
        weights = np.ones(len(classes))
        if label is not None:
            weights[1] = class_weight.get(label, 1.0)
            return weights
        known = {each: number for number, each in enumerate(classes.tolist())}
        for each, weight in class_weight.items():
            key = each.item() if isinstance(each, np.generic) else each
            if key in known:
                weights[known[key]] = weight
            else:
                raise ValueError(
                    f"class_weight has the class {each!r}, which is not in y; expected some of {classes.tolist()}"
                )
        return weights

    def decided(self, outputs: Array, threshold: float) -> Array:
        """Return the labels for outputs of shape (N, n_outputs).

        Parameters
        ----------
        outputs : ndarray
        threshold : float
            A single output, or that of one of several labels, means its class if it is above.
        """
        if self.is_multilabel:
            return (outputs > threshold).astype(int)
        if len(self.classes) == 1:
            return np.repeat(self.classes, len(outputs))
        if outputs.shape[1] == 1:
            found: Array = self.classes[(outputs[:, 0] > threshold).astype(int)]
        else:
            found = self.classes[outputs.argmax(axis=1)]
        return found

    def probabilities(self, outputs: Array) -> Array:
        """Return the probability of each class, shape (N, n_classes), for a net's probabilities."""
        if self.is_multilabel:
            return outputs
        if len(self.classes) == 1:
            return np.ones((len(outputs), 1), outputs.dtype)
        if outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs


class HasClasses:
    """An estimator whose labels are in `_labels` once they are known."""

    _labels: Labels

    @property
    def classes_(self) -> Array:
        """The labels, sorted."""
        if "_labels" not in vars(self):
            raise AttributeError("classes_ is known after fit")
        return self._labels.classes
