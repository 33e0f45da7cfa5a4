"""Writing: what a plan contains, and that a commit writes everything or leaves the folder as it was."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import Kscaffold, tree
from helpers.properties import examples
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk import lock
from kscaffold.disk.entry import Entry
from kscaffold.disk.log import JOURNAL, commit, recover
from kscaffold.disk.plan import Change, File, Plan, Status, diff, make_plan


def plan_for(root: Path, **texts: str) -> Plan:
    return make_plan([File(root / name.replace("_", "/"), text) for name, text in texts.items()], root, root)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_the_plan_tells_new_same_and_other_files_apart(folder: Path) -> None:
    (folder / "same").write_text("a\nb\n")
    (folder / "windows").write_bytes(b"a\r\nb\r\n")
    (folder / "other").write_text("mine\n")
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    plan = plan_for(folder, new="a\nb\n", same="a\nb\n", windows="a\nb\n", other="a\nb\n", binary="a\nb\n")
    assert [change.status for change in plan.changes] == [
        Status.CREATE,
        Status.IDENTICAL,
        Status.IDENTICAL,
        Status.CONFLICT,
        Status.CONFLICT,
    ]
    assert [change.shown for change in plan.conflicts] == ["other", "binary"]
    assert [change.shown for change in plan.written] == ["new"]


def test_a_diff_names_both_sides_and_a_missing_last_line_break(folder: Path) -> None:
    (folder / "other").write_text("mine")
    plan = plan_for(folder, other="yours\n", new="a\n")
    assert diff(plan.changes[0]) == (
        "--- a/other\n+++ b/other\n@@ -1 +1 @@\n-mine\n\\ No newline at end of file\n+yours\n"
    )
    assert diff(plan.changes[1]).startswith("--- /dev/null\n+++ b/new\n")


def test_a_commit_writes_what_the_plan_says_and_keeps_the_mode(folder: Path) -> None:
    (folder / "old").write_text("before\n")
    (folder / "old").chmod(0o640)
    (folder / "kept").write_text("mine\n")
    plan = plan_for(folder, old="after\n", kept="yours\n", deep_new="new\n")
    decisions = dict(zip([change.path for change in plan.conflicts], [Status.FORCE, Status.SKIP], strict=True))
    commit(plan.resolve(decisions))
    assert tree(folder) == {"deep": None, "deep/new": b"new\n", "kept": b"mine\n", "old": b"after\n"}
    assert modes(folder)["old"] == 0o640


def test_a_conflict_must_be_decided(folder: Path) -> None:
    (folder / "other").write_text("mine\n")
    with pytest.raises(ValueError, match="undecided"):
        commit(plan_for(folder, other="yours\n"))


def test_a_file_that_changes_after_the_plan_is_not_overwritten(folder: Path) -> None:
    plan = plan_for(folder, new="a\n", second="b\n")
    (folder / "second").write_text("somebody was faster\n")
    with pytest.raises(RequestError, match="second has changed meanwhile; nothing was written") as caught:
        commit(plan)
    assert caught.value.exit_code == ExitCode.CONFLICT
    assert list(tree(folder)) == ["second"]


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (lambda folder: None, "../outside", "is outside"),
        (lambda folder: (folder / "link").symlink_to("/tmp"), "link/x", "is outside"),
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "link", "is outside"),
        (lambda folder: (folder / "link").symlink_to("nowhere"), "link", "is a symbolic link to nothing"),
        (lambda folder: (folder / "place").mkdir(), "place", "is a folder"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe", "is not an ordinary file"),
        (lambda folder: (folder / "file").touch(), "file/x", "is not a folder"),
    ],
)
def test_what_cannot_be_a_file_is_refused(folder: Path, make: object, name: str, reason: str) -> None:
    make(folder)  # type: ignore[operator]
    names = sorted(os.listdir(folder))
    with pytest.raises(RequestError, match=reason) as caught:
        make_plan([File(folder / name, "text\n")], folder, folder)
    assert caught.value.exit_code == ExitCode.REFUSED and "nothing was written" in caught.value.message
    assert sorted(os.listdir(folder)) == names


@pytest.mark.parametrize("name", [".git", ".GIT", ".g\u200cit", ".git. ", "git~1", ".git::$INDEX_ALLOCATION"])
def test_what_git_runs_is_never_written(folder: Path, name: str) -> None:
    for path in (name, f"{name}/hooks/post-commit", f"below/{name}/config"):
        with pytest.raises(RequestError, match="is where git keeps what it runs; nothing was written") as caught:
            make_plan([File(folder / path, "text")], folder, folder)
        assert caught.value.exit_code is ExitCode.REFUSED
    assert make_plan([File(folder / ".github/workflows/ci.yml", "text")], folder, folder).written


def test_a_link_inside_the_folder_is_followed_and_stays(folder: Path) -> None:
    (folder / "real").write_text("before\n")
    (folder / "link").symlink_to("real")
    plan = plan_for(folder, link="after\n")
    commit(plan.resolve({plan.changes[0].path: Status.FORCE}))
    assert (folder / "link").is_symlink() and (folder / "real").read_text() == "after\n"


names = st.sampled_from(["a", "b", "c_d", "c_e", "f_g_h"])


@examples(60)
@given(
    existing=st.dictionaries(names, st.text("xy\n", max_size=4), max_size=4),
    wanted=st.dictionaries(names, st.text("xy\n", max_size=4), min_size=1, max_size=5),
    fails_at=st.integers(0, 12),
    error=st.sampled_from([OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()]),
)
def test_whatever_stops_a_commit_the_folder_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    existing: dict[str, str],
    wanted: dict[str, str],
    fails_at: int,
    error: BaseException,
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for name, text in existing.items():
        path = folder / name.replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    plan = plan_for(folder, **wanted)
    plan = plan.resolve({change.path: Status.FORCE for change in plan.conflicts})
    before = tree(folder), modes(folder)
    calls = 0

    def breaking(function: object) -> object:
        def call(*arguments: object, **keywords: object) -> object:
            nonlocal calls
            calls += 1
            if calls == fails_at:
                raise error
            return function(*arguments, **keywords)  # type: ignore[operator]

        return call

    with pytest.MonkeyPatch.context() as patch:
        # Where a link cannot be made, a copy is.
        linking = () if isinstance(error, OSError) else ("link",)
        for name in ("open", "write", "replace", "fsync", *linking):
            patch.setattr(f"kscaffold.disk.log.os.{name}", breaking(getattr(os, name)))
        try:
            commit(plan)
            stopped = False
        except (RequestError, KeyboardInterrupt, MemoryError):
            stopped = True
    assert stopped is (0 < fails_at <= calls and bool(plan.written))
    if stopped and fails_at > 0:
        assert (tree(folder), modes(folder)) == before
    elif not stopped:
        after = {path: content for path, content in tree(folder).items() if content is not None}
        expected = {change.path.relative_to(plan.root).as_posix(): change.content for change in plan.changes}
        kept = {path: content for path, content in before[0].items() if content is not None}
        assert after == kept | {path: text for path, text in expected.items() if kept.get(path) != text}


def run_python(code: str, folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )


def test_a_full_disk_leaves_nothing(folder: Path) -> None:
    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    code = "import sys; from kscaffold.cli import run; sys.exit(run(['layer', 'MyDense', '--no-check']))"
    done = run_python(code, folder, preexec_fn=small_files)
    assert done.returncode == ExitCode.REFUSED
    assert done.stderr.startswith("error: Cannot write my_dense.py: File too large; nothing was written.")
    assert done.stderr.count("\n") == 1
    assert tree(folder) == {}


def test_a_folder_that_cannot_be_written_is_named(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("layer", "MyDense", "--no-check", "-o", "/proc/kscaffold")
    assert result.exit_code == ExitCode.REFUSED
    assert "Cannot write" in result.err and "nothing was written" in result.err and result.err.count("\n") == 1
    if os.geteuid() != 0:
        folder.chmod(0o500)
        result = kscaffold("layer", "MyDense", "--no-check")
        folder.chmod(0o700)
        assert result.exit_code == ExitCode.REFUSED and "Permission denied" in result.err
    assert tree(folder) == {}


STOPPED_BETWEEN_TWO_FILES = """
    import os, signal
    from pathlib import Path
    from kscaffold.disk.log import commit
    from kscaffold.disk.plan import File, Status, make_plan
    here = Path.cwd()
    plan = make_plan([File(here / "old", "after"), File(here / "new/file", "text")], here, here)
    plan = plan.resolve({change.path: Status.FORCE for change in plan.conflicts})
    replace, calls = os.replace, []
    def stop_at_the_second(*paths):
        calls.append(paths)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGNAL)
        replace(*paths)
    os.replace = stop_at_the_second
    commit(plan)
