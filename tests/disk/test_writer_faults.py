"""What becomes of a user's folder: it holds exactly what the plan says, or exactly what it held before.

Faults are real where they can be: a full disk, a folder without permissions, signals, a killed process. Most run in a
forked child, where an audit hook intercepts every step that the child takes in the folder, however it takes it.
"""

import base64
import errno
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.disk import history, lock
from kscaffold.disk.log import JOURNAL, commit, recover
from kscaffold.disk.plan import File, Plan, Status, diff, make_plan
from kscaffold.disk.undo import undo_last

ROOT = Path(__file__).resolve().parents[2]
STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

Tree = dict[str, tuple[int, bytes | str | None]]


def plan_files(root: Path, texts: dict[str, str]) -> Plan:
    return make_plan([File(Path(name), text) for name, text in texts.items()], root, root)


def forced_plan(root: Path, texts: dict[str, str]) -> Plan:
    plan = plan_files(root, texts)
    return plan.resolve({change.path: Status.FORCE for change in plan.conflicts})


def tree(root: Path) -> Tree:
    """Everything below a folder: permission bits, and content or where a link points."""
    found: Tree = {}
    for path in sorted(root.rglob("*")):
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[path.relative_to(root).as_posix()] = (stat.S_IMODE(path.lstat().st_mode), content)
    return found


def files(found: Tree) -> Tree:
    """What is in a folder, without the folders in it."""
    return {name: entry for name, entry in found.items() if entry[1] is not None}


def write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def refusal(action: Callable[[], object], exit_code: ExitCode = ExitCode.REFUSED) -> str:
    with pytest.raises(RequestError) as caught:
        action()
    assert caught.value.exit_code is exit_code
    return str(caught.value)


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process has written is there for the next one without waiting for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


# ---- A child process that commits, and what happens to it at one of its steps.


class Child:
    """A process that does something, intercepted before each step in a folder, and halfway through writing.

    Attributes:
        status: How it ended, as `subprocess` says it: 0, or minus the signal.
        said: "done", or the exception that resulted.
        steps: How many steps it took.
    """

    def __init__(self, folder: Path, action: Callable[[], object], meet: Callable[[int], None] = lambda step: None):
        read_end, write_end = os.pipe()
        self.steps, self.said = 0, ""
        pid = os.fork()
        if pid == 0:
            said = self._act(str(folder), action, meet)
            os.write(write_end, json.dumps([self.steps, said]).encode())
            os._exit(0)
        os.close(write_end)
        with open(read_end, "rb") as stream:
            report = stream.read()
        self.status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if report:
            self.steps, self.said = json.loads(report)

    def _act(self, folder: str, action: Callable[[], object], meet: Callable[[int], None]) -> str:
        def step() -> None:
            self.steps += 1
            meet(self.steps)

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if event in STEPS and any(isinstance(item, str | Path) and folder in str(item) for item in arguments):
                step()

        write, fsync = os.write, os.fsync  # which no hook sees

        def written_in_two(descriptor: int, content: bytes) -> int:
            step()
            first = write(descriptor, content[: len(content) // 2])
            step()
            return first + write(descriptor, content[first:])

        def synced(descriptor: int) -> None:
            step()
            fsync(descriptor)

        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.addaudithook(hook)
        os.write, os.fsync = written_in_two, synced  # type: ignore[assignment]
        try:
            action()
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
        finally:
            os.write, os.fsync = write, fsync
        return "done"


def send(number: int, first: int, last: int | None = None) -> Callable[[int], None]:
    """Sends a signal at each step, from the first to the last."""

    def meet(step: int) -> None:
        if first <= step <= (first if last is None else last):
            os.kill(os.getpid(), number)

    return meet


def fail_at(failing: int) -> Callable[[int], None]:
    def meet(step: int) -> None:
        if step == failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return meet


BEFORE = {"my_dense.py": "old\n", "other.py": "other\n"}
WANTED = {"my_dense.py": "new\n", "tests/unit/test_my_dense.py": "test\n", "other.py": "newer\n"}


@pytest.fixture
def before_and_after(tmp_path: Path) -> tuple[Tree, Tree]:
    for name in ("before", "after"):
        start(tmp_path / name)
    commit(forced_plan(tmp_path / "after", WANTED))
    return tree(tmp_path / "before"), tree(tmp_path / "after")


def start(root: Path) -> Path:
    """A project with an executable module of the user's."""
    root.mkdir()
    write(root, BEFORE)
    (root / "my_dense.py").chmod(0o755)
    return root


def each_step(tmp_path: Path) -> Iterator[tuple[int, Path, Plan]]:
    counted = start(tmp_path / "counted")
    plan = forced_plan(counted, WANTED)
    steps = Child(counted, lambda: commit(plan)).steps
    assert steps > 3 * len(WANTED)
    for step in range(1, steps + 1):
        root = start(tmp_path / f"step{step}")
        yield step, root, forced_plan(root, WANTED)


def killed_run(root: Path, moves: int, before: dict[str, str] = BEFORE, wanted: dict[str, str] = WANTED) -> None:
    """A run that was killed after it had put some files in their places."""
    root.mkdir(exist_ok=True)
    write(root, before)
    plan = forced_plan(root, wanted)

    def commit_and_die() -> None:
        replace, left = os.replace, [moves]

        def dying_replace(source: Path, target: Path) -> None:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            replace(source, target)

        os.replace = dying_replace  # type: ignore[assignment]
        commit(plan)

    assert Child(root, commit_and_die).status == -signal.SIGKILL


# ---- The plan


def test_a_new_file_is_created(tmp_path: Path) -> None:
    plan = plan_files(tmp_path, {"my_dense.py": "new\n"})
    assert [(change.shown, change.status.value) for change in plan.changes] == [("my_dense.py", "create")]
    commit(plan)
    assert (tmp_path / "my_dense.py").read_bytes() == b"new\n"


def test_planning_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "old"})
    before = tree(tmp_path)
    for change in plan_files(tmp_path, {"a.py": "new", "tests/b.py": ""}).changes:
        diff(change)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("there", [b"a = 1\nb = 2\n", b"a = 1\r\nb = 2\r\n", b"a = 1\r\nb = 2\n"])
