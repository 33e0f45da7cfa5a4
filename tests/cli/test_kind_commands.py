"""`kscaffold loss NAME` and the other kinds that are folders of templates: the commands come from what is there."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from conftest import Kscaffold

from kscaffold.base import kinds as of_base
from kscaffold.base.kinds import find_kinds

WRITTEN = ("--no-check", "--json")


def test_there_are_seven_and_each_has_a_command_with_a_help(kscaffold: Kscaffold) -> None:
    listed = kscaffold("--help").out
    kinds = find_kinds()
    assert set(kinds) >= {"loss", "metric", "callback", "optimizer", "initializer", "regularizer", "constraint"}
    for name, kind in kinds.items():
        assert f"  {name} " in listed and kind.summary in listed
        shown = kscaffold(name, "--help").out
        assert kind.base in " ".join(shown.split()) and kind.examples[0] in shown and "--arg" in shown


@pytest.mark.parametrize("kind", find_kinds())
def test_a_name_that_no_template_has_begins_with_the_blank_one(kscaffold: Kscaffold, folder: Path, kind: str) -> None:
    result = kscaffold(kind, "MyThing", *WRITTEN)
    assert result.exit_code == 0, result
    assert json.loads(result.out)["template"] == f"{kind}/blank"
    assert sorted(path.name for path in folder.iterdir()) == ["my_thing.py", "test_my_thing.py"]
    text = (folder / "my_thing.py").read_text()
    assert f"class MyThing({find_kinds()[kind].base}):" in text and "# Edit here" in text


def test_the_template_of_the_name_is_taken_and_printed(kscaffold: Kscaffold) -> None:
    assert "from    loss/focal" in kscaffold("loss", "Focal", "--no-check").out
    assert "from    metric/f1" in kscaffold("metric", "F1", "--no-check").out
    assert "from    loss/focal" in kscaffold("loss", "FocalLoss", "--no-check").out
    assert "from    callback/ema_weights" in kscaffold("callback", "EMA", "--no-check").out
    assert "from    metric/calibration_error" in kscaffold("metric", "ECE", "--no-check").out
    assert "Other names: ema, weight_averaging" in kscaffold("show", "ema_weights").out


def test_a_near_miss_stops(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("loss", "Focall")
    assert result.exit_code == 2 and list(folder.iterdir()) == []
    assert result.err == (
        "error: NAME: 'focall' is no template, and sounds like loss/focal."
        " Write -t focal for that one, or -t blank.\n"
    )


def test_arguments_get_other_defaults_and_new_ones_are_marked(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold(
        *("loss", "Focal", "--arg", "gamma=3", "--arg", "smoothing:float=0.1", "--doc", "smoothing: How smooth."),
        "--no-check",
    )
    assert result.exit_code == 0
    text = (folder / "focal.py").read_text()
    assert "gamma=3.0, *, from_logits=False, smoothing=0.1, **kwargs" in text
    assert "smoothing: How smooth." in text and "smoothing=self.smoothing," in text
    assert "        # Edit here: `self.smoothing` is not used yet.\n" in text
    assert "warning: Nothing uses 'smoothing' yet" in result.err


def test_a_layer_by_its_name_may_have_other_defaults(kscaffold: Kscaffold) -> None:
    assert (
        "from    layer/grouped_query_attention\n"
        in kscaffold("layer", "GQA", "--arg", "num_key_value_heads=1", "--no-check", "--dry-run").out
    )
    gate = kscaffold("layer", "SqueezeExcite", "--arg", "ratio=4", "--no-check", "--dry-run")
    assert "from    layer/squeeze_excite\n" in gate.out and gate.err == ""
    described = kscaffold("layer", "Noise", "--arg", "stddev=0.5", "--arg", "extra:int=3", "--no-check", "--dry-run")
    assert "from    layer/blank\n" in described.out


def test_the_learning_rate_goes_to_the_base(kscaffold: Kscaffold) -> None:
    made = kscaffold("optimizer", "Slow", "--arg", "learning_rate=0.5", "--stdout", "--no-check").out
    assert "learning_rate=0.5" in made and "super().__init__(learning_rate=learning_rate, **kwargs)" in made
    assert "self.learning_rate" not in made


def test_wrong_arguments_name_the_flag(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("loss", "Focal", "--arg", "gamma=wrong")
    assert result.exit_code == 2 and "--arg 'gamma=wrong'" in result.err and "not of type float" in result.err
    assert list(folder.iterdir()) == []


def test_a_project_says_where_they_go_or_they_go_beside_the_layers(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\nlayers = "src/net/layers"\nmetrics = "src/measures"\n')
    assert kscaffold("metric", "F1", *WRITTEN).exit_code == 0
    assert kscaffold("loss", "Focal", *WRITTEN).exit_code == 0
    assert (folder / "src/measures/f1.py").is_file() and (folder / "src/net/losses/focal.py").is_file()


def test_a_folder_that_would_hide_a_module_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\nlayers = "src/net/layers"\n')
    (folder / "src/net").mkdir(parents=True)
    (folder / "src/net/losses.py").write_text("")
    result = kscaffold("loss", "Focal", "--no-check")
    assert result.exit_code == 4 and not (folder / "src/net/losses").exists()
    assert "The folder losses/ would hide the module src/net/losses.py beside it." in result.err
    assert 'Name another one with -o, or in [tool.kscaffold]: losses = "…".' in result.err
    assert kscaffold("loss", "Focal", "--no-check", "-o", "src/net/own").exit_code == 0


def test_a_new_repository_has_room_for_all_kinds(kscaffold: Kscaffold, folder: Path) -> None:
    assert kscaffold("new", "my-project", "--no-input", "--no-check", "--no-git").exit_code == 0
    with contextlib.chdir(folder / "my-project"):
        for kind, described in find_kinds().items():
            assert kscaffold(kind, f"My{kind}", "--no-check").exit_code == 0
            init = Path(f"src/my_project/{described.folder}/__init__.py").read_text()
            assert f"from .my{kind} import My{kind}" in init


def test_a_wrong_key_is_told_with_the_keys_of_all_kinds(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\nlosse = "src/losses"\n')
    result = kscaffold("loss", "Focal")
    assert result.exit_code == 2 and "Did you mean losses?" in result.err


def test_list_show_and_eject_know_them(kscaffold: Kscaffold, folder: Path) -> None:
    listed = {row["name"] for row in json.loads(kscaffold("list", "--json").out)["templates"]}
    assert {"loss/focal", "callback/ema_weights", "constraint/simplex"} <= listed
    shown = kscaffold("show", "loss/quantile")
    assert "quantiles:tuple=(0.1, 0.5, 0.9)" in shown.out and "keras.losses.Loss" in shown.out
    assert "kscaffold loss MyQuantile -t quantile" in shown.out
    (folder / "pyproject.toml").write_text("")
    assert kscaffold("eject", "loss/focal").exit_code == 0
    template = folder / ".kscaffold/templates/loss/focal/template.toml"
    template.write_text(template.read_text().replace("gamma:float=2.0", "gamma:float=5.0"))
    made = kscaffold("loss", "Focal", "--no-check")
    assert made.exit_code == 0 and "gamma=5.0" in (folder / "focal.py").read_text()
    assert "uses    .kscaffold/templates/loss/focal  (repository)" in made.out


def test_a_broken_manifest_is_named(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("")
    kscaffold("eject", "loss/focal")
    (folder / ".kscaffold/templates/loss/focal/template.toml").write_text('summry = "x"\n')
    result = kscaffold("loss", "Focal")
    assert result.exit_code == 4 and "loss/focal/template.toml" in result.err and "Did you mean summary?" in result.err


def test_a_kind_is_found_by_looking(
    kscaffold: Kscaffold, folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    templates = tmp_path_factory.mktemp("templates") / "templates"
    shutil.copytree(of_base.templates_root(), templates)
    shutil.copytree(templates / "constraint", templates / "rule")
    shutil.copy(templates / "test/constraint.py.jinja", templates / "test/rule.py.jinja")
    monkeypatch.setattr("kscaffold.base.kinds._templates_root", lambda: str(templates))
    find_kinds.cache_clear()
    try:
        assert "  rule " in kscaffold("--help").out
        assert kscaffold("rule", "Simplex", "--no-check", "--no-test").exit_code == 0
        assert "a custom Keras rule" in (folder / "simplex.py").read_text()
    finally:
        find_kinds.cache_clear()
