"""kscaffold in a repository: where files go, what the package exports, and what the settings may be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold, tree

PYPROJECT = """\
[project]
name = "my-project"
version = "0"

[tool.kscaffold]
package = "shop"
layers = "src/my_project/layers"
models = "src/my_project/models"
pipelines = "src/my_project/pipelines"
tests = "tests"
style = "functional"
"""


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository with a package, and settings."""
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "src/my_project").mkdir(parents=True)
    (folder / "src/my_project/__init__.py").touch()
    return folder


@pytest.mark.keras
def test_a_layer_goes_to_its_folder_and_the_package_exports_it(kscaffold: Kscaffold, repository: Path) -> None:
    assert kscaffold("layer", "Gate").out.splitlines() == [
        "create  src/my_project/layers/gate.py",
        "create  tests/test_gate.py",
        "create  src/my_project/layers/__init__.py",
        "from    layer/dense",
        "check   Gate(units=32)  (None, 16) -> (None, 32)  544 params  ok",
    ]
    assert 'package="shop"' in (repository / "src/my_project/layers/gate.py").read_text()
    assert "from my_project.layers.gate import Gate" in (repository / "tests/test_gate.py").read_text()
    assert kscaffold("layer", "Bar", "--no-check").out.splitlines()[2] == "update  src/my_project/layers/__init__.py"
    init = repository / "src/my_project/layers/__init__.py"
    expected = (
        '"""Layers of my_project."""\n\nfrom .bar import Bar\nfrom .gate import Gate\n\n__all__ = ["Bar", "Gate"]\n'
    )
    assert init.read_text() == expected
    again = kscaffold("layer", "Bar", "--no-check").out.splitlines()
    assert again == [
        "identical src/my_project/layers/bar.py",
        "identical tests/test_bar.py",
        "from    layer/dense",
        "check   not checked: --no-check",
    ]
    assert init.read_text() == expected


def test_models_and_pipelines_have_folders_and_a_style(kscaffold: Kscaffold, repository: Path) -> None:
    kscaffold("model", "cut_autoencoder", "--no-check", "-q")
    kscaffold("pipeline", "head", "16 -> Dense(2)", "--no-check", "-q")
    kscaffold("model", "tail", "--style", "subclassed", "--no-check", "-q")
    init = (repository / "src/my_project/models/__init__.py").read_text()
    assert "from .cut_autoencoder import build_cut_autoencoder, build_encoder\nfrom .tail import Tail\n" in init
    assert "build_head" in (repository / "src/my_project/pipelines/__init__.py").read_text()
    (repository / "pyproject.toml").write_text(PYPROJECT.replace("functional", "subclassed"))
    kscaffold("pipeline", "tail", "16 -> Dense(2)", "--no-check", "-q", "--no-test")
    for name in ("head", "tail"):
        assert f"def build_{name}" in (repository / f"src/my_project/pipelines/{name}.py").read_text()


def test_from_a_folder_inside_it_is_the_same_and_a_flag_is_stronger(
    kscaffold: Kscaffold, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "src")
    assert kscaffold("layer", "Gate", "--no-check").out.startswith("create  my_project/layers/gate.py\n")
    assert kscaffold("layer", "Lone", "--no-check", "-o", "elsewhere").out.startswith("create  elsewhere/lone.py\n")


