"""Checkpoints from which a run resumes as if it had not been interrupted."""

import csv
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

STATE = "state.json"
WEIGHTS = "model.weights.h5"


@dataclass(frozen=True)
class State:
    """What a run knows at the end of an epoch, besides the weights.

    Args:
        epoch: How many epochs are done.
        settings: What the run was started with, which cannot change.
        best: The best validation loss so far.
        best_epoch: The epoch that had it; the first is 1.
        wait: How many epochs since then were not better.
        random: The states of the model's random number generators.
    """

    epoch: int = 0
    settings: dict = field(default_factory=dict)
    best: float | None = None
    best_epoch: int = 0
    wait: int = 0
    random: list = field(default_factory=list)


class Checkpoints:
    """The checkpoints of a run: a folder for the last epoch, and one for the best."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def path(self, epoch):
        """The folder of an epoch."""
        return self.folder / f"epoch-{epoch:04d}"

    def read_last(self):
        """The state after the last finished epoch, or that of a new run if there is none."""
        finished = sorted(self.folder.glob(f"epoch-*/{STATE}"))
        if not finished:
            return State()
        try:
            return State(**json.loads(finished[-1].read_text()))
        except (ValueError, TypeError) as error:
            raise OSError(f"{finished[-1]} is damaged ({error}); --fresh begins anew") from error

    def write(self, model, state):
        """Writes a checkpoint as a whole or not at all, even if the process is killed."""
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        model.save_weights(unfinished / WEIGHTS)
        (unfinished / STATE).write_text(json.dumps(asdict(state)))
        os.replace(unfinished, self.path(state.epoch))
        for old in self.folder.glob("epoch-*"):
            if old not in (self.path(state.epoch), self.path(state.best_epoch)):
                shutil.rmtree(old)

    def restore(self, model, state):
        """Gives a compiled model the weights, the optimizer's state and the random numbers of a checkpoint."""
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self.path(state.epoch) / WEIGHTS)
        for variable, value in zip(_random_variables(model), state.random, strict=True):
            variable.assign(np.array(value, dtype=variable.dtype))

    def restore_best(self, model, state):
        """Gives a model the weights of the best epoch."""
        model.load_weights(self.path(state.best_epoch) / WEIGHTS)


def cut_log(path, epochs):
    """Removes from a CSV log what an unfinished epoch wrote."""
    if not path.exists():
        return
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    kept = [row for row in rows[1:] if len(row) == len(rows[0]) and int(row[0]) < epochs]
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", newline="") as file:
        csv.writer(file).writerows([*rows[:1], *kept] if kept else [])
    os.replace(unfinished, path)


def random_states(model):
    """The random states of dropout and the like, which the weights do not include."""
    return [np.array(variable).tolist() for variable in _random_variables(model)]


def _random_variables(model):
    return [variable for variable in model.variables if variable.path.endswith("seed_generator_state")]
