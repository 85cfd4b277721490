"""scikit-learn estimators that train nnframe's networks, with any installed activation, loss, optimizer and callback.

>>> from sklearn.datasets import load_iris
>>> from nnframe_sklearn import NNClassifier
>>> X, y = load_iris(return_X_y=True)
>>> NNClassifier(layers=(16,), activation="tanh", random_state=0).fit(X, y).score(X, y) > 0.95
True
"""

from nnframe_sklearn.classifier import NNClassifier
from nnframe_sklearn.interop import from_sklearn, to_sklearn
from nnframe_sklearn.mlp_classifier import MLPClassifier
from nnframe_sklearn.mlp_regressor import MLPRegressor
from nnframe_sklearn.regressor import NNRegressor
from nnframe_sklearn.skops_file import load_any as load
from nnframe_sklearn.skops_file import save_any as save

__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "NNClassifier",
    "NNRegressor",
    "from_sklearn",
    "load",
    "save",
    "to_sklearn",
]