def test_without_settings_nothing_but_the_module_and_its_test_is_written(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "a"\n\n[tool.kscaffold.check]\nstrict = true\n')
    (folder / "a").mkdir()
    (folder / "a/__init__.py").write_text("")
    kscaffold("layer", "Gate", "--no-check", "-q", "-o", "a")
    assert sorted(tree(folder)) == ["a", "a/__init__.py", "a/gate.py", "a/test_gate.py", "pyproject.toml"]
    assert (folder / "a/__init__.py").read_text() == ""


def test_a_file_that_black_would_change_is_changed_by_a_few_characters_only(
    kscaffold: Kscaffold, repository: Path
) -> None:
    init = repository / "src/my_project/layers/__init__.py"
    init.parent.mkdir()
    init.write_bytes(b"from .bar import Bar\r\nX=  1\r\n__all__ = ['Bar']\r\n")
    kscaffold("layer", "Gate", "--no-check", "-q")
    expected = b"from .bar import Bar\r\nfrom .gate import Gate\r\nX=  1\r\n__all__ = ['Bar', \"Gate\"]\r\n"
    assert init.read_bytes() == expected


def test_a_file_that_black_would_leave_is_left_as_it_is(kscaffold: Kscaffold, repository: Path) -> None:
    init = repository / "src/my_project/layers/__init__.py"
    init.parent.mkdir()
    names = [f"Layers{index}" for index in range(7)]
    imports = "".join(f"from .{name.lower()} import {name}\n" for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    init.write_text(f"{imports}\n__all__ = [{listed}]\n")
    kscaffold("layer", "Gate", "--no-check", "-q")
    assert init.read_text().endswith(
        '__all__ = [\n    "Gate",\n' + "".join(f'    "{name}",\n' for name in names) + "]\n"
    )


def test_what_cannot_be_added_safely_is_left_to_the_user(kscaffold: Kscaffold, repository: Path) -> None:
    init = repository / "src/my_project/layers/__init__.py"
    init.parent.mkdir()
    init.write_text("__all__ = sorted(globals())\n")
    assert kscaffold("layer", "Gate", "--no-check").out.splitlines()[2:5] == [
        "add     to src/my_project/layers/__init__.py by hand, because its __all__ is more than a list of names:",
        "            from .gate import Gate",
        '            __all__ += ["Gate"]',
    ]
    assert "by hand" in kscaffold("layer", "Gate", "--no-check", "-q").err
    document = json.loads(kscaffold("layer", "Gate", "--no-check", "--json").out)
    lines = ["from .gate import Gate", '__all__ += ["Gate"]']
    (left,) = document["add_by_hand"]
    assert (left["path"], left["lines"]) == ("src/my_project/layers/__init__.py", lines)
    assert init.read_text() == "__all__ = sorted(globals())\n"


def test_a_namesake_in_another_folder_is_refused(kscaffold: Kscaffold, repository: Path) -> None:
    kscaffold("layer", "Block", "--no-check", "-q")
    before = tree(repository)
    result = kscaffold("model", "block", "--style", "subclassed", "--no-check", "--no-test")
    assert result.exit_code == 2
    assert result.err == (
        "error: NAME: src/my_project/layers/block.py has a class Block, and Keras could not tell the two apart in a"
        " saved model. Give another name, for example MyBlock, or another --package.\n"
    )
    assert tree(repository) == before
    assert kscaffold("pipeline", "block", "4 -> Dense(2)", "--no-check", "--no-test").exit_code == 0


def test_a_folder_in_no_package_is_written_with_a_warning(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\npackage = "p"\nlayers = "src/p/layers"\n')
    result = kscaffold("layer", "Gate", "--no-check")
    assert result.exit_code == 0
    expected = (
        "src/p/layers is in no package, so that nothing exports the new names; src/p/__init__.py would make it one."
    )
    assert expected in result.err


def test_a_project_whose_name_is_not_a_package_name_registers_under_custom(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "3d-net"\n')
    assert 'package="custom"' in kscaffold("layer", "Gate", "--no-check", "--stdout").out


def test_a_folder_name_that_is_too_long_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(f'[tool.kscaffold]\nlayers = "{"x" * 300}"\n')
    result = kscaffold("layer", "Gate", "--no-check")
    assert result.exit_code == 2, result
    assert "layers in [tool.kscaffold] has to be a folder of the project" in result.err
    (folder / "pyproject.toml").unlink()
    result = kscaffold("layer", "Gate", "--no-check", "-o", "y" * 300)
    assert result.exit_code == 4, result
    assert "cannot be a folder: File name too long." in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize("command", ["layer Gate", "new p --no-input"])
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("y" * 300, f"--output-dir: {'y' * 80}… cannot be a folder: File name too long."),
        (f"new/{'y' * 300}/x", f"--output-dir: new/{'y' * 76}… cannot be a folder: File name too long."),
        ("file", "file is not a folder."),
        ("file/below", "file is not a folder."),
        ("circle", "--output-dir: circle cannot be a folder: it goes round in a circle of symbolic links."),
        ("circle/below", "--output-dir: circle/below cannot be a folder: it goes round in a circle of symbolic links."),
    ],
)
def test_what_cannot_be_an_output_folder_is_refused_by_all_commands_alike(
    kscaffold: Kscaffold, folder: Path, command: str, place: str, message: str
) -> None:
    (folder / "file").touch()
    (folder / "circle").symlink_to("circle")
    before = tree(folder)
    result = kscaffold(*command.split(), "--no-check", "-o", place)
    assert (result.exit_code, result.out) == (4, "")
    assert message in result.err and result.err.count("\n") == 1
    assert tree(folder) == before


def test_a_link_to_a_folder_that_is_not_there_leads_to_that_folder(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "link").symlink_to("not/yet")
    assert kscaffold("layer", "Gate", "--no-check", "-q", "-o", "link").exit_code == 0
    assert kscaffold("new", "p", "--no-check", "--no-input", "--no-git", "-q", "-o", "link").exit_code == 0
    assert {path.name for path in (folder / "not/yet").iterdir()} == {"gate.py", "test_gate.py", "p"}


def test_a_module_that_is_kept_is_not_exported(kscaffold: Kscaffold, repository: Path) -> None:
    module = repository / "src/my_project/layers/gate.py"
    module.parent.mkdir()
    module.write_text("x = 1\n")
    (module.parent / "__init__.py").touch()
    assert kscaffold("layer", "Gate", "--no-check", "--skip").exit_code == 0
    assert (module.parent / "__init__.py").read_text() == ""


@pytest.mark.keras
def test_a_check_that_fails_leaves_the_package_as_it_was(kscaffold: Kscaffold, repository: Path) -> None:
    before = tree(repository)
    result = kscaffold("layer", "Gate", "--sublayer", "inner = nowhere:Nothing(3)")
    assert result.exit_code == 1 and "nothing was written" in result.err
    assert tree(repository) == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("warm = 1", "warm in [tool.kscaffold] has to be true or false, not 1."),
        ('stile = "functional"', "[tool.kscaffold] has no key 'stile'. Did you mean style?"),
        ('style = "functionl"', "style in [tool.kscaffold] cannot be 'functionl'. Did you mean functional?"),
        (
            'backend = "theano"',
            "backend in [tool.kscaffold] cannot be 'theano'. There are: tensorflow, jax, torch, numpy.",
        ),
        ("layers = 3", "layers in [tool.kscaffold] has to be a string, not 3."),
        ('layers = ["a"]', "layers in [tool.kscaffold] has to be a string, not ['a']."),
        ('tests = ""', "tests in [tool.kscaffold] has to be a string, not ''."),
        (
            'layers = "../elsewhere"',
            "layers in [tool.kscaffold] has to be a folder of the project, not '../elsewhere'."
            ' Name it as seen from there: layers = "src/my_package/layers".',
        ),
        ('layers = "/tmp"', "layers in [tool.kscaffold] has to be a folder of the project, not '/tmp'."),
        (f'templates = "{"x" * 3000}"', "templates in [tool.kscaffold] has to be a folder of the project, not 'xxx"),
        ("odd = " + "[" * 100_000, "It is not valid TOML: "),
        ("odd = " + "9" * 5000, "It is not valid TOML: Exceeds the limit (4300 digits)"),
        ('odd = "\0"', "It is not valid TOML: "),
        ('package = "no name"', "'no name' is not a name for a package. For example: my_package."),
        ('python = "~nobody-here/bin/python"', "There is no program "),
        ('python = "no-such-python"', "There is no program 'no-such-python'. Give the path of a Python."),
    ],
)
def test_an_impossible_setting_is_named_with_its_file(
    kscaffold: Kscaffold, folder: Path, trusted: Path, line: str, message: str
) -> None:
    pyproject = folder / "pyproject.toml"
    pyproject.write_text(f"[tool.kscaffold]\n{line}\n")
    result = kscaffold("layer", "Gate")
    assert result.exit_code == 2, result
    assert result.err.startswith(f"error: {pyproject}: {message}") and result.err.count("\n") == 1
    assert sorted(tree(folder)) == ["pyproject.toml"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[tool.kscaffold\n", "It is not valid TOML"),
        (b"tool.kscaffold = 3\n", "tool.kscaffold has to be a table, not 3."),
        (b"\xff\xfe", "It is not valid TOML"),
    ],
)
def test_a_pyproject_that_cannot_be_read_is_named(
    kscaffold: Kscaffold, folder: Path, content: bytes, message: str
) -> None:
    (folder / "pyproject.toml").write_bytes(content)
    for command in (("layer", "Gate"), ("list",), ("eject", "layer/dense"), ("check", ".")):
        result = kscaffold(*command)
        assert result.exit_code == 2, result
        assert f"{folder / 'pyproject.toml'}: {message}" in result.err and result.err.count("\n") == 1
    assert sorted(tree(folder)) == ["pyproject.toml"]