def test_the_same_text_is_identical_whatever_its_line_ends_and_stays_as_it_is(tmp_path: Path, there: bytes) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(there)
    plan = plan_files(tmp_path, {"a.py": "a = 1\nb = 2\n"})
    assert plan.changes[0].status is Status.IDENTICAL and diff(plan.changes[0]) == ""
    inode = path.stat().st_ino
    commit(plan)
    assert (path.read_bytes(), path.stat().st_ino) == (there, inode)


@pytest.mark.parametrize("there", [b"", b"old\n", b"new", b"\xef\xbb\xbfnew\n", b"\xe9\n", b"new\r", b"new\n\x00"])
def test_other_content_is_a_conflict(tmp_path: Path, there: bytes) -> None:
    (tmp_path / "a.py").write_bytes(there)
    plan = plan_files(tmp_path, {"a.py": "new\n"})
    assert [change.status for change in plan.conflicts] == [Status.CONFLICT]


def test_each_conflict_is_decided_for_itself(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "old", "b.py": "old"})
    plan = plan_files(tmp_path, {"a.py": "new", "b.py": "new", "c.py": "new"})
    first, second, _ = plan.changes
    decided = plan.resolve({first.path: Status.FORCE})
    assert [change.status for change in decided.changes] == [Status.FORCE, Status.CONFLICT, Status.CREATE]
    assert [change.status for change in plan.changes] == [Status.CONFLICT, Status.CONFLICT, Status.CREATE]
    decided = decided.resolve({second.path: Status.SKIP})
    assert [change.shown for change in decided.written] == ["a.py", "c.py"]
    commit(decided)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.py": "new", "b.py": "old", "c.py": "new"}


def test_a_conflict_must_be_decided(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "old"})
    plan = plan_files(tmp_path, {"a.py": "new", "b.py": "new"})
    with pytest.raises(ValueError, match="undecided"):
        commit(plan)
    assert os.listdir(tmp_path) == ["a.py"]


def test_two_files_of_one_path_are_a_mistake_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="same path"):
        make_plan([File(Path("a.py"), "1"), File(tmp_path / "a.py", "2")], tmp_path, tmp_path)


def test_paths_are_shown_from_where_the_user_is(tmp_path: Path) -> None:
    files = [File(Path("src/a.py"), ""), File(Path("tests/test_a.py"), "")]
    shown = {
        base: [change.shown for change in make_plan(files, tmp_path, tmp_path / base).changes] for base in (".", "src")
    }
    assert shown == {".": ["src/a.py", "tests/test_a.py"], "src": ["a.py", "../tests/test_a.py"]}


def test_a_path_far_from_where_the_user_is_is_shown_whole(tmp_path: Path) -> None:
    far = tmp_path / "a/b/c/d/e"
    assert make_plan([File(Path("x.py"), "")], tmp_path, far).changes[0].shown == str(tmp_path / "x.py")


