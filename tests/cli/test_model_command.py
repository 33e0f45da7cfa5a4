"""`kscaffold model` and `kscaffold pipeline` as users type them, without checks: fast, and no Keras."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
from conftest import Kscaffold, tree
from helpers.pages import topic
from helpers.worked_specs import ALL_STYLES, TWO_TOWER, WORKED, Worked

from kscaffold.base.errors import ExitCode
from kscaffold.library.templates import Catalogue
from kscaffold.source.formatting import black_mode, format_python

PRESETS = [template.name for template in Catalogue().of_kind("model") if template.is_spec]
CHAINS = {"mlp", "autoencoder", "cnn", "lstm"}


def test_a_preset_of_that_name_needs_no_other_option(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("model", "autoencoder", "--no-check")
    assert result.exit_code == 0
    assert result.out.splitlines() == [
        "create  autoencoder.py",
        "create  test_autoencoder.py",
        "from    model/autoencoder",
        "check   not checked: --no-check",
        "        layer    output       params",
        "        encoder  (None, 128)  10,976",
        "        decoder  (None, 16)   10,864",
    ]
    module = ast.parse((folder / "autoencoder.py").read_text())
    assert [node.name for node in module.body if isinstance(node, ast.ClassDef)] == [
        "Encoder",
        "Decoder",
        "Autoencoder",
    ]


def test_any_other_name_is_a_perceptron(kscaffold: Kscaffold, folder: Path) -> None:
    assert kscaffold("model", "Classifier", "--no-check", "-q").exit_code == 0
    text = (folder / "classifier.py").read_text()
    assert "class Classifier(keras.Model):" in text and "layers.Dense(units" in text


@pytest.mark.parametrize("style", ALL_STYLES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_in_every_style_that_can_hold_it(
    kscaffold: Kscaffold, folder: Path, preset: str, style: str
) -> None:
    result = kscaffold("model", "Net", "-t", preset, "--style", style, "--no-check")
    if style == "sequential" and preset not in CHAINS:
        assert result.exit_code == ExitCode.USAGE
        assert re.match(
            rf"error: model/{preset}\.yaml:\d+:\d+: A sequential model is a chain, but .*('\w+'|called with)",
            result.err,
        )
        assert "Use --style functional or subclassed." in result.err
        assert tree(folder) == {}
        return
    assert result.exit_code == 0, result.err
    for name in ("net.py", "test_net.py"):
        text = (folder / name).read_text()
        assert format_python(text, black_mode({}), name) == text
        assert "kscaffold" not in text and "tensorflow" not in text


def test_a_preset_may_have_a_style_of_its_own_and_the_user_has_the_last_word(kscaffold: Kscaffold) -> None:
    assert "def build_net(" in kscaffold("model", "Net", "-t", "cut_autoencoder", "--no-check", "--stdout").out
    other = kscaffold("model", "Net", "-t", "cut_autoencoder", "--style", "subclassed", "--no-check", "--stdout").out
    assert "class Encoder(layers.Layer):" in other and "class Net(keras.Model):" in other


def test_parameters_are_set_and_become_arguments(kscaffold: Kscaffold) -> None:
    text = kscaffold("model", "mlp", "--set", "units=7", "--set", "depth=3", "--no-check", "--stdout").out
    assert "def __init__(self, units=7, *, depth=3, classes=10, **kwargs):" in text
    text = kscaffold("pipeline", "net", "8 -> Dense(units, activation)", "--set", "units=3", "--set",
                     "activation=tanh", "--no-check", "--stdout").out  # fmt: skip
    assert 'def build_net(units=3, activation="tanh"):' in text


def test_a_deferred_model_has_no_input(kscaffold: Kscaffold) -> None:
    text = kscaffold("model", "mlp", "--defer", "--no-check", "--stdout").out
    assert "keras.Sequential(" in text and "keras.Input" not in text and "built by its first call" in text


@pytest.mark.parametrize("worked", WORKED, ids=lambda worked: worked.name)
def test_pipelines_are_chains_files_and_flags(kscaffold: Kscaffold, folder: Path, worked: Worked) -> None:
    worked.write_files(folder)
    for style in ALL_STYLES:
        result = kscaffold("pipeline", f"{worked.name}_{style}", *worked.arguments, "--style", style, "--no-check")
        assert result.exit_code == (0 if style in worked.styles else ExitCode.USAGE), result.err
        assert (folder / f"{worked.name}_{style}.py").exists() is (style in worked.styles)


def test_flags_and_a_file_that_say_the_same_give_the_same(kscaffold: Kscaffold, folder: Path) -> None:
    spec = 'inputs: {a: 4, b: [4]}\nnodes: {c: "(a, b) -> Add"}\noutputs: {y: "c -> Dense(2) x2"}\n'
    (folder / "spec.yml").write_text(spec)
    flags = ["--input", "a=4", "--input", "b=4", "--node", "c: (a, b) -> Add", "--output", "y: c -> Dense(2) x2"]
    texts = [kscaffold("pipeline", "net", *given, "--no-check", "--stdout").out for given in (["spec.yml"], flags)]
    assert texts[0] == texts[1] != ""


def test_without_a_spec_a_pipeline_is_a_preset(kscaffold: Kscaffold) -> None:
    assert "def build_unet(" in kscaffold("pipeline", "unet", "--no-check", "--stdout").out


@pytest.mark.parametrize("name", ["net.svg", "net.md", "pictures/net.SVG"])
def test_a_picture_is_next_to_the_module(kscaffold: Kscaffold, folder: Path, name: str) -> None:
    result = kscaffold("model", "vae", "--no-check", "-o", "out", "--diagram", name)
    assert result.exit_code == 0, result.err
    assert f"create  out/{name}" in result.out
    text = (folder / "out" / name).read_text()
    assert text.startswith("# VAE\n\n```mermaid\n" if name.endswith("md") else "<svg ")
    assert "encoder" in text and "(None, 16)" in text
    again = kscaffold("model", "vae", "--no-check", "-o", "out", "--diagram", name)
    assert f"identical out/{name}" in again.out


def test_json_has_the_summary_and_all_files(kscaffold: Kscaffold) -> None:
    result = kscaffold("pipeline", "net", "4 -> Dense(3) -> ReLU", "--diagram", "net.svg", "--no-check", "--json")
    document = json.loads(result.out)
    assert (document["version"], document["command"], document["ok"]) == (1, "pipeline", True)
    assert [file["path"] for file in document["files"]] == ["net.py", "test_net.py", "net.svg"]
    assert document["summary"] == [
        {"layer": "Dense(3)", "shape": "(None, 3)", "parameters": 15},
        {"layer": "ReLU()", "shape": "(None, 3)", "parameters": 0},
    ]


def test_what_was_changed_by_hand_is_a_conflict(kscaffold: Kscaffold, folder: Path) -> None:
    kscaffold("model", "mlp", "--no-check", "-q")
    (folder / "mlp.py").write_text("mine\n")
    before = tree(folder)
    result = kscaffold("model", "mlp", "--no-check")
    assert result.exit_code == ExitCode.CONFLICT and "conflict mlp.py" in result.out
    assert tree(folder) == before


CHAIN = "16 -> Dense(4)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["model", "mlp", "--set", "unit=3"], "There is no parameter 'unit'. Did you mean units?"),
        (["model", "mlp", "--set", "units=many"], "--set units=many"),
        (["model", "mlp", "--set", "units"], "--set: 'units' sets nothing. Write NAME=VALUE: units=64."),
        (["model", "mlp", "--set", "units=3", "--set", "units=4"], "--set: 'units' is set twice."),
        (["model", "mlp", "--style", "functional", "--defer"], "--defer: Only a sequential model can be built later."),
        (["model", "mlp", "--diagram", "mlp.png"], "--diagram: 'mlp.png' is not a picture that can be drawn."),
        (["model", "mlp", "--style", "functionl"], "Invalid value for '--style'"),
        (
            ["model", "net", "-t", "autoencodr"],
            "--template: There is no template 'autoencodr' for a model. Did you mean",
        ),
        (["model", "net", "-t", "dense"], "--template"),
        (["pipeline", "net", CHAIN, "-t", "mlp"], "--template: A template is a spec of its own."),
        (["pipeline", "net", CHAIN, "--input", "a=3"], "Give either a chain, or --input"),
        (["pipeline", "net", "net.yaml"], "SPEC: There is no file net.yaml."),
        (["pipeline", "net", "16"], "SPEC: '16' is neither a file nor a chain."),
        (["pipeline", "net", "16 -> Denes(4)"], "SPEC column 7: Keras has no layer 'Denes'. Did you mean Dense?"),
        (
            ["model", "mlp", "--unit", "3"],
            "There is no option '--unit'. The value of a parameter is set by --set unit=….",
        ),
        (["model", "mlp", "--set", "unit=3"], "--set unit=3: There is no parameter 'unit'. Did you mean units?"),
        (["pipeline", "net", "16 -> Dense(4"], "SPEC column 12: '(' is not closed"),
        (["pipeline", "net", "16 -> "], "SPEC"),
        (["pipeline", "net", "(28, 28) -> Conv2D(8, 3)"], "SPEC column 13: Conv2D takes inputs with 4 axes"),
        (["pipeline", "net", "--input", "a=16"], "--output: The graph has no output. Give at least one"),
        (["pipeline", "net", "--output", "y: a -> Dense(3)"], "--input: The graph has no input. Give at least one"),
        (["pipeline", "net", "--input", "a=16", "--output", "y: b -> Dense(3)"], "There is no value 'b'."),
        (
            ["pipeline", "net", "16 -> Dense(__import__('os').getcwd())"],
            "SPEC column 13: A call of what is not a plain name",
        ),
    ],
)
def test_a_request_that_cannot_be_carried_out(
    kscaffold: Kscaffold, folder: Path, arguments: list[str], message: str
) -> None:
    result = kscaffold(*arguments, "--no-check")
    assert result.exit_code == ExitCode.USAGE, result
    assert message in result.err and "Traceback" not in result.err
    assert tree(folder) == {}


def test_names_that_keras_would_use_itself_are_refused_or_given(kscaffold: Kscaffold) -> None:
    result = kscaffold("pipeline", "net", "--input", "dense=4", "--output", "y: dense -> Dense(3)", "--no-check")
    assert result.exit_code == ExitCode.USAGE
    assert "'dense' cannot be the name of an input: Keras gives it to the first Dense that has none." in result.err
    assert "Call it dense_input." in result.err
    shared = 'inputs: {x: 4}\nshared: {dense: Dense(4)}\noutputs: {y: "x -> dense -> Dense(3) -> dense"}'
    Path("spec.yaml").write_text(shared.replace("Dense(3)", "Dense(4)"))
    text = kscaffold("pipeline", "net", "spec.yaml", "--no-check", "--stdout").out
    assert "dense = layers.Dense(4)\n" in text


@pytest.mark.parametrize("style", ["subclassed", "functional"])
def test_the_specs_of_the_reference_work(kscaffold: Kscaffold, folder: Path, style: str) -> None:
    spec, _, other = re.findall(r"```yaml\n(.*?)```", topic("pipeline"), re.DOTALL)
    (folder / "answers.yaml").write_text(other)
    result = kscaffold("pipeline", "answers", "answers.yaml", "--style", style, "--no-check")
    assert result.exit_code == 0, result.err
    (folder / "two_tower.yaml").write_text(spec)
    result = kscaffold("pipeline", "two_tower", "two_tower.yaml", "--style", style, "--no-check")
    assert result.exit_code == 0, result.err
    (folder / "two_tower.yaml").write_text(spec.replace("numeric -> Dense", "numeric -> Danse"))
    wrong = kscaffold("pipeline", "two_tower", "two_tower.yaml", "--no-check", "--force")
    assert wrong.err in topic("pipeline")


def test_the_reference_has_every_preset_and_its_style() -> None:
    from kscaffold.kinds.model_spec import read_preset

    rows = dict(re.findall(r"^\| `(\w+)` \| .* \|(.*)\|$", topic("model"), re.MULTILINE))
    for template in Catalogue().of_kind("model"):
        style = read_preset(template).style if template.is_spec else None
        if not template.is_spec:
            assert rows[template.name].strip() in ("images", "inputs and labels"), template.name
            continue
        assert rows[template.name].strip() == (f"`{style.value}`" if style else ""), template.name


def test_a_broken_preset_is_named(kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = folder.parent / "templates"
    (templates / "model").mkdir(parents=True)
    (templates / "model" / "mine.yaml").write_text(TWO_TOWER.replace("Dense(128", "Danse(128"))
    (templates / "model" / "other.yaml").write_text("summary: [\n")
    monkeypatch.setattr("kscaffold.library.templates.templates_root", lambda: templates)
    result = kscaffold("model", "mine", "--no-check")
    assert result.exit_code == ExitCode.REFUSED
    assert "model/mine.yaml:9:67: Keras has no layer 'Danse'" in result.err
    result = kscaffold("model", "other", "--no-check")
    assert result.exit_code == ExitCode.REFUSED and "model/other.yaml" in result.err
    assert "model/other" in kscaffold("list").out


def test_the_ten_programs_of_the_reference_are_commands_that_work(kscaffold: Kscaffold) -> None:
    section = topic("model").partition("## The ten programs")[2].partition("\n## ")[0]
    commands = [
        command
        for row in section.splitlines()
        if row[:3] != "| p"
        for command in re.findall(r"`(kscaffold [^`]*)`", row)
    ]
    assert len(commands) == 11
    for number, command in enumerate(commands):
        result = kscaffold(*command.split()[1:], "--no-check", "-o", str(number))
        assert result.exit_code == 0, (command, result.err)
