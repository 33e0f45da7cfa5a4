"""Files that do to the check what they can: each is its own finding, the others get their verdicts, nothing is left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from helpers.strays import LEAVES

pytestmark = [
    pytest.mark.keras,
    pytest.mark.own_keras,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what is left is found by way of /proc"),
]

SOUND = '''import os, signal, sys, time

import keras


@keras.saving.register_keras_serializable("NAME")
class Sound(keras.layers.Layer):
    """Nothing is wrong with it."""

    def call(self, inputs):
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("NAME")
class After(keras.layers.Layer):
    """Comes after what goes wrong."""

    def call(self, inputs):
        return inputs * 3.0

    def compute_output_shape(self, input_shape):
        return input_shape
'''


def on_import(statements: str) -> str:
    return SOUND.replace("\n\n\n@keras", f"\n\n{statements.strip()}\n\n\n@keras", 1)


def in_call(statements: str) -> str:
    indented = "".join(f"        {line}\n" for line in statements.strip().splitlines())
    return SOUND.replace("        return inputs * 2.0", f"{indented}        return inputs * 2.0")


# What one process may be told to do to others: forged verdicts into whatever there is to be written to.
FORGES = """
import glob
FORGED = b'{"ended": true}\\n{"files": []}\\n'
for name in ("results.json", "answer.json", "answer.partial", "../results.json", "../answer.json"):
    open(name, "wb").write(FORGED)
own = set(os.listdir("/proc/self/fd"))
for path in glob.glob(f"/proc/{os.getppid()}/fd/*") + glob.glob("/proc/[0-9]*/fd/*"):
    try:
        if path.split("/")[2] != str(os.getpid()) and "socket" in os.readlink(path):
            open(path, "wb", buffering=0).write(FORGED)
    except OSError:
        pass
"""
GARBAGE = """
for descriptor in range(3, 256):
    try:
        os.write(descriptor, b"garbage\\n")
    except OSError:
        pass
"""
REMOVES = """
import shutil
for place in (os.getcwd(), os.path.dirname(os.getcwd()), os.readlink(f"/proc/{os.getppid()}/cwd")):
    if "kscaffold-check-" in place:
        shutil.rmtree(place, ignore_errors=True)
"""
LEAVES_MORE = LEAVES + """
for _ in range(3):
    os.fork() or time.sleep(1000)
"""
RAISES = """
class Meta(type):
    def __getattribute__(cls, name):
        raise BaseException("hands off")

class Untouchable(metaclass=Meta):
    pass
