"""Repetitions that go over something: `(block(width) for width in widths)`, and what their rounds hand on."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Kscaffold
from test_graph_spec import graph_of, refusal
from test_spec_operations import shapes_of, source

from kscaffold.source.picture import step_title

LADDER = """\
parameters:
  depth: 3
  widths: (8, 4)
  counts: (1, 2)
inputs: {x: [16, 2], t: 5}
blocks:
  down:
    parameters: ["units:int"]
    inputs: [x, t]
    nodes:
      wide: x -> Conv1D(units, 1)
      said: t -> Dense(units)
      added: wide + said[:, None]
    outputs:
      half: added -> MaxPooling1D
      skip: added
  up:
    parameters: ["units:int"]
    inputs: [x, skip]
    nodes:
      double: x -> UpSampling1D
    outputs:
      y: (double, skip) -> Concatenate -> Conv1D(units, 1)
  dense:
    parameters: ["units:int", "count:int"]
    inputs: x
    outputs:
      y: x -> Dense(units) x count
nodes:
  downs: (x, t) -> (DOWN)
  ups: (downs.half, downs.skip) -> (UP)
outputs:
  y: ups -> (DENSE)
"""
DOWN, UP = "down(2 ** level) for level in range(depth)", "up(2 ** level) for level in reversed(range(depth))"
DENSE = "dense(width, count) for width, count in zip(widths, counts)"


def ladder(down: str = DOWN, up: str = UP, dense: str = DENSE) -> str:
    return LADDER.replace("DOWN", down).replace("UP", up, 1).replace("DENSE", dense)


def test_rounds_are_loops_that_hand_on_one_value_and_collect_the_others() -> None:
    assert source(ladder(), "functional").split('name="t")\n')[1] == (
        "downs = x\n"
        "skips = []\n"
        "for level in range(depth):\n"
        "    downs, skip = down(downs, t, units=2 ** level)\n"
        "    skips.append(skip)\n"
        "ups = downs\n"
        "for level in reversed(range(depth)):\n"
        "    ups = up(ups, skips.pop(), units=2 ** level)\n"
        "y = ups\n"
        "for width, count in zip(widths, counts):\n"
        "    y = dense(y, units=width, count=count)\n"
        'return keras.Model([x, t], y, name="net")'
    )


def test_shapes_and_weights_are_those_of_each_round() -> None:
    facts = shapes_of(ladder())
    assert (facts.values["downs.half"], facts.values["ups"], facts.values["y"]) == ((2, 4), (16, 1), (16, 4))
    downs = sum((before + 1) * units + 6 * units for before, units in ((2, 1), (1, 2), (2, 4)))
    ups = sum((before + 1) * units for before, units in ((4 + 4, 4), (4 + 2, 2), (2 + 1, 1)))
    assert facts.parameters == downs + ups + 2 * 8 + 9 * 4 + 5 * 4


def test_what_is_set_decides_how_many_rounds_there_are(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "net.yaml").write_text(ladder())
    made = ("pipeline", "net", "net.yaml", "--no-check", "--no-test", "--stdout")
    assert (
        "depth=1, widths=(3,), counts=(2,)"
        in kscaffold(*made, *("--set", "depth=1", "--set", "widths=(3,)", "--set", "counts=(2,)")).out
    )
    refused = kscaffold(*made, "--set", "widths=(3, 2, 1)")
    assert refused.exit_code == 2 and "zip(widths, counts) goes over 3 and 2 values" in refused.err


def test_a_picture_says_what_the_rounds_go_over() -> None:
    graph = graph_of(ladder())
    assert step_title(graph, next(iter(graph.steps))) == "down(units=2 ** level) for level in range(depth)"


def test_a_class_keeps_a_list_of_layers() -> None:
    lines = source(ladder(), "subclassed")
    assert "self.down_layers = [Down(units=2 ** level, dtype=self.dtype_policy) for level in range(depth)]" in lines
    assert "for layer in self.down_layers:\n    downs, skip = layer([downs, t])\n    skips.append(skip)" in lines


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"down": "down(2) for level in range(depth)"}, "The variable 'level' is not used."),
        ({"down": "down(x) for x in range(depth)"}, "'x' is an input already."),
        ({"down": "down(depth) for depth in range(depth)"}, "'depth' is a parameter already."),
        ({"down": "down(level) for level in depth"}, "depth has no rounds."),
        ({"down": "down(level) for level in range(levels)"}, "'levels' is not a parameter"),
        ({"down": "down(level) for level in range(0)"}, "range(0) has no round."),
        ({"down": "down(2 ** level) for level in range(31, 32)"}, "2 ** level is 2 to the power of 31, which is no"),
        ({"dense": "dense(n, n) for n in zip(widths, counts)"}, "2 values in each round, and there is one variable"),
        ({"dense": "dense(n, n) for n in widths if n"}, "a comprehension has no place here"),
        ({"up": "up(level) for level in range(4)"}, "'downs.skip' has been taken to the end."),
        ({"up": "up(4)"}, "'downs.skip' is a list of what each round gave."),
    ],
)  # fmt: skip
def test_a_mistake_is_named(changed: dict[str, str], message: str) -> None:
    assert message.lower() in refusal(ladder(**changed)).lower()


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ("z: downs.skip", "'downs.skip' is a list of what each round gave."),
        ("z: ops.mean(downs.skip)", "'downs.skip' is a list of what each round gave."),
        ("z: (downs.half, downs.skip) -> (UP) -> Flatten", "'downs.skip' is taken twice"),
    ],
)
def test_a_list_goes_into_one_repetition_alone(outputs: str, message: str) -> None:
    assert message in refusal(ladder() + f"  {outputs.replace('UP', UP)}\n")
