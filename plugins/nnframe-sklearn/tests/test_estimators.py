import pytest
from nnframe_sklearn import MLPClassifier, MLPRegressor, NNClassifier, NNRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

ESTIMATORS = [
    NNClassifier(),
    NNRegressor(),
    MLPClassifier(max_iter=100),
    MLPRegressor(max_iter=100),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)
