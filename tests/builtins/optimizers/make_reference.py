"""Make reference.npz, what PyTorch does, for the tests to compare with. Run with torch 2.13.0 and numpy installed.

Entries are named by a kind, what it is about, and a dtype:

- ``weights``, ``gradients``: what all optimizers start from, and the gradient of each step
- ``optimizer|spec|dtype``: the weights after each step
- ``schedule|spec|steps_per_epoch|n_epochs``: the factor of each step
- ``X``, ``Y``, ``net``: the data and the first weights of all runs
- ``run|settings as JSON|dtype``: weights and biases after each batch, layer after layer, each array row by row

All that goes in is float32, so that both dtypes start from the same numbers.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.optim import lr_scheduler

STEPS = 30
SIZES = [2, 4, 3]
N_SAMPLES, BATCH_SIZE, EPOCHS = 10, 4, 8
BATCHES_PER_EPOCH = -(-N_SAMPLES // BATCH_SIZE)

rng = np.random.default_rng(0)


def exact(x):
    """Return x rounded to float32."""
    return np.asarray(x, dtype=np.float32)


# Large and small, of either sign; gradients over seven powers of ten, some of them 0, and the last always.
WEIGHTS = exact([0.5, -1.5, 2.0, -0.25, 3.0, 1.0, -2.5, 0.75])
SIZES_OF_GRADIENTS = np.array([1, 0.1, 1e-3, 1e-6, 2, 0.5, 5, 0])
GRADIENTS = exact(rng.normal(size=(STEPS, 8)) * SIZES_OF_GRADIENTS * (rng.uniform(size=(STEPS, 8)) > 0.1))

X = exact(rng.normal(size=(N_SAMPLES, SIZES[0])))
Y = exact(np.eye(SIZES[-1])[rng.integers(0, SIZES[-1], N_SAMPLES)])
NET = exact(rng.normal(scale=0.7, size=27))
# Where the penalty l1 has no slope.
NET[3] = 0

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
}
NAMES_IN_TORCH = {"learning_rate": "lr", "decay": "alpha", "epsilon": "eps"}
# PyTorch's defaults where nothing is given, which checks ours; only sgd has none for the learning rate.
SPECS = [
    ("sgd", {"learning_rate": 0.01}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.5, "nesterov": True}),
    ("sgd", {"learning_rate": 0.05, "weight_decay": 0.1}),
    ("sgd", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("rmsprop", {}),
    ("rmsprop", {"learning_rate": 0.001, "decay": 0.9, "epsilon": 1e-4}),
    ("rmsprop", {"learning_rate": 0.002, "momentum": 0.9, "weight_decay": 0.05}),
    ("adagrad", {}),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-5, "weight_decay": 0.02}),
    ("adam", {}),
    ("adam", {"learning_rate": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6}),
    ("adam", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("adamw", {}),
    ("adamw", {"learning_rate": 0.05, "weight_decay": 0.2}),
    ("adamw", {"learning_rate": 0.01, "beta1": 0.7, "beta2": 0.95, "epsilon": 1e-4, "weight_decay": 0.0}),
    ("nadam", {}),
    ("nadam", {"learning_rate": 0.05, "momentum_decay": 0.1, "weight_decay": 0.05}),
    ("nadam", {"learning_rate": 0.01, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6}),
]

SCHEDULES = [
    ("constant", {}, 3, 4),
    ("step", {}, 2, 25),
    ("step", {"every": 3, "gamma": 0.5}, 4, 10),
    ("exponential", {}, 3, 12),
    ("exponential", {"gamma": 0.5}, 1, 8),
    ("cosine", {}, 3, 10),
    ("cosine", {"minimum": 0.1}, 2, 7),
    ("one_cycle", {}, 5, 8),
    ("one_cycle", {"rise": 0.5, "divisor": 10.0, "final_divisor": 100.0}, 3, 7),
    ("one_cycle", {"rise": 0.0}, 2, 6),
    ("one_cycle", {"rise": 1.0}, 2, 6),
    ("warm_up", {}, 4, 8),
    ("warm_up", {"epochs": 2.0, "start": 0.25}, 3, 4),
    ("warm_up", {"epochs": 1.5, "start": 0.001}, 4, 3),
]

PLAIN = {"learning_rate": 0.3}
RUNS = [
    PLAIN,
    {**PLAIN, "l1": 0.02},
    {**PLAIN, "l2": 0.1},
    {**PLAIN, "clip_value": 0.05},
    {**PLAIN, "clip_norm": 0.2},
    # So large that nothing is clipped.
    {**PLAIN, "clip_norm": 1000.0, "clip_value": 1000.0},
    {**PLAIN, "l1": 0.01, "l2": 0.05, "clip_value": 0.1, "clip_norm": 0.15},
    {**PLAIN, "schedule": "cosine"},
    {"optimizer": "sgd(learning_rate=0.1, momentum=0.9, nesterov=true, weight_decay=0.01)", "schedule": "one_cycle"},
    {"optimizer": "rmsprop(learning_rate=0.01)", "l1": 0.001},
    {"optimizer": "adagrad(learning_rate=0.1)", "clip_norm": 0.1},
    {"optimizer": "adam(learning_rate=0.02)", "l2": 0.05, "schedule": "warm_up(epochs=4.0)"},
    {"optimizer": "adamw(learning_rate=0.05)", "schedule": "exponential(gamma=0.8)", "clip_value": 0.02},
    {"optimizer": "nadam(learning_rate=0.02)", "schedule": "step(every=4, gamma=0.5)"},
]


def spec_of(name, settings):
    """Return a plugin as nnframe spells it."""
    return name + (
        f"({', '.join(f'{key}={json.dumps(value)}' for key, value in settings.items())})" if settings else ""
    )


def parsed(spec):
    """Return name and settings of a spelling."""
    name, _, inner = spec.rstrip(")").partition("(")
    return name, {key: json.loads(value) for key, value in (part.split("=") for part in inner.split(", ") if part)}


def torch_optimizer(parameters, name, settings):
    given = {NAMES_IN_TORCH.get(key, key): value for key, value in settings.items()}
    if "beta1" in given:
        given["betas"] = given.pop("beta1"), given.pop("beta2")
    return OPTIMIZERS[name](parameters, foreach=False, **given)


def torch_schedule(optimizer, name, settings, steps_per_epoch, n_epochs):
    """Return a scheduler, and whether it moves at every step instead of every epoch."""
    top = optimizer.param_groups[0]["lr"]
    if name == "constant":
        return lr_scheduler.ConstantLR(optimizer, factor=1.0), False
    if name == "step":
        return lr_scheduler.StepLR(optimizer, settings.get("every", 10), settings.get("gamma", 0.1)), False
    if name == "exponential":
        return lr_scheduler.ExponentialLR(optimizer, settings.get("gamma", 0.95)), False
    if name == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, n_epochs, top * settings.get("minimum", 0)), False
    if name == "one_cycle":
        names = {"rise": "pct_start", "divisor": "div_factor", "final_divisor": "final_div_factor"}
        given = {names[key]: value for key, value in settings.items()}
        total = steps_per_epoch * n_epochs
        return lr_scheduler.OneCycleLR(optimizer, top, total_steps=total, cycle_momentum=False, **given), True
    updates = round(settings.get("epochs", 5.0) * steps_per_epoch)
    return lr_scheduler.LinearLR(optimizer, settings.get("start", 0.1), 1.0, total_iters=updates), True


def optimizer_entry(name, settings, dtype):
    w = torch.tensor(WEIGHTS, dtype=dtype, requires_grad=True)
    optimizer = torch_optimizer([w], name, settings)
    after = []
    for gradient in GRADIENTS:
        w.grad = torch.tensor(gradient, dtype=dtype)
        optimizer.step()
        after.append(w.detach().numpy().copy())
    return np.array(after)


def schedule_entry(name, settings, steps_per_epoch, n_epochs):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, every_step = torch_schedule(optimizer, name, settings, steps_per_epoch, n_epochs)
    factors = []
    for step in range(1, steps_per_epoch * n_epochs + 1):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (every_step or step % steps_per_epoch == 0) and step < steps_per_epoch * n_epochs:
            schedule.step()
    return np.array(factors)


def run_entry(settings, dtype):
    shapes = [(4, 2), (4,), (3, 4), (3,)]
    parts = np.split(NET, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    arrays = [
        torch.tensor(part, dtype=dtype).reshape(shape).requires_grad_()
        for part, shape in zip(parts, shapes, strict=True)
    ]
    w1, b1, w2, b2 = arrays
    x, y = torch.tensor(X, dtype=dtype), torch.tensor(Y, dtype=dtype)
    name, given = parsed(settings.get("optimizer", "sgd"))
    if "learning_rate" in settings:
        given["learning_rate"] = settings["learning_rate"]
    optimizer = torch_optimizer(arrays, name, given)
    schedule, every_step = torch_schedule(
        optimizer, *parsed(settings.get("schedule", "constant")), BATCHES_PER_EPOCH, EPOCHS
    )
    after = []
    for step in range(BATCHES_PER_EPOCH * EPOCHS):
        start = step % BATCHES_PER_EPOCH * BATCH_SIZE
        batch = slice(start, start + BATCH_SIZE)
        z = torch.tanh(x[batch] @ w1.T + b1) @ w2.T + b2
        loss = torch.nn.functional.cross_entropy(z, y[batch])
        for w in (w1, w2):
            loss = loss + settings.get("l1", 0) * w.abs().sum() + settings.get("l2", 0) / 2 * (w * w).sum()
        optimizer.zero_grad()
        loss.backward()
        if "clip_value" in settings:
            torch.nn.utils.clip_grad_value_(arrays, settings["clip_value"])
        if "clip_norm" in settings:
            torch.nn.utils.clip_grad_norm_(arrays, settings["clip_norm"])
        optimizer.step()
        if (every_step or (step + 1) % BATCHES_PER_EPOCH == 0) and step + 1 < BATCHES_PER_EPOCH * EPOCHS:
            schedule.step()
        after.append(np.concatenate([array.detach().numpy().ravel() for array in arrays]))
    return np.array(after)


def main():
    entries = {"weights": WEIGHTS, "gradients": GRADIENTS, "X": X, "Y": Y, "net": NET}
    for name in ("float32", "float64"):
        dtype = getattr(torch, name)
        # NAdam keeps its product of momenta in the default dtype, whatever that of the weights is.
        torch.set_default_dtype(dtype)
        for case in SPECS:
            entries[f"optimizer|{spec_of(*case)}|{name}"] = optimizer_entry(*case, dtype)
        for settings in RUNS:
            entries[f"run|{json.dumps(settings)}|{name}"] = run_entry(settings, dtype)
    for schedule, settings, *lengths in SCHEDULES:
        key = f"schedule|{spec_of(schedule, settings)}|{lengths[0]}|{lengths[1]}"
        entries[key] = schedule_entry(schedule, settings, *lengths)
    np.savez_compressed(Path(__file__).with_name("reference.npz"), **entries)


if __name__ == "__main__":
    main()