# ---- Nothing outside, and nothing but files


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../a.py", "outside"),
        ("sub/../../a.py", "outside"),
        ("/etc/kscaffold.py", "outside"),
        ("link_out/a.py", "outside"),
        ("link_out/deeper/a.py", "outside"),
        ("link_to_file_outside.py", "outside"),
        ("dangling.py", "a symbolic link to nothing"),
        ("loop.py", "a symbolic link to nothing"),
        ("folder", "is a folder"),
        ("pipe", "is not an ordinary file"),
        ("file.py/a.py", "not a folder"),
        ("file.py/deeper/a.py", "not a folder"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_path_that_leaves_the_folder_or_cannot_be_a_file_is_refused(tmp_path: Path, path: str, reason: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root, outside, root / "folder", root / "sub"):
        folder.mkdir()
    write(tmp_path, {"outside/a.py": "theirs", "root/file.py": ""})
    (root / "link_out").symlink_to(outside)
    (root / "link_to_file_outside.py").symlink_to("../outside/a.py")
    (root / "dangling.py").symlink_to("nowhere.py")
    (root / "loop.py").symlink_to("loop.py")
    os.mkfifo(root / "pipe")
    message = refusal(lambda: plan_files(root, {path: "ours"}))
    assert reason in message and path.rpartition("/")[2] in message
    assert (outside / "a.py").read_text() == "theirs" and os.listdir(outside) == ["a.py"]


def test_a_link_that_stays_inside_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.py": "old"})
    (tmp_path / "a.py").symlink_to("real/a.py")
    (tmp_path / "linked").symlink_to("real")
    commit(forced_plan(tmp_path, {"a.py": "new", "linked/b.py": "new"}))
    assert (tmp_path / "a.py").is_symlink() and (tmp_path / "linked").is_symlink()
    assert [(tmp_path / "real" / name).read_text() for name in ("a.py", "b.py")] == ["new", "new"]


def test_a_folder_that_becomes_a_link_after_planning_is_not_written_through(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    (root / "tests").mkdir(parents=True)
    plan = plan_files(root, {"a.py": "new", "tests/b.py": "new"})
    (root / "tests").rmdir()
    (root / "tests").symlink_to(outside)
    assert "outside" in refusal(lambda: commit(plan))
    assert os.listdir(outside) == [] and os.listdir(root) == ["tests"]


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Gives this process only the rights in a folder that its permission bits give to others."""
    if os.geteuid() != 0:
        yield
        return
    for parent in folder.parents:  # pytest's own folders are closed to others
        if parent.name.startswith(("pytest-", "popen-")):
            parent.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "secret"})
    (tmp_path / "a.py").chmod(0)
    tmp_path.chmod(0o755)
    with without_rights(tmp_path):
        message = refusal(lambda: plan_files(tmp_path, {"a.py": "new"}))
    assert "a.py cannot be read: Permission denied" in message


def test_a_folder_that_cannot_be_entered_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    tmp_path.chmod(0o755)
    with without_rights(tmp_path):
        message = refusal(lambda: plan_files(tmp_path, {"closed/a.py": "new"}))
    assert "a.py cannot be" in message and "Permission denied" in message


# ---- Differences


def test_a_diff_of_a_new_file(tmp_path: Path) -> None:
    change = plan_files(tmp_path, {"sub/a.py": "one\ntwo\n"}).changes[0]
    assert diff(change) == "--- /dev/null\n+++ b/sub/a.py\n@@ -0,0 +1,2 @@\n+one\n+two\n"


def test_a_diff_of_other_content_without_a_last_line_end(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "one\nold"})
    change = plan_files(tmp_path, {"a.py": "one\nnew\n"}).changes[0]
    expected = "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n one\n-old\n\\ No newline at end of file\n+new\n"
    assert diff(change) == expected


def test_a_diff_of_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"caf\xe9\nsame\n")
    lines = diff(plan_files(tmp_path, {"a.py": "café\nsame\n"}).changes[0]).splitlines()
    assert lines[3].startswith("-caf") and lines[4:] == ["+café", " same"]


LINES = st.text(alphabet="ab\n\n\r\f\x85\u2028é", max_size=30)


@settings(max_examples=40, deadline=None)
@given(old=st.none() | LINES, new=LINES)
def test_git_can_apply_every_diff(old: str | None, new: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if old is not None:
            write(root, {"a.py": old})
        change = plan_files(root, {"a.py": new}).changes[0]
        patch = diff(change)
        if not patch:
            assert change.status is Status.IDENTICAL or new == ""
            return
        subprocess.run(["git", "apply", "--whitespace=nowarn"], input=patch.encode(), cwd=root, check=True)
        assert ((root / "a.py").read_bytes() if (root / "a.py").exists() else b"") == change.content


# ---- Written whole


def test_text_is_written_as_utf_8_with_plain_line_ends(tmp_path: Path) -> None:
    commit(plan_files(tmp_path, {"a.py": "é = '\u2028'\r\n"}))
    assert (tmp_path / "a.py").read_bytes() == "é = '\u2028'\n".encode()
    assert plan_files(tmp_path, {"a.py": "é = '\u2028'\r\n"}).changes[0].status is Status.IDENTICAL


def test_an_overwritten_file_keeps_its_permissions_and_a_new_one_has_the_usual(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "old", "b.py": "old"})
    (tmp_path / "a.py").chmod(0o750)
    (tmp_path / "b.py").chmod(0o444)
    umask = os.umask(0o027)
    try:
        commit(forced_plan(tmp_path, {"a.py": "new", "b.py": "new", "c.py": "new"}))
    finally:
        os.umask(umask)
    assert {name: oct(mode) for name, (mode, _) in tree(tmp_path).items()} == {
        "a.py": "0o750",
        "b.py": "0o444",
        "c.py": "0o640",
    }


def test_folders_are_created_including_the_root(tmp_path: Path) -> None:
    commit(plan_files(tmp_path / "new/project", {"src/pkg/a.py": "new"}))
    assert [name for name, (_, content) in tree(tmp_path).items() if content] == ["new/project/src/pkg/a.py"]


def test_a_thread_can_commit(tmp_path: Path) -> None:
    thread = threading.Thread(target=commit, args=[plan_files(tmp_path, {"a.py": "new"})])
    thread.start()
    thread.join()
    assert (tmp_path / "a.py").read_text() == "new"


def test_signal_handlers_are_given_back(tmp_path: Path) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    commit(plan_files(tmp_path, {"a.py": "new"}))
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.parametrize("meanwhile", ["edited", "removed", "appeared"])
def test_what_changed_since_the_plan_is_not_overwritten(tmp_path: Path, meanwhile: str) -> None:
    write(tmp_path, {"b.py": "old"})
    plan = forced_plan(tmp_path, {"a.py": "new", "b.py": "new", "c.py": "new"})
    if meanwhile == "removed":
        (tmp_path / "b.py").unlink()
    else:
        write(tmp_path, {"b.py" if meanwhile == "edited" else "c.py": "the user's"})
    before = tree(tmp_path)
    name = "c.py" if meanwhile == "appeared" else "b.py"
    message = refusal(lambda: commit(plan), ExitCode.CONFLICT)
    assert f"{name} has changed meanwhile; nothing was written. Run the command again." in message
    assert tree(tmp_path) == before


@needs_fork
def test_what_the_user_saves_while_files_are_being_written_is_not_overwritten(tmp_path: Path) -> None:
    """The last look is right before each file is put in its place, not only at the start."""
    write(tmp_path, {"b.py": "old"})
    plan = forced_plan(tmp_path, {"a.py": "new", "b.py": "new"})
    replace = os.replace

    def save_then_replace(source: Path, target: Path) -> None:
        if Path(target).name == "a.py":
            (tmp_path / "b.py").write_text("the user's")
        replace(source, target)

    def commit_while_saving() -> None:
        os.replace = save_then_replace  # type: ignore[assignment]
        commit(plan)

    said = Child(tmp_path, commit_while_saving).said
    assert "b.py has changed meanwhile; nothing was written" in said
    assert [(name, content) for name, (_, content) in tree(tmp_path).items()] == [("b.py", b"the user's")]


# ---- Or not at all: errors


@needs_fork
def test_a_disk_that_is_full_at_any_step_leaves_everything_as_it_was(
    tmp_path: Path, before_and_after: tuple[Tree, Tree]
) -> None:
    before, after = before_and_after
    for step, root, plan in each_step(tmp_path):
        child = Child(root, lambda plan=plan: commit(plan), fail_at(step))
        if child.said == "done":
            recover(root)  # what could not be tidied is tidied by the next run
            assert tree(root) == after, step
        else:
            assert tree(root) == before, (step, child.said)
            assert child.said.startswith("RequestError: ") and "No space left on device" in child.said, step
            assert "othing was written." in child.said


names = st.sampled_from(["a.py", "b.py", "new/c.py", "new/deep/d.py", "there/e.py", "there/f.py"])
texts = st.text(alphabet="ab\né", max_size=8)


@needs_fork
@settings(max_examples=60, deadline=None)
@given(
    existing=st.dictionaries(names, st.tuples(texts, st.sampled_from([0o644, 0o755, 0o600]))),
    wanted=st.dictionaries(names, texts, min_size=1),
    step=st.integers(1, 60),
)
def test_the_folder_is_as_planned_or_as_before(
    existing: dict[str, tuple[str, int]], wanted: dict[str, str], step: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name, (text, mode) in existing.items():
            write(root, {name: text})
            (root / name).chmod(mode)
        before, plan = tree(root), forced_plan(root, wanted)
        child = Child(root, lambda: commit(plan), fail_at(step))
        if child.said != "done":
            assert tree(root) == before
            return
        recover(root)
        files = {name: entry for name, entry in tree(root).items() if entry[1] is not None}
        expected = {name: (mode, text.encode()) for name, (text, mode) in existing.items()}
        expected |= {name: (existing.get(name, ("", 0o644))[1], text.encode()) for name, text in wanted.items()}
        assert files == expected


@needs_fork
def test_a_disk_that_is_full_leaves_no_root_that_was_not_there(tmp_path: Path) -> None:
    texts = {"src/a.py": "new", "b.py": "new"}
    counted = tmp_path / "counted/new/project"
    steps = Child(tmp_path, lambda: commit(plan_files(counted, texts))).steps
    for step in range(1, steps + 1):
        above = tmp_path / f"step{step}"
        above.mkdir()
        root = above / "new/project"
        child = Child(above, lambda root=root: commit(plan_files(root, texts)), fail_at(step))
        assert child.said == "done" or os.listdir(above) == [], (step, child.said)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, SystemExit])
def test_an_exception_of_any_kind_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    write(tmp_path, {"a.py": "old", "b.py": "old"})
    before, plan = tree(tmp_path), forced_plan(tmp_path, {"a.py": "new", "new/c.py": "new", "b.py": "new"})
    replace, calls = os.replace, []

    def failing_replace(source: Path, target: Path) -> None:
        replace(source, target)
        calls.append(target)
        if len(calls) == 2:
            raise error

    monkeypatch.setattr(os, "replace", failing_replace)
    with pytest.raises(error):
        commit(plan)
    assert tree(tmp_path) == before


def test_a_folder_without_rights_is_refused_and_the_other_folder_is_as_before(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, {"open/a.py": "old", "closed/b.py": "old"})
    for folder, mode in ((tmp_path, 0o755), (root, 0o777), (root / "open", 0o777), (root / "closed", 0o555)):
        folder.chmod(mode)
    before = tree(root)
    with without_rights(root):
        plan = forced_plan(root, {"open/a.py": "new", "open/new/c.py": "new", "closed/b.py": "new"})
        message = refusal(lambda: commit(plan))
    (root / "closed").chmod(0o755)
    before["closed"] = (0o755, None)
    assert message.startswith("Cannot write closed/b.py: Permission denied") and "othing was written." in message
    assert tree(root) == before


def test_a_folder_that_cannot_be_made_is_named_by_the_file_it_is_for(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "closed").mkdir(parents=True)
    for folder, mode in ((tmp_path, 0o755), (root, 0o777), (root / "closed", 0o555)):
        folder.chmod(mode)
    with without_rights(root):
        plan = forced_plan(root, {"a.py": "new", "closed/tests/b.py": "new"})
        message = refusal(lambda: commit(plan))
    assert message.startswith("Cannot write closed/tests/b.py: Permission denied")
    assert list(tree(root)) == ["closed"]


def test_a_root_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with without_rights(tmp_path):
        plan = plan_files(tmp_path / "new/project", {"a.py": "new"})
        message = refusal(lambda: commit(plan))
    assert "Permission denied" in message and "othing was written." in message
    assert os.listdir(tmp_path) == []


SCRIPT = """
import json, os, sys
from pathlib import Path
from kscaffold.base.errors import RequestError
from kscaffold.disk.log import commit
from kscaffold.disk.plan import File, Status, make_plan
root = Path(sys.argv[1])
(root / "a.py").write_text("old")
plan = make_plan([File(Path("a.py"), "new"), File(Path("tests/test_a.py"), "x" * 200_000)], root, root)
plan = plan.resolve({change.path: Status.FORCE for change in plan.conflicts})
exec(sys.argv[2])
try:
    commit(plan)
except RequestError as error:
    print(json.dumps([str(error), int(error.exit_code), sorted(os.listdir(root)), (root / "a.py").read_text()]))
"""


def run_script(root: Path, trouble: str, *prefix: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*prefix, sys.executable, "-c", SCRIPT, str(root), trouble]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_a_file_beyond_the_limit_of_the_process_leaves_the_other_as_it_was(tmp_path: Path) -> None:
    done = run_script(tmp_path, "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))")
    message, exit_code, listed, text = json.loads(done.stdout)
    assert message.startswith("Cannot write tests/test_a.py: File too large") and "othing was written." in message
    assert (exit_code, listed, text) == (4, ["a.py"], "old")


def test_a_disk_that_is_really_full_leaves_everything_as_it_was(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=64k none "$1" && shift && exec "$@"'
    prefix = ["unshare", "-m", "sh", "-c", mount, "sh", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    message, exit_code, listed, text = json.loads(run_script(tmp_path, "", *prefix).stdout)
    assert message.startswith("Cannot write tests/test_a.py: No space left on device")
    assert (exit_code, listed, text) == (4, ["a.py"], "old")


def test_a_subprocess_that_is_terminated_between_two_files_dies_by_the_signal_with_nothing_written(
    tmp_path: Path,
) -> None:
    trouble = """
import signal
replace, calls = os.replace, []
def replace_and_signal(*args):
    replace(*args)
    calls.append(args)
    if len(calls) == 1:
        os.kill(os.getpid(), signal.SIGTERM)
os.replace = replace_and_signal
"""
    done = run_script(tmp_path, trouble)
    assert done.returncode == -signal.SIGTERM, done
    assert (os.listdir(tmp_path), (tmp_path / "a.py").read_text()) == (["a.py"], "old")


# ---- Or not at all: signals


@needs_fork
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_at_any_step_ends_the_process_with_all_or_nothing_written(
    tmp_path: Path, before_and_after: tuple[Tree, Tree], number: int
) -> None:
    for step, root, plan in each_step(tmp_path):
        child = Child(root, lambda plan=plan: commit(plan), send(number, step))
        assert child.status == -number, (step, child.said)
        assert tree(root) in before_and_after, step


@needs_fork
def test_ctrl_c_at_any_step_stops_with_nothing_written_or_comes_too_late(
    tmp_path: Path, before_and_after: tuple[Tree, Tree]
) -> None:
    """After `KeyboardInterrupt` the command line says that nothing was written, so that must be true."""
    before, after = before_and_after
    for step, root, plan in each_step(tmp_path):
        child = Child(root, lambda plan=plan: commit(plan), send(signal.SIGINT, step))
        assert child.said.startswith(("KeyboardInterrupt", "done")), step
        assert tree(root) == (after if child.said == "done" else before), step


@needs_fork
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_impatient_user_does_not_cut_the_undoing_short(
    tmp_path: Path, before_and_after: tuple[Tree, Tree], number: int
) -> None:
    for step, root, plan in each_step(tmp_path):
        Child(root, lambda plan=plan: commit(plan), send(number, step, last=1000))
        assert tree(root) in before_and_after, step


@needs_fork
def test_under_nohup_a_hangup_stops_nothing(tmp_path: Path, before_and_after: tuple[Tree, Tree]) -> None:
    root = start(tmp_path / "root")
    plan = forced_plan(root, WANTED)

    def commit_under_nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        commit(plan)

    child = Child(root, commit_under_nohup, send(signal.SIGHUP, 1, last=1000))
    assert (child.status, child.said) == (0, "done")
    assert tree(root) == before_and_after[1]


def test_a_name_that_is_too_long_below_a_new_folder_leaves_nothing(tmp_path: Path) -> None:
    message = refusal(lambda: commit(plan_files(tmp_path, {"a.py": "new", f"new/{'x' * 300}/b.py": "new"})))
    assert "File name too long; nothing was written." in message
    assert tree(tmp_path) == {}


# ---- Or not at all: a process that is killed


def test_where_nothing_was_interrupted_there_is_nothing_to_recover(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "old"})
    before = tree(tmp_path)
    assert recover(tmp_path) == () == recover(tmp_path / "missing")
    assert tree(tmp_path) == before


@needs_fork
def test_killed_at_any_step_the_next_run_puts_everything_back(
    tmp_path: Path, before_and_after: tuple[Tree, Tree]
) -> None:
    before, after = before_and_after
    restored = set()
    for step, root, plan in each_step(tmp_path):
        child = Child(root, lambda plan=plan: commit(plan), send(signal.SIGKILL, step))
        assert child.status == -signal.SIGKILL
        restored.add(recover(root))
        assert tree(root) in (before, after), step
        assert recover(root) == ()
    assert {(), tuple(WANTED)[:1], tuple(WANTED)[:2]} <= restored


@needs_fork
def test_recovery_that_is_itself_killed_at_any_step_is_done_by_the_next(
    tmp_path: Path, before_and_after: tuple[Tree, Tree]
) -> None:
    before, _ = before_and_after
    counted = tmp_path / "counted"
    killed_run(start(counted), moves=2)
    steps = Child(counted, lambda: recover(counted)).steps
    assert steps > len(WANTED)
    for step in range(1, steps + 1):
        root = tmp_path / f"step{step}"
        killed_run(start(root), moves=2)
        Child(root, lambda root=root: recover(root), send(signal.SIGKILL, step))
        recover(root)
        assert tree(root) == before, step


def test_a_subprocess_that_is_killed_between_two_files_is_undone_by_the_next_run(tmp_path: Path) -> None:
    trouble = """
import signal
replace, calls = os.replace, []
def replace_or_die(*args):
    calls.append(args)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*args)
os.replace = replace_or_die
"""
    assert run_script(tmp_path, trouble).returncode == -signal.SIGKILL
    assert (tmp_path / "a.py").read_text() == "new"
    assert recover(tmp_path) == ("a.py",)
    assert (os.listdir(tmp_path), (tmp_path / "a.py").read_text()) == (["a.py"], "old")


@needs_fork
@pytest.mark.parametrize("edited", ["my_dense.py", "tests/unit/test_my_dense.py"])
def test_what_the_user_wrote_after_an_interrupted_run_is_kept(tmp_path: Path, edited: str) -> None:
    root = tmp_path / "root"
    killed_run(root, moves=2)
    (root / edited).write_text("an hour of work")
    before = tree(root)
    message = refusal(lambda: recover(root))
    assert f"{edited} was edited" in message and f"delete {root / JOURNAL}" in message
    assert tree(root) == before


@needs_fork
@pytest.mark.parametrize("edited", ["other.py", "tests/unit/test_my_dense.py"])
def test_a_file_that_an_interrupted_run_had_not_come_to_may_be_edited_whatever_interrupts_recovery(
    tmp_path: Path, edited: str
) -> None:
    counted = tmp_path / "counted"
    killed_run(start(counted), moves=1)
    steps = Child(counted, lambda: recover(counted)).steps
    for step in range(1, steps + 1):
        root = tmp_path / f"step{step}"
        killed_run(start(root), moves=1)
        Child(root, lambda root=root: recover(root), send(signal.SIGKILL, step))
        write(root, {edited: "an hour of work"})
        recover(root)
        found = {name: content for name, (_, content) in files(tree(root)).items()}
        assert found == {name: text.encode() for name, text in (BEFORE | {edited: "an hour of work"}).items()}, step


@needs_fork
@pytest.mark.parametrize("edited", list(WANTED))
def test_what_the_user_writes_after_a_kill_at_any_step_is_kept_and_in_the_way_only_where_the_run_had_written(
    tmp_path: Path, edited: str
) -> None:
    for step, root, plan in each_step(tmp_path):
        Child(root, lambda plan=plan: commit(plan), send(signal.SIGKILL, step))
        path = root / edited
        was_written = path.is_file() and path.read_text() == WANTED[edited]
        write(root, {edited: "an hour of work"})
        before = tree(root)
        said = ""
        try:
            recover(root)
        except RequestError as error:
            said = str(error)
        if said:
            assert was_written and f"{edited} was edited" in said and tree(root) == before, (step, said)
        assert path.read_text() == "an hour of work", step


@needs_fork
@pytest.mark.parametrize("in_time", [True, False])
def test_a_run_that_is_alive_is_neither_undone_nor_joined_but_waited_for(
    tmp_path: Path, before_and_after: tuple[Tree, Tree], monkeypatch: pytest.MonkeyPatch, in_time: bool
) -> None:
    root = start(tmp_path / "root")
    plan = forced_plan(root, WANTED)
    to_child, to_parent = os.pipe(), os.pipe()

    def wait_in_the_middle(step: int) -> None:
        if step == 8:
            os.write(to_parent[1], b"!")
            os.read(to_child[0], 1)

    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(Child(root, lambda: commit(plan), wait_in_the_middle).said))
    thread.start()
    try:
        assert select.select([to_parent[0]], [], [], 20)[0], "the run never came to its middle"
        middle = tree(root)
        assert JOURNAL in middle
        other = plan_files(root, {"mine.py": "mine"})
        if in_time:

            def let_it_go_on() -> None:
                os.write(to_child[1], b"!")
                thread.join()

            monkeypatch.setattr(lock, "pause", let_it_go_on)
            commit(other)
            assert (root / "mine.py").read_text() == "mine" and recover(root) == ()
            (root / "mine.py").unlink()
        else:
            monkeypatch.setattr(lock, "SECONDS_OF_PATIENCE", 0)
            for action in (lambda: recover(root), lambda: commit(other)):
                assert "Another kscaffold is writing" in refusal(action)
            assert tree(root) == middle
    finally:
        os.write(to_child[1], b"!")
        thread.join()
    assert said == ["done"] and tree(root) == before_and_after[1]


@needs_fork
def test_a_run_that_ends_well_just_as_recovery_begins_is_not_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the journal and locking it, its process may be done: what it wrote is then the user's."""
    fcntl = pytest.importorskip("fcntl")
    killed_run(tmp_path, moves=1, before={"b.py": "old"}, wanted={"a.py": "new", "b.py": "new"})
    flock = fcntl.flock

    def end_then_lock(descriptor: int, flags: int) -> None:
        (tmp_path / JOURNAL).unlink(missing_ok=True)
        flock(descriptor, flags)

    monkeypatch.setattr(fcntl, "flock", end_then_lock)
    assert recover(tmp_path) == ()
    assert (tmp_path / "a.py").read_text() == "new"


def test_a_folder_that_was_recreated_during_the_wait_is_locked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    root, flock, calls = tmp_path / "root", fcntl.flock, []
    root.mkdir()

    def lock_then_make_anew(descriptor: int, flags: int) -> None:
        flock(descriptor, flags)
        calls.append(descriptor)
        if len(calls) == 1:
            root.rmdir()
            root.mkdir()

    monkeypatch.setattr(fcntl, "flock", lock_then_make_anew)
    with lock.turn(root):
        descriptor = os.open(root, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
    assert len(calls) == 2


# ---- What is finished is history


class Project:
    """A project in which two commands have been carried out or, up to now, the first of them.

    Attributes:
        home: The folder with the project, and with what is kept for its user.
        root: The project.
        plan: What the second command writes.
    """

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, commands: int = 1) -> None:
        home.mkdir()
        monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
        self.home, self.root = home, start(home / "project")
        monkeypatch.chdir(self.root)
        assert commit(forced_plan(self.root, {"first/a.py": "first\n", "other.py": "first\n"}), "layer First") == ()
        self.plan = forced_plan(self.root, WANTED)
        if commands == 2:
            commit(self.plan, "layer Second")

    @property
    def state(self) -> tuple[Tree, str]:
        """What exists, and the command that undo would take back."""
        entry = history.last(self.root)
        return tree(self.root), entry.command if entry else ""


@pytest.fixture
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tree, str]]:
    """The states of a project after no command, after one and after two."""
    start(tmp_path / "nothing")
    return [
        (tree(tmp_path / "nothing"), ""),
        *(Project(tmp_path / f"after{commands}", monkeypatch, commands).state for commands in (1, 2)),
    ]


