"""What is left of a net, and of the user's data, when an installed plugin fails while training."""

import pytest

pytestmark = pytest.mark.install

ENGINES = ("numpy", "reference")
# Activation, its working twin, loss, and the part of the plugin that is to be blamed.
FLAKY = [
    ("flaky", "steady", "steady_loss", "derivative"),
    ("flaky_forward", "steady", "steady_loss", "forward"),
    ("steady", "steady", "flaky_loss", "gradient"),
    ("steady", "steady", "flaky_value", "value"),
]
# The reference engine has no use for in-place forms.
FLAKY_IN_PLACE = [
    ("flaky_inplace", "steady_inplace", "steady_loss", "forward_inplace"),
    ("flaky_back", "steady_inplace", "steady_loss", "backward_inplace"),
]
CASES = [(engine, *case) for engine in ENGINES for case in FLAKY] + [("numpy", *case) for case in FLAKY_IN_PLACE]


@pytest.mark.parametrize(
    ("engine", "activation", "twin", "loss", "part"), CASES, ids=[f"{case[4]}-{case[0]}" for case in CASES]
)
def test_a_plugin_that_raises_in_a_later_batch_is_blamed_and_the_whole_batches_count(
    environment, engine, activation, twin, loss, part
):
    # Of the 8 samples, the third and last batch has only 2.
    out = environment.script(f"""
        net, expected = net_of({activation!r}), net_of({twin!r})
        expected.backprop(data[:6], "steady_loss", 0.1, 3, engine={engine!r})
        assert not np.array_equal(expected.layersList[0].linear, net.layersList[0].linear)
        error = error_of(net.backprop, data, {loss!r}, 0.1, 3, engine={engine!r})
        assert_same_weights(net, expected)
        print(type(error).__name__, error.provider, error.version, error.hook, repr(error.__cause__))
        print(error)
    """)
    kind, message = out.splitlines()
    assert kind == f'PluginError faulty-midway 1.9 {part} ZeroDivisionError("the author\'s own fault")'
    assert f"of faulty-midway 1.9, {part}: raised ZeroDivisionError" in message
    assert "NNFRAME_DISABLE_PLUGINS=faulty-midway" in message


@pytest.mark.parametrize("engine", ENGINES)
def test_a_plugin_that_raises_in_a_later_epoch_leaves_the_epochs_before_it(environment, engine):
    environment.script(f"""
        net, expected = net_of("flaky"), net_of("steady")
        expected.nEpochs(2, data, "steady_loss", 0.1, 8, engine={engine!r})
        error_of(net.nEpochs, 5, data, "steady_loss", 0.1, 8, engine={engine!r})
        assert_same_weights(net, expected)
    """)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("activation", "loss", "part", "wanted"),
    [
        ("misshapen", "mse", "forward", "(3, 4)"),
        ("misshapen_slope", "mse", "derivative", "(3, 4)"),
        ("tanh", "misshapen_value", "value", "(4,)"),
        ("tanh", "misshapen_gradient", "gradient", "(1, 4)"),
    ],
)
def test_an_array_of_the_wrong_shape_is_blamed_and_changes_no_weight(
    environment, engine, activation, loss, part, wanted
):
    out = environment.script(f"""
        net, expected = net_of({activation!r}), net_of({activation!r})
        error = error_of(net.backprop, data, {loss!r}, 0.1, 4, engine={engine!r})
        assert_same_weights(net, expected)
        print(type(error).__name__, error.provider, error.version)
        print(error)
    """)
    kind, message = out.splitlines()
    assert kind == "PluginError faulty-midway 1.9"
    assert f"of faulty-midway 1.9, {part}: returned an array of shape" in message
    assert f"expected {wanted}" in message


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_a_loss_that_overwrites_the_targets_is_blamed_and_the_users_array_stays(environment, engine, dtype):
    # The net computes in float64, so that the engine converts the other types.
    out = environment.script(f"""
        X, Y = rng.normal(size=(8, 2)), rng.integers(1, 9, size=(8, 1)).astype({dtype!r})
        before = Y.copy()
        net = nNet.from_sizes([2, 3, 1], ["tanh", "sigmoid"])
        try:
            net.backprop(nnframe.pairs(X, Y), "overwriting_loss", 0.1, 4, engine={engine!r})
        except nnframe.PluginError as error:
            print(error)
        else:
            print("no error")
        print(np.array_equal(Y, before), Y.flags.writeable)
    """)
    message, unchanged = out.splitlines()
    assert unchanged == "True True"
    assert "'overwriting_loss' of faulty-midway 1.9, value: raised ValueError" in message
