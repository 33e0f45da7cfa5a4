"""`kscaffold undo` takes back what was generated last, and nothing that the user has done since."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest
from conftest import Kscaffold, tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_writer_faults import Child, fail_at, needs_fork, send

from kscaffold.base.errors import RequestError
from kscaffold.cli import run
from kscaffold.disk import history, lock
from kscaffold.disk.log import commit, recover
from kscaffold.disk.plan import Change, File, Plan, Status, make_plan

SETTINGS = '[tool.kscaffold]\nlayers = "pkg/layers"\ntests = "tests"\n'


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository with a package, and settings."""
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "pkg").mkdir()
    (folder / "pkg/__init__.py").touch()
    return folder


def test_each_undo_takes_back_one_command_with_its_folders(kscaffold: Kscaffold, repository: Path) -> None:
    states = [tree(repository)]
    for name in ("Gate", "Bar"):
        kscaffold("layer", name, "--no-check", "-q")
        states.append(tree(repository))
    assert kscaffold("undo", "--dry-run").out == kscaffold("undo", "--dry-run").out
    assert tree(repository) == states[2]
    assert kscaffold("undo").out.splitlines() == [
        "remove  pkg/layers/bar.py",
        "remove  tests/test_bar.py",
        "restore pkg/layers/__init__.py",
    ]
    assert tree(repository) == states[1]
    assert kscaffold("undo", "-q").out == ""
    assert tree(repository) == states[0]
    result = kscaffold("undo")
    assert result.exit_code == 2
    assert result.err == "error: Nothing is known to have been generated. Remove the files by hand.\n"


def test_a_file_that_was_overwritten_comes_back(kscaffold: Kscaffold, repository: Path) -> None:
    (repository / "pkg/layers").mkdir()
    (repository / "pkg/layers/gate.py").write_bytes(b"mine = 1\r\n")
    before = tree(repository)
    kscaffold("layer", "Gate", "--no-check", "--no-test", "--force", "-q")
    assert tree(repository) != before
    kscaffold("undo", "-q")
    assert tree(repository) == before


def test_what_was_edited_since_is_shown_and_left(kscaffold: Kscaffold, repository: Path) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")
    module = repository / "pkg/layers/gate.py"
    module.write_text(module.read_text().replace("self.units = units", "self.units = 2 * units"))
    before = tree(repository)
    result = kscaffold("undo")
    assert result.exit_code == 3
    assert "-        self.units = units\n+        self.units = 2 * units\n" in result.out
    assert result.err == (
        "error: pkg/layers/gate.py: edited since 'kscaffold layer Gate'; nothing was taken back."
        " Take the edits back, or remove the file, and try again.\n"
    )
    assert tree(repository) == before
    document = json.loads(kscaffold("undo", "--json").out)
    assert not document["ok"] and document["files"][0]["status"] == "edited" and document["error"]["message"]
    module.unlink()
    assert kscaffold("undo").exit_code == 0
    assert sorted(tree(repository)) == ["pkg", "pkg/__init__.py", "pyproject.toml"]


def test_what_was_there_before_and_was_removed_since_has_to_come_back(kscaffold: Kscaffold, repository: Path) -> None:
    init = repository / "pkg/layers/__init__.py"
    init.parent.mkdir()
    init.touch()
    kscaffold("layer", "Gate", "--no-check", "-q")
    init.unlink()
    result = kscaffold("undo")
    assert result.exit_code == 3
    assert result.err == (
        "error: pkg/layers/__init__.py: removed since 'kscaffold layer Gate'; nothing was taken back."
        " Put back what was there, and try again.\n"
    )


