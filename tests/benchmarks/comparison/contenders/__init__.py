"""The contenders, one file each."""

from comparison.contender import Contender

CONTENDERS = (
    Contender("numpy engine", "nnframe_engine", "numpy", ("nnframe",)),
    Contender("numba engine", "nnframe_engine", "numba", ("nnframe_numba",)),
    Contender("reference engine", "nnframe_engine", "reference", ("nnframe",)),
    Contender("plain calls", "nnframe_calls", needs=("nnframe",)),
    Contender("beginner's loop", "beginner"),
    Contender("scikit-learn", "sklearn_mlp", needs=("sklearn",)),
    Contender("torch", "torch_net", "eager", ("torch",)),
    Contender("torch.compile", "torch_net", "compiled", ("torch",)),
    Contender("JAX", "jax_scan", needs=("jax",)),
    Contender("onnxruntime", "onnx_runtime", needs=("onnxruntime", "onnx")),
    Contender("FANN", "fann_library", library="fann"),
    Contender("matrix products", "products"),
)
