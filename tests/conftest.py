"""What several test files need: the command in its own folder, and what it printed."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.one_keras import end_all_kept, kept_server

from kscaffold.check import process
from kscaffold.check.server import Server
from kscaffold.cli import run
from kscaffold.disk import trust
from kscaffold.source import formatting

pytest_plugins = ["pytester"]
collect_ignore = ["golden"]  # pytest would look for doctests in test_*.txt

# Quiet, and on the CPU, in the tests that import Keras themselves.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


@dataclass(frozen=True)
class Result:
    """What a command did."""

    exit_code: int
    out: str
    err: str


Kscaffold = Callable[..., Result]


@pytest.fixture(autouse=True)
def user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty folders in place of the user's real ones, for what kscaffold keeps and reads there."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    return home


@pytest.fixture(autouse=True)
def usual_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tests depend on what the environment that they run in says of colours."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture(autouse=True)
def keras_is_announced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps `pytest -m "not keras"` fast: only tests with that mark may start the process that imports Keras."""
    if request.node.get_closest_marker("keras"):
        return

    def refuse(*arguments: object) -> None:
        pytest.fail("This test starts the check process: mark it with keras.")

    monkeypatch.setattr(process.CheckProcess, "__init__", refuse)


@pytest.fixture(scope="session", autouse=True)
def keras_is_imported_once() -> Iterator[None]:
    """Has the checks of all tests share one process, which importing Keras takes the most of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "Server", kept_server)
        yield
    end_all_kept()


@pytest.fixture(autouse=True)
def own_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the checks of a test that is about their process, and is marked `own_keras`, one of their own."""
    if request.node.get_closest_marker("own_keras"):
        monkeypatch.setattr(process, "Server", Server)


answered_once = functools.cache(formatting._answer)


@pytest.fixture(autouse=True)
def texts_are_formatted_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has black format each text once, in this process: that takes most of a command's time, and tests repeat texts."""
    if request.path.name != "test_formatting.py":
        monkeypatch.setattr(formatting, "HAS_FORK", False)
        monkeypatch.setattr(formatting, "_answer", answered_once)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def trusted(folder: Path, user_folders: Path) -> Path:
    """The folder, whose templates and interpreter the user trusts."""
    trust.remember(folder)
    return folder


@pytest.fixture
def kscaffold(folder: Path, capfd: pytest.CaptureFixture[str]) -> Kscaffold:
    """Runs `kscaffold` with arguments in the folder."""

    def call(*arguments: str) -> Result:
        capfd.readouterr()
        exit_code = run(list(arguments))
        captured = capfd.readouterr()
        return Result(exit_code, captured.out, captured.err)

    return call


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below a folder, with the contents of the files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
