"""The state of a trainer in a file: a saved net with everything needed to continue bit for bit."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from nnframe.arrays import copy_all
from nnframe.contracts.bound import distinct_layers, parameters_of
from nnframe.contracts.learned import learned_of
from nnframe.errors import ArgumentError, ModelFileError
from nnframe.inputs.checks import finite_number, whole_number
from nnframe.saving.model_file import load_layers, save_layers
from nnframe.training.run_identity import settings_identity
from nnframe.training.stepping import Stepping

STATE = "trainer"
# The learning rate is part of the state.
NOT_COMPARED = ("learning_rate",)


def save_trainer(trainer: Stepping, path: str | os.PathLike[str]) -> None:
    """Write a net and the state of its trainer to one file; raises what `nNet.save` does."""
    state = trainer.bound.rule.state
    kept = {
        "identity": identity_of_trainer(trainer),
        "steps": trainer.steps,
        # Seeds have up to 63 bits, more than every reader of JSON keeps.
        "seed": str(trainer.seed),
        "learning_rate": trainer.learning_rate,
        "loss_sum": trainer.loss_sum,
        "samples": trainer.samples_in_epoch,
        "loss": np.array(trainer.history.loss, np.float64),
        "rates": np.array(trainer.history.learning_rate, np.float64),
        "seconds": np.array(trainer.history.seconds, np.float64),
        "updates": int(state.updates),
        "state": {str(i): array for i, array in enumerate(state.arrays)},
        "loss_parameters": {
            name: {"value": array, "history": np.array(trainer.history.loss_parameters[name], np.float64)}
            for name, array in trainer.loss_parameters.items()
        },
    }
    save_layers(trainer.net.layersList, path, {STATE: kept}, trainer.net.trained_for)


def load_trainer(trainer: Stepping, path: str | os.PathLike[str]) -> None:
    """Bring a trainer and its net to where the trainer was that wrote the file.

    Raises
    ------
    ModelFileError
        If the file was not written by `save_trainer`, or is damaged.
    ArgumentError
        If it was written with other settings or for another net. Nothing has changed then.
    """
    layers, metadata, _ = load_layers(path)
    kept = metadata.get(STATE)
    if not isinstance(kept, dict) or not isinstance(kept.get("identity"), dict):
        raise ModelFileError(f"{path} has no state of a trainer; expected a file that trainer.save wrote")
    for name, mine in identity_of_trainer(trainer).items():
        theirs = kept["identity"].get(name)
        if theirs != mine:
            raise ArgumentError(
                f"{path} was written by a trainer with another setting: {name} was {theirs!r} and is {mine!r}; create "
                f"the trainer with the same one"
            )
    state = trainer.bound.rule.state
    live = [*trainer.weights, *state.arrays]
    try:
        saved = parameters_of(distinct_layers(layer.for_engine() for layer in layers))
        of_loss = {name: kept["loss_parameters"][name] for name in learned_of(trainer.settings.loss)}
        saved += [each["value"] for each in of_loss.values()]
        saved += [kept["state"][str(i)] for i in range(len(state.arrays))]
        for mine, theirs in zip(live, saved, strict=True):
            if theirs.shape != mine.shape or theirs.dtype != mine.dtype or not np.isfinite(theirs).all():
                raise ValueError(
                    f"an array has shape {theirs.shape} and dtype {theirs.dtype}; expected finite numbers, shape "
                    f"{mine.shape}, dtype {mine.dtype}"
                )
        steps, samples, updates = (whole_number(kept[name], name, 0) for name in ("steps", "samples", "updates"))
        seed, rate = whole_number(int(kept["seed"]), "seed", 0), finite_number(kept["learning_rate"], "rate", "0.1")
        loss_sum, lists = float(kept["loss_sum"]), [kept[name].tolist() for name in ("loss", "rates", "seconds")]
        parameters = {name: each["history"].tolist() for name, each in of_loss.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"the state of a trainer in {path} is damaged: {error}; use another file") from error
    copy_all([*live, state.updates], [*saved, np.array(updates)])
    trainer.learning_rate = rate
    trainer.continue_from(steps, seed, loss_sum, samples)
    trainer.history.loss, trainer.history.learning_rate, trainer.history.seconds = lists
    trainer.history.loss_parameters = parameters


def identity_of_trainer(trainer: Stepping) -> dict[str, Any]:
    """Return what must be the same for a saved state to be continued."""
    identity = settings_identity(trainer.settings, trainer.bound)
    for name in NOT_COMPARED:
        del identity[name]
    return identity | {"steps_per_epoch": trainer.steps_per_epoch}
