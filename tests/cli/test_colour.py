"""Colours: on a terminal, and where the environment wants them or does not."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold

from kscaffold.cli import run
from kscaffold.cli._output import Progress

COMMANDS = (
    ("layer", "Gate", "--no-check", "--diff"),
    ("layer", "Gate", "-t", "dens", "--no-check"),
    ("list",),
    ("show", "layer/dense"),
    ("check", "none.py", "--static"),
    ("leyer",),
    ("undo",),
)


class Terminal(io.StringIO):
    """A terminal that keeps what is printed to it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
    ids=str,
)
def test_on_a_terminal_colours_are_left_out_where_they_are_not_wanted(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    variables: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    run([*command])
    assert terminal.getvalue() and ("\x1b[" in terminal.getvalue()) is coloured


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(("force", "coloured"), [("", False), ("0", False), ("1", True)])
def test_elsewhere_there_are_colours_where_they_are_wanted(
    kscaffold: Kscaffold, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], force: str, coloured: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", force)
    result = kscaffold(*command)
    assert ("\x1b[" in result.out + result.err) is coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in kscaffold(*command, "--json").out


def test_the_line_of_progress_is_gone_without_colours_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress(True)
    progress()
    progress.clear()
    shown, gone = terminal.getvalue().split("\r")[:2]
    assert shown == Progress.TEXT and gone == " " * len(shown)
