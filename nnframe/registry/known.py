"""Names that are known without being installed: from this project's distributions and from other libraries.

Looking them up imports and reads nothing. To add a name, add it to a table below:

- `PROVIDED` says which distribution has which names of which kind. A reader or a format may also be listed by file
  suffix, such as ".csv".
- `ALIASES` maps names in other libraries to nnframe's, with a note if the two differ.
- `ELSEWHERE` lists names for things that nnframe doesn't have, so that no similar name is suggested for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

PROVIDED: dict[str, dict[str, tuple[str, ...]]] = {
    "nnframe-zoo": {
        "activation": (
            "leaky_relu", "elu", "selu", "celu", "gelu", "gelu_tanh", "silu", "mish", "softplus", "softsign", "relu6",
            "hardtanh", "hardsigmoid", "hardswish", "logsigmoid", "tanhshrink", "softshrink", "hardshrink",
            "log_softmax", "softmin", "sparsemax", "prelu", "learned_swish",
        ),
        "loss": (
            "mae", "huber", "smooth_l1", "log_cosh", "hinge", "squared_hinge", "nll", "kl_div", "poisson_nll",
            "gaussian_nll", "mixture_nll", "quantile", "focal", "smoothed_cel", "cosine", "barron",
        ),
        "optimizer": ("levenberg_marquardt",),
    },
    "nnframe-swish": {"activation": ("swish",)},
    "nnframe-huber": {"loss": ("huber",)},
    "nnframe-numba": {"engine": ("numba",)},
    "nnframe-mpi": {"engine": ("mpi",), "command": ("scale",)},
    "nnframe-sklearn": {
        "activation": ("exp",),
        "loss": ("half_squared_error", "half_poisson"),
        "optimizer": ("adam_epsilon_hat", "sgd_step_momentum"),
    },
    "nnframe-table": {
        "command": ("predict", "evaluate"),
        "reader": (".csv", ".tsv", ".txt", ".gz", ".parquet", "csv", "parquet", "table"),
    },
    "nnframe-plot": {"command": ("plot",), "callback": ("loss_plot",)},
}  # fmt: skip

# What "nnframe --help" says of commands, so that it needn't import them.
COMMANDS = {
    "predict": "predict new rows with a model of nnframe train",
    "evaluate": "say how good a model of nnframe train is",
    "plot": "draw activations, losses and schedules into a file",
    "scale": "say what more nodes would bring for a net",
}


class Alias(NamedTuple):
    """What nnframe calls something.

    Attributes
    ----------
    name : str
        nnframe's name, or "" where no plugin is needed.
    note : str
        What else to know: a parameter to set, or how the two differ.
    """

    name: str
    note: str = ""


# By kind, then by the name reduced to lower-case letters and digits. Names that reduce to the same text as nnframe's,
# such as "LeakyReLU" or "smooth-l1", need no row.
ALIASES: dict[str, dict[str, Alias]] = {
    "activation": {
        "identity": Alias("", "a layer without activation is linear: leave activation out"),
        "linear": Alias("", "a layer without activation is linear: leave activation out"),
        "logistic": Alias("sigmoid"),
        "expit": Alias("sigmoid"),
        "lrelu": Alias("leaky_relu"),
        "geluapproximate": Alias("gelu_tanh"),
        "geluapprox": Alias("gelu_tanh"),
        "gelunew": Alias("gelu_tanh"),
        "hardsilu": Alias("hardswish"),
    },
    "loss": {
        "crossentropy": Alias("cel"),
        "categoricalcrossentropy": Alias("cel"),
        "softmaxcrossentropy": Alias("cel", "after the activation 'softmax'"),
        "crossentropyloss": Alias("cel", "after the activation 'softmax'"),
        "sparsecategoricalcrossentropy": Alias("cel", "with targets as one-hot columns"),
        "logloss": Alias("cel", "or 'bce' for one output between 0 and 1"),
        "binarycrossentropy": Alias("bce"),
        "binarycrossentropywithlogits": Alias("bce", "after the activation 'sigmoid'"),
        "bceloss": Alias("bce"),
        "bcewithlogits": Alias("bce", "after the activation 'sigmoid'"),
        "bcewithlogitsloss": Alias("bce", "after the activation 'sigmoid'"),
        "binarylogloss": Alias("bce"),
        "meansquarederror": Alias("mse"),
        "squarederror": Alias("mse"),
        "mseloss": Alias("mse"),
        "l2loss": Alias("mse"),
        "meanabsoluteerror": Alias("mae"),
        "absoluteerror": Alias("mae"),
        "l1": Alias("mae"),
        "l1loss": Alias("mae"),
        "huberloss": Alias("huber"),
        "smoothl1loss": Alias("smooth_l1"),
        "logcosherror": Alias("log_cosh"),
        "nllloss": Alias("nll"),
        "negativeloglikelihood": Alias("nll"),
        "kld": Alias("kl_div"),
        "kldivergence": Alias("kl_div"),
        "kldivloss": Alias("kl_div"),
        "kullbackleiblerdivergence": Alias("kl_div"),
        "poisson": Alias("poisson_nll"),
        "poissonnllloss": Alias("poisson_nll"),
        "gaussiannllloss": Alias("gaussian_nll"),
        "pinball": Alias("quantile"),
        "pinballloss": Alias("quantile"),
        "quantileloss": Alias("quantile"),
        "hingeloss": Alias("hinge"),
        "focalloss": Alias("focal"),
        "categoricalfocalcrossentropy": Alias("focal"),
        "labelsmoothing": Alias("smoothed_cel"),
        "labelsmoothingcrossentropy": Alias("smoothed_cel"),
        "cosinesimilarity": Alias("cosine", "which is 1 minus the similarity"),
    },
    "optimizer": {
        "gd": Alias("sgd"),
        "lbfgsb": Alias("lbfgs", "without bounds"),
        "lm": Alias("levenberg_marquardt"),
        "trainlm": Alias("levenberg_marquardt"),
        "bfgs": Alias("lbfgs", "which keeps the latest steps in place of a matrix"),
        "gradientdescent": Alias("sgd"),
        "momentum": Alias("sgd", "as 'sgd(momentum=0.9)'"),
        "nesterov": Alias("sgd", "as 'sgd(momentum=0.9, nesterov=true)'"),
        "nag": Alias("sgd", "as 'sgd(momentum=0.9, nesterov=true)'"),
    },
    "schedule": {
        "steplr": Alias("step"),
        "exponentiallr": Alias("exponential"),
        "exponentialdecay": Alias("exponential"),
        "cosineannealing": Alias("cosine"),
        "cosineannealinglr": Alias("cosine"),
        "cosinedecay": Alias("cosine"),
        "onecyclelr": Alias("one_cycle"),
        "linearwarmup": Alias("warm_up"),
        "plateau": Alias("", "the callback 'reduce_on_plateau' does that"),
        "reduceonplateau": Alias("", "the callback 'reduce_on_plateau' does that"),
        "reducelronplateau": Alias("", "the callback 'reduce_on_plateau' does that"),
    },
    "metric": {
        "acc": Alias("accuracy"),
        "accuracyscore": Alias("accuracy"),
        "categoricalaccuracy": Alias("accuracy"),
        "binaryaccuracy": Alias("accuracy"),
        "topkcategoricalaccuracy": Alias("top_k"),
        "topkaccuracy": Alias("top_k"),
        "f1score": Alias("f1", "the mean over the classes; of one output, that of the upper class"),
        "meanabsoluteerror": Alias("mae"),
        "r2score": Alias("r2"),
    },
    "callback": {
        "tqdm": Alias("progress"),
        "progressbar": Alias("progress"),
        "reducelronplateau": Alias("reduce_on_plateau"),
    },
}

ELSEWHERE: dict[str, frozenset[str]] = {
    "activation": frozenset({"rrelu", "crelu", "glu", "geglu", "swiglu", "maxout", "exponential", "erf",
                             "softmax2d", "gumbelsoftmax", "squareplus", "threshold", "snake", "sine", "sin"}),
    "loss": frozenset({"ctc", "triplet", "contrastive", "dice", "jaccard", "iou", "msle", "meansquaredlogarithmicerror",
                       "mape", "meanabsolutepercentageerror", "rmse", "tweedie", "gammanll", "multimargin",
                       "categoricalhinge", "wasserstein", "cosineembedding", "tversky"}),
    "optimizer": frozenset({"radam", "adamax", "adadelta", "ftrl", "lion", "lamb", "lars", "adafactor", "rprop",
                            "asgd", "sparseadam", "adabelief", "adan", "sophia", "muon", "amsgrad", "yogi"}),
    "schedule": frozenset({"polynomial", "cyclic", "cycliclr", "multistep",
                           "multisteplr", "linear", "warmrestarts", "inversetime", "piecewise", "noam"}),
    "metric": frozenset({"auc", "rocauc", "precision", "recall", "mse", "rmse", "mape", "logloss", "balancedaccuracy",
                         "kappa", "mcc", "fbeta", "iou", "brier"}),
    "engine": frozenset({"torch", "jax", "cupy", "cuda", "tensorflow", "cython"}),
    "callback": frozenset({"tensorboard", "csvlogger", "modelcheckpoint", "checkpoint"}),
}  # fmt: skip


def squeezed(name: str) -> str:
    """Return a name reduced to what libraries agree on: ``"Smooth-L1"`` -> ``"smoothl1"``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def distributions_with(kind: str, name: str) -> list[str]:
    """Return the distributions of this project that provide a name of a kind, the best choice first."""
    return [distribution for distribution, kinds in PROVIDED.items() if name in kinds.get(kind, ())]