MEETINGS = [partial(send, signal.SIGKILL), partial(send, signal.SIGTERM), partial(send, signal.SIGINT), fail_at]
Meeting = Callable[[int], Callable[[int], None]]


@needs_fork
@pytest.mark.parametrize("meeting", MEETINGS, ids=["killed", "terminated", "interrupted", "disk full"])
def test_stopped_at_any_step_undo_knows_of_what_is_written_and_of_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, states: list[tuple[Tree, str]], meeting: Meeting
) -> None:
    nothing, one, two = states
    # Where it cannot be kept, there is a warning, and what was built upon goes as well.
    allowed = [one, two, (two[0], "")] if meeting is fail_at else [one, two]
    counted = Project(tmp_path / "counted", monkeypatch)
    steps = Child(counted.home, lambda: commit(counted.plan, "layer Second")).steps
    assert counted.state == two
    seen = []
    for step in range(1, steps + 1):
        project = Project(tmp_path / f"step{step}", monkeypatch)
        Child(project.home, lambda plan=project.plan: commit(plan, "layer Second"), meeting(step))
        recover(project.root)
        assert project.state in allowed, step
        seen.append(project.state)
        if project.state == two:
            assert undo_last().written and project.state == one, step
        if project.state == one:
            assert undo_last().written and project.state == nothing, step
    assert all(state in seen for state in allowed)


