"""The warm process: who may speak to it, what it is kept apart by, when it ends. Most of it with one without Keras."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.strays import LEAVES

from kscaffold.check import warm
from kscaffold.check.child import Outcome
from kscaffold.check.server import ServerLost
from kscaffold.check.warm import NotWarm, Use
from kscaffold.probe import processes
from kscaffold.probe.protocol import Job, Limits

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found by way of /proc")

FAKE_KERAS = """
__version__ = "3.99.0"

class layers:
    class Layer:
        pass
"""
# What checks a file: whether it may say anything, and something that it leaves running.
FAKE_INSPECTION = """
import os, time
from .wire import Message
from .protocol import Finding, Severity

def freeze():
    pass

def inspect_file(job, start, report):
    if job.path.name == "sample.py":
        return
    seen = [os.environ.get("SEEN", ""), str(os.getppid()), os.getcwd()]
    scope = {}
    exec(job.path.read_text(), scope)
    report(Message(failed=Finding("KS200", "imports", Severity.ERROR, " ".join([*seen, scope.get("SAID", "")]), "")))
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A probe that imports a Keras of no use at once, and runs each file; its warm processes end with the test."""
    probe = tmp_path / "probe"
    probe.mkdir()
    for name in ("__init__", "run", "warm", "isolation", "processes", "protocol", "wire", "sample"):
        (probe / f"{name}.py").write_text((Path(processes.__file__).parent / f"{name}.py").read_text())
    (probe / "inspection.py").write_text(FAKE_INSPECTION)
    site = tmp_path / "site"
    site.mkdir()
    (site / "keras.py").write_text(FAKE_KERAS)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setattr(warm, "PROBE", probe / "run.py")
    yield site
    warm.stop()


def ask(text: str = "SAID = 'hello'", use: Use = Use.START, name: str = "asked.py") -> list[str]:
    """What a check of a file says, in a server of the warm process: the variable SEEN, its parent, its folder, SAID."""
    path = Path(os.environ["XDG_STATE_HOME"]).parent / name
    path.write_text(text)
    with warm.using(use):
        server = warm.reach(sys.executable, "tensorflow")
    with ExitStack() as resources:
        resources.callback(server.end)
        server.await_keras()
        child = server.begin(Outcome(0, Job(path, name, (), None)), Limits(), resources)
        ends_at = time.monotonic() + 20
        while not child.is_over and time.monotonic() < ends_at:
            server.listen([child], 0.1)
            child.watch(processes.running())
        child.end()
        return child.outcome.verdict().findings[0].message.split(" ")


def await_end(one: warm.WarmProcess, seconds: float = 10) -> None:
    ends_at = time.monotonic() + seconds
    while one.is_there and time.monotonic() < ends_at:
        time.sleep(0.02)
    assert not one.is_there


def only() -> warm.WarmProcess:
    """The one that runs, or is just being started."""
    ends_at = time.monotonic() + 5
    while not warm.running() and time.monotonic() < ends_at:
        time.sleep(0.02)
    (found,) = warm.running()
    return found


def test_without_a_wish_none_is_started_and_one_that_is_there_is_used(fake: Path) -> None:
    with pytest.raises(NotWarm, match="there is none"):
        ask(use=Use.IF_THERE)
    assert ask()[-1] == "hello"
    first = only()
    assert ask(use=Use.IF_THERE)[-1] == "hello" and only() == first
    with pytest.raises(NotWarm, match="not wanted"):
        ask(use=Use.NEVER)


def test_each_check_has_its_own_environment_and_a_server_of_its_own(
    fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEN", "one\udcff")
    first = ask()
    monkeypatch.setenv("SEEN", "two")
    second = ask()
    assert (first[0], second[0]) == ("one?", "two") and first[1] != second[1] != str(only().pid)
    assert first[2] != second[2]


@pytest.mark.parametrize(("name", "value"), [("KERAS_FLOATX", "float16"), ("TF_X", "1"), ("LD_LIBRARY_PATH", "/none")])
def test_what_is_imported_with_another_environment_is_another_process(
    fake: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    ask()
    monkeypatch.setenv(name, value)
    with pytest.raises(NotWarm, match="there is none"):
        ask(use=Use.IF_THERE)
    monkeypatch.delenv(name)
    monkeypatch.setenv("ELSE", value)
    assert ask(use=Use.IF_THERE)[-1] == "hello"


def test_two_commands_at_once_start_one(fake: Path) -> None:
    code = "import sys; from kscaffold.check import warm; from pathlib import Path; warm.PROBE = Path(sys.argv[1])\n"
    code += "with warm.using(warm.Use.START): server = warm.reach(sys.executable, 'tensorflow')\n"
    code += "server.await_keras(); print(server._pid); server.end()"
    root = str(Path(warm.__file__).parents[2])
    # The interpreter has the same path, and so the same variables decide.
    environment = {**os.environ, "PYTHONPATH": str(fake)}
    code = f"import sys; sys.path.insert(0, {root!r})\n" + code
    commands = [
        subprocess.Popen([sys.executable, "-c", code, str(warm.PROBE)], env=environment, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [one.wait(60) for one in commands] == [0] * 4
    assert only().ready
    for one in commands:
        assert one.stdout is not None
        one.stdout.close()


def test_it_ends_when_nothing_is_asked(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "IDLE_SECONDS", 0.7)
    ask()
    one = only()
    await_end(one)
    with warm._folder(make=False) as folder:
        assert os.listdir(folder.path) == []


def test_it_ends_with_the_command_that_began_it(fake: Path) -> None:
    with warm.keeping():
        ask()
        one = only()
        assert not one.seconds
    assert not one.is_there
    code = "import sys, time; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
    code += "from kscaffold.check import warm\n"
    code += "warm.PROBE = Path(sys.argv[1])\n"
    code += (
        "with warm.keeping(): warm.reach(sys.executable, 'tensorflow').await_keras(); print(flush=True); time.sleep(99)"
    )
    arguments = [sys.executable, "-c", code, str(warm.PROBE), str(Path(warm.__file__).parents[2])]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        one = only()
        parent.kill()
    await_end(one)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_after_it_was_killed_another_one_is_started(fake: Path, number: signal.Signals) -> None:
    ask()
    first = only()
    os.kill(first.pid, number)
    await_end(first)
    assert warm.running() == ()
    with pytest.raises(NotWarm):
        ask(use=Use.IF_THERE)
    assert ask()[-1] == "hello" and only() != first


def test_a_socket_and_a_lock_that_nobody_holds_do_not_matter(fake: Path) -> None:
    name = warm._name(sys.executable, "tensorflow")
    with warm._folder(make=True) as folder:
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(f"/proc/self/fd/{folder._descriptor}/{name}.socket")
        (folder.path / f"{name}.json").write_text(json.dumps({"pid": 1, "started": 1, "ready": True}))
        assert folder.about(name) is None and warm.running() == ()
    assert ask()[-1] == "hello"


def test_one_that_does_not_answer_is_lost(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    monkeypatch.setattr(warm, "ANSWER_LIMIT", 0.3)
    family = processes.family([only().pid], processes.running())
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ServerLost):
            ask()
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("change", ["package", "keras", "kscaffold"])
def test_what_is_installed_meanwhile_is_never_reloaded(fake: Path, change: str) -> None:
    ask()
    first = only()
    if change == "package":
        (fake / "other-1.0.dist-info").mkdir()
    elif change == "keras":
        (fake / "keras.py").write_text(FAKE_KERAS + "CHANGED = True\n")
    else:
        (warm.PROBE.parent / "inspection.py").write_text(FAKE_INSPECTION + "# new\n")
    with pytest.raises(ServerLost):
        ask(use=Use.IF_THERE)
    await_end(first)
    assert ask()[-1] == "hello" and only() != first


def test_a_folder_that_others_can_enter_is_not_used(fake: Path) -> None:
    ask()
    with warm._folder(make=False) as folder:
        place = folder.path
    place.chmod(0o755)
    for use in (Use.START, Use.IF_THERE):
        with pytest.raises(NotWarm, match="chmod 700"):
            ask(use=use)
    place.chmod(0o700)
    assert ask()[-1] == "hello"


def test_a_folder_that_is_a_link_is_not_used(fake: Path, tmp_path: Path) -> None:
    ask()
    with warm._folder(make=False) as folder:
        place = folder.path
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    warm.stop()
    place.rename(tmp_path / "old")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotWarm):
        ask()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")
def test_a_folder_of_somebody_else_is_not_used(fake: Path) -> None:
    ask()
    with warm._folder(make=False) as folder:
        place = folder.path
    os.chown(place, 12345, 12345)
    with pytest.raises(NotWarm, match="has to belong to you"):
        ask()
    os.chown(place, os.geteuid(), os.getegid())


def test_it_is_stopped_and_named_and_so_is_nothing_else(fake: Path, kscaffold: Kscaffold) -> None:
    assert kscaffold("watch", "--status").out == kscaffold("watch", "--stop").out == "no warm process\n"
    ask()
    one = only()
    said = kscaffold("watch", "--status")
    assert said.exit_code == 0 and f"pid {one.pid}, since " in said.out
    assert "ends after 5 minutes without a check" in said.out
    assert kscaffold("watch", "--stop").out.startswith("ended   ")
    assert not one.is_there and warm.running() == ()
    # A number that another process has by now is not that process.
    with subprocess.Popen(["sleep", "60"]) as other:
        assert not warm.WarmProcess(other.pid, 1, "", "", 0, 0).is_there
        other.kill()


LEAVES_AND_WAITS = LEAVES + "time.sleep(0.2)\n"
ENDS_ITS_SERVER = LEAVES_AND_WAITS + "import signal; os.kill(os.getppid(), signal.SIGKILL); time.sleep(99)"
ENDS_ALL = LEAVES_AND_WAITS + "os.kill(WARM, 9); os.kill(os.getppid(), 9); time.sleep(99)"
PRETENDS = """
import os, socket
for one in (socket.socket(socket.AF_UNIX) for _ in range(50)):
    one.connect("SOCKET")
    one.send(b'{"environment": {"SEEN": "forged"}}')
