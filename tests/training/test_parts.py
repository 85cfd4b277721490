"""It makes no difference, to the bit, into which parts an epoch is cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnframe


class InParts:
    """Ask for parts of some batches."""

    def __init__(self, batches):
        self.batches = batches

    @nnframe.hookimpl
    def nnframe_train_start(self, run):
        run.batches_per_part = self.batches


def train(engine, n_samples, n_out, batch_size, loss, dtype, weighted, callbacks):
    rng = np.random.default_rng(0)
    data = nnframe.pairs(rng.normal(size=(n_samples, 3)), rng.dirichlet(np.ones(n_out), n_samples))
    last = "softmax" if loss == "cel" else None
    net = nnframe.nNet.from_sizes([3, 5, n_out], ["tanh", last], dtype=dtype)
    weights = rng.uniform(0, 2, n_samples) if weighted else None
    history = net.nEpochs(2, data, loss, 0.01, batch_size, engine=engine, sample_weights=weights, callbacks=callbacks)
    return history, net


@pytest.mark.parametrize("engine", ["numpy", "reference"])
@given(
    n_samples=st.integers(1, 40),
    n_out=st.sampled_from([1, 2, 7, 9, 20]),
    batch_size=st.integers(1, 7),
    batches=st.integers(1, 9),
    loss=st.sampled_from(["mse", "cel"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    weighted=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_losses_and_weights_are_the_same_wherever_an_epoch_is_cut(
    engine, n_samples, n_out, batch_size, batches, loss, dtype, weighted
):
    # cel needs more than one output.
    arguments = engine, n_samples, n_out, batch_size, loss if n_out > 1 else "mse", dtype, weighted
    whole, one = train(*arguments, [])
    parts, other = train(*arguments, [InParts(batches)])
    assert whole.loss == parts.loss
    for mine, theirs in zip(one.layersList, other.layersList, strict=True):
        np.testing.assert_array_equal(mine.linear, theirs.linear)


def test_a_checkpoint_within_epochs_does_not_change_the_history(tmp_path):
    arguments = "numpy", 300, 10, 1, "cel", np.float32, False
    whole, _ = train(*arguments, [])
    written, _ = train(*arguments, [nnframe.callbacks.Checkpoint(tmp_path / "c", every_batches=7)])
    assert whole.loss == written.loss


def test_a_learning_rate_that_a_callback_sets_holds_from_the_next_part_on():
    rates = []

    class Halve(InParts):
        @nnframe.hookimpl
        def nnframe_part_end(self, run):
            run.learning_rate = run.learning_rate / 2
            rates.append(run.learning_rate)

    # One weight, one input of 1 and the loss (w - 0) ** 2: each update multiplies w with 1 - 2 * rate.
    net = nnframe.nNet([nnframe.denseLayer([[1.0]])])
    net.nEpochs(1, [([[0.0]], [[0.0]])] * 2 + [([[1.0]], [[0.0]])] * 2, "mse", 0.4, callbacks=[Halve(1)])
    assert rates == [0.2, 0.1, 0.05, 0.025]
    # The bias has the same gradient as the weight; together they go from 1 to 1 - 2 * 2 * 0.1 = 0.6, then * (1 - 0.2).
    assert net.layersList[0].linear.item() + net.layersList[0].bias.item() == pytest.approx(0.6 * 0.8)
