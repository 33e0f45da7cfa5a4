"""A new repository in a fresh virtual environment: the commands of its README, and its training program under attack.

There is one environment for all tests, because installing TensorFlow takes most of the time.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from kscaffold.cli import run

pytestmark = pytest.mark.keras

COMMON = ("--examples", "300", "--batch-size", "10", "--seed", "7", "--epochs", "3")


def environment(**further: str) -> dict[str, str]:
    outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV", "TF_CONFIG")}
    return outside | further


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository made with the default answers, checked on Keras, and trained as its README says."""
    folder = tmp_path_factory.mktemp("fresh")
    assert run(["new", "my-project", "-o", str(folder), "--no-input", "-q"]) == 0
    project = folder / "my-project"
    install_and_train, _ = readme_commands(project)
    done = shell(project, install_and_train)
    assert "Epoch 2/2" in done.stdout and "━" in done.stdout  # Keras' progress bar
    assert re.search(r"saved_model: predicts as the model does, to \d\.\de[-+]\d\d", done.stdout)
    assert (project / "runs/mlp/curves.png").read_bytes().startswith(b"\x89PNG")
    return project


def readme_commands(project: Path) -> list[str]:
    found = re.findall(r"^python3 -m venv .*$", (project / "README.md").read_text(), re.MULTILINE)
    assert len(found) == 2
    return found


def shell(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=project, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def train(project: Path, run_dir: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    command = [str(project / ".venv/bin/python"), "-m", "my_project.train", "--run-dir", run_dir, *COMMON, *arguments]
    return subprocess.Popen(
        command, cwd=project, env=environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate()
    assert process.returncode == 0, f"{out}\n{err}"
    return out


def losses(project: Path, run_dir: str) -> list[float]:
    with (project / run_dir / "log.csv").open(newline="") as file:
        return [float(row[name]) for row in csv.DictReader(file) for name in ("loss", "val_loss")]


@pytest.fixture(scope="module")
def whole(repository: Path) -> Path:
    """A run that nothing interrupts."""
    finish(train(repository, "runs/whole"))
    return repository / "runs/whole"


def test_the_tests_of_the_repository_pass(repository: Path) -> None:
    _, install_and_test = readme_commands(repository)
    assert re.search(r"^\d+ passed", shell(repository, install_and_test).stdout.splitlines()[-1].strip("= "))
    shell(repository, ".venv/bin/black --check --quiet . && .venv/bin/ruff check --quiet .")


def test_the_layers_and_models_of_the_repository_are_clean(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository)
    assert run(["check", "src", "--python", ".venv/bin/python"]) == 0
    assert re.search(r"^3 classes in \d+ files: nothing found", capfd.readouterr().out, re.MULTILINE)


def test_a_run_that_is_killed_resumes_as_if_it_had_not_been(repository: Path, whole: Path) -> None:
    process = train(repository, "runs/killed")
    first = repository / "runs/killed/checkpoints/epoch-0001"
    while process.poll() is None and not first.exists():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    stopped_at = json.loads((sorted(first.parent.glob("epoch-*"))[-1] / "state.json").read_text())["epoch"]
    assert stopped_at < 3
    out = finish(train(repository, "runs/killed"))
    assert f"runs/killed: going on after epoch {stopped_at}\n" in out
    assert f"Epoch {stopped_at}/3" not in out and "Epoch 3/3" in out
    assert (repository / "runs/killed/log.csv").read_bytes() == (whole / "log.csv").read_bytes()
    again = finish(train(repository, "runs/killed"))
    assert "training is finished" in again and "Epoch" not in again


def test_two_devices_train_as_one(repository: Path, whole: Path) -> None:
    finish(train(repository, "runs/mirrored", "--strategy", "mirrored", "--cpu-devices", "2"))
    assert losses(repository, "runs/mirrored") == pytest.approx(losses(repository, "runs/whole"), rel=1e-4)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]


def test_two_workers_train_as_one(repository: Path, whole: Path) -> None:
    finish(train(repository, "runs/workers", "--epochs", "1"))  # a run may resume elsewhere
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    workers = []
    for index in range(2):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        workers.append(train(repository, "runs/workers", "--strategy", "multiworker", TF_CONFIG=config))
    outputs = [finish(worker) for worker in workers]
    assert "going on after epoch 1" in outputs[0]
    assert "predicts as the model does" in outputs[0] and outputs[1] == ""
    assert losses(repository, "runs/workers") == pytest.approx(losses(repository, "runs/whole"), rel=1e-4)


def test_half_precision_trains_and_exports(repository: Path) -> None:
    out = finish(train(repository, "runs/mixed", "--precision", "mixed"))
    assert "predicts as the model does" in out
    values = losses(repository, "runs/mixed")
    assert values[-2] < values[0]
