"""What to write in place of numpy's functions that can't be recorded."""

from __future__ import annotations

ELEMENT_BY_ELEMENT = "write the formula for all elements at once, with np.where in place of if"
SUMS = "write it with products and sums over axis=0, such as (a * b).sum(axis=0)"
NO_ORDER = "write it without sorting, or give the derivative by hand"

NO_NEIGHBORS = "write it with sums over whole columns, or give the derivative by hand"
NO_COMPLEX = "write it with real numbers, such as np.hypot or np.arctan2"
GIVE_A_RULE = "write it with functions that numpy has, or give it a rule: nnframe.rule"

# What to write in place of what is known and can't be recorded.
INSTEAD: dict[str, str] = {
    "sort": NO_ORDER,
    "argsort": NO_ORDER,
    "partition": NO_ORDER,
    "median": NO_ORDER,
    "percentile": NO_ORDER,
    "quantile": NO_ORDER,
    "unique": NO_ORDER,
    "searchsorted": "write np.where or np.select",
    "cumsum": NO_NEIGHBORS,
    "cumprod": NO_NEIGHBORS,
    "diff": NO_NEIGHBORS,
    "prod": "write np.exp(np.log(x).sum(axis=0)) for positive numbers",
    "dot": SUMS,
    "matmul": SUMS,
    "inner": SUMS,
    "outer": SUMS,
    "einsum": SUMS,
    "tensordot": SUMS,
    "vdot": SUMS,
    "average": "write np.mean(x, axis=0), or a sum of weights * x",
    "trapezoid": SUMS,
    "nansum": "write np.sum(np.where(np.isnan(x), 0, x), axis=0)",
    "nanmean": "write np.mean(x, axis=0) of what is never NaN",
    "nanmax": "write np.max(x, axis=0) of what is never NaN",
    "sinc": "write np.where(x == 0, 1, np.sin(np.pi * x) / np.where(x == 0, 1, np.pi * x))",
    "divmod": "write x // y and x % y",
    "modf": "write np.trunc(x) and x - np.trunc(x)",
    "frexp": "write it with np.log2 and np.floor",
    "ldexp": "write x * 2.0**k",
    "signbit": "write x < 0",
    "isclose": "write np.abs(x - y) < 1e-8",
    "i0": GIVE_A_RULE,
    "putmask": "write x[condition] = value",
    "place": "write x[condition] = value",
    "copyto": "write x[condition] = value, or x[...] = value",
    "at": "write np.where(condition, yes, no)",
    "tile": "leave it out: shapes (1, B) and (B,) combine with (n, B)",
    "repeat": "leave it out: shapes (1, B) and (B,) combine with (n, B)",
    "ravel": "leave it out: functions of arrays keep the shape (n, B)",
    "flatten": "leave it out: functions of arrays keep the shape (n, B)",
    "flat": "leave it out: functions of arrays keep the shape (n, B)",
    "roll": NO_NEIGHBORS,
    "flip": NO_NEIGHBORS,
    "gradient": NO_NEIGHBORS,
    "tolist": ELEMENT_BY_ELEMENT,
    "item": "leave it out: a number of each column has the shape (B,), which combines with (n, B)",
    "logaddexp.reduce": "write m + np.log(np.exp(x - m).sum(axis=0)), with m = x.max(axis=0)",
    "multiply.reduce": "write np.exp(np.log(x).sum(axis=0)) for positive numbers",
    "angle": NO_COMPLEX,
    "nan_to_num": "write np.where(np.isnan(x), 0, x)",
    "nonzero": "write np.where(condition, yes, no)",
    "choose": "write np.select(conditions, choices)",
    "interp": "write np.select(conditions, choices)",
    "apply_along_axis": ELEMENT_BY_ELEMENT,
    "apply_over_axes": ELEMENT_BY_ELEMENT,
    "concatenate": "write np.where(condition, yes, no) to put parts together",
    "stack": "write np.where(condition, yes, no) to put parts together",
    "vstack": "write np.where(condition, yes, no) to put parts together",
    "hstack": "write np.where(condition, yes, no) to put parts together",
    "transpose": "leave it out: a column is a sample, and sums over its components have axis=0",
}
# Of the others.
OTHERWISE = "write it with element-wise functions and sums, means, maxima or minima over axis=0"
