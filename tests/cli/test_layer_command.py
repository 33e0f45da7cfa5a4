"""`kscaffold layer` as its users type it, without Keras: what is written, what is printed, what is refused."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import black
import pytest
from conftest import Kscaffold, tree
from helpers.pages import reference, topic

from kscaffold.base.naming import parse_module_name
from kscaffold.cli import run
from kscaffold.library.templates import Catalogue


def test_a_layer_and_its_test_are_written(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("layer", "MyDense", "--no-check")
    assert result.exit_code == 0
    assert result.out.splitlines() == [
        "create  my_dense.py",
        "create  test_my_dense.py",
        "from    layer/dense",
        "check   not checked: --no-check",
    ]
    assert result.err == ""
    assert sorted(tree(folder)) == ["my_dense.py", "test_my_dense.py"]


def test_three_spellings_are_one_layer(kscaffold: Kscaffold) -> None:
    kscaffold("layer", "MyDense", "--no-check")
    for name in ("my_dense", "my-dense"):
        assert kscaffold("layer", name, "--no-check").out.splitlines()[:2] == [
            "identical my_dense.py",
            "identical test_my_dense.py",
        ]


def test_a_file_of_the_users_is_a_conflict_and_stays(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "my_dense.py").write_text("mine\n")
    before = tree(folder)
    result = kscaffold("layer", "MyDense", "--no-check")
    assert result.exit_code == 3
    assert result.out.splitlines()[0] == "conflict my_dense.py"
    assert "my_dense.py: exists with other content; nothing was written. Use --force" in result.err
    assert tree(folder) == before


def test_force_overwrites_and_skip_keeps(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "my_dense.py").write_text("mine\n")
    result = kscaffold("layer", "MyDense", "--no-check", "--skip")
    assert (result.exit_code, result.out.splitlines()[0]) == (0, "skip    my_dense.py")
    assert (folder / "my_dense.py").read_text() == "mine\n"
    assert (folder / "test_my_dense.py").exists()
    result = kscaffold("layer", "MyDense", "--no-check", "--force")
    assert (result.exit_code, result.out.splitlines()[:2]) == (
        0,
        ["force   my_dense.py", "identical test_my_dense.py"],
    )
    assert "class MyDense" in (folder / "my_dense.py").read_text()


def test_a_dry_run_writes_nothing_and_a_diff_shows_what_it_would(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "my_dense.py").write_text("mine\n")
    before = tree(folder)
    result = kscaffold("layer", "MyDense", "--no-check", "--force", "--dry-run", "--diff")
    assert result.exit_code == 0
    assert "--- a/my_dense.py\n+++ b/my_dense.py\n" in result.out
    assert "\n-mine\n" in result.out and "\n+import keras\n" in result.out
    assert "--- /dev/null\n+++ b/test_my_dense.py\n" in result.out
    assert tree(folder) == before


def test_stdout_prints_only_the_module(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("layer", "MyDense", "--no-check", "--stdout")
    assert result.exit_code == 0
    assert ast.parse(result.out)
    assert tree(folder) == {}


def test_quiet_prints_nothing(kscaffold: Kscaffold) -> None:
    result = kscaffold("layer", "MyDense", "--no-check", "-q")
    assert (result.exit_code, result.out, result.err) == (0, "", "")


def test_json_is_one_document(kscaffold: Kscaffold) -> None:
    document = json.loads(kscaffold("layer", "MyDense", "--no-check", "--json").out)
    assert document["version"] == 1 and document["command"] == "layer" and document["ok"] is True
    assert document["files"] == [
        {"path": "my_dense.py", "status": "create"},
        {"path": "test_my_dense.py", "status": "create"},
    ]
    assert document["check"]["skipped"] == "--no-check" and document["written"] is True


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["layer", "class", "--json"], 2, "is a Python keyword"),
        (["layer", "--json"], 2, "Missing argument 'NAME'"),
        (["layer", "X", "--json", "--nonsense"], 2, "There is no option '--nonsense'"),
        (["layer", "X", "--json", "-t", "nonsense"], 2, "There is no template 'nonsense'"),
    ],
)
def test_an_error_is_a_json_document_too(
    kscaffold: Kscaffold, arguments: list[str], exit_code: int, message: str
) -> None:
    result = kscaffold(*arguments)
    document = json.loads(result.out)
    assert result.exit_code == exit_code == document["exit_code"]
    assert document["ok"] is False and message in document["error"]["message"]
    assert document["command"] == "layer"


REFUSED = [
    (["3D"], 2, "'3D' cannot be the name of a class and a module"),
    (["class"], 2, "'class' cannot be used: 'class' is a Python keyword. For example: MyClass."),
    (["keras"], 2, "a module 'keras' would shadow the package 'keras'. For example: MyKeras."),
    (["../x"], 2, "'../x' cannot be the name"),
    (["X", "--arg", "layers:int"], 2, "--arg 'layers:int': 'layers' cannot be the name of an argument"),
    (["X", "--weight", "k: foo"], 2, "--weight 'k: foo': 'foo' in the shape of 'k' is not an argument of this layer"),
    (["X", "--sublayer", "d=Denes(3)"], 2, "Keras has no layer 'Denes'. Did you mean Dense?"),
    (["X", "--force", "--skip"], 2, "--force and --skip exclude each other"),
    (["X", "--json", "--stdout"], 2, "--json and --stdout exclude each other"),
    (["X", "--package", "a b"], 2, "--package: 'a b' is not a name for a package"),
    (["X", "--python", "no-such-python"], 2, "--python: There is no program 'no-such-python'"),
    (["X", "-t", "nonsense"], 2, "--template: There is no template 'nonsense' for a layer"),
    (["X", "-t", "denes"], 2, "Did you mean dense?"),
    (["X", "--input-shape", "1,a"], 2, "--input-shape '1,a': '1,a' is not a shape"),
    ([], 2, "Missing argument 'NAME'"),
    (["X", "--sublayers", "d=Dense(3)"], 2, "There is no option '--sublayers'. Did you mean --sublayer?"),
    (["X", "--weigth", "k: 3"], 2, "Did you mean --weight?"),
    (["X", "--argument", "units"], 2, "Did you mean --arg?"),
    (["X", "--unit", "3"], 2, "There is no option '--unit'. An argument of the layer is added by --arg unit."),
]


@pytest.mark.parametrize(("arguments", "exit_code", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_refusal_is_one_clear_line_and_leaves_nothing(
    kscaffold: Kscaffold, folder: Path, arguments: list[str], exit_code: int, message: str
) -> None:
    flags = [] if "--python" in arguments else ["--no-check"]
    result = kscaffold("layer", *arguments, *flags)
    assert result.exit_code == exit_code
    if "--json" not in arguments:
        assert message in result.err and result.err.count("\n") == 1 and result.out == ""
    assert "Traceback" not in result.err
    assert tree(folder) == {}


@pytest.mark.parametrize("name", ["layers.Dense", "keras.layers.Dense", "tf.keras.layers.Dense"])
def test_names_of_keras_may_be_written_in_full(kscaffold: Kscaffold, name: str) -> None:
    def module(*arguments: str) -> str:
        return kscaffold(*arguments, "--no-check", "--stdout").out

    assert module("layer", "X", "--sublayer", f"d = {name}(3)") == module("layer", "X", "--sublayer", "d = Dense(3)")
    assert module("layer", "X", f"{name}(3)(inputs)") == module("layer", "X", "Dense(3)(inputs)")
    written = f"{name}(3, keras.activations.relu, kernel_initializer=keras.initializers.Zeros()) x2 -> keras.ops.tanh"
    short = "Dense(3, relu, kernel_initializer=Zeros()) x2 -> ops.tanh"
    assert module("pipeline", "x", f"16 -> {written}") == module("pipeline", "x", f"16 -> {short}")
    weight = module("layer", "X", "--weight", "k: 3, keras.initializers.Zeros()")
    assert weight == module("layer", "X", "--weight", "k: 3, Zeros()")


def test_a_layer_of_ones_own_is_found_with_its_module(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\nlayers = "src/pkg/layers"\n')
    (folder / "src/pkg/layers").mkdir(parents=True)
    for package in ("src/pkg", "src/pkg/layers"):
        (folder / package / "__init__.py").touch()
    kscaffold("layer", "MyOwn", "--no-check")
    (folder / "beside.py").write_text("class TFSMLayers:\n    pass\n")
    hints = {"MyOwn": "pkg.layers.my_own:MyOwn(…)", "TFSMLayers": "beside:TFSMLayers(…)"}
    for name, hint in hints.items():
        expected = f"Keras has no layer {name!r}. It is your own: write {hint}.\n"
        for arguments in (
            ("pipeline", "net", f"16 -> {name}(4)"),
            ("layer", "X", "--sublayer", f"x = {name}(4)"),
            ("layer", "X", f"inputs -> {name}(4)"),
        ):
            assert kscaffold(*arguments, "--no-check").err.endswith(expected)
        written = hint.replace("…", "4")
        assert kscaffold("pipeline", "net", f"16 -> {written}", "--no-check", "--dry-run").exit_code == 0
    assert "It is your own" not in kscaffold("pipeline", "net", "16 -> Denes(4)", "--no-check").err


def test_an_unknown_command_is_named(kscaffold: Kscaffold) -> None:
    result = kscaffold("leyer", "X")
    assert result.exit_code == 2
    assert "There is no command 'leyer'. Did you mean layer?" in result.err


def test_a_path_that_leaves_the_folder_is_refused(kscaffold: Kscaffold, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "my_dense.py").symlink_to(outside / "my_dense.py")
    result = kscaffold("layer", "MyDense", "--no-check")
    assert result.exit_code == 4
    assert "is outside" in result.err and "symbolic link" in result.err
    assert tree(outside) == {} and not (folder / "test_my_dense.py").exists()


def test_an_output_folder_that_is_a_file_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "file").write_text("")
    for place in ("file", "file/below"):
        result = kscaffold("layer", "MyDense", "--no-check", "-o", place)
        assert result.exit_code == 4, result
        assert "folder" in result.err
    assert list(tree(folder)) == ["file"]


def test_a_new_output_folder_is_made(kscaffold: Kscaffold, folder: Path) -> None:
    result = kscaffold("layer", "MyDense", "--no-check", "-o", "src/layers")
    assert result.out.splitlines()[0] == "create  src/layers/my_dense.py"
    assert (folder / "src/layers/test_my_dense.py").exists()


def test_the_test_goes_to_the_nearest_tests_folder(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "tests").mkdir()
    result = kscaffold("layer", "MyDense", "--no-check")
    assert result.out.splitlines()[:2] == ["create  my_dense.py", "create  tests/test_my_dense.py"]
    text = (folder / "tests/test_my_dense.py").read_text()
    assert 'sys.path.insert(0, str(Path(__file__).resolve().parent / ".."))' in text


def test_a_package_is_imported_by_its_name(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "my-project"\n')
    (folder / "src/my_project/layers").mkdir(parents=True)
    (folder / "src/my_project/__init__.py").touch()
    (folder / "src/my_project/layers/__init__.py").touch()
    (folder / "tests").mkdir()
    result = kscaffold("layer", "MyDense", "--no-check", "-o", "src/my_project/layers")
    assert result.out.splitlines()[1] == "create  tests/test_my_dense.py"
    text = (folder / "tests/test_my_dense.py").read_text()
    assert "from my_project.layers.my_dense import MyDense" in text and "sys.path" not in text
    module = (folder / "src/my_project/layers/my_dense.py").read_text()
    assert 'register_keras_serializable(package="my_project")' in module


def test_the_projects_own_black_settings_count(kscaffold: Kscaffold, folder: Path) -> None:
    settings = "[tool.black]\nline-length = 60\nskip-string-normalization = true\ntarget-version = ['py311']\n"
    (folder / "pyproject.toml").write_text(settings)
    kscaffold("layer", "MyDense", "--no-check")
    text = (folder / "my_dense.py").read_text()
    mode = black.Mode(line_length=60, string_normalization=False, target_versions={black.TargetVersion.PY311})
    assert black.format_str(text, mode=mode) == text
    assert black.format_str(text, mode=black.Mode()) != text


@pytest.mark.parametrize(
    ("pyproject", "message"),
    [
        ("[tool.black\n", "is not valid TOML"),
        ('[tool.black]\nline-length = "wide"\n', "line-length 'wide' is not a positive whole number"),
        ('[tool.black]\ntarget-version = ["py1"]\n', "target-version ['py1'] is not known to black"),
        ("[tool.black]\npreview = 3\n", "preview is neither true nor false"),
    ],
)
def test_a_broken_pyproject_is_named(kscaffold: Kscaffold, folder: Path, pyproject: str, message: str) -> None:
    (folder / "pyproject.toml").write_text(pyproject)
    result = kscaffold("layer", "MyDense", "--no-check")
    assert result.exit_code == 2
    assert message in result.err and result.err.count("\n") == 1
    assert list(tree(folder)) == ["pyproject.toml"]


def test_a_name_that_keras_has_is_a_warning(kscaffold: Kscaffold) -> None:
    result = kscaffold("layer", "Dense", "--no-check")
    assert result.exit_code == 0
    assert "warning: Keras has a layer Dense of its own" in result.err


def test_no_test_and_text_that_could_break_out_of_its_place(kscaffold: Kscaffold, folder: Path) -> None:
    nasty = 'x"""\'\\n{{ 7 * 7 }}{% raw %}#"""'
    result = kscaffold("layer", "MyLayer", "--no-check", "--no-test", "--arg", f"mode:str={nasty}")
    assert result.exit_code == 0, result.err
    assert sorted(tree(folder)) == ["my_layer.py"]
    tree_of_module = ast.parse((folder / "my_layer.py").read_text())
    constants = [node.value for node in ast.walk(tree_of_module) if isinstance(node, ast.Constant)]
    assert nasty in constants