def test_a_folder_that_leaves_the_project_through_a_link_is_refused(
    kscaffold: Kscaffold, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (repository / "src/my_project/layers").symlink_to(tmp_path / "outside")
    result = kscaffold("layer", "Gate", "--no-check")
    assert result.exit_code == 4 and "nothing was written" in result.err
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.keras
@pytest.mark.own_keras
def test_checks_run_in_the_interpreter_of_the_settings(kscaffold: Kscaffold, folder: Path, trusted: Path) -> None:
    python = folder / "tools/python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\ntouch "{folder}/used"\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\npython = "tools/python"\n')
    assert kscaffold("layer", "Gate", "--no-test").exit_code == 0
    assert (folder / "used").exists()
    (folder / "used").unlink()
    assert kscaffold("check", "gate.py").exit_code == 0
    assert (folder / "used").exists()


@pytest.mark.keras
def test_checks_run_on_the_backend_of_the_settings(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.kscaffold]\nbackend = "torch"\n')
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / "mine.py").write_text("import keras\n\n\nclass Mine(keras.layers.Layer):\n    pass\n")
    for command in (("layer", "Gate"), ("check", "mine.py")):
        result = kscaffold(*command, "--python", str(python))
        assert result.exit_code == 5, result
        assert "cannot import Keras" in result.err and "Install torch and what it needs there" in result.err
    assert kscaffold("check", "mine.py", "--backend", "tensorflow").exit_code == 0
