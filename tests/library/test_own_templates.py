"""Custom templates: where they come from, what they hide, and how a broken one is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold, tree
from helpers.templates import MANIFEST, write_layer, write_preset

from kscaffold.library import limits

pytestmark = pytest.mark.usefixtures("trusted")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with an entry point for templates; returns the folder with its templates."""
    site = tmp_path / "site"
    templates = site / "acme_templates"
    templates.mkdir(parents=True)
    (templates / "__init__.py").write_text("raise SystemExit('nothing needs to import this')\n")
    info = site / "acme_templates-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-templates\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kscaffold.templates]\nacme = acme_templates\n")
    monkeypatch.syspath_prepend(str(site))
    return templates


def listed(kscaffold: Kscaffold, name: str) -> dict[str, object]:
    templates = json.loads(kscaffold("list", "--json").out)["templates"]
    return next(template for template in templates if template["name"] == name)


def test_the_repository_hides_the_user_who_hides_packages_which_hide_what_is_built_in(
    kscaffold: Kscaffold, folder: Path, user_folders: Path, package: Path
) -> None:
    (folder / "pyproject.toml").touch()
    assert listed(kscaffold, "layer/dense")["source"] == "built-in"
    hidden: list[str] = ["built-in"]
    places = [
        ("acme-templates", package),
        ("user", user_folders / "config/kscaffold/templates"),
        ("repository", folder / ".kscaffold/templates"),
    ]
    for title, root in places:
        write_layer(root, title, "dense")
        write_preset(root, title, "mlp")
        for name in ("layer/dense", "model/mlp"):
            found = listed(kscaffold, name)
            assert (found["source"], found["overrides"]) == (title, hidden)
        assert f"From {title}." in kscaffold("layer", "MyDense", "--stdout", "--no-check").out
        assert f"From {title}." in kscaffold("model", "mlp", "--stdout", "--no-check").out
        hidden = [title, *hidden]
    line = next(line for line in kscaffold("list").out.splitlines() if line.startswith("layer/dense "))
    assert "repository, hides user, hides acme-templates, hides built-in  Scales each feature." in line


@pytest.mark.keras
def test_a_custom_template_is_used_like_a_built_in_one_and_is_checked(kscaffold: Kscaffold, folder: Path) -> None:
    write_layer(folder / ".kscaffold/templates", "us")
    result = kscaffold("layer", "Scale")
    assert result.out.splitlines()[-1] == "check   Scale()  (None, 16) -> (None, 16)  16 params  ok", result
    assert "kscaffold layer MyScale -t scale" in kscaffold("show", "scale").out
    assert "layers: {Own: scale}" not in kscaffold("list").out


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("scale/template.toml", MANIFEST + "\n"),
        ("factor.yaml", "aliases: [gain, # as engineers say\n  amplifier]\nweights: {factor: input_dim}\n"),
        ("factor.yaml", "aliases:\n- gain  # as engineers say\n- amplifier\nweights: {factor: input_dim}\n"),
    ],
)
def test_a_template_has_further_names(kscaffold: Kscaffold, folder: Path, file: str, text: str) -> None:
    write_layer(folder / ".kscaffold/templates", "us")
    if file.endswith("toml"):
        text = text.replace("weights", 'aliases = [\n    "gain",  # as engineers say\n    "amplifier",\n]\nweights')
    else:
        text += "outputs: {y: inputs * factor}\n"
    (folder / ".kscaffold/templates/layer" / file).write_text(text)
    name = file.partition("/")[0].removesuffix(".yaml")
    for alias in ("gain", "amplifier"):
        assert f"from    layer/{name}\n" in kscaffold("layer", alias, "--no-check", "--dry-run").out
    assert f"sounds like layer/{name}. " in kscaffold("layer", "AmplifierBlock", "--no-check").err
    for word in ("engineers", "weights", "Gane"):
        assert "from    layer/dense\n" in kscaffold("layer", word, "--no-check", "--dry-run").out
    write_layer(folder / ".kscaffold/templates", "us", "gain")
    assert "from    layer/gain\n" in kscaffold("layer", "gain", "--no-check", "--dry-run").out


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("scale/template.toml", 'aliases = "gain"\n' + MANIFEST, "aliases has to be a list of texts in quotes, not"),
        ("factor.yaml", "aliases: gain\noutputs: {y: inputs * 2}\n", "factor.yaml:1:10: The section aliases is a list"),
    ],
)
def test_further_names_are_a_list(kscaffold: Kscaffold, folder: Path, file: str, text: str, message: str) -> None:
    write_layer(folder / ".kscaffold/templates", "us")
    (folder / ".kscaffold/templates/layer" / file).write_text(text)
    result = kscaffold("layer", "x", "-t", file.partition("/")[0].removesuffix(".yaml"), "--no-check")
    assert result.exit_code == 4 and message in result.err, result