"""


def test_a_terminated_commit_leaves_the_folder_as_it_was(folder: Path) -> None:
    (folder / "old").write_text("before")
    done = run_python(STOPPED_BETWEEN_TWO_FILES.replace("SIGNAL", "SIGTERM"), folder)
    assert done.returncode == -signal.SIGTERM
    assert tree(folder) == {"old": b"before"}


def test_a_killed_commit_is_taken_back_by_the_next_run(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "old").write_text("before")
    done = run_python(STOPPED_BETWEEN_TWO_FILES.replace("SIGNAL", "SIGKILL"), folder)
    assert done.returncode == -signal.SIGKILL
    assert (folder / "old").read_text() == "after"
    result = kscaffold("layer", "MyDense", "--no-check", "--no-test")
    assert result.exit_code == 0
    assert "note: old is again as it was before a run that was interrupted" in result.err
    assert sorted(tree(folder)) == ["my_dense.py", "old"]
    assert (folder / "old").read_text() == "before"


def test_a_commit_killed_after_its_last_file_is_finished_by_the_next_run(folder: Path) -> None:
    (folder / "old").write_text("before")
    code = STOPPED_BETWEEN_TWO_FILES.replace("len(calls) == 2", "len(calls) == 4").replace("SIGNAL", "SIGKILL")
    assert run_python(code.replace("replace(*paths)", "replace(*paths)\n", 1), folder).returncode in (0, -9)
    recover(folder)
    assert set(tree(folder)) in ({"old", "new", "new/file"}, {"old"})
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


@pytest.mark.parametrize("rest", [b"", b"\0", b"\0" * 512 + b"\n"], ids=["short", "torn", "torn and longer"])
def test_a_run_that_was_stopped_before_it_had_said_what_it_does_is_forgotten(folder: Path, rest: bytes) -> None:
    change = Change(folder / "a.py", "a.py", Status.CREATE, b"text", None)
    line = Entry.begin(folder, "layer A", (change,)).line
    for length in range(len(line)):
        (folder / JOURNAL).write_bytes(line[:length] + rest)
        assert recover(folder) == ()
        assert tree(folder) == {}


def test_a_journal_of_a_running_process_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "SECONDS_OF_PATIENCE", 0)
    code = STOPPED_BETWEEN_TWO_FILES.replace("SIGNAL", "SIGSTOP")
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=folder)
    os.waitpid(process.pid, os.WUNTRACED)
    with pytest.raises(RequestError, match="Another kscaffold is writing here"):
        recover(folder)
    process.send_signal(signal.SIGCONT)
    assert process.wait() == 0
    assert recover(folder) == ()
    assert (folder / "new/file").read_text() == "text"


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        '{"token": "../../xx", "command": "", "folders": [], "files": []}',
        '{"token": "01234567", "command": "", "folders": ["../outside"], "files": []}',
        '{"token": "01234567", "command": "", "folders": [], "files": [["/etc/passwd", null, ""]]}',
        '{"token": "01234567", "command": "", "folders": [], "files": [["out/x", null, "cHJlY2lvdXM="]]}',
        '{"token": "01234567", "command": "", "folders": [], "files": [["a"]]}',
        '{"token": "01234567", "command": 1, "folders": [], "files": []}',
    ],
)
def test_a_journal_that_is_not_ours_is_named_and_touches_nothing(folder: Path, tmp_path: Path, text: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("precious")
    (folder / "out").symlink_to(outside)
    (folder / JOURNAL).write_text(text)
    before = tree(tmp_path)
    with pytest.raises(RequestError, match="delete that file") as caught:
        recover(folder)
    assert JOURNAL in str(caught.value.where)
    assert tree(tmp_path) == before


def test_a_forged_journal_deletes_nothing_that_was_not_written(folder: Path) -> None:
    (folder / "precious").write_text("mine")
    (folder / JOURNAL).write_text(
        '{"token": "01234567", "command": "", "folders": [], "files": [["precious", null, "bWluZQ=="]]}'
    )
    assert recover(folder) == ()
    assert tree(folder) == {"precious": b"mine"}