def provided_names(kind: str) -> Iterator[str]:
    """Yield all names of a kind that this project's distributions provide."""
    return (name for kinds in PROVIDED.values() for name in kinds.get(kind, ()))


def install_advice(kind: str, name: str) -> str | None:
    """Return which distribution has a name and how to install it; None if this project has no such name.

    >>> install_advice("loss", "focal")
    'nnframe-zoo has it: pip install nnframe-zoo'
    """
    distributions = distributions_with(kind, name)
    return f"{distributions[0]} has it: pip install {distributions[0]}" if distributions else None


def alias_of(kind: str, name: str, installed: Iterable[str] = ()) -> Alias | None:
    """Return nnframe's name for a name from another library, or None.

    Parameters
    ----------
    kind, name : str
    installed : iterable of str
        Names of the kind that can be used now.
    """
    key = squeezed(name)
    if key in ALIASES.get(kind, {}):
        return ALIASES[kind][key]
    same = [each for each in (*installed, *provided_names(kind)) if squeezed(each) == key and each != name]
    return Alias(same[0]) if key and same else None


def similar_names(kind: str, name: str, installed: Iterable[str]) -> list[str]:
    """Return names of which this one may be a misspelling; none if it means something else in other libraries."""
    taken = {squeezed(each) for kinds in PROVIDED.values() for names in kinds.values() for each in names}
    foreign = set().union(*ALIASES.values(), *ELSEWHERE.values(), taken)
    key = squeezed(name)
    if key in foreign:
        return []
    candidates = dict.fromkeys([*installed, *provided_names(kind)])
    return [each for each in candidates if _is_slip(key, squeezed(each))]


def _is_slip(typed: str, meant: str) -> bool:
    """Whether one text is a misspelling of the other. Short names are too similar for more than one mistake.

    Up to four letters, only two swapped letters count: ``mse`` and ``mae`` are both names.
    """
    if abs(len(typed) - len(meant)) > 2:
        return False
    distance = _distance(typed, meant)
    if len(typed) <= 4:
        return distance == 1 and sorted(typed) == sorted(meant)
    return distance <= (1 if min(len(typed), len(meant)) < 8 else 2)


def _distance(one: str, other: str) -> int:
    """Return how many letters must be added, removed, replaced or swapped with a neighbour to get another text.

    Source: the optimal string alignment distance; F. Damerau, "A technique for computer detection and correction of
    spelling errors", Communications of the ACM 7 (1964) 171-176.
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, second in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != second))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == second:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
