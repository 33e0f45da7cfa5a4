"""How long commands take, as ratios to what they are measured against: `python -m tests.bench`.

Both sides of a ratio run in turn, and the medians are divided. Nothing here passes or fails: limits on time do not
belong into tests.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kscaffold.check import CheckProcess, Feed, Job, Subject, find_interpreter

PYTHON = sys.executable
SCRIPTS = Path(PYTHON).parent
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def seconds(command: list[str], folder: Path) -> float:
    """How long a command takes."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def compare(title: str, goal: float, command: list[str], reference: list[str], folder: Path, runs: int) -> None:
    """Prints the ratio of the medians of two commands that take turns."""
    seconds(command, folder), seconds(reference, folder)
    times = [(seconds(command, folder), seconds(reference, folder)) for _ in range(runs)]
    ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{title:<62} {ours / theirs:5.2f}  (goal {goal})   {ours:.3f} s / {theirs:.3f} s", flush=True)


def check_seconds(paths: list[Path]) -> float:
    """How long one check call takes for some files."""
    subject = Subject("MyDense", "MyDense(units=32)", (Feed((16,)),), "single")
    jobs = tuple(Job(path, path.name, (path.parent,), (subject,)) for path in paths)
    started = time.perf_counter()
    with CheckProcess(find_interpreter(None)) as process:
        assert all(verdict.ok for verdict in process.finish(jobs))
    return time.perf_counter() - started


def compare_further_files(folder: Path, runs: int) -> None:
    """Prints what each further file of one check call costs, as a part of the first."""
    subprocess.run(
        [str(SCRIPTS / "kscaffold"), "layer", "MyDense", "--no-check", "--force", "-q"], cwd=folder, check=True
    )
    text = (folder / "my_dense.py").read_text()
    paths = []
    for number in range(11):
        paths.append(folder / f"copy_{number}.py")
        paths[-1].write_text(text.replace('"custom"', f'"custom_{number}"'))
    pairs = [(check_seconds(paths[:1]), check_seconds(paths)) for _ in range(runs)]
    one, eleven = (statistics.median(column) for column in zip(*pairs, strict=True))
    further = (eleven - one) / 10
    print(f"{'each further file in one check call / the first':<62} {further / one:5.2f}  (goal 0.2)", end="   ")
    print(f"{further:.3f} s / {one:.3f} s", flush=True)


def chain(layers: int) -> str:
    """A chain of dense layers of different sizes."""
    return " -> ".join(["16", *(f"Dense({8 + index % 7}, relu)" for index in range(layers))])


def main() -> None:
    """Prints all ratios."""
    kscaffold = str(SCRIPTS / "kscaffold")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = folder / "one_file" / "{{cookiecutter.slug}}"
        template.mkdir(parents=True)
        (template / "module.py").write_text('"""{{ cookiecutter.slug }}."""\n')
        (template.parent / "cookiecutter.json").write_text('{"slug": "my_module"}')
        cookiecutter = [str(SCRIPTS / "cookiecutter"), "--no-input", "-f", "-o", "out", str(template.parent)]
        layer = [kscaffold, "layer", "X", "--force", "-q"]
        compare(
            "kscaffold --help / import click", 1.5, [kscaffold, "--help"], [PYTHON, "-c", "import click"], folder, 15
        )
        compare("kscaffold layer X --no-check / cookiecutter", 0.8, [*layer, "--no-check"], cookiecutter, folder, 15)
        compare("kscaffold layer X / import keras", 1.25, layer, [PYTHON, "-c", "import keras"], folder, 7)
        compare_further_files(folder, 5)
        long, short = ([kscaffold, "pipeline", "x", chain(layers), "--no-check", "--dry-run"] for layers in (500, 50))
        compare("kscaffold pipeline of 500 layers / of 50", 12, long, short, folder, 7)


if __name__ == "__main__":
    main()
