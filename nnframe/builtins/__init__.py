"""The plugins that come with nnframe: one file each, registered through the call that registers anyone's.

`nnframe.builtins.shortcuts` is none; some of them call it.
"""

BUILTIN_MODULES = {
    "activation": (
        "nnframe.builtins.activations.relu",
        "nnframe.builtins.activations.sigmoid",
        "nnframe.builtins.activations.tanh",
        "nnframe.builtins.activations.softmax",
    ),
    "loss": ("nnframe.builtins.losses.mse", "nnframe.builtins.losses.cel", "nnframe.builtins.losses.bce"),
    "engine": ("nnframe.engines.fast.numpy_engine", "nnframe.engines.reference"),
    "optimizer": (
        "nnframe.builtins.optimizers.sgd",
        "nnframe.builtins.optimizers.rmsprop",
        "nnframe.builtins.optimizers.adagrad",
        "nnframe.builtins.optimizers.adam",
        "nnframe.builtins.optimizers.adamw",
        "nnframe.builtins.optimizers.nadam",
        "nnframe.builtins.optimizers.lbfgs",
    ),
    "schedule": (
        "nnframe.builtins.schedules.constant",
        "nnframe.builtins.schedules.step",
        "nnframe.builtins.schedules.exponential",
        "nnframe.builtins.schedules.cosine",
        "nnframe.builtins.schedules.warm_up",
        "nnframe.builtins.schedules.one_cycle",
    ),
    "metric": (
        "nnframe.builtins.metrics.accuracy",
        "nnframe.builtins.metrics.top_k",
        "nnframe.builtins.metrics.f1",
        "nnframe.builtins.metrics.mae",
        "nnframe.builtins.metrics.r2",
    ),
    "callback": (
        "nnframe.builtins.callbacks.progress",
        "nnframe.builtins.callbacks.early_stopping",
        "nnframe.builtins.callbacks.reduce_on_plateau",
    ),
    "command": (
        "nnframe.cli.commands.train",
        "nnframe.cli.commands.info",
        "nnframe.cli.commands.plugins",
        "nnframe.cli.commands.new_plugin",
    ),
    "reader": ("nnframe.builtins.readers.digits", "nnframe.builtins.readers.arrays"),
    "format": ("nnframe.saving.safetensors",),
}
