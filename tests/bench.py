"""How long commands take, as ratios to what they are measured against: `python -m tests.bench`.

Both sides of a ratio run in turn, and the medians are divided. Nothing here passes or fails: time limits do not
belong in tests.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTHON = sys.executable
SCRIPTS = Path(PYTHON).parent
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
# An installed package is compiled already; a clone would be compiled again at each start.
QUIET.pop("PYTHONDONTWRITEBYTECODE", None)


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


def check_kinds(folder: Path, runs: int) -> None:
    """Prints what `kscaffold check` costs on 1 and on 50 files of mixed kinds, against `import keras`; and memory."""
    kscaffold = str(SCRIPTS / "kscaffold")
    templates = [line.split()[0] for line in listed_templates(kscaffold) if line.startswith("layer/")]
    (folder / "one").mkdir()
    (folder / "fifty").mkdir()
    for number in range(50):
        kind = templates[number % len(templates)].removeprefix("layer/")
        name, place = f"Kind{number}", "fifty"
        arguments = [kscaffold, "layer", name, "-t", kind, "--no-check", "--no-test", "-q", "--package", f"p{number}"]
        subprocess.run([*arguments, "-o", place], cwd=folder, check=True)
    arguments = [kscaffold, "layer", "Kind", "-t", "dense", "--no-check", "--no-test", "-q", "-o", "one"]
    subprocess.run(arguments, cwd=folder, check=True)
    one, fifty = [kscaffold, "check", "one", "-q"], [kscaffold, "check", "fifty", "-q"]
    keras = [PYTHON, "-c", "import keras"]
    times = [(seconds(one, folder), seconds(fifty, folder), seconds(keras, folder)) for _ in range(runs)]
    first, all_files, imported = (statistics.median(column) for column in zip(*times, strict=True))
    further = (all_files - first) / 49
    print(f"{'kscaffold check of one file / import keras':<62} {first / imported:5.2f}", end="               ")
    print(f"{first:.3f} s / {imported:.3f} s", flush=True)
    print(f"{'each further file of 50 / the first':<62} {further / first:5.2f}  (goal 0.2)", end="   ")
    print(f"{further:.3f} s / {first:.3f} s", flush=True)
    print(f"{'peak memory: import keras, check of 1 file, of 50 (MB)':<62}", end=" ")
    print(*(f"{peak_megabytes(command, folder):.0f}" for command in (keras, one, fifty)), flush=True)


def check_warm(folder: Path, runs: int) -> None:
    """Prints what commands take where a warm process is there, against what they take without; and its memory."""
    kscaffold = str(SCRIPTS / "kscaffold")
    subprocess.run([kscaffold, "layer", "Small", "--no-check", "--no-test", "-q"], cwd=folder, check=True)
    for command in (["check", "small.py", "-q"], ["layer", "Small", "--no-test", "--force", "-q"]):
        warm, cold = [kscaffold, *command, "--warm"], [kscaffold, *command, "--no-warm"]
        seconds(warm, folder), seconds(cold, folder)
        times = []
        for _ in range(runs):
            time.sleep(2)  # as somebody does who types the next command
            times.append((seconds(warm, folder), seconds(cold, folder)))
        ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
        title = f"kscaffold {command[0]} of one small file, warm / cold"
        print(f"{title:<62} {ours / theirs:5.2f}  (goal 0.15)   {ours:.3f} s / {theirs:.3f} s", flush=True)
    said = subprocess.run(
        [kscaffold, "watch", "--status"], env=QUIET, capture_output=True, text=True, check=True
    ).stdout
    print(f"{'memory of the warm process':<62} {said.partition(' MB')[0].rpartition(' ')[2]} MB", flush=True)
    subprocess.run([kscaffold, "watch", "--stop"], env=QUIET, stdout=subprocess.DEVNULL, check=True)


def listed_templates(kscaffold: str) -> list[str]:
    """The lines of `kscaffold list`."""
    return subprocess.run([kscaffold, "list"], capture_output=True, text=True, check=True).stdout.splitlines()


def peak_megabytes(command: list[str], folder: Path) -> float:
    """The peak memory of the largest process of a command."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3, stderr=-3);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run([PYTHON, "-c", code, *command], cwd=folder, env=QUIET, capture_output=True, check=True)
    return float(done.stdout)


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
        compare("kscaffold layer X --no-check / cookiecutter", 0.9, [*layer, "--no-check"], cookiecutter, folder, 15)
        compare("kscaffold layer X / import keras", 1.25, layer, [PYTHON, "-c", "import keras"], folder, 7)
        static = [kscaffold, "check", "--static", "x.py"]
        compare("kscaffold check --static / import click", 10, static, [PYTHON, "-c", "import click"], folder, 9)
        check_kinds(folder, 3)
        check_warm(folder, 7)
        long, short = (
            [kscaffold, "pipeline", "long", chain(layers), "--no-check", "--dry-run"] for layers in (500, 50)
        )
        compare("kscaffold pipeline of 500 layers / of 50", 12, long, short, folder, 7)


if __name__ == "__main__":
    main()