@needs_fork
@pytest.mark.parametrize("meeting", MEETINGS, ids=["killed", "terminated", "interrupted", "disk full"])
def test_an_undo_that_is_stopped_at_any_step_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, states: list[tuple[Tree, str]], meeting: Meeting
) -> None:
    nothing, one, two = states
    counted = Project(tmp_path / "counted", monkeypatch, commands=2)
    steps = Child(counted.home, undo_last).steps
    assert counted.state == one
    for step in range(1, steps + 1):
        project = Project(tmp_path / f"step{step}", monkeypatch, commands=2)
        Child(project.home, undo_last, meeting(step))
        recover(project.root)
        found, command = project.state
        assert files(found) in (files(one[0]), files(two[0])), step
        if command == "layer Second":
            assert undo_last().written
        if meeting is fail_at:  # a folder that could not be removed stays
            assert files(project.state[0]) == files(one[0]), step
            continue
        assert project.state == one, step
        assert undo_last().written and project.state == nothing, step


@needs_fork
def test_a_run_that_is_killed_while_it_takes_back_what_failed_leaves_all_or_nothing(
    tmp_path: Path, before_and_after: tuple[Tree, Tree]
) -> None:
    counted = start(tmp_path / "counted")
    plan = forced_plan(counted, WANTED)
    steps = Child(counted, lambda: commit(plan)).steps
    last_steps = 3 * len(WANTED)  # among them those that say that all is done
    pairs = [(failing, 1 + failing % 7) for failing in range(1, steps - last_steps)]
    pairs += [(failing, killed) for failing in range(steps - last_steps, steps + 1) for killed in range(1, 20)]
    for failing, killed in pairs:
        root = start(tmp_path / f"{failing},{killed}")
        plan = forced_plan(root, WANTED)

        def fail_then_die(step: int, failing: int = failing, killed: int = killed) -> None:
            fail_at(failing)(step)
            send(signal.SIGKILL, failing + killed)(step)

        Child(root, lambda plan=plan: commit(plan), fail_then_die)
        recover(root)
        assert tree(root) in before_and_after, (failing, killed)


