"""The plugins that come with nnframe: one file each, registered through the call that registers anyone's.

`nnframe.builtins.shortcuts` is none; some of them call it.
"""

BUILTIN_MODULES = {
    "activation": (
        "nnframe.builtins.relu",
        "nnframe.builtins.sigmoid",
        "nnframe.builtins.tanh",
        "nnframe.builtins.softmax",
    ),
    "loss": ("nnframe.builtins.mse", "nnframe.builtins.cel"),
    "engine": ("nnframe.engines.numpy", "nnframe.engines.reference"),
    "optimizer": (
        "nnframe.optimizers.sgd",
        "nnframe.optimizers.rmsprop",
        "nnframe.optimizers.adagrad",
        "nnframe.optimizers.adam",
        "nnframe.optimizers.adamw",
        "nnframe.optimizers.nadam",
    ),
    "schedule": (
        "nnframe.schedules.constant",
        "nnframe.schedules.step",
        "nnframe.schedules.exponential",
        "nnframe.schedules.cosine",
        "nnframe.schedules.warm_up",
        "nnframe.schedules.one_cycle",
    ),
    "metric": (
        "nnframe.metrics.accuracy",
        "nnframe.metrics.top_k",
        "nnframe.metrics.f1",
        "nnframe.metrics.mae",
        "nnframe.metrics.r2",
    ),
    "callback": ("nnframe.callbacks.progress", "nnframe.callbacks.early_stopping"),
}
