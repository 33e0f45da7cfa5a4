"""What a shell offers for a partial word, as its completion script asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete, get_completion_class, split_arg_string
from helpers.templates import write_layer

from kscaffold.cli import cli


def offers(line: str) -> list[str]:
    """What is offered for the last word of a line."""
    words = split_arg_string(line)[1:]
    typed = "" if line.endswith(" ") else words.pop()
    found = ShellComplete(cli, {}, "kscaffold", "_KSCAFFOLD_COMPLETE").get_completions(words, typed)
    return [item.value for item in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("kscaffold und", ["undo"]),
        ("kscaffold layer My -t de", ["dense"]),
        ("kscaffold layer no", ["noise", "normalization"]),
        ("kscaffold model tr", ["transformer"]),
        ("kscaffold model m --template un", ["unet"]),
        ("kscaffold pipeline p -t vae", ["vae"]),
        ("kscaffold new p --model res", ["resnet"]),
        ("kscaffold show model/mu", ["model/multi_io"]),
        ("kscaffold eject style/", ["style/function", "style/functional", "style/imports", "style/subclassed"]),
        ("kscaffold layer My --sublayer 'hidden = Den", ["hidden = Dense"]),
        ("kscaffold layer My --sublayer 'hidden = TimeDistributed(Den", ["hidden = TimeDistributed(Dense"]),
        ("kscaffold pipeline p '16 -> Dense(8) -> BatchN", ["16 -> Dense(8) -> BatchNormalization"]),
        ("kscaffold pipeline p --node 'a: x -> Permu", ["a: x -> Permute"]),
        ("kscaffold pipeline p --node 'a: x -> ops.expand", ["a: x -> ops.expand_dims"]),
        ("kscaffold layer My --sublayer 'hidden = ops.expand", []),
        ("kscaffold wat", ["watch"]),
        ("kscaffold watch --st", ["--status", "--stop"]),
        ("kscaffold watch --ignore config-r", ["config-round-trip"]),
        ("kscaffold layer My --wa", ["--warm"]),
        ("kscaffold check --explain KS20", [f"KS20{index}" for index in range(10)]),
        ("kscaffold check --ignore config-r", ["config-round-trip"]),
        ("kscaffold layer My --sublayer ''", []),
    ],
)
def test_the_word_is_completed(folder: Path, line: str, expected: list[str]) -> None:
    assert offers(line) == expected


def test_custom_templates_are_offered_and_a_broken_project_offers_nothing(folder: Path) -> None:
    write_layer(folder / ".kscaffold/templates", "us", "densest")
    assert offers("kscaffold layer My -t den") == ["dense", "densest"]
    (folder / "pyproject.toml").write_text("[")
    assert offers("kscaffold layer My -t den") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    made = get_completion_class(shell)
    assert made is not None
    assert "_KSCAFFOLD_COMPLETE" in made(cli, {}, "kscaffold", "_KSCAFFOLD_COMPLETE").source_vars().values()
