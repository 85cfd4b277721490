import numpy as np
import pytest
from nnframe_sklearn.formulas import half_poisson, half_squared_error
from nnframe_sklearn.log_losses import binary_log_loss, log_loss
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.metrics import mean_poisson_deviance, mean_squared_error

import nnframe.testing


@nnframe.testing.parametrize_plugin_checks("nnframe-sklearn")
def test_the_kit_passes(check):
    check()


def test_losses_are_what_scikit_learns_metrics_say():
    rng = np.random.default_rng(0)
    p, rate, number = rng.uniform(0.01, 0.99, (1, 50)), rng.uniform(0.1, 5, (1, 50)), rng.normal(size=(1, 50))
    label, count = rng.integers(0, 2, (1, 50)), rng.poisson(2.0, (1, 50))
    assert binary_log_loss.value(p, label.astype(float)).mean() == pytest.approx(sklearn_log_loss(label[0], p[0]))
    shares, one_hot = np.vstack([p, 1 - p]), np.vstack([label, 1 - label]).astype(float)
    assert log_loss.value(shares, one_hot).mean() == pytest.approx(sklearn_log_loss(1 - label[0], 1 - p[0]))
    assert half_poisson.value(rate, count.astype(float)).mean() * 2 == pytest.approx(
        mean_poisson_deviance(count[0], rate[0])
    )
    assert half_squared_error.value(number, p).mean() * 2 == pytest.approx(mean_squared_error(p[0], number[0]))