for descriptor in range(3, 99):
    try:
        os.write(descriptor, b'{"server": 1}\\n')
    except OSError:
        pass
"""


def left(mark: str) -> list[int]:
    return [
        int(place.name) for place in Path("/proc").glob("[0-9]*") if f"sleep\0{mark}\0".encode() in _command_line(place)
    ]


def _command_line(place: Path) -> bytes:
    with suppress(OSError):
        return (place / "cmdline").read_bytes()
    return b""


@pytest.mark.parametrize("text", [LEAVES_AND_WAITS, ENDS_ITS_SERVER], ids=["leaves", "ends its server"])
def test_nothing_that_a_file_starts_outlives_its_check(fake: Path, text: str) -> None:
    ask()
    one, mark = only(), f"{98765}.{os.getpid()}"
    with suppress(ServerLost):
        ask(text.replace("MARK", mark))
    ends_at = time.monotonic() + 5
    while left(mark) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert left(mark) == [] and one.is_there
    assert ask()[-1] == "hello" and only() == one


def test_a_file_that_pretends_to_be_others_changes_nothing_for_them(fake: Path, tmp_path: Path) -> None:
    ask()
    one = only()
    with warm._folder(make=False) as folder:
        place = folder.path
    link = Path("/tmp", f"kscaffold-test-{os.getpid()}")  # the name of a socket has to be short
    link.symlink_to(place)
    try:
        name = warm._name(sys.executable, "tensorflow")
        said = ask(PRETENDS.replace("SOCKET", f"{link}/{name}.socket"))
    finally:
        link.unlink()
    assert " ".join(said).startswith("writes to a connection that is not its own")
    assert ask()[0] == "" and only() == one


def run_in(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command of its own with the probe of the test."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import signal\n"
    code += "from kscaffold.check import server, warm; from kscaffold.cli import main\n"
    code += "server.PROBE = warm.PROBE = Path(sys.argv[2]); main(sys.argv[3:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, str(Path(warm.__file__).parents[2]), str(warm.PROBE), *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


SOUND = "import keras\n\n\nclass Sound(keras.layers.Layer):\n    pass\n\n\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_warm_check_that_is_stopped_leaves_nothing(fake: Path, folder: Path, number: signal.Signals) -> None:
    ask()
    one, mark = only(), f"{98767 + number}.{os.getpid()}"
    (folder / "endless.py").write_text(
        SOUND + "def f():\n    pass\n" + LEAVES_AND_WAITS.replace("MARK", mark) + "time.sleep(99)"
    )
    command = run_in(folder, "check", "endless.py")
    ends_at = time.monotonic() + 20
    while len(left(mark)) < 2 and time.monotonic() < ends_at:
        time.sleep(0.02)
    assert len(left(mark)) == 2
    command.send_signal(number)
    _, err = command.communicate(timeout=20)
    assert number == signal.SIGKILL or err == "error: Stopped: 1 file more would have been checked.\n"
    ends_at = time.monotonic() + (5 if number == signal.SIGKILL else 0)
    while left(mark) and time.monotonic() < ends_at:
        time.sleep(0.05)
    assert left(mark) == [] and one.is_there
    assert ask()[-1] == "hello" and only() == one


@pytest.mark.parametrize("ends", ["the warm process", "all"])
def test_a_check_whose_warm_process_is_killed_gives_its_results_all_the_same(
    fake: Path, folder: Path, ends: str
) -> None:
    ask()
    one = only()
    (folder / "first.py").write_text(SOUND + "import time\ntime.sleep(2)\nSAID = 'said in the end'\n")
    command = run_in(folder, "check", "first.py")
    time.sleep(1.2)
    family = processes.family([one.pid], processes.running())
    for pid in [one.pid] if ends == "the warm process" else family:
        os.kill(pid, signal.SIGKILL)
    out, err = command.communicate(timeout=60)
    assert "said in the end" in out and not err
    assert warm.running() == ()


def test_a_file_that_ends_the_warm_process_is_one_finding(fake: Path, folder: Path) -> None:
    ask()
    mark = f"98766.{os.getpid()}"
    (folder / "ends.py").write_text(SOUND + ENDS_ALL.replace("WARM", str(only().pid)).replace("MARK", mark))
    out, _ = run_in(folder, "check", "ends.py").communicate(timeout=60)
    assert "ends the process that checks it" in out
    for pid in left(mark):  # it has killed all who would have, and has forgotten its environment
        os.kill(pid, signal.SIGKILL)
    assert warm.running() == () and ask()[-1] == "hello"


@pytest.mark.parametrize("how", ["--warm", "setting"])
def test_a_command_leaves_a_warm_process_where_that_is_wished(fake: Path, folder: Path, how: str) -> None:
    (folder / "sound.py").write_text(SOUND)
    (folder / "pyproject.toml").write_text(f"[tool.kscaffold]\nwarm = {str(how == 'setting').lower()}\n")
    for flags, count in (([], how == "setting"), (["--no-warm"], how == "setting"), (["--warm"], 1)):
        command = run_in(folder, "check", "sound.py", *flags)
        out, err = command.communicate(timeout=60)
        assert "1 file" in out and not err, (out, err)
        assert len(warm.running()) == count


def test_watch_checks_again_what_is_saved_and_lends_its_process(fake: Path, folder: Path) -> None:
    (folder / "src").mkdir()
    for name, text in {"gate": SOUND + "SAID = 'first'\n", "outer": SOUND + "import gate\nSAID = 'outer'\n"}.items():
        (folder / f"src/{name}.py").write_text(text)
    (folder / "src/alone.py").write_text(SOUND)
    command = run_in(folder, "watch", "src")
    assert command.stdout is not None
    shown: list[str] = []

    def read_to(end: str) -> str:
        lines = []
        while not lines or end not in lines[-1]:
            lines.append(command.stdout.readline())
            assert lines[-1], shown
        shown.extend(lines)
        return "".join(lines)

    begun = read_to("Ctrl-C ends it")
    assert "first" in begun and "outer" in begun and "3 files" in begun
    one = only()
    assert one.seconds == 0 and ask("SAID = 'another'", use=Use.IF_THERE)[-1] == "another" and only() == one
    (folder / "src/gate.py").write_text(SOUND + "SAID = 'second'\n")
    saved = read_to("checked in")
    assert saved.splitlines()[1].endswith("  src/gate.py, and 1 that imports it")
    assert "second" in saved and "fixed   src/gate.py  KS200 imports" in saved and "alone" not in saved
    os.kill(one.pid, signal.SIGKILL)  # it starts another one
    await_end(one)
    (folder / "src/alone.py").write_text(SOUND + "def half(:\n")
    assert "KS100" in read_to("checked in") and only() != one
    (folder / "src/alone.py").unlink()
    assert "gone    src/alone.py" in read_to("checked in")
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=20)
    assert (command.returncode, out, err) == (0, "", "")
    assert warm.running() == ()


def test_who_asks_for_one_is_told_why_there_is_none(fake: Path, folder: Path) -> None:
    ask()
    with warm._folder(make=False) as opened:
        opened.path.chmod(0o755)
    (folder / "sound.py").write_text(SOUND)
    said = [run_in(folder, "check", "sound.py", *flags).communicate(timeout=60)[1] for flags in ([], ["--warm"])]
    assert said[0] == "" and "note: no process was left for further checks: " in said[1] and "chmod 700" in said[1]
    opened.path.chmod(0o700)
