"""The command line of training: `python -m {{ cookiecutter.package }}.train`."""

import argparse
import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from .checkpoints import Checkpoints
from .examples import INPUTS, UsageError, make_examples, read_examples

MODELS = ("{{ cookiecutter._model.module }}", "{{ cookiecutter._baseline.module }}")
PRECISIONS = ("float32", "mixed", "mixed_bfloat16", "mixed_float16")
# What a run leaves in its folder, and --fresh removes.
PRODUCTS = ("checkpoints", "tensorboard", "log.csv", "curves.png", "model.keras", "saved_model")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        self.exit(2, f"error: {message}\n")


def make_parser():
    """The parser of the command line."""
    parser = Parser(
        prog="python -m {{ cookiecutter.package }}.train",
        description="Trains a model. The same command again goes on where a run was interrupted.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--model", choices=MODELS, default=MODELS[0], help=f"what to train  [default: {MODELS[0]}]")
    add("--data", type=Path, metavar="FILE", help="examples, .npz or .csv; without it they are made up")
    add("--examples", type=whole(10), default=1000, metavar="N", help="how many are made up  [default: 1000]")
    add("--validation-share", type=share, default=0.2, metavar="X", help="of the examples  [default: 0.2]")
    add("--run-dir", type=Path, metavar="DIR", help="for logs, checkpoints, exports  [default: runs/MODEL]")
    add("--fresh", action="store_true", help="begin anew, and remove what the folder holds of an earlier run")
    add("--epochs", type=whole(1), default=20, metavar="N", help="how many in all  [default: 20]")
    add("--batch-size", type=whole(1), default=32, metavar="N", help="of a step on all devices  [default: 32]")
    add("--learning-rate", type=positive, default=0.001, metavar="X", help="of Adam  [default: 0.001]")
    add("--patience", type=whole(1), default=5, metavar="N", help="epochs without improvement  [default: 5]")
    add("--seed", type=whole(0), metavar="N", help="the same seed gives the same losses")
    add("--precision", choices=PRECISIONS, default="float32", help="mixed: the half precision that fits the device")
    add("--strategy", choices=("none", "mirrored", "multiworker"), default="none", help="where to train")
    add("--cpu-devices", type=whole(1), metavar="N", help="split the CPU, to try mirrored without GPUs")
    return parser


def whole(least):
    """A function that converts a whole number that is not too small."""

    def convert(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return number

    convert.__name__ = "whole number"
    return convert


def positive(text):
    """Converts a positive number."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number


def share(text):
    """Converts a number between 0 and 1."""
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def worker_index(strategy):
    """The number of this process among the workers, from `TF_CONFIG`; 0 if there are no others."""
    if strategy != "multiworker":
        return 0
    try:
        config = json.loads(os.environ["TF_CONFIG"])
        workers, task = config["cluster"]["worker"], config["task"]
        index = task["index"]
        if task["type"] != "worker" or not workers[index]:
            raise ValueError(task)
    except (KeyError, ValueError, TypeError, IndexError):
        example = '{"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}'
        raise UsageError(f"--strategy multiworker needs the variable TF_CONFIG: {example}") from None
    return index


def prepare_run(arguments, count):
    """Checks the folder of a run, and returns the settings that stay the same when it resumes."""
    index = worker_index(arguments.strategy)
    if arguments.cpu_devices and arguments.strategy == "multiworker":
        raise UsageError("--cpu-devices is for --strategy mirrored")
    training_count = count - max(1, round(count * arguments.validation_share))
    if training_count < arguments.batch_size:
        raise UsageError(f"--batch-size {arguments.batch_size} is more than the {max(0, training_count)} examples to train with")
    settings = {
        "model": arguments.model,
        "data": str(arguments.data) if arguments.data else None,
        "examples": count,
        "validation_share": arguments.validation_share,
        "batch_size": arguments.batch_size,
        "learning_rate": arguments.learning_rate,
        "precision": arguments.precision,
    }
    # Workers must start alike, even without --seed.
    drawn = 0 if arguments.strategy == "multiworker" else secrets.randbelow(2**31)
    seed = drawn if arguments.seed is None else arguments.seed
    if arguments.run_dir.exists() and not arguments.run_dir.is_dir():
        raise UsageError(f"--run-dir {arguments.run_dir} is no folder")
    if arguments.fresh:
        for name in PRODUCTS if index == 0 else ():
            path = arguments.run_dir / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        return {**settings, "seed": seed}
    state = Checkpoints(arguments.run_dir / "checkpoints").read_last()
    if not state.epoch:
        arguments.run_dir.mkdir(parents=True, exist_ok=True)
        return {**settings, "seed": seed}
    settings["seed"] = state.settings.get("seed") if arguments.seed is None else arguments.seed
    for name, value in settings.items():
        if state.settings.get(name) != value:
            was = f"{name.replace('_', '-')} {state.settings.get(name)}"
            raise UsageError(
                f"{arguments.run_dir} holds a run with {was}, not {value}; use --fresh, or another --run-dir"
            )
    return settings


def main(argv=None):
    """Trains; exits with 2 for arguments or data that cannot be used, and with 1 if training fails."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    arguments.run_dir = arguments.run_dir or Path("runs", arguments.model)
    try:
        examples = read_examples(arguments.data) if arguments.data else make_examples(arguments.examples)
        settings = prepare_run(arguments, len(examples[INPUTS[0].name]))
    except (UsageError, OSError) as error:
        parser.error(str(error))

    # TensorFlow takes seconds to start, so everything else is checked first; its notes are not shown.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from .training import TrainingFailed, run

    try:
        run(arguments, settings, examples)
    except UsageError as error:
        parser.error(str(error))
    except TrainingFailed as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: the same command goes on after the last finished epoch")


if __name__ == "__main__":
    main()
