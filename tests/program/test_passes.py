"""The passes one by one: how they are found, that none changes what a program does, and how much work they are."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from helpers.networks import PROPERTY, networks, programs
from helpers.program_meaning import meaning
from helpers.saved_configs import Entry, chain, entry, functional, layer, write_json
from hypothesis import given

from kscaffold.base.choices import Style
from kscaffold.program import passes
from kscaffold.program.repeats import search
from kscaffold.program.value import StepKind
from kscaffold.saved import read_model
from kscaffold.saved.flat import flat_program


def test_passes_are_the_files_of_their_folder_in_the_order_that_they_say() -> None:
    files = {path.stem for path in Path(passes.__file__).parent.glob("*.py")} - {"__init__"}
    orders = [item.ORDER for item in passes.passes()]
    assert {item.__name__.rpartition(".")[2] for item in passes.passes()} == files
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("item", passes.passes(), ids=lambda item: item.__name__.rpartition(".")[2])
def test_a_pass_shows_what_it_does_in_two_lines(item: object) -> None:
    title, example = str(item.__doc__).split("\n\n")
    assert title.endswith(".")
    lines = [line.strip() for line in example.splitlines()]
    assert len(lines) == 2
    assert max(len(re.split(" {6,}", line)) for line in lines) == 2, "before and after stand beside each other"


@PROPERTY
@given(networks())
@pytest.mark.parametrize("style", [Style.FUNCTIONAL, Style.SUBCLASSED])
def test_no_pass_changes_what_is_done(tmp_path_factory: pytest.TempPathFactory, style: Style, config: Entry) -> None:
    program, _ = programs(config, tmp_path_factory.mktemp("networks"))
    done = meaning(program)
    for item in passes.passes():
        program = item.apply(program) if style in getattr(item, "STYLES", Style) else program
        assert meaning(program) == done, item.__name__


def test_a_loop_may_read_what_was_there_before_it(tmp_path: Path) -> None:
    """Numbers of steps inside of a loop are no numbers of values outside."""
    layers = [entry("input_layer", [8]), layer("Dense", "memory", "input_layer", units=8)]
    layers.append(layer("LayerNormalization", "stem", "memory"))
    x = "stem"
    for number in range(1, 6):
        layers.append(layer("Dense", f"block{number}_dense", x, units=8, activation="relu"))
        layers.append(layer("LayerNormalization", f"block{number}_norm", f"block{number}_dense"))
        layers.append(layer("Add", f"block{number}_add", f"block{number}_norm", "memory"))
        x = f"block{number}_add"
    flat, rewritten = programs(functional(layers, x), tmp_path)
    assert [step.kind for step in rewritten.main.steps] == [StepKind.LAYER, StepKind.LAYER, StepKind.LOOP]
    assert meaning(rewritten) == meaning(flat)


def irregular(count: int) -> Entry:
    """A chain of layers that have nothing in common but their class."""
    chooser = random.Random(count)
    names = ["dense", *(f"dense_{number}" for number in range(1, count))]
    sizes = chooser.sample(range(2, 999), count)
    return chain(
        *(
            layer("Dense", name, before, units=units, activation=chooser.choice(("relu", "tanh")))
            for name, before, units in zip(names, ["input_layer", *names], sizes, strict=False)
        )
    )


def test_work_grows_no_faster_than_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    windows = search.Search.windows

    def counted(self: search.Search, starts: list[int], length: int) -> object:
        nonlocal compared
        compared += len(starts) * length
        return windows(self, starts, length)

    monkeypatch.setattr(search.Search, "windows", counted)
    needed = []
    for count in (50, 100, 200):
        compared = 0
        flat = flat_program(read_model(write_json(tmp_path / "model.json", irregular(count)), "model.json"), "model")
        assert passes.rewrite(flat) == flat  # a table of their sizes would say less than the layers
        needed.append(compared / count)
    assert max(needed) <= 2 * min(needed) + 10


def test_a_search_that_takes_too_long_stays_with_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WORK", 0)
    layers = [entry("input_layer", [8])]
    x = "input_layer"
    for number in range(6):
        for part in ("a", "b"):
            layers.append(layer("Dense", f"block{number}_{part}", x, units=8 + 8 * (part == "a")))
            layers.append(layer("LayerNormalization", f"block{number}_{part}_norm", f"block{number}_{part}"))
            x = f"block{number}_{part}_norm"
    flat, rewritten = programs(functional(layers, x), tmp_path)
    assert rewritten == flat