def test_the_folder_that_the_user_is_in_stays(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q", "-o", "new/place")
    monkeypatch.chdir(folder / "new/place")
    assert kscaffold("undo").out.splitlines() == ["remove  gate.py", "remove  test_gate.py"]
    assert sorted(tree(folder)) == ["new", "new/place"]


def test_a_folder_that_the_user_has_put_a_file_into_stays(kscaffold: Kscaffold, repository: Path) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")
    (repository / "tests/mine.txt").touch()
    kscaffold("undo")
    assert sorted(tree(repository)) == ["pkg", "pkg/__init__.py", "pyproject.toml", "tests", "tests/mine.txt"]


def test_the_last_command_is_taken_back_from_anywhere(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "pyproject.toml").write_text(SETTINGS)
    states = [tree(folder)]
    for name, layer in (("one", "Gate"), ("two", "Bar"), ("one", "Mix")):
        monkeypatch.chdir(folder / name)
        kscaffold("layer", layer, "--no-check", "--no-test", "-q")
        states.append(tree(folder))
    monkeypatch.chdir(folder / "two")
    assert json.loads(kscaffold("undo", "--dry-run", "--json").out)["folder"] == str(folder / "one")
    result = kscaffold("undo")
    assert result.out.splitlines() == [f"in      {folder / 'one'}", "remove  ../one/pkg/layers/mix.py"]
    assert tree(folder) == states[2]
    monkeypatch.chdir(folder)
    result = kscaffold("undo")
    assert result.out.splitlines() == [f"in      {folder / 'two'}", "remove  two/pkg/layers/bar.py"]
    assert tree(folder) == states[1]
    monkeypatch.chdir(folder / "one")
    assert kscaffold("undo").out.splitlines() == ["remove  pkg/layers/gate.py"]
    assert tree(folder) == states[0]
    assert kscaffold("undo").exit_code == 2


def test_what_went_to_another_folder_is_taken_back_from_here_unless_it_was_edited(
    kscaffold: Kscaffold, repository: Path, tmp_path: Path
) -> None:
    before = tree(repository)
    kscaffold("layer", "Gate", "--no-check", "--no-test", "-q", "-o", str(tmp_path / "elsewhere"))
    module = tmp_path / "elsewhere/gate.py"
    text = module.read_text()
    module.write_text(text + "# mine\n")
    result = kscaffold("undo")
    assert result.exit_code == 3 and result.out.startswith(f"in      {tmp_path / 'elsewhere'}\n")
    assert module.read_text() == text + "# mine\n"
    module.write_text(text)
    assert kscaffold("undo").exit_code == 0
    assert not module.exists() and tree(repository) == before


def test_a_folder_that_is_gone_is_passed_over(kscaffold: Kscaffold, folder: Path) -> None:
    kscaffold("layer", "Gate", "--no-check", "--no-test", "-q")
    kscaffold("layer", "Bar", "--no-check", "--no-test", "-q", "-o", "gone")
    (folder / "gone").rename(folder / "moved")
    (folder / "gone").symlink_to(folder / "moved")  # what is there now is not what was written
    assert kscaffold("undo").out == "remove  gate.py\n"
    (folder / "gone").unlink()
    assert kscaffold("undo").exit_code == 2
    assert [*tree(folder)] == ["moved", "moved/bar.py"]


def test_a_history_that_comes_with_a_folder_takes_nothing_back(
    kscaffold: Kscaffold, folder: Path, user_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kscaffold("layer", "Gate", "--no-check", "--no-test", "-q")
    (kept,) = (user_folders / "state").rglob("*.jsonl")
    cloned = folder / "cloned"
    for place in (cloned, cloned / ".local/state/kscaffold/log"):
        place.mkdir(parents=True, exist_ok=True)
        (place / kept.name).write_bytes(kept.read_bytes())
    kept.unlink()
    monkeypatch.chdir(cloned)
    before = tree(folder)
    assert kscaffold("undo").exit_code == 2
    (cloned / ".kscaffold-journal").write_bytes(kept_line := (cloned / kept.name).read_bytes())
    assert b'"gate.py"' in kept_line  # which is none of that folder, whatever root the line names
    kscaffold("undo")
    assert {name: content for name, content in tree(folder).items() if "journal" not in name} == before


def test_a_history_that_names_another_folder_is_not_understood(
    kscaffold: Kscaffold, folder: Path, user_folders: Path
) -> None:
    for name in ("one", "two"):
        kscaffold("layer", "Gate", "--no-check", "--no-test", "-q", "-o", name)
    newest = max((user_folders / "state").rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_text(newest.read_text().replace(str(folder / "two"), str(folder / "one")))
    before = tree(folder)
    result = kscaffold("undo")
    assert result.exit_code == 4 and str(newest) in result.err
    assert tree(folder) == before


def test_commands_that_run_at_once_are_all_taken_back(kscaffold: Kscaffold, folder: Path) -> None:
    command = [sys.executable, "-m", "kscaffold", "layer", "Gate", "--no-check", "--no-test", "-q", "-o"]
    running = [subprocess.Popen([*command, f"place{number}"], cwd=folder) for number in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert [kscaffold("undo").exit_code for _ in range(5)] == [0, 0, 0, 0, 2]
    assert not [*folder.rglob("*.py")]


def test_where_nothing_can_be_kept_the_files_are_written_with_a_warning(
    kscaffold: Kscaffold, folder: Path, user_folders: Path
) -> None:
    (user_folders / "state").write_text("no folder")
    result = kscaffold("layer", "Gate", "--no-check")
    assert result.exit_code == 0 and (folder / "gate.py").exists()
    assert "warning:" in result.err and "What was written cannot be kept for 'kscaffold undo'" in result.err


def test_the_command_before_is_not_taken_back_where_the_last_one_could_not_be_kept(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")

    def full(*arguments: object) -> object:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(history, "writing", full)
        assert "No space left" in kscaffold("layer", "Gate", "--weight", "w: 3", "--force", "--no-check").err
    before = tree(folder)
    result = kscaffold("undo")
    assert (result.exit_code, "Nothing is known to have been generated" in result.err) == (2, True)
    assert tree(folder) == before


def test_what_could_not_be_forgotten_is_not_taken_back(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")
    before = tree(folder)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # who runs the tests may be allowed everything
    result = kscaffold("undo")
    assert (result.exit_code, "cannot be changed" in result.err) == (4, True)
    assert tree(folder) == before


@pytest.mark.parametrize(
    "content", ["", "[", "{}", "[" * 100_000, "[3]", '[{"command": 1}]', '[{"files": [{"path": "../x"}]}]']
)
def test_what_is_kept_and_not_understood_is_named(
    kscaffold: Kscaffold, folder: Path, user_folders: Path, content: str
) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")
    (file,) = (user_folders / "state").rglob("*.jsonl")
    file.write_text(content)
    before = tree(folder)
    result = kscaffold("undo")
    assert result.exit_code == 4, result
    assert result.err == f"error: {file}: What is kept for 'kscaffold undo' is not understood. Delete that file.\n"
    assert tree(folder) == before


def test_only_so_many_commands_of_a_project_are_kept(
    kscaffold: Kscaffold, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert history.MOST_ENTRIES == 50
    monkeypatch.setattr(history, "MOST_ENTRIES", 2)
    for name in ("Gate", "Bar", "Mix"):
        kscaffold("layer", name, "--no-check", "--no-test", "-q")
    assert [kscaffold("undo").exit_code for _ in range(3)] == [0, 0, 2]
    assert (repository / "pkg/layers/gate.py").exists()


def test_only_so_many_projects_are_kept(kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert history.MOST_PROJECTS == 200
    monkeypatch.setattr(history, "MOST_PROJECTS", 2)
    for name in ("one", "two", "three"):
        kscaffold("layer", "Gate", "--no-check", "-q", "-o", name)
    assert [kscaffold("undo").exit_code for _ in range(3)] == [0, 0, 2]
    assert sorted(path.parent.name for path in folder.rglob("gate.py")) == ["one"]


def test_what_an_older_version_has_kept_is_ignored(kscaffold: Kscaffold, repository: Path, user_folders: Path) -> None:
    digest = hashlib.sha256(os.fsencode(repository)).hexdigest()[:24]
    old = user_folders / "state/kscaffold/history" / f"{digest}.json"
    old.parent.mkdir(parents=True)
    old.write_text('[{"command": "layer Old", "files": [], "folders": []}]')
    before = tree(repository)
    assert kscaffold("undo").exit_code == 2
    assert kscaffold("layer", "Gate", "--no-check").err == ""
    assert kscaffold("undo").exit_code == 0
    assert tree(repository) == before
    assert kscaffold("undo").exit_code == 2
    kscaffold("layer", "Gate", "--no-check", "-q")
    (kept,) = (user_folders / "state").rglob("*.jsonl")
    kept.write_text(re.sub(r'^\{"root": "[^"]*", "time": [0-9]+, ', "{", kept.read_text()))
    assert kscaffold("undo").exit_code == 2


def test_nothing_is_taken_back_through_a_link_that_leads_out_of_the_project(
    kscaffold: Kscaffold, repository: Path, tmp_path: Path
) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")
    (repository / "pkg/layers").rename(tmp_path / "moved")
    (repository / "pkg/layers").symlink_to(tmp_path / "moved")
    before = tree(tmp_path)
    assert kscaffold("undo").exit_code == 4
    assert tree(tmp_path) == before


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(["Gate", "Bar", "Mix"]), min_size=1, max_size=4))
def test_any_number_of_commands_is_taken_back_to_the_first(
    kscaffold: Kscaffold, repository: Path, names: list[str]
) -> None:
    states = [tree(repository)]
    for name in names:
        kscaffold("layer", name, "--no-check", "-q")
        if tree(repository) != states[-1]:
            states.append(tree(repository))
    for state in reversed(states[:-1]):
        assert kscaffold("undo").exit_code == 0
        assert tree(repository) == state


# ---- Two commands at once


def before_it_writes(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Does something between the turn in which the next command looks at the disk and the turn in which it writes."""
    turn, taken = lock.turn, []

    def act_before_the_second(folder: Path) -> AbstractContextManager[None]:
        taken.append(folder)
        if len(taken) == 2:
            monkeypatch.setattr(lock, "turn", turn)
            action()
        return turn(folder)

    monkeypatch.setattr(lock, "turn", act_before_the_second)


def test_a_command_that_comes_while_another_checks_exports_both(
    kscaffold: Kscaffold, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(repository)
    before_it_writes(monkeypatch, lambda: run(["layer", "Bar", "--no-check", "-q"]))
    result = kscaffold("layer", "Gate", "--no-check")
    assert result.exit_code == 0, result
    assert result.out.splitlines()[2] == "update  pkg/layers/__init__.py"
    init = (repository / "pkg/layers/__init__.py").read_text()
    assert "from .bar import Bar\nfrom .gate import Gate\n" in init and '__all__ = ["Bar", "Gate"]' in init
    for _ in range(2):
        assert kscaffold("undo", "-q").exit_code == 0
    assert tree(repository) == before


def test_what_the_other_command_left_to_be_done_by_hand_is_reported(
    kscaffold: Kscaffold, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = repository / "pkg/layers/__init__.py"
    init.parent.mkdir()
    init.touch()
    before_it_writes(monkeypatch, lambda: init.write_text("Gate = 3\n"))
    result = kscaffold("layer", "Gate", "--no-check")
    assert result.exit_code == 0, result
    assert "Gate is something else there" in result.out and init.read_text() == "Gate = 3\n"
    assert "pkg/layers/__init__.py" not in "".join(result.out.splitlines()[:2])


@contextmanager
def another_writes(folder: Path) -> Iterator[None]:
    """Locks a folder as another process does."""
    fcntl = pytest.importorskip("fcntl")
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("arguments", [("undo",), ("layer", "Bar", "--no-check"), ("eject", "layer/dense")])
def test_what_has_no_turn_in_time_is_refused_and_changes_nothing(
    kscaffold: Kscaffold, repository: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    kscaffold("layer", "Gate", "--no-check", "-q")
    before = tree(repository)
    monkeypatch.setattr(lock, "SECONDS_OF_PATIENCE", 0)
    with another_writes(repository):
        result = kscaffold(*arguments)
    assert result.exit_code == 4 and result.out == ""
    assert result.err == (
        f"error: {repository}: Another kscaffold is writing here; nothing was written. Wait until it is done.\n"
    )
    assert tree(repository) == before
    assert kscaffold(*arguments).exit_code == 0


# ---- Files are taken away all or none, whatever stops it.

PUT = {"gone.py": None, "deep/gone_too.py": None, "back.py": b"older\n"}
THERE = {"gone.py": b"new\n", "deep/gone_too.py": b"new\n", "back.py": b"new\n", "mine.py": b"mine\n"}


def start(root: Path) -> Plan:
    """A folder, and what should become of its files."""
    for name, content in THERE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    changes = [
        Change(root / name, name, Status.RESTORE if content else Status.REMOVE, content, THERE[name])
        for name, content in PUT.items()
    ]
    return Plan(root, tuple(changes))


@needs_fork
@pytest.mark.parametrize(
    "meet", [fail_at, lambda step: send(signal.SIGKILL, step), lambda step: send(signal.SIGINT, step)]
)
def test_stopped_at_any_step_the_next_run_finds_everything_or_nothing_taken_away(
    tmp_path: Path, meet: Callable[[int], Callable[[int], None]]
) -> None:
    counted = tmp_path / "counted"
    plan = start(counted)
    steps = Child(counted, lambda: commit(plan)).steps
    after = tree(counted)
    assert sorted(after) == ["back.py", "deep", "mine.py"] and after["back.py"] == b"older\n"
    assert steps > 3 * len(PUT)
    seen = set()
    for step in range(1, steps + 1):
        root = tmp_path / f"step{step}"
        plan = start(root)
        before = tree(root)
        Child(root, lambda plan=plan: commit(plan), meet(step))
        recover(root)
        assert tree(root) in (before, after), step
        seen.add(tree(root) == after)
    assert seen == {True, False}


@needs_fork
def test_a_file_that_is_edited_meanwhile_is_not_taken_away(tmp_path: Path) -> None:
    plan = start(tmp_path)
    (tmp_path / "deep/gone_too.py").write_bytes(b"edited\n")
    before = tree(tmp_path)
    with pytest.raises(RequestError, match=r"deep/gone_too.py has changed meanwhile; nothing was written"):
        commit(plan)
    assert tree(tmp_path) == before


def commit_weights(folder: Path, weights: bytes) -> tuple[str, ...]:
    """Writes a module with a large file beside it; gives why undo could not take it back."""
    files = [File(Path("net.py"), "x = 1\n"), File(Path("net.keras"), "", data=weights)]
    plan = make_plan(files, folder, folder)
    return commit(plan.resolve({change.path: Status.FORCE for change in plan.conflicts}), "from net.h5")


def test_large_files_are_taken_back_without_a_copy_in_the_history(
    kscaffold: Kscaffold, repository: Path, user_folders: Path
) -> None:
    before = tree(repository)
    weights = os.urandom(3 * 1024 * 1024)
    assert commit_weights(repository, weights) == ()
    (kept,) = (user_folders / "state").rglob("*.jsonl")
    assert kept.stat().st_size < 2000
    assert kscaffold("undo", "-q").exit_code == 0
    assert tree(repository) == before


def test_a_large_file_that_was_edited_since_is_left(kscaffold: Kscaffold, repository: Path) -> None:
    weights = os.urandom(3 * 1024 * 1024)
    commit_weights(repository, weights)
    (repository / "net.keras").write_bytes(weights[:-1] + b"\0")
    result = kscaffold("undo")
    assert result.exit_code == 3
    assert "Binary file net.keras differs\n" in result.out
    assert (repository / "net.py").exists()


def test_what_replaced_a_large_file_is_not_taken_back(kscaffold: Kscaffold, repository: Path) -> None:
    (repository / "net.keras").write_bytes(os.urandom(2 * 1024 * 1024))
    (problem,) = commit_weights(repository, b"weights")
    assert problem == "'kscaffold undo' cannot take this back: a file that was replaced is too large to be kept."
    assert kscaffold("undo").exit_code == 2


@needs_fork
def test_a_stop_while_a_large_file_is_written_leaves_all_as_it_was(folder: Path) -> None:
    weights, old = os.urandom(2 * 1024 * 1024), os.urandom(2 * 1024 * 1024)
    step, status = 0, -1
    while status:
        step += 1
        root = folder / f"step{step}"
        root.mkdir()
        (root / "net.keras").write_bytes(old)
        before = tree(root)
        status = Child(root, partial(commit_weights, root, weights), send(signal.SIGKILL, step)).status
        recover(root)
        found = tree(root)
        assert found == before or found == {"net.keras": weights, "net.py": b"x = 1\n"}
    assert step > 10
