"""Messages may quote what a stranger has written: they stay on one line, and steer no terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.properties import examples
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError, printable


@examples(200)
@given(st.text(st.characters(), max_size=1000))
def test_a_message_is_one_printable_line_of_words_that_are_not_too_long(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable() and shown == printable(shown)
    assert max(map(len, shown.split() or [""])) < 400
    if text.isprintable() and len(text) < 400:
        assert shown == text


def test_an_error_quotes_no_control_characters() -> None:
    error = RequestError("a\nb\x1b[31m", hint="c\ud800", where="d\0" + "9" * 5000)
    assert str(error) == f"d\\x00{'9' * 95}…{'9' * 20}: a\\nb\\x1b[31m c\\ud800"


@pytest.mark.parametrize(
    "command", [("layer", "Foo", "--no-check"), ("list",), ("undo",), ("check", ".")], ids=" ".join
)
def test_a_current_folder_that_was_deleted_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kscaffold: Kscaffold, command: tuple[str, ...]
) -> None:
    place = tmp_path / "gone"
    place.mkdir()
    monkeypatch.chdir(place)
    place.rmdir()
    result = kscaffold(*command)
    assert (result.exit_code, result.out) == (4, "")
    assert result.err == "error: The current folder is no longer there. Go to another one.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names of files are text")
def test_a_folder_whose_name_is_not_text_gets_its_files_or_is_refused(folder: Path) -> None:
    name = os.fsdecode(b"d\xff")
    command = [sys.executable, "-m", "kscaffold", "layer", "Gate", "--no-check", "-o", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == [r"create  d\udcff/gate.py", r"create  d\udcff/test_gate.py"]
    assert sorted(os.listdir(folder / name)) == ["gate.py", "test_gate.py"]


def test_source_that_is_too_deep_or_not_text_is_shown_shortly(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "deep.py").write_text("x = " + "(" * 3000 + "1" + ")" * 3000)
    (folder / "nul.py").write_text("x\0 = 1\x1b[31m\n")
    result = kscaffold("check", "--static", ".")
    assert result.exit_code == 1
    assert all(line.isprintable() and len(line) < 400 for line in result.out.splitlines())
    assert r"x\x00 = 1\x1b[31m" in result.out
