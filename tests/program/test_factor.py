"""Source in which repetition is written once: it does the same as one statement for each call, and reads well."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.networks import PROPERTY, networks, programs
from helpers.program_meaning import meaning
from helpers.properties import work_of
from helpers.saved_configs import Entry, chain, entry, functional, layer, resnet, write_json
from hypothesis import given

from kscaffold.program.value import StepKind, every_step


def source(kscaffold: Kscaffold, folder: Path, config: Entry, *flags: str) -> str:
    """The source that the command writes for a config, without its check."""
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "small", "--no-check", "--stdout", *flags)
    assert done.exit_code == 0, done.err
    ast.parse(done.out)
    return done.out


def test_a_residual_network_is_a_block_that_is_called_in_a_loop(kscaffold: Kscaffold, folder: Path) -> None:
    text = source(kscaffold, folder, resnet())
    functions = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert functions == ["residual_block", "build_small"]
    assert "if project:" in text
    assert 'name=f"{name}_1_conv"' in text
    assert "4 * filters" in text
    assert len(text.splitlines()) < 60
    assert len(source(kscaffold, folder, resnet(), "--flat").splitlines()) > 90


def test_a_flat_version_has_a_statement_for_each_call(kscaffold: Kscaffold, folder: Path) -> None:
    text = source(kscaffold, folder, resnet(), "--flat")
    function = ast.parse(text).body[-1]
    assert isinstance(function, ast.FunctionDef)
    made = [node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Call)]
    assert len(made) == len(resnet()["config"]["layers"]) - 1
    assert not any(isinstance(node, ast.For) for node in ast.walk(function))


def test_layers_in_a_row_become_a_loop(kscaffold: Kscaffold, folder: Path) -> None:
    names = [f"hidden{number}" for number in range(1, 7)]
    layers = [
        layer("Dense", name, before, units=64, activation="relu")
        for name, before in zip(names, ["input_layer", *names], strict=False)
    ]
    text = source(kscaffold, folder, chain(*layers))
    assert "for i in range(1, 7):" in text
    assert 'x = layers.Dense(64, activation="relu", name=f"hidden{i}")(x)' in text


def test_work_grows_as_a_chain_of_irregular_sizes_does(tmp_path: Path) -> None:
    work = {}
    for count in (50, 200):
        names = [f"dense_{number}" for number in range(count)]
        widths = (8 + number * number * 7 % 61 for number in range(count))
        layers = [
            layer("Dense", name, before, units=width)
            for name, before, width in zip(names, ["input_layer", *names], widths, strict=False)
        ]
        work[count] = work_of(lambda layers=layers: programs(chain(*layers), tmp_path))
    assert work[200] < 6 * work[50]


@pytest.mark.parametrize("named", [True, False])
def test_factoring_changes_nothing_that_is_done(tmp_path: Path, named: bool) -> None:
    flat, factored = programs(resnet(named=named), tmp_path)
    assert meaning(factored) == meaning(flat)
    kinds = {step.kind for routine in factored.routines for step in every_step(routine.steps)}
    assert StepKind.INVOKE in kinds


@PROPERTY
@given(networks())
def test_factoring_random_networks_changes_nothing(tmp_path_factory: pytest.TempPathFactory, config: Entry) -> None:
    flat, factored = programs(config, tmp_path_factory.mktemp("networks"))
    assert meaning(factored) == meaning(flat)


@PROPERTY
@given(networks())
def test_no_variable_hides_a_function_and_none_is_used_before_it_exists(
    tmp_path_factory: pytest.TempPathFactory, config: Entry
) -> None:
    from kscaffold.source.functions import program_parts

    _, factored = programs(config, tmp_path_factory.mktemp("networks"))
    parts = program_parts(factored)
    functions = {part.name for part in parts}
    for part in parts:
        lines = "\n".join(f"    {line.text}" for line in part.lines)
        function = ast.parse(f"def f({part.parameters}):\n{lines}").body[0]
        assert isinstance(function, ast.FunctionDef)
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        given = {argument.arg for argument in function.args.args}
        assert not (stored | given) & functions
        loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        assert loaded <= stored | given | functions | {"keras", "layers", "ops", "range"}


def test_a_layer_that_a_single_block_has_is_named_like_the_others(kscaffold: Kscaffold, folder: Path) -> None:
    layers = [entry("input_layer", [8]), layer("Dense", "stem", "input_layer", units=16)]
    x = "stem"
    for number in range(1, 7):
        name, before = f"block{number}", x
        layers.append(layer("Dense", f"{name}_dense", x, units=64, activation="relu"))
        layers.append(layer("LayerNormalization", f"{name}_norm", f"{name}_dense"))
        x = f"{name}_norm"
        if number == 4:
            layers.append(layer("Dropout", f"{name}_drop", x, rate=0.5))
            x = f"{name}_drop"
        layers.append(layer("Dense", f"{name}_project", x, units=16))
        layers.append(layer("LayerNormalization", f"{name}_project_norm", f"{name}_project"))
        layers.append(layer("Add", f"{name}_add", f"{name}_project_norm", before))
        x = f"{name}_add"
    text = source(kscaffold, folder, functional(layers, x))
    assert 'name=f"{name}_drop"' in text
    assert "block4_drop" not in text


def widening(blocks: int = 7) -> Entry:
    """Blocks that widen their input, except the first, with rates that grow from block to block."""
    layers = [entry("input_layer", [8]), layer("Dense", "stem", "input_layer", units=16)]
    x, taken = "stem", 16
    for number in range(blocks):
        name, before, given = f"encoder_of_many_long_sequences_of_words_block{number}", x, 8 * (2 + number // 2)
        wide = taken * (4 if number else 1)
        if number:
            layers.append(layer("Dense", f"{name}_expand", x, units=wide))
            layers.append(layer("LayerNormalization", f"{name}_expand_norm", f"{name}_expand"))
            x = f"{name}_expand_norm"
        layers.append(layer("Dense", f"{name}_gate", x, units=taken // 4, activation="relu"))
        layers.append(layer("Dense", f"{name}_middle", f"{name}_gate", units=wide, activation="silu"))
        layers.append(layer("Dense", f"{name}_project", f"{name}_middle", units=given))
        layers.append(layer("LayerNormalization", f"{name}_norm", f"{name}_project"))
        x = f"{name}_norm"
        if number and given == taken:
            layers.append(layer("Dropout", f"{name}_drop", x, rate=0.2 * number / blocks))
            layers.append(layer("Add", f"{name}_add", f"{name}_drop", before))
            x = f"{name}_add"
        taken = given
    return functional(layers, x)


def test_sizes_that_follow_from_what_a_block_takes_are_not_parameters(
    kscaffold: Kscaffold, folder: Path, tmp_path: Path
) -> None:
    text = source(kscaffold, folder, widening(12))
    assert "expanded_units = expansion * x.shape[-1]" in text
    assert "x.shape[-1] // 4" in text
    assert "if expansion > 1:" in text
    flat, factored = programs(widening(12), tmp_path)
    assert meaning(factored) == meaning(flat)


def growing() -> Entry:
    """Stages of blocks whose rates grow from block to block."""
    layers = [entry("input_layer", [8]), layer("Dense", "stem", "input_layer", units=16)]
    x, number = "stem", 0
    for stage, letters in enumerate(("abc", "abcd", "abcde"), start=1):
        for letter in letters:
            name, before = f"block{stage}{letter}", x
            for part in ("first", "second"):
                layers.append(layer("Dense", f"{name}_{part}", x, units=16))
                layers.append(layer("LayerNormalization", f"{name}_{part}_norm", f"{name}_{part}"))
                x = f"{name}_{part}_norm"
            number += 1
            layers.append(layer("Dropout", f"{name}_drop", x, rate=0.2 * number / 14))
            layers.append(layer("Add", f"{name}_add", f"{name}_drop", before))
            x = f"{name}_add"
        layers.append(layer("Dense", f"down{stage}", x, units=16, activation="relu"))
        x = f"down{stage}"
    return functional(layers, x)


def test_rates_that_grow_evenly_do_not_become_a_table_of_long_numbers(
    kscaffold: Kscaffold, folder: Path, tmp_path: Path
) -> None:
    text = source(kscaffold, folder, growing())
    assert "rate=0.2 * i / 14" in text
    assert "in enumerate(" in text
    assert "0.0142857" not in text
    flat, factored = programs(growing(), tmp_path)
    assert meaning(factored) == meaning(flat)


def test_a_block_without_names_contains_its_shortcut(kscaffold: Kscaffold, folder: Path) -> None:
    text = source(kscaffold, folder, resnet(named=False))
    blocks = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)][:-1]
    assert [block.name for block in blocks] == ["residual_block"]
    assert "layers.Add()" in ast.unparse(blocks[0])
    assert "    if project:\n        shortcut = layers.Conv2D" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1 / 255, "1 / 255"), (1 / 3, "1 / 3"), (0.1, "0.1"), (0.2 * 6 / 16, "0.07500000000000001"), (1.5, "1.5")],
)
def test_numbers_with_the_digits_of_a_fraction_are_written_as_one(value: float, expected: str) -> None:
    from kscaffold.program.tree import Plain, Ref
    from kscaffold.source.expression import operator_source, source

    assert source(Plain(value), str) == expected
    assert ast.literal_eval(expected) == value if "/" not in expected else eval(expected) == value
    text, _ = operator_source("*", (Ref(0), Plain(value)), lambda _: "x", {})
    assert text == (f"x * ({expected})" if "/" in expected else f"x * {expected}")


@pytest.mark.parametrize(
    ("name", "classes", "expected"),
    [
        ("conv_bn", ("Conv2D", "BatchNormalization"), "Applies a convolution and batch normalization."),
        ("depthwise_conv", ("DepthwiseConv2D",), "Applies a depthwise convolution."),
        ("norm_mixer", ("LayerNormalization", "MyMixer"), "Applies layer normalization and a my mixer."),
        ("squeeze_excite2", ("Multiply",), "Applies squeeze and excitation."),
        ("inverted_residual", ("Conv2D", "Add"), "Applies an inverted residual block."),
        ("projection_block", ("Conv2D", "Add"), "Applies a residual block with a projection."),
        ("up_block", ("UpSampling2D", "Conv2D"), "Applies an up block."),
    ],
)
def test_helpers_say_what_they_apply(name: str, classes: tuple[str, ...], expected: str) -> None:
    from kscaffold.program.tree import Object, Ref
    from kscaffold.program.value import Routine, Step
    from kscaffold.source.docstrings import summary

    steps = tuple(
        Step(number, StepKind.LAYER, Object(f"layers.{kind}"), (Ref(number - 1 or -1),))
        for number, kind in enumerate(classes, start=1)
    )
    assert summary(Routine(name, 1, (), steps, Ref(len(steps))), {}) == expected


def test_a_function_that_is_called_with_what_it_gave_goes_back_into_both_places() -> None:
    from kscaffold.program.passes import inline
    from kscaffold.program.tree import Code, Object, Ref
    from kscaffold.program.value import Program, Routine, Step

    dense = Step(1, StepKind.LAYER, Object("layers.Dense"), (Ref(-1),))
    calls = (
        Step(2, StepKind.INVOKE, Code("block"), (Ref(-1),)),
        Step(3, StepKind.INVOKE, Code("block"), (Ref(2),)),
    )
    program = Program((Routine("block", 1, (), (dense,), Ref(1)), Routine("build", 1, (), calls, Ref(3))))
    (build,) = inline.apply(program).routines
    first, second = build.steps
    assert (first.kind, first.args) == (StepKind.LAYER, (Ref(-1),))
    assert (second.kind, second.args) == (StepKind.LAYER, (Ref(first.uid),))
    assert build.result == Ref(second.uid)