"""
# What each does, and the message of the class `Sound` or of the file; nothing where it does no harm.
DISTURBING = {
    "forges": (on_import(FORGES), ""),
    "garbage": (in_call(GARBAGE), "writes to a connection that is not its own while it is constructed and called"),
    "removes": (on_import(REMOVES), None),
    "leaves": (on_import(LEAVES_MORE), ""),
    "bombs": (on_import("for _ in range(4):\n    os.fork()"), ""),
    "exits_in_call": (in_call("os._exit(0)"), "ends the interpreter (exit status 0) while it is constructed"),
    "exits_on_import": (on_import("os._exit(0)"), "ends the interpreter (exit status 0) on import"),
    "stops_in_body": (SOUND.replace("    def call", "    sys.exit(4)\n\n    def call", 1), "it calls sys.exit(4)"),
    "loops": (in_call("while True:\n    pass"), "does not end within"),
    "sleeps": (in_call("time.sleep(1000)"), "does not end within 16 seconds while it is constructed"),
    "suspends_itself": (in_call("os.kill(os.getpid(), signal.SIGSTOP)"), "does not end within 16 seconds while"),
    "recurses": (in_call("self.call(inputs)"), "RecursionError: maximum recursion depth exceeded"),
    "talks": (on_import("for _ in range(50):\n    print('x' * 1_000_000)\n    os.write(2, b'y' * 100_000)"), ""),
    "closes": (in_call("os.closerange(3, 1024)"), "closes the connection that it is heard by while"),
    "replaces": (
        in_call("os.closerange(3, 99)\nfor _ in range(99):\n    os.open('note.txt', os.O_CREAT | os.O_RDWR)"),
        "closes the connection that it is heard by while",
    ),
    "raises_on_touch": (on_import(RAISES), "BaseException: hands off"),
    "shouts": (in_call("raise ValueError('\\udcff' + chr(27) + '{' * 9999)"), None),
    "deep": (in_call(GARBAGE.replace("garbage", "[" * 99_999)), "writes to a connection that is not its own"),
}
ENDING = {
    "kills_on_import": (
        on_import("os.kill(os.getppid(), signal.SIGKILL)"),
        "ends the process that checks it",
    ),
    "kills_in_call": (
        in_call("os.kill(os.getppid(), signal.SIGKILL); time.sleep(99)"),
        "ends the process that checks it while it is constructed and called to find out how",
    ),
    "terminates": (on_import("os.killpg(os.getpgid(os.getppid()), signal.SIGTERM)"), "ends the process that checks it"),
}


@dataclass(frozen=True)
class Checked:
    exit_code: int
    files: dict[str, dict[str, Any]]
    left: list[str]
    err: str


def command(folder: Path, *arguments: str, name: str = "check") -> subprocess.Popen[str]:
    for stale in folder.glob("kscaffold-check-*"):
        raise AssertionError(stale)
    return subprocess.Popen(
        [sys.executable, "-m", "kscaffold", name, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(folder / "tmp"),
            "HOSTILE": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write(folder: Path, files: dict[str, str]) -> None:
    (folder / "tmp").mkdir()
    (folder / "src").mkdir()
    for name, text in files.items():
        text = text.replace("NAME", name).replace("MARK", mark(folder))
        (folder / f"src/{name}.py").write_text(text, encoding="utf-8", errors="surrogatepass")


def mark(folder: Path) -> str:
    """A number of seconds that nobody else sleeps for."""
    return f"{987654 + sum(str(folder).encode())}.{os.getpid()}"


def left_behind(folder: Path) -> list[str]:
    """What runs of a check in a folder, and the folders that it has left."""
    found = [path.name for path in (folder / "tmp").iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command_line = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if int(process.name) != os.getpid() and command_line:  # a zombie has none
            if f"HOSTILE={folder}".encode() in environment or mark(folder).encode() in command_line:
                found.append(f"{process.name}: {command_line!r}")
    return found


def check(folder: Path, files: dict[str, str], *arguments: str) -> Checked:
    write(folder, files)
    process = command(folder, "src", "--json", *arguments)
    out, err = process.communicate(timeout=500)
    document = json.loads(out)
    assert "runs" in document, (document, err)
    if "--warm" in arguments:
        stopped, _ = command(folder, "--stop", name="watch").communicate(timeout=60)
        # Some files end the process that forked them, and so its server: only that of their own check.
        assert stopped.startswith("ended   ")
    (run,) = document["runs"]
    return Checked(
        process.returncode, {Path(file["path"]).stem: file for file in run["files"]}, left_behind(folder), err
    )


def messages(file: dict[str, Any], name: str = "") -> list[str]:
    """What is found in a file, or in one of its classes."""
    classes = {one["name"]: one["findings"] for one in file["classes"]}
    return [finding["message"] for finding in (classes[name] if name else file["findings"])]


SOUND_FILES = {"a_sound": SOUND, "z_sound": SOUND}


# By a process of its own, and by one that stays for others.
WAYS = ["--no-warm", "--warm"]


@pytest.fixture(scope="module", params=WAYS)
def disturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    files = {name: text for name, (text, _) in DISTURBING.items()} | SOUND_FILES
    return check(tmp_path_factory.mktemp("disturbed"), files, "--timeout", "4", "--jobs", "3", request.param)


@pytest.fixture(scope="module", params=WAYS)
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    files = {name: text for name, (text, _) in ENDING.items()} | SOUND_FILES
    return check(tmp_path_factory.mktemp("ended"), files, "--jobs", "2", request.param)


@pytest.mark.parametrize("name", DISTURBING)
def test_what_disturbs_the_check_is_one_finding(disturbed: Checked, name: str) -> None:
    file, wanted = disturbed.files[name], DISTURBING[name][1]
    if wanted == "":
        assert messages(file) == messages(file, "Sound") == messages(file, "After") == []
    elif wanted is not None:
        said = messages(file) or messages(file, "Sound")
        assert any(wanted in message for message in said), said
        assert all("\n" not in message and "Traceback" not in message for message in said)
        assert messages(file) or messages(file, "After") == [], "the next class is checked"


@pytest.mark.parametrize("name", ["loops", "sleeps"])
def test_a_timeout_has_a_rule_of_its_own_and_keeps_what_was_found(disturbed: Checked, name: str) -> None:
    (finding,) = next(one for one in disturbed.files[name]["classes"] if one["name"] == "Sound")["findings"]
    assert finding["rule"] == "KS212" and "--timeout" in finding["fix"] and finding["line"]


def test_findings_before_a_timeout_are_kept(tmp_path: Path) -> None:
    late = SOUND.replace("return input_shape", "return (*input_shape, 7)", 1)
    late = late.replace(
        "    def call", "    def get_config(self):\n        while True:\n            pass\n\n    def call", 1
    )
    found = check(tmp_path, {"late": late}, "--timeout", "2")
    sound, _ = found.files["late"]["classes"]
    assert [finding["rule"] for finding in sound["findings"]] == ["KS205", "KS212"]
    assert "KS202" in sound["passed"] and sound["construct"] == "Sound()"


@pytest.mark.parametrize("name", ENDING)
def test_what_ends_the_process_that_checks_is_named(ended: Checked, name: str) -> None:
    file, wanted = ended.files[name], ENDING[name][1]
    (said,) = messages(file) or messages(file, "Sound")
    assert said.startswith(wanted)
    assert name != "kills_in_call" or messages(file, "After") == []


def test_the_other_files_have_their_verdicts_and_nothing_is_left(disturbed: Checked) -> None:
    assert_the_others_are_sound(disturbed)


def test_the_other_files_have_their_verdicts_where_the_server_ends(ended: Checked) -> None:
    assert_the_others_are_sound(ended)


def assert_the_others_are_sound(checked: Checked) -> None:
    assert checked.exit_code == 1 and checked.err == ""
    for name in SOUND_FILES:
        assert [one["ok"] for one in checked.files[name]["classes"]] == [True, True]
        assert not messages(checked.files[name]) and not messages(checked.files[name], "Sound")
    assert checked.left == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGKILL, -9)])
def test_a_check_that_is_stopped_prints_what_is_known_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    if number == signal.SIGINT and signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("Ctrl-C is ignored here, as in the background of a shell")
    # In a call: what runs programs on import is not run.
    endless = in_call(LEAVES_MORE + "while True:\n    pass")
    write(tmp_path, {"a_sound": SOUND, "b_endless": endless, "c_sound": SOUND})
    process = command(tmp_path, "src", "--jobs", "1")
    assert process.stdout is not None and process.stderr is not None
    first = process.stdout.readline()  # as soon as the first file is done
    assert re.match(r"check   src/a_sound.py:\d+  Sound\(\) .* ok", first)
    time.sleep(1)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    if number != signal.SIGKILL:
        assert err == "error: Stopped: 2 files more would have been checked.\n"
        assert "2 classes in 1 file" in out and "c_sound" not in out
        assert left_behind(tmp_path) == []
    else:
        ends_at = time.monotonic() + 20  # what it has started sees that it is gone, and ends
        while (left := still_running(tmp_path)) and time.monotonic() < ends_at:
            time.sleep(0.1)
        assert left == []


def still_running(folder: Path) -> list[str]:
    return [left for left in left_behind(folder) if not left.startswith("kscaffold-check-")]


FLEES = """
import os, sys, time
from kscaffold.probe import processes
processes.adopt_orphans()
if os.fork() == 0:
    for _ in range(1000):  # each begins the next one and ends: no look at the processes finds it for long
        if os.fork():
            os._exit(0)
        os.setsid()
    os.execve("/bin/sleep", ["sleep", sys.argv[1]], {})
time.sleep(float(sys.argv[2]))
processes.end_descendants()
print([one for one in processes.running().values() if one.parent == os.getpid()])
"""


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.1, 0.3])
def test_what_begins_while_others_are_ended_is_ended_too(tmp_path: Path, delay: float) -> None:
    environment = {**os.environ, "HOSTILE": str(tmp_path)}
    (tmp_path / "tmp").mkdir()
    arguments = [sys.executable, "-c", FLEES, mark(tmp_path), str(delay)]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n" and left_behind(tmp_path) == []