@needs_fork
def test_processes_that_begin_at_once_all_write_in_a_folder_that_is_yet_to_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(lock, "SECONDS_OF_PATIENCE", 60)
    root = tmp_path / "new/project"

    def write_one(number: int) -> str:
        plan = plan_files(root, {f"sub/{number}.py": f"{number}\n"})
        return Child(tmp_path, lambda: commit(plan, f"layer {number}")).said

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write_one, range(8))) == {"done"}
    assert sorted(tree(root)) == ["sub", *(f"sub/{number}.py" for number in range(8))]
    monkeypatch.chdir(root)
    taken_back = {undo_last().entry.command for _ in range(8)}
    assert taken_back == {f"layer {number}" for number in range(8)} and tree(root) == {}


# ---- Journals that anybody may have made


PRECIOUS = base64.b64encode(b"precious").decode()


def tamper(root: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Changes what a journal says."""
    path = root / JOURNAL
    line, newline, rest = path.read_bytes().partition(b"\n")
    table = json.loads(line)
    change(table)
    path.write_bytes(json.dumps(table).encode() + newline + rest)


@pytest.mark.parametrize(
    "content",
    ["no JSON", "[]\n", "{}\n", '{"token": 1}\n', "null\n", '{"token": "../../x"}\n', "[" * 100_000, "\udcff"],
)
def test_a_journal_that_is_not_one_is_refused_and_named(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"a.py": "mine"})
    (tmp_path / JOURNAL).write_bytes(content.encode(errors="surrogateescape"))
    before = tree(tmp_path)
    message = refusal(lambda: recover(tmp_path))
    assert str(tmp_path / JOURNAL) in message and "delete that file" in message
    assert tree(tmp_path) == before


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_a_journal_that_is_not_a_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    write(tmp_path, {"outside": "{}"})
    path = root / JOURNAL
    {"folder": path.mkdir, "link": lambda: path.symlink_to("../outside"), "pipe": lambda: os.mkfifo(path)}[kind]()

    def give_up(*_: object) -> None:
        raise TimeoutError("recover waits for a pipe")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(5)
    try:
        message = refusal(lambda: recover(root))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    assert str(path) in message and "delete that file" in message
    assert (tmp_path / "outside").read_text() == "{}"


@needs_fork
@pytest.mark.parametrize("place", ["../precious.py", "{tmp}/precious.py", "link/precious.py", ".", "", "..", "sub/.."])
@pytest.mark.parametrize("key", ["files", "folders"])
def test_a_journal_cannot_point_outside_the_folder(tmp_path: Path, key: str, place: str) -> None:
    root = tmp_path / "root"
    killed_run(root, moves=1)
    (root / "sub").mkdir()
    (root / "link").symlink_to("..")
    write(tmp_path, {"precious.py": "precious"})
    path = place.format(tmp=tmp_path)
    files = [[path, None, PRECIOUS]]
    changes = {"folders": [path]} if key == "folders" else {"folders": [], "files": files}
    tamper(root, lambda table: table.update(changes))
    before = tree(tmp_path)
    message = refusal(lambda: recover(root))
    assert "delete that file" in message
    assert tree(tmp_path) == before


@needs_fork
def test_a_journal_cannot_reach_through_a_link_that_is_a_file(tmp_path: Path) -> None:
    root = tmp_path / "root"
    killed_run(root, moves=1)
    write(tmp_path, {"precious.py": "precious"})
    (root / "link.py").symlink_to("../precious.py")
    files = [["link.py", None, PRECIOUS]]
    tamper(root, lambda table: table.update({"files": files, "folders": []}))
    before = tree(tmp_path)
    refusal(lambda: recover(root))
    assert tree(tmp_path) == before


@needs_fork
@pytest.mark.parametrize("existed", [True, False])
def test_a_journal_alone_costs_no_file_that_its_run_did_not_write(tmp_path: Path, existed: bool) -> None:
    """A repository may contain a journal that is made to delete the files of whoever runs kscaffold there."""
    root = tmp_path / "root"
    killed_run(root, moves=1)
    write(root, {"precious.py": "precious"})
    files = [["precious.py", PRECIOUS if existed else None, PRECIOUS]]
    tamper(root, lambda table: table.update({"files": files, "folders": []}))
    with suppress(RequestError):
        recover(root)
    assert (root / "precious.py").read_text() == "precious"


@needs_fork
def test_a_journal_costs_no_folder_that_its_run_did_not_make(tmp_path: Path) -> None:
    root = tmp_path / "root"
    killed_run(root, moves=1)
    (root / "empty").mkdir()
    tamper(root, lambda table: table.update({"folders": ["empty"]}))
    with suppress(RequestError):
        recover(root)
    assert (root / "empty").is_dir()