def test_list_and_show(kscaffold: Kscaffold) -> None:
    listed = kscaffold("list")
    assert listed.exit_code == 0 and "layer/dense" in listed.out and "layer/rnn_cell" in listed.out
    names = [entry["name"] for entry in json.loads(kscaffold("list", "--json").out)["templates"]]
    for name in names:
        shown = kscaffold("show", name)
        assert shown.exit_code == 0 and f"Example\n  kscaffold {name.split('/')[0]} My" in shown.out
        assert json.loads(kscaffold("show", name, "--json").out)["template"]["name"] == name
    assert "units:int=32" in kscaffold("show", "dense").out
    missing = kscaffold("show", "denes")
    assert missing.exit_code == 2 and "Did you mean dense?" in missing.err


def test_what_show_offers_can_be_typed(kscaffold: Kscaffold) -> None:
    for entry in json.loads(kscaffold("list", "--json").out)["templates"]:
        command = json.loads(kscaffold("show", entry["name"], "--json").out)["template"]["command"]
        assert kscaffold(*shlex.split(command)[1:], "--no-check", "--force").exit_code == 0


MENU = """
import os, pty, sys
os.environ["COLUMNS"] = "80"
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.executable, [sys.executable, "-m", "kscaffold", "layer", "MyDense", "--no-check"])
os.write(terminal, sys.argv[1].encode())
output = b""
try:
    while part := os.read(terminal, 1000):
        output += part
except OSError:
    pass
_, status = os.waitpid(pid, 0)
print(output.decode().replace("\\r\\n", "\\n"))
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize(
    ("typed", "exit_code", "module_is_mine", "test_is_mine"),
    [
        ("y\nn\n", 0, False, True),
        ("\n\n", 0, True, True),
        ("a\n", 0, False, False),
        ("what\nd\ny\ny\n", 0, False, False),
        ("y\nq\n", 3, True, True),
        ("\x04\x04", 0, True, True),
    ],
)
def test_the_menu_for_conflicts_on_a_terminal(
    folder: Path, typed: str, exit_code: int, module_is_mine: bool, test_is_mine: bool
) -> None:
    (folder / "my_dense.py").write_text("mine\n")
    (folder / "test_my_dense.py").write_text("mine\n")
    done = subprocess.run([sys.executable, "-c", MENU, typed], capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stdout
    assert "Overwrite? [y]es [n]o [d]iff [a]ll [q]uit" in done.stdout
    assert ((folder / "my_dense.py").read_text() == "mine\n") is module_is_mine
    assert ((folder / "test_my_dense.py").read_text() == "mine\n") is test_is_mine


def test_no_traceback_without_debug(kscaffold: Kscaffold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kscaffold.kinds.destination.find_project", lambda folder: 1 / 0)
    result = kscaffold("layer", "MyDense", "--no-check")
    assert result.exit_code == 1
    assert "kscaffold itself failed: ZeroDivisionError" in result.err and "Traceback" not in result.err
    with pytest.raises(ZeroDivisionError):
        run(["--debug", "layer", "MyDense", "--no-check"])


def test_every_command_has_help_and_stands_in_the_reference(kscaffold: Kscaffold) -> None:
    root = Path(__file__).resolve().parents[2]
    text_of_all = reference()
    commands = sorted(path.stem for path in (root / "kscaffold/cli").glob("[a-z]*.py"))
    assert {"check", "layer", "undo"} <= set(commands)
    for command in commands:
        text = kscaffold(command, "--help").out
        assert f"kscaffold {command}" in text_of_all
        options = {word.strip(",].'") for line in text.splitlines() for word in line.split() if word.startswith("--")}
        missing = {option for option in options if option not in text_of_all}
        assert not missing - {"--help"}, f"neither the README nor a topic names {missing} of {command}"


def test_the_version_is_that_of_the_changelog(kscaffold: Kscaffold) -> None:
    root = Path(__file__).resolve().parents[2]
    version = kscaffold("--version").out.split()[-1]
    assert f"## [{version}]" in (root / "CHANGELOG.md").read_text()
    assert tomllib.loads((root / "pyproject.toml").read_text())["project"]["name"] == "kscaffold"


@pytest.mark.parametrize("template", ["activity_loss", "attention", "merge", "dense"])
def test_a_layer_that_ends_in_one_without_steps_passes_no_mask_on(kscaffold: Kscaffold, template: str) -> None:
    with_steps = kscaffold("layer", "Tail", "-t", template, "--no-check", "--stdout").out
    without = kscaffold("layer", "Tail", "-t", template, "--sublayer", "tail = GRU(3)", "--no-check", "--stdout").out
    assert ("supports_masking" in with_steps) and "supports_masking" not in without


def test_the_template_of_the_reference_works(
    kscaffold: Kscaffold, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).resolve().parents[2]
    manifest, body = re.findall(r"```(?:toml|jinja)\n(.*?)```", topic("writing-templates"), re.DOTALL)
    templates = tmp_path / "templates"
    shutil.copytree(root / "templates", templates)
    (templates / "layer/factor").mkdir()
    (templates / "layer/factor/template.toml").write_text('output = "batch_size, ..., input_dim"\n' + manifest)
    (templates / "layer/factor/module.py.jinja").write_text(body)
    monkeypatch.setattr("kscaffold.library.templates.templates_root", lambda: templates)
    assert "layer/factor" in kscaffold("list").out
    result = kscaffold("layer", "Factor", "--no-check")
    assert result.exit_code == 0, result.err
    text = (folder / "factor.py").read_text()
    assert "self.factor = self.add_weight(" in text and "factor = ops.minimum(self.factor, self.limit)" in text


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("template.toml", "summary", "sumary", "layer/dense/template.toml: The template is broken: The key 'sumary'"),
        ("template.toml", "[[input]]", "[[input", "layer/dense/template.toml: The template is broken"),
        ("template.toml", "units:int=32", "units:int=x", "The default of 'units' is not of type int"),
        ("module.py.jinja", "{% extends", "{% nonsense %}{% extends", "layer/dense/module.py.jinja:1"),
        ("module.py.jinja", " %}", " %}{% block init %}{{ nothing }}{% endblock %}", "'nothing' is undefined"),
        ("module.py.jinja", " %}", " %}{% block init %}        self.x = (\n{% endblock %}", "is no Python"),
        (
            "module.py.jinja",
            " %}",
            " %}{% block methods %}\n\nclass More(MyLayer):\n{% endblock %}",
            "defines MyLayer, More instead of",
        ),
        (
            "module.py.jinja",
            " %}",
            " %}{% block init %}{{ layer.__class__.__mro__ }}{% endblock %}",
            "is unsafe",
        ),
    ],
)
def test_a_broken_template_is_named_and_does_not_hide_the_others(
    kscaffold: Kscaffold,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    old: str,
    new: str,
    message: str,
) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(Path(__file__).resolve().parents[2] / "templates", templates)
    path = templates / "layer/dense" / file
    path.write_text(path.read_text().replace(old, new, 1))
    monkeypatch.setattr("kscaffold.library.templates.templates_root", lambda: templates)
    result = kscaffold("layer", "MyLayer", "--no-check")
    assert result.exit_code == 4, result
    assert message in result.err and result.err.count("\n") == 1 and "Traceback" not in result.err
    assert tree(folder) == {}
    assert kscaffold("layer", "MyLayer", "--no-check", "-t", "noise").exit_code == 0
    assert "layer/noise" in kscaffold("list").out


def test_a_custom_layer_may_be_in_a_package(kscaffold: Kscaffold) -> None:
    result = kscaffold("layer", "Foo", "--stdout", "--no-check", "--sublayer", "mine = my_package.layers:MyDense(8)")
    assert result.exit_code == 0
    assert "from my_package.layers import MyDense" in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("MyCell", "-t", "rnn_cell", "--loss"), "--loss: A cell is called once for each step"),
        (("Test",), "pytest would take the class Test for a class of tests"),
        (("Foo", "-o", ""), "--output-dir: The folder is empty"),
        (("Foo", "--input-shape", "1000000000"), "has a size that is too large"),
        (("Foo", "--arg", "__class__:int"), "For example: my_class"),
        (("Foo", "--weight", "k: input_dim / 2"), "sizes are computed with + - * // ** alone"),
        (("Foo", "--weight", "k: input_shape[9]"), "the shape of 'k': input_shape[9] is beyond the end"),
        (("Foo", "--sublayer", "inner = Layer()"), "Layer computes nothing by itself"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(
    kscaffold: Kscaffold, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = kscaffold("layer", *arguments, "--no-check")
    assert result.exit_code == 2
    assert message in result.err
    assert tree(folder) == {}


def test_a_quiet_conflict_is_one_message(kscaffold: Kscaffold, folder: Path) -> None:
    folder.joinpath("foo.py").write_text("mine = 1\n")
    result = kscaffold("layer", "Foo", "--no-check", "-q")
    assert result.exit_code == 3
    assert result.out == ""
    assert result.err.startswith("error: foo.py: exists with other content")


def test_a_layer_with_the_name_of_a_base_class_brings_a_warning(kscaffold: Kscaffold) -> None:
    assert "Keras has a layer Layer of its own" in kscaffold("layer", "Layer", "--no-check").err


@pytest.mark.parametrize(
    ("command", "meant", "default"),
    [
        (("layer", "Atention"), "attention", "dense"),
        (("layer", "MyAttention"), "attention", "dense"),
        (("layer", "noisse"), "noise", "dense"),
        (("layer", "MoEBlock"), "mixture_of_experts", "dense"),
        (("layer", "StochasticDepths"), "drop_path", "dense"),
        (("model", "Unett"), "unet", "mlp"),
        (("model", "my-unet"), "unet", "mlp"),
        (("model", "TextTransformer"), "transformer", "mlp"),
    ],
)
def test_a_name_that_sounds_like_another_template_stops_with_a_suggestion(
    kscaffold: Kscaffold, folder: Path, command: tuple[str, str], meant: str, default: str
) -> None:
    result = kscaffold(*command, "--no-check")
    assert result.exit_code == 2
    assert f"sounds like {command[0]}/{meant}. Write -t {meant} for that one, or -t {default}." in result.err
    assert list(folder.iterdir()) == []
    for template in (meant, default):
        made = kscaffold(*command, "-t", template, "--no-check", "--force")
        assert made.exit_code == 0 and f"from    {command[0]}/{template}" in made.out


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("RoPE", "rotary_embedding"),
        ("MoE", "mixture_of_experts"),
        ("gqa", "grouped_query_attention"),
        ("MQA", "grouped_query_attention"),
        ("VQ", "vector_quantizer"),
        ("SwiGLU", "gated_linear"),
        ("GLU", "gated_linear"),
        ("SE", "squeeze_excite"),
        ("StochasticDepth", "drop_path"),
        ("PositionalEncoding", "sinusoidal_position"),
        ("Mode", "dense"),
        ("Scope", "dense"),
    ],
)
def test_the_names_of_papers_lead_to_templates(kscaffold: Kscaffold, name: str, template: str) -> None:
    made = kscaffold("layer", name, "--no-check", "--dry-run")
    assert made.exit_code == 0 and f"from    layer/{template}" in made.out
    if template != "dense":
        assert kscaffold("show", name).out.startswith(f"layer/{template}  ")
        assert f"from    layer/{template}" in kscaffold("layer", "X", "-t", name, "--no-check", "--dry-run").out


def test_show_tells_the_other_names(kscaffold: Kscaffold) -> None:
    assert "\nOther names: moe, sparse_moe\n" in kscaffold("show", "mixture_of_experts").out
    assert json.loads(kscaffold("show", "moe", "--json").out)["template"]["aliases"] == ["moe", "sparse_moe"]
    assert "Other names" not in kscaffold("show", "dense").out


def test_every_name_of_a_template_leads_to_one() -> None:
    templates = Catalogue().of_kind("layer")
    names = [name for template in templates for name in (template.name, *template.aliases)]
    assert len(names) == len({*names}) and len(names) > len(templates)
    for name in names:
        assert parse_module_name(name).module == name, name


def test_the_template_is_always_told(kscaffold: Kscaffold) -> None:
    assert "from    layer/dense" in kscaffold("layer", "Gate", "--no-check").out.splitlines()
    assert "from    model/mlp" in kscaffold("model", "UserTower", "--no-check", "--dry-run").out.splitlines()
    assert "from" not in kscaffold("layer", "Gate", "--no-check", "-q", "--force").out
    assert "from" not in kscaffold("layer", "Scale", "inputs * 2", "--no-check").out
