"""lbfgs: against the formula with matrices, known minima, and other implementations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnframe import Converged, denseLayer, nNet, pairs, registry
from nnframe.builtins.optimizers.lbfgs import direction
from nnframe.builtins.optimizers.line_search import CURVATURE, DECREASE, Point, wolfe_point
from nnframe.testing.minimizer_samples import next_state

seeds = st.integers(0, 2**32 - 1)


def run(evaluate, w, most=200, **changes):
    """Return the weights and the number of iterations until lbfgs has converged, and why."""
    lbfgs = registry.get("optimizer", "lbfgs").with_params(**changes)
    state = [np.zeros(lbfgs.state_shape(key, len(w)), w.dtype) for key in lbfgs.state]
    for t in range(1, most + 1):
        try:
            w, *new = lbfgs.minimize(evaluate, w, *state, t=t, **lbfgs.settings)
        except Converged as done:
            return (done.results or [w])[0], t, str(done)
        state = next_state(state, new, t)
    return w, most, ""


def rosenbrock(w):
    x, y = w
    loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return float(loss), np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], w.dtype)


def test_it_finds_the_minimum_of_rosenbrocks_valley():
    w, iterations, reason = run(rosenbrock, np.array([-1.2, 1.0]), min_gain=0.0)
    np.testing.assert_allclose(w, [1, 1], atol=1e-5)
    # scipy's L-BFGS-B takes 36 from there.
    assert iterations <= 45
    assert reason.startswith("the largest gradient is ")


def test_it_ends_where_float32_is_exhausted():
    w, iterations, _ = run(rosenbrock, np.array([-1.2, 1.0], np.float32), tolerance=0.0, min_gain=0.0)
    assert iterations < 100
    np.testing.assert_allclose(w, [1, 1], atol=2e-2)
    assert w.dtype == np.float32


def test_it_says_that_no_step_lowers_a_loss_whose_changes_are_lost_to_rounding():
    # The gradient is that of 1 + w'w / 1e20, which is 1 in float64.
    _, iterations, reason = run(lambda w: (1.0, 2e-20 * w), np.array([1.0, -3.0]), tolerance=0.0, min_gain=0.0)
    assert iterations == 1
    assert reason.startswith("no step lowers the loss; the largest gradient is ")


def test_the_direction_is_that_of_the_formula_with_matrices():
    rng = np.random.default_rng(0)
    n, count = 7, 4
    A = rng.normal(size=(n, n))
    steps = rng.normal(size=(count, n))
    changes = steps @ (A @ A.T + np.eye(n))
    g = rng.normal(size=n)
    # H = (I - rho s y') H (I - rho y s') + rho s s', from gamma I on.
    H = np.eye(n) * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y in zip(steps, changes, strict=True):
        left = np.eye(n) - np.outer(s, y) / (s @ y)
        H = left @ H @ left.T + np.outer(s, s) / (s @ y)
    roots = np.sqrt((steps * changes).sum(axis=1, keepdims=True))
    steps, changes = steps / roots, changes / roots
    inverse = np.linalg.inv(np.triu(steps @ changes.T))
    np.testing.assert_allclose(direction(g, steps, changes, inverse, 3), -H @ g, rtol=1e-10)


def test_the_inverse_of_the_kept_products_follows_each_step():
    lbfgs = registry.get("optimizer", "lbfgs(memory=3)")
    w, state = np.array([-1.2, 1.0]), [np.zeros((3, 2)), np.zeros((3, 2)), np.zeros((3, 3))]
    for t in range(1, 9):
        w, *new = lbfgs.minimize(rosenbrock, w, *state, t=t, **lbfgs.settings)
        state = steps, changes, inverse = next_state(state, new, t)
        # From the oldest on.
        rows = [each % 3 for each in range(max(t - 3, 0), t)]
        R = np.triu(steps[rows] @ changes[rows].T)
        np.testing.assert_allclose(inverse[np.ix_(rows, rows)], np.linalg.inv(R), rtol=1e-9, atol=1e-12)
        assert np.count_nonzero(inverse) == len(rows) * (len(rows) + 1) / 2


def test_pairs_that_lead_to_no_lower_loss_are_no_longer_used():
    lbfgs = registry.get("optimizer", "lbfgs(memory=3)")
    w, state = np.array([2.0, 0.0]), [np.ones((3, 2)), np.array([[1.0, 0.0]] * 3), np.zeros((3, 3))]
    # Of the one in row 1, which is the latest at t = 3.
    state[2][1, 1] = 1

    def evaluate(w):
        # Nothing but the first number may change.
        return (float(w[0] ** 4) if w[1] == 0 else np.inf), np.array([4 * w[0] ** 3, 0.0])

    # -s, for the pair has all of the gradient.
    np.testing.assert_allclose(direction(np.array([1.0, 0.0]), *state, 1), [-1, -1])
    new_w, *new = lbfgs.minimize(evaluate, w, *state, t=3, **lbfgs.settings)
    assert evaluate(new_w)[0] < evaluate(w)[0]
    steps, changes, inverse = next_state(state, new, 3)
    np.testing.assert_array_equal(inverse, np.diag([0, 0, 1]))
    # That of the new pair alone: s s' g in the direction of s, and gamma g across it.
    g, s, y = np.array([2.0, 3.0]), steps[2], changes[2]
    np.testing.assert_allclose(direction(g, steps, changes, inverse, 2), [-(s[0] ** 2) * 2, -3 / (y @ y)])


def test_only_the_latest_steps_are_kept():
    lbfgs = registry.get("optimizer", "lbfgs(memory=2)")
    w, state = np.array([-1.2, 1.0]), [np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))]
    path = [w]
    for t in range(1, 5):
        w, *new = lbfgs.minimize(rosenbrock, w, *state, t=t, **lbfgs.settings)
        state = next_state(state, new, t)
        path.append(w)
    steps = np.diff(path, axis=0)[-2:]
    changes = np.diff([rosenbrock(each)[1] for each in path], axis=0)[-2:]
    roots = np.sqrt((steps * changes).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(state[0], steps / roots, rtol=1e-14)
    np.testing.assert_allclose(state[1], changes / roots, rtol=1e-14)


@settings(max_examples=200, deadline=None)
@given(seed=seeds, first=st.floats(1e-6, 1e6))
def test_the_line_search_meets_the_strong_wolfe_conditions(seed, first):
    rng = np.random.default_rng(seed)
    scale, waves, shift = np.exp(rng.normal(size=3))

    def evaluate(w):
        # Bounded from below, with a wave in it.
        loss = scale * (w * w).sum() ** 0.75 + np.sin(waves * w + shift).sum()
        return float(loss), 1.5 * scale * (w * w).sum() ** -0.25 * w + waves * np.cos(waves * w + shift)

    w = rng.normal(size=2)
    loss, g = evaluate(w)
    d = -g * np.exp(rng.normal(size=2))
    found = wolfe_point(evaluate, Point(0.0, loss, float(g @ d), w, g), d, first)
    assert found.loss <= loss + DECREASE * found.step * (g @ d)
    assert abs(found.g @ d) <= CURVATURE * abs(g @ d) or found.loss < loss
    np.testing.assert_array_equal(found.w, w + found.step * d)


def test_the_line_search_returns_nothing_uphill_of_the_start():
    # The gradient lies: every step leads up.
    start = Point(0.0, 0.0, -1.0, np.zeros(1), -np.ones(1))
    assert wolfe_point(lambda w: (float(abs(w).sum()), np.sign(w)), start, np.ones(1), 1.0) is None


def linear_problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)) * [1, 10, 0.1, 3]
    return X, X @ rng.normal(size=(4, 2)) + rng.normal(size=(60, 2))


def test_ridge_regression_has_the_solution_of_the_normal_equations():
    X, Y = linear_problem()
    net = nNet([denseLayer(np.zeros((2, 4)))])
    history = net.nEpochs(200, pairs(X, Y), "mse", optimizer="lbfgs(tolerance=1e-10, min_gain=0)", l2=0.3)
    # The mean over two components halves the loss: L = |Y - X W' - b|^2 / 120 + 0.15 |W|^2.
    centered, means = X - X.mean(axis=0), Y.mean(axis=0)
    W = np.linalg.solve(centered.T @ centered / 60 + 0.3 * np.eye(4), centered.T @ (Y - means) / 60).T
    np.testing.assert_allclose(net.layersList[0].linear, W, rtol=1e-7)
    np.testing.assert_allclose(net.layersList[0].bias[:, 0], means - W @ X.mean(axis=0), rtol=1e-7)
    assert len(history.loss) < 60


def test_logistic_regression_has_the_loss_that_scipy_finds():
    optimize = pytest.importorskip("scipy.optimize")
    X, Y = linear_problem()
    y = (Y[:, 0] > 0).astype(float)

    def evaluate(w):
        z = X @ w[:4] + w[4]
        p = 1 / (1 + np.exp(-z))
        loss = np.mean(np.logaddexp(0, z) - y * z) + 0.005 * w[:4] @ w[:4]
        return loss, np.append(X.T @ (p - y) / 60 + 0.01 * w[:4], (p - y).mean())

    theirs = optimize.minimize(evaluate, np.zeros(5), method="L-BFGS-B", jac=True, options={"gtol": 1e-9, "ftol": 0})
    net = nNet([denseLayer(np.zeros((1, 4)), activation="sigmoid")])
    data = pairs(X, y.reshape(-1, 1))
    history = net.nEpochs(200, data, "bce", optimizer="lbfgs(tolerance=1e-9, min_gain=0)", l2=0.01)
    W = net.layersList[0].linear
    assert history.loss[-1] + 0.005 * float((W * W).sum()) == pytest.approx(theirs.fun, rel=1e-12)
    assert len(history.loss) <= 1.5 * theirs.nit


def test_a_net_has_a_loss_as_low_as_scikit_learns_net():
    neural_network = pytest.importorskip("sklearn.neural_network")
    X, Y = linear_problem()
    y, n = Y[:, 0] / Y[:, 0].std(), 40
    theirs = neural_network.MLPRegressor(
        hidden_layer_sizes=(8,), activation="tanh", solver="lbfgs", alpha=0.1, max_iter=n, tol=0, random_state=0
    )
    with pytest.warns(UserWarning, match="failed to converge"):
        theirs.fit(X, y)
    rng, layers = np.random.RandomState(0), []
    for n_in, n_out, activation in ((4, 8, "tanh"), (8, 1, None)):
        bound = np.sqrt(6 / (n_in + n_out))
        weights = rng.uniform(-bound, bound, (n_in, n_out)).T
        layers.append(denseLayer(weights, rng.uniform(-bound, bound, (n_out, 1)), activation))
    net = nNet(layers)
    # Their squared error is half of ours, and their penalty is divided by the number of samples.
    history = net.nEpochs(n, pairs(X, y.reshape(-1, 1)), "mse", optimizer="lbfgs", l2=2 * 0.1 / 60)
    ours = history.loss[-1] / 2 + 0.05 / 60 * sum(float((layer.linear**2).sum()) for layer in net.layersList)
    assert ours <= 1.01 * theirs.loss_
