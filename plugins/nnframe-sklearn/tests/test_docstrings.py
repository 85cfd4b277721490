import doctest

import pytest
from nnframe_sklearn import classifier, mlp_classifier, mlp_regressor, regressor


@pytest.mark.parametrize("module", [classifier, regressor, mlp_classifier, mlp_regressor])
def test_the_examples_are_right(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed
