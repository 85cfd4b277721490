from nnframe_sklearn import NNClassifier, NNRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

ESTIMATORS = [NNClassifier(epochs=100), NNRegressor(epochs=100)]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)
