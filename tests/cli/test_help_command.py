"""`kscaffold help`: the reference, by topic."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.pages import README, ROOT, TOPICS, reference, topic


def test_the_topics_are_listed_with_their_titles(kscaffold: Kscaffold) -> None:
    listed = kscaffold("help").out.splitlines()
    assert [line.split()[0] for line in listed] == [path.stem for path in TOPICS]
    assert any(line.split(maxsplit=1)[1] == "Checking code: kscaffold check PATH..." for line in listed)


def test_a_topic_is_printed_as_markdown_in_a_pipe(kscaffold: Kscaffold) -> None:
    assert kscaffold("help", "check").out == topic("check")
    assert kscaffold("help", "undo").out == kscaffold("help", "repository").out
    assert kscaffold("help", "undo").out.startswith("# Settings of a repository")


def test_on_a_terminal_a_topic_is_laid_out_and_leads_to_others() -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kscaffold", "help", "options"]
    with subprocess.Popen(command, stdout=theirs, stdin=theirs, env={**os.environ, "PAGER": "cat", "TERM": "xterm"}):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how Linux says that the other side is closed
                part = b""
            if not part:
                break
            shown += part
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())
    assert "Options of all generating commands" in text and "| --- |" not in text and "## " not in text
    assert "kscaffold help" in text and "](" not in text


@pytest.mark.parametrize("command", [path.stem for path in sorted((ROOT / "kscaffold/cli").glob("[a-z]*.py"))])
def test_every_command_leads_to_a_topic(kscaffold: Kscaffold, command: str) -> None:
    if command != "help":
        assert kscaffold("help", command).exit_code == 0


def test_a_rule_is_a_topic_and_a_misspelt_topic_is_suggested(kscaffold: Kscaffold) -> None:
    assert kscaffold("help", "ks301").out == kscaffold("check", "--explain", "KS301").out
    wrong = kscaffold("help", "metrics")
    assert wrong.exit_code == 2 and wrong.err == "error: There is no topic 'metrics'. Did you mean metric?\n"
    assert kscaffold("help", "KS999").exit_code == 2


def test_every_topic_stands_in_the_readme_and_every_link_leads_somewhere() -> None:
    for path in TOPICS:
        title = re.search(r"^# (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert title and f"| [{path.stem}](kscaffold/cli/topics/{path.name}) | {title[1]} |" in README
    for folder, text in [(ROOT, README), *((path.parent, path.read_text(encoding="utf-8")) for path in TOPICS)]:
        for link in re.findall(r"\]\(([^)#:]*)\)", text):
            assert (folder / link).is_file(), link


def test_the_readme_is_of_two_screens() -> None:
    assert len(README.splitlines()) < 125


def test_the_picture_of_the_readme_is_what_the_cookbook_draws(kscaffold: Kscaffold, folder: Path) -> None:
    recipe = README.partition("# 5. A model with two inputs\n")[2].partition("\n\n")[0].replace("\\\n", " ")
    made = kscaffold(*shlex.split(recipe)[1:], "--diagram", "ranker.svg", "--no-check")
    assert made.exit_code == 0
    assert (folder / "ranker.svg").read_text() == (ROOT / "kscaffold/cli/topics/ranker.svg").read_text()


def test_what_is_said_to_be_typed_are_commands_that_there_are(kscaffold: Kscaffold) -> None:
    from kscaffold.cli import cli

    known = {"NAME", "COMMAND", *cli.list_commands(None)}  # type: ignore[attr-defined]
    typed = set(re.findall(r"`kscaffold ([a-z]+)", reference()))
    assert typed <= known