def test_the_settings_say_where_the_templates_of_a_repository_are(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\ntemplates = "tools/templates"\n')
    write_layer(folder / "tools/templates", "us")
    assert listed(kscaffold, "layer/scale")["source"] == "repository"
    kscaffold("eject", "model/mlp")
    assert (folder / "tools/templates/model/mlp.yaml").exists()


def test_a_model_uses_a_custom_layer_template(kscaffold: Kscaffold, folder: Path) -> None:
    write_layer(folder / ".kscaffold/templates", "us")
    spec = "layers: {Own: scale}\ninputs: {x: 4}\noutputs: {y: x -> Own -> Dense(2)}\n"
    (folder / "spec.yaml").write_text(spec)
    assert "class Own(keras.layers.Layer):" in kscaffold("pipeline", "p", "spec.yaml", "--stdout", "--no-check").out


def test_what_is_hidden_can_be_built_upon(kscaffold: Kscaffold, folder: Path) -> None:
    write_layer(folder / ".kscaffold/templates", "us", "dense")
    (folder / ".kscaffold/templates/layer/dense/module.py.jinja").write_text(
        '{% extends "built-in/layer/dense/module.py.jinja" %}\n{% block notes %}\n    From us.\n{% endblock %}\n'
    )
    text = kscaffold("layer", "MyDense", "--stdout", "--no-check").out
    assert "From us." in text and "class MyDense" in text


def test_eject_copies_what_is_built_in_and_the_copy_is_used(kscaffold: Kscaffold, folder: Path) -> None:
    before = kscaffold("layer", "MyDense", "--stdout", "--no-check").out
    assert kscaffold("eject", "dense").out.splitlines() == [
        "create  .kscaffold/templates/layer/dense/module.py.jinja",
        "create  .kscaffold/templates/layer/dense/template.toml",
        "        used by: kscaffold layer NAME -t dense",
    ]
    assert kscaffold("layer", "MyDense", "--stdout", "--no-check").out == before
    manifest = folder / ".kscaffold/templates/layer/dense/template.toml"
    manifest.write_text(manifest.read_text().replace("Densely", "Sparsely"))
    assert "Sparsely" in kscaffold("layer", "MyDense", "--stdout", "--no-check").out
    result = kscaffold("eject", "layer/dense")
    assert result.exit_code == 3 and "template.toml: exists with other content; nothing was written." in result.err
    assert "Sparsely" in manifest.read_text()
    assert kscaffold("eject", "layer/dense", "--force").exit_code == 0
    assert kscaffold("undo").exit_code == 0
    assert "Sparsely" in manifest.read_text()


@pytest.mark.parametrize("part", ["style/functional", "style/subclassed", "test/model", "test/layer", "layer/base"])
def test_styles_tests_and_the_base_of_layers_can_be_ejected(kscaffold: Kscaffold, folder: Path, part: str) -> None:
    assert kscaffold("eject", part, "-q").exit_code == 0
    file = folder / ".kscaffold/templates" / f"{part}.py.jinja"
    file.write_text("{# ours #}\n" + file.read_text().replace('"""', '"""Ours. ', 1))
    style = "subclassed" if part == "style/subclassed" else "functional"
    assert kscaffold("model", "m", "--style", style, "--no-check", "-q").exit_code == 0
    assert kscaffold("layer", "n", "--no-check", "-q", "-t", "noise").exit_code == 0
    written = "".join(path.read_text() for path in folder.glob("*.py"))
    # The base of layers is for the templates next to it; the built-in ones have their own.
    assert ("Ours." in written) == (part != "layer/base")
    file.write_text("{{ nothing }}\n" + file.read_text())
    command = ("layer", "n2") if part == "test/layer" else ("model", "m2", "--style", style)
    result = kscaffold(*command, "--no-check")
    if part != "layer/base":
        assert result.exit_code == 4
        assert f".kscaffold/templates/{part}.py.jinja:1: The template is broken: 'nothing' is undefined." in result.err


def test_eject_for_all_projects_goes_to_the_users_folder(
    kscaffold: Kscaffold, folder: Path, user_folders: Path
) -> None:
    document = json.loads(kscaffold("eject", "model/cnn", "--user", "--json").out)
    assert document["ok"] and document["written"] and document["files"][0]["status"] == "create"
    assert (user_folders / "config/kscaffold/templates/model/cnn.yaml").exists()
    assert tree(folder) == {}
    assert listed(kscaffold, "model/cnn")["source"] == "user"


def test_what_cannot_be_ejected_is_named_with_the_nearest(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("eject", "layer/dens")
    assert result.exit_code == 2
    assert result.err == "error: TEMPLATE: There is no built-in template 'layer/dens'. Did you mean layer/dense?\n"
    assert kscaffold("eject", "x", "--force", "--skip").err.startswith("error: --force and --skip exclude each other.")
    assert kscaffold("eject", "mlp", "--dry-run").out.startswith("create  .kscaffold/templates/model/mlp.yaml")
    assert tree(folder) == {}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("no_such_package", "names 'no_such_package', which is not a package with a folder"),
        ("json.decoder", "names 'json.decoder', which is not a package with a folder"),
        ("acme_templates.inner", "cannot be imported: SystemError: nothing works here"),
    ],
)
def test_a_broken_package_is_named_and_breaks_no_other(
    kscaffold: Kscaffold, folder: Path, package: Path, entry: str, message: str
) -> None:
    (package / "__init__.py").write_text("raise SystemError('nothing works here')\n")
    info = package.parent / "acme_templates-1.0.dist-info/entry_points.txt"
    info.write_text(f"[kscaffold.templates]\nacme = {entry}\n")
    sys.modules.pop("acme_templates", None)
    write_layer(folder / ".kscaffold/templates", "us")
    lines = kscaffold("list").out.splitlines()
    assert lines[-1].split(maxsplit=2) == ["*", "acme-templates", f"The package {message}."]
    assert any(line.startswith("layer/scale ") for line in lines)
    assert kscaffold("layer", "Scale", "--no-check", "--dry-run").exit_code == 0
    result = kscaffold("layer", "x", "-t", "scal", "--no-check")
    assert result.exit_code == 2
    assert f"Did you mean scale? The package acme-templates {message}." in result.err


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{{ nothing }}", "module.py.jinja:2: The template is broken: 'nothing' is undefined."),
        ("{% nothing %}", "module.py.jinja:2: The template is broken: Encountered unknown tag 'nothing'."),
        (
            '{% include "../../../secret.txt" %}',
            "module.py.jinja:2: The template is broken: there is no '../../../secret.txt'."
            " Name a file as seen from the folder with the templates, for example: layer/scale/module.py.jinja.",
        ),
        ('{% include "/etc/hostname" %}', "module.py.jinja:2: The template is broken: there is no '/etc/hostname'."),
        (
            '{% include "part.jinja" %}',
            ":2: The template is broken: there is no 'part.jinja'. Did you mean layer/scale/part.jinja?",
        ),
        (
            '{% include ["layer/bas.py.jinja"] %}',
            ":2: The template is broken: there is no 'layer/bas.py.jinja'. Did you mean layer/base.py.jinja?",
        ),
        ('{% include "layer/scale/link.txt" %}', "layer/scale/link.txt leads out of the folder with the templates."),
        ("{{ ''.__class__.__mro__ }}", "module.py.jinja:2: The template is broken: access to attribute '__class__'"),
        ("{{ layer.name.__init__.__globals__ }}", "is unsafe"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "is unsafe"),
        ("{{ range(10**9) | list }}", "Range too big"),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            ":2: The template is broken: it takes more than 0.5 seconds.",
        ),
        ("{{ 'x' * 10**12 }}", ":2: The template is broken: it takes more than 1024 MB of memory."),
        ("{{ self.notes() }}", "The template is broken: it includes or calls itself without end."),
        ('{% include "layer/scale/module.py.jinja" %}', "it includes or calls itself without end."),
    ],
)
def test_a_template_reads_nothing_outside_its_folder_and_is_named_with_its_line(
    kscaffold: Kscaffold, folder: Path, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    templates = folder / ".kscaffold/templates"
    write_layer(templates, "us")
    (folder / "secret.txt").write_text("secret")
    (templates / "layer/scale/link.txt").symlink_to(folder / "secret.txt")
    (templates / "layer/scale/part.jinja").touch()
    file = templates / "layer/scale/module.py.jinja"
    text = '{% extends "layer/base.py.jinja" %}\n{% block notes %}' + body + "{% endblock %}\n"
    file.write_text(text)
    before = tree(folder)
    result = kscaffold("layer", "Scale", "--no-check")
    assert result.exit_code == 4, result
    assert result.err.startswith("error: .kscaffold/templates/layer/scale/module.py.jinja"), result.err
    assert message in result.err and "secret" not in result.err.replace("secret.txt", "")
    assert result.err.count("\n") == 1
    assert tree(folder) == before
    assert kscaffold("layer", "Other", "-t", "dense", "--no-check").exit_code == 0


def test_a_manifest_or_preset_that_is_a_link_out_of_the_folder_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    templates = folder / ".kscaffold/templates"
    write_layer(templates, "us")
    write_preset(templates, "us", "mine")
    for file, place in (("layer/scale/template.toml", "secret.toml"), ("model/mine.yaml", "secret.yaml")):
        (templates / file).rename(folder / place)
        (templates / file).symlink_to(folder / place)
    for command in (("layer", "Scale"), ("model", "mine"), ("show", "scale"), ("show", "mine")):
        result = kscaffold(*command)
        assert result.exit_code == 4, result
        assert "The template is broken: a symbolic link leads out of the folder with the templates." in result.err
    assert kscaffold("list").exit_code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("inputs: [", "model/mine.yaml:1:10: This is not YAML"),
        ("inputs: {x: 4}\noutputs: {y: x -> Danse(2)}\n", "mine.yaml:2:19: Keras has no layer 'Danse'."),
    ],
)
def test_a_broken_preset_is_named_with_its_line_and_breaks_no_other(
    kscaffold: Kscaffold, folder: Path, content: str, message: str
) -> None:
    templates = folder / ".kscaffold/templates"
    write_preset(templates, "us", "mine")
    (templates / "model/mine.yaml").write_text(content)
    result = kscaffold("model", "mine", "--no-check")
    assert result.exit_code == 4 and message in result.err
    assert kscaffold("model", "mlp", "--no-check", "--dry-run").exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"Scales each feature."', "3", "summary has to be a text in quotes, not 3."),
        ('summary = "Scales each feature."\n', "", "The key 'summary' is missing."),
        ('["factor: input_dim, ones"]', '"factor: 1"', "weights has to be a list of texts in quotes, not 'factor: 1'."),
        ('["factor: input_dim, ones"]', "[3]", "weights has to be a list of texts in quotes, not [3]."),
        ('"batch_size, ..., input_dim"\n\n', "true\n", "output has to be a text in quotes, not True."),
        ("[[input]]", "passes_mask = 1\n[[input]]", "passes_mask has to be true or false, not 1."),
        ("[[input]]", "[input]", "input has to be a list of tables, each below a line [[input]]."),
        ("[[input]]", 'call = "lists"\n[[input]]', "call cannot be 'lists'. Did you mean list?"),
        (
            "[[input]]",
            'handles = ["state"]\n[[input]]',
            "handles cannot have 'state'. There are: training, mask, loss, seed.",
        ),
        ('example = "16"', "example = 16", "example in [[input]] has to be a text in quotes, not 16."),
        ('example = "16"', "", "The key 'example' is missing in [[input]]."),
        ('example = "16"', 'exmple = "16"', "The key 'exmple' in [[input]] is unknown. Did you mean example?"),
        ('example = "16"', 'example = "16"\nrepeats = "no"', "repeats in [[input]] has to be true or false, not 'no'."),
        ("[[input]]", '[[argument]]\nspec = "a"\n[[input]]', "The key 'doc' is missing in [[argument]]."),
        (
            "[[input]]",
            '[[argument]]\nspec = "a"\ndoc = "b"\ncheck = "positiv"\n[[input]]',
            "check in [[argument]] cannot be 'positiv'. Did you mean positive?",
        ),
    ],
)
def test_a_wrong_manifest_is_explained_in_words(
    kscaffold: Kscaffold, folder: Path, old: str, new: str, message: str
) -> None:
    write_layer(folder / ".kscaffold/templates", "us")
    (folder / ".kscaffold/templates/layer/scale/template.toml").write_text(MANIFEST.replace(old, new, 1))
    result = kscaffold("layer", "Scale", "--no-check")
    assert result.exit_code == 4
    assert result.err == (f"error: .kscaffold/templates/layer/scale/template.toml: The template is broken: {message}\n")


def test_the_source_of_a_template_is_printed(kscaffold: Kscaffold, folder: Path) -> None:
    root = Path(__file__).resolve().parents[2] / "templates"
    dense = kscaffold("show", "dense", "--source").out
    assert dense.startswith("layer/dense/template.toml\nsummary = ")
    for name in ("template.toml", "module.py.jinja"):
        assert f"layer/dense/{name}\n{(root / 'layer/dense' / name).read_text()}" in dense
    document = json.loads(kscaffold("show", "layer/film", "--source", "--json").out)
    assert document["files"] == {"layer/film.yaml": (root / "layer/film.yaml").read_text()}
    kscaffold("eject", "model/mlp", "-q")
    own = folder / ".kscaffold/templates/model/mlp.yaml"
    own.write_text(own.read_text() + "# \x1b[31m\tmine\n")
    shown = kscaffold("show", "mlp", "--source").out
    assert shown.startswith(".kscaffold/templates/model/mlp.yaml\n") and shown.endswith("# \\x1b[31m\tmine\n")
