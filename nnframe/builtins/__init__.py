"""The plugins that come with nnframe: one file each, registered through the call that registers anyone's."""

BUILTIN_MODULES = (
    "nnframe.builtins.relu",
    "nnframe.builtins.sigmoid",
    "nnframe.builtins.tanh",
    "nnframe.builtins.softmax",
    "nnframe.builtins.mse",
    "nnframe.builtins.cel",
    "nnframe.engines.numpy",
    "nnframe.engines.reference",
)
