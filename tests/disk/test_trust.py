"""What a repository brings is not used before the user trusts it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import Kscaffold, tree

from kscaffold.check import Job
from kscaffold.disk import trust
from kscaffold.kinds.pipeline import check
from kscaffold.library.templates import templates_root


@pytest.fixture
def cloned(folder: Path) -> Path:
    """A repository that somebody else has made, with a layer template in place of the built-in one."""
    (folder / "pyproject.toml").write_text('[project]\nname = "thing"\n')
    layer = folder / ".kscaffold" / "templates" / "layer" / "dense"
    layer.mkdir(parents=True)
    for name in ("template.toml", "module.py.jinja"):
        (layer / name).write_text((templates_root() / "layer" / "dense" / name).read_text())
    return folder


@pytest.fixture
def evil(folder: Path) -> Path:
    """A repository whose interpreter for checks is a program of its own."""
    program = folder / "evil"
    program.write_text(f"#!/bin/sh\ntouch {folder / 'was_run'}\n")
    program.chmod(0o755)
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\npython = "./evil"\n')
    return folder


@pytest.mark.parametrize(
    "command",
    [("layer", "Foo"), ("layer", "Foo", "--no-check"), ("layer", "Foo", "--dry-run"), ("layer", "Foo", "-t", "dense")],
    ids=" ".join,
)
def test_a_template_of_a_repository_is_refused(cloned: Path, kscaffold: Kscaffold, command: tuple[str, ...]) -> None:
    before = tree(cloned)
    result = kscaffold(*command)
    assert result.exit_code == 4
    assert result.err == (
        f"error: .kscaffold/templates/layer/dense: The repository {cloned} brings a template of its own, and checks run"
        " what is made from it, and you have not said yet that you trust it. Look at it. Then add --trust, or answer"
        " on a terminal, where you are asked once for each repository.\n"
    )
    assert tree(cloned) == before


def test_what_the_repository_does_not_hide_is_used_without_trust(cloned: Path, kscaffold: Kscaffold) -> None:
    assert kscaffold("layer", "Foo", "-t", "blank", "--no-check").exit_code == 0


def test_a_style_or_a_test_of_the_repository_needs_trust_too(folder: Path, kscaffold: Kscaffold) -> None:
    (folder / "pyproject.toml").touch()
    own = folder / ".kscaffold" / "templates" / "test"
    own.mkdir(parents=True)
    (own / "layer.py.jinja").write_text("import os")
    result = kscaffold("layer", "Foo", "--no-check")
    assert (result.exit_code, result.out) == (4, "")
    assert ".kscaffold/templates/test/layer.py.jinja: The repository" in result.err


def test_a_layer_that_a_preset_defines_from_a_template_of_the_repository_needs_trust(
    cloned: Path, kscaffold: Kscaffold
) -> None:
    spec = "layers: {Own: dense}\ninputs: {x: 16}\noutputs: {y: x -> Own}\n"
    (cloned / "spec.yaml").write_text(spec)
    result = kscaffold("pipeline", "thing", "spec.yaml", "--no-check")
    assert result.exit_code == 4, result.err
    assert ".kscaffold/templates/layer/dense: The repository" in result.err


def test_trust_is_given_for_one_command(cloned: Path, kscaffold: Kscaffold) -> None:
    result = kscaffold("layer", "Foo", "--no-check", "--trust")
    assert result.exit_code == 0, result.err
    assert "uses    .kscaffold/templates/layer/dense  (repository)\n" in result.out
    said = json.loads(kscaffold("layer", "Foo", "--no-check", "--trust", "--json").out)
    assert said["uses"] == [{"path": ".kscaffold/templates/layer/dense", "from": "repository"}]
    assert kscaffold("layer", "Bar", "--no-check").exit_code == 4


def test_trust_is_remembered_for_a_folder_and_no_other(cloned: Path, kscaffold: Kscaffold) -> None:
    trust.remember(cloned.parent)
    assert kscaffold("layer", "Foo", "--no-check").exit_code == 4
    trust.remember(cloned)
    assert kscaffold("layer", "Foo", "--no-check").exit_code == 0


def test_a_list_of_templates_and_what_one_is_can_be_looked_at(cloned: Path, kscaffold: Kscaffold) -> None:
    assert re.search("^layer/dense +repository, hides built-in ", kscaffold("list").out, re.MULTILINE)
    assert kscaffold("show", "layer/dense").exit_code == 0


def test_who_ejects_the_first_template_of_a_repository_trusts_it(folder: Path, kscaffold: Kscaffold) -> None:
    (folder / "pyproject.toml").touch()
    assert kscaffold("eject", "layer/dense").exit_code == 0
    assert kscaffold("layer", "Foo", "--no-check").exit_code == 0


def test_who_ejects_beside_templates_that_were_there_does_not(cloned: Path, kscaffold: Kscaffold) -> None:
    assert kscaffold("eject", "layer/attention").exit_code == 0
    assert kscaffold("layer", "Foo", "--no-check").exit_code == 4


@pytest.mark.keras
@pytest.mark.parametrize("command", [("layer", "Foo", "--dry-run"), ("check", ".")], ids=" ".join)
def test_an_interpreter_of_a_repository_is_not_run(evil: Path, kscaffold: Kscaffold, command: tuple[str, ...]) -> None:
    (evil / "thing.py").write_text("import keras\n")
    result = kscaffold(*command)
    assert result.exit_code == 4
    assert f"The repository {evil} brings its own interpreter for checks, {evil}/evil, and" in result.err
    assert not (evil / "was_run").exists()


def test_commands_that_need_no_interpreter_do_not_ask_about_it(evil: Path, kscaffold: Kscaffold) -> None:
    (evil / "thing.py").write_text("import keras\n")
    assert kscaffold("layer", "Foo", "--no-check").exit_code == 0
    assert kscaffold("check", "--static", ".").exit_code == 0


@pytest.mark.parametrize(("answer", "exit_code"), [("y", 0), ("n", 4), ("", 4)])
def test_on_a_terminal_the_user_is_asked_once(cloned: Path, answer: str, exit_code: int) -> None:
    command = [sys.executable, "-m", "kscaffold", "layer", "Foo", "--no-check"]
    said, ended = on_terminal(command, f"{answer}\n")
    assert "Trust this repository from now on? [y]es [n]o (no): " in said
    assert ended == exit_code, said
    again = subprocess.run([*command, "--force"], capture_output=True, text=True, check=False)
    assert again.returncode == exit_code, again.stderr


def on_terminal(command: list[str], answer: str) -> tuple[str, int]:
    """What a program says on a terminal of its own, on which somebody types an answer; and what it ends with."""
    ours, its = pty.openpty()
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=os.environ.copy()) as process:
        os.close(its)
        os.write(ours, answer.encode())
        said = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                said += os.read(ours, 4096)
            except OSError:  # how Linux says that nobody is at the other end
                break
        os.close(ours)
        return said.decode(), process.wait()


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("import keras\nfrom keras import layers, ops\nimport numpy as np", False),
        ("import keras\nfrom my_layers import Own", True),
        ("import keras\nfrom . import own", True),
        ("import keras\nimport pandas", True),
    ],
)
def test_only_a_module_that_imports_something_of_the_project_is_checked_with_it_in_reach(
    folder: Path, text: str, searched: bool
) -> None:
    """Keras tries to import what may not be installed, and would find it in a repository that has such a file."""
    asked: list[Job] = []
    process = SimpleNamespace(interpreter="python", finish=lambda jobs: asked.extend(jobs) or [])
    scaffold = SimpleNamespace(explain=lambda verdicts, interpreter, text: verdicts)
    (folder / "foo.py").write_text(text)
    job = Job(folder / "foo.py", "foo.py", (folder,), ())
    check(process, [(scaffold, job, text)])  # type: ignore[arg-type, list-item]
    assert [bool(job.search) for job in asked] == [searched]
