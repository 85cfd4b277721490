"""Trainers of one process, and of several."""

from __future__ import annotations

from nnframe.training.run import Net
from nnframe.training.settings import Settings
from nnframe.training.together import ALONE, team_of
from nnframe.training.trainer import Trainer


def new_trainer(net: Net, settings: Settings, steps_per_epoch: int, check_every: int) -> Trainer:
    """Return a trainer; takes and raises what `Trainer` does."""
    team = team_of(settings.engine)
    if team is ALONE:
        return Trainer(net, settings, steps_per_epoch, check_every)
    # Only trainers of several processes need it.
    from nnframe.training.team_trainer import TeamTrainer

    return TeamTrainer(net, settings, team, steps_per_epoch, check_every)
