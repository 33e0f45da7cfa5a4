"""What `kscaffold watch` prints of what has changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Kscaffold

from kscaffold.check import FileVerdict, Finding, Severity, Subject, Verdict
from kscaffold.cli.words import watch as words

FINDING = Finding("KS301", "config-round-trip", Severity.ERROR, "it is lost", "a.py", 7, "x = 1", fix="Add it.")
WARNING = replace(FINDING, rule="KS305", name="registered", severity=Severity.WARNING, message="it is not", line=3)


def verdict(*findings: Finding, name: str = "Gate") -> Verdict:
    return Verdict(Subject(name, f"{name}()"), findings, lines=(3, 9))


SOUND = FileVerdict("a.py", verdicts=(verdict(),))
LOST = FileVerdict("a.py", verdicts=(verdict(FINDING),))
BOTH = FileVerdict("a.py", verdicts=(verdict(FINDING, WARNING),))
BROKEN = FileVerdict("a.py", findings=(replace(FINDING, rule="KS100", name="parses", message="no Python"),))


def lines(file: FileVerdict, before: FileVerdict | None, is_saved: bool = True) -> list[str]:
    from click import unstyle

    return [unstyle(line) for line in words.changed_lines(file, before, is_saved)]


def test_what_is_new_is_printed_in_full_and_what_was_there_in_a_line() -> None:
    assert lines(LOST, SOUND) == [
        "check   a.py:3  Gate()  failed",
        "        a.py:7: error KS301 it is lost",
        "            x = 1",
        "            fix: Add it.",
    ]
    assert lines(BOTH, LOST) == [
        "check   a.py:3  Gate()  failed",
        "        a.py:7: error KS301 it is lost",
        "        a.py:3: warning KS305 it is not",
        "            x = 1",
        "            fix: Add it.",
    ]
    assert lines(replace(LOST, verdicts=(verdict(replace(FINDING, line=8)),)), LOST)[1:] == [
        "        a.py:8: error KS301 it is lost"
    ]


def test_what_is_mended_is_said() -> None:
    assert lines(SOUND, LOST) == ["check   a.py:3  Gate()  ok", "fixed   a.py  Gate: KS301 config-round-trip"]
    assert lines(BROKEN, SOUND)[0] == "check   a.py  failed"
    assert lines(SOUND, BROKEN) == ["check   a.py:3  Gate()  ok", "fixed   a.py  KS100 parses"]
    assert lines(FileVerdict("a.py"), None) == ["check   a.py  ok"]


def test_a_file_that_imports_another_is_named_if_something_is_different() -> None:
    assert lines(LOST, LOST, is_saved=False) == [] != lines(LOST, LOST)
    assert lines(SOUND, LOST, is_saved=False)[-1].startswith("fixed")


@pytest.mark.parametrize(
    ("names", "importing", "expected"),
    [
        (["b.py"], 0, "b.py"),
        (["b.py", "a.py"], 1, "a.py, b.py, and 1 that imports them"),
        (list("dcba"), 2, "a, b, c and 1 more, and 2 that import them"),
    ],
)
def test_the_heading_says_when_and_what(names: list[str], importing: int, expected: str) -> None:
    from click import unstyle

    time, _, said = unstyle(words.heading(names, importing)).partition("  ")
    assert said == expected and len(time) == 8 and time[2] == time[5] == ":"


def test_totals_count_all_files() -> None:
    from click import unstyle

    assert unstyle(words.totals([BOTH, SOUND], 0.44)) == "1 error, 1 warning in 1 file, checked in 0.4 s"
    assert unstyle(words.totals([SOUND, replace(SOUND, shown="b.py")])) == "nothing found in 2 files"


def test_there_has_to_be_something_to_watch(kscaffold: Kscaffold) -> None:
    result = kscaffold("watch")
    assert result.exit_code == 2 and "kscaffold watch src" in result.err
    missing = kscaffold("watch", "nowhere")
    assert missing.exit_code == 2 and "nowhere" in missing.err
