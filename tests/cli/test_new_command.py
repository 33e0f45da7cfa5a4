"""`kscaffold new NAME` without Keras: what it writes, what it refuses, and that nothing is left behind."""

from __future__ import annotations

import ast
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
import yaml
from conftest import Kscaffold, tree
from helpers.properties import examples
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import ProjectName, parse_project_name
from kscaffold.cli import run
from kscaffold.library import limits
from kscaffold.library.templates import Catalogue

PRESETS = [template.name for template in Catalogue().of_kind("model") if template.is_spec]
LICENSES = ("MIT", "BSD-3-Clause", "Apache-2.0", "none")
QUIET = ("--no-check", "--no-git", "--no-input", "-q")


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices what a command leaves in the temporary folder."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))


@pytest.fixture
def nothing_left(tmp_path: Path, folder: Path):
    """Compares everything on the disk with what it was."""
    before = tree(tmp_path)
    yield
    assert tree(tmp_path) == before


def cookie(folder: Path, files: dict[str, str], variables: dict[str, object] | None = None) -> str:
    """A custom cookiecutter template."""
    for name, text in files.items():
        path = folder / "template" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "template" / "cookiecutter.json").write_text(
        json.dumps(variables if variables is not None else {"project_name": "thing"})
    )
    return str(folder / "template")


TOP = "{{cookiecutter.project_name}}"
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def test_a_repository_has_what_a_team_needs(folder: Path, kscaffold: Kscaffold) -> None:
    result = kscaffold("new", "my-project", "--no-check")
    assert result.exit_code == 0, result.err
    lines = result.out.splitlines()
    files = [line.split()[1] for line in lines if line.startswith("create")]
    assert {
        path.relative_to(folder).as_posix() for path in Path("my-project").absolute().rglob("*") if path.is_file()
    } - {path.relative_to(folder).as_posix() for path in (folder / "my-project/.git").rglob("*")} == set(files)
    package = "my-project/src/my_project"
    wanted = [f"{package}/{name}.py" for name in ("__init__", "data", "train", "layers/my_layer", "models/mlp")]
    wanted += [
        f"my-project/{name}" for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore")
    ]
    wanted += [
        "my-project/.github/workflows/ci.yml",
        "my-project/.pre-commit-config.yaml",
        "my-project/tests/test_mlp.py",
    ]
    assert set(wanted) <= set(files)
    assert "check   not checked: --no-check" in lines
    assert "git     empty repository, nothing committed yet" in lines
    assert lines[-4:] == [
        "    cd my-project",
        "    python3 -m venv .venv && .venv/bin/pip install -e '.[test]'",
        "    .venv/bin/python -m my_project.train --epochs 2",
        "    .venv/bin/python -m pytest",
    ]
    settings_ = tomllib.loads(Path("my-project/pyproject.toml").read_text())["tool"]["kscaffold"]
    assert settings_ == {
        "package": "my_project",
        "layers": "src/my_project/layers",
        "models": "src/my_project/models",
        "pipelines": "src/my_project/pipelines",
        "tests": "tests",
        "style": "subclassed",
        "backend": "tensorflow",
    }
    assert Path(package, "layers/__init__.py").read_text() == (
        '"""Layers of My Project."""\n\nfrom .my_layer import MyLayer\n\n__all__ = ["MyLayer"]\n'
    )


def test_layer_model_and_pipeline_are_those_of_the_other_commands(folder: Path, kscaffold: Kscaffold) -> None:
    assert kscaffold("new", "my-project", *QUIET).exit_code == 0
    project = folder / "my-project"
    before = tree(project)
    package = "--package=my_project"
    source = "my-project/src/my_project"
    for arguments in (
        ("layer", "MyLayer", "-o", f"{source}/layers", package),
        ("model", "mlp", "-o", f"{source}/models", package),
    ):
        result = kscaffold(*arguments, "--no-check")
        assert result.exit_code == 0, result.err
        assert [line.split()[0] for line in result.out.splitlines()][:2] == ["identical", "identical"]
    assert tree(project) == before


def test_spellings_of_a_name_are_one_name(folder: Path, kscaffold: Kscaffold) -> None:
    trees = []
    for index, name in enumerate(("my-project", "my_project", "MyProject")):
        assert kscaffold("new", name, *QUIET, "-o", str(index)).exit_code == 0
        trees.append(tree(folder / str(index)))
    assert trees[0] == trees[1] == trees[2]
    assert "my-project/src/my_project/train.py" in trees[0]


def read_repository(project: Path, preset: str, license_name: str) -> None:
    """Parses every file of a repository."""
    for path in project.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert "{{" not in text.replace("${{ matrix.python }}", "") and "{%" not in text, path
            assert "\n\n\n\n" not in text and text.endswith("\n"), path
            if path.suffix == ".py":
                ast.parse(text)
            elif path.suffix in (".yml", ".yaml"):
                yaml.safe_load(text)
    pyproject = tomllib.loads((project / "pyproject.toml").read_text())
    assert pyproject["project"].get("license", "none") == license_name
    assert (project / "LICENSE").exists() == (license_name != "none")
    assert not list(project.rglob("__pycache__"))


def test_every_combination_of_options_gives_a_clean_repository(folder: Path, kscaffold: Kscaffold) -> None:
    kinds = itertools.cycle(itertools.product(LICENSES, ("", "Ada <ada@example.org>"), ("3.10", "3.13")))
    made = 0
    for preset in PRESETS:
        for style in ("subclassed", "functional", "sequential"):
            license_name, author, python = next(kinds)
            options = [f"--author={author}"] if author else []
            arguments = ("new", "p", "-o", str(made), "--model", preset, "--style", style, "--license", license_name)
            result = kscaffold(*arguments, "--python", python, *options, *QUIET)
            if style == "sequential" and result.exit_code == 2:
                assert "sequential" in result.err.lower(), result.err
                assert not (folder / str(made)).exists()
                continue
            if preset == "tabular":
                assert result.exit_code == 2 and "takes words, 'plan'" in result.err
                continue
            assert result.exit_code == 0, result.err
            read_repository(folder / str(made) / "p", preset, license_name)
            made += 1
    assert made >= 2 * len(PRESETS) - 2
    different = {path.read_bytes(): path for path in folder.rglob("*.py")}.values()
    for tool in (("black", "--check", "--quiet"), ("ruff", "check", "--quiet", "--no-cache")):
        done = subprocess.run([sys.executable, "-m", *tool, *different], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_output_is_always_the_same(folder: Path, kscaffold: Kscaffold, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kscaffold("new", "my-project", *QUIET, "-o", "one").exit_code == 0
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert kscaffold("new", "my-project", *QUIET, "-o", "a/longer/way").exit_code == 0
    assert tree(folder / "one") == tree(folder / "a/longer/way")
    assert not (folder / "home").exists()
    for path in (folder / "one").rglob("*"):
        assert path.is_dir() or str(folder) not in path.read_text()


def test_texts_with_quotes_and_jinja_stay_what_they_are(folder: Path, kscaffold: Kscaffold) -> None:
    description = 'A "quoted" \\ text {{ 7 * 7 }} {% raw %}, ünïcode'
    result = kscaffold("new", "a-b", *QUIET, "--description", description, "--author", 'Ada "L" <ada@example.org>')
    assert result.exit_code == 0, result.err
    project = tomllib.loads((folder / "a-b/pyproject.toml").read_text())["project"]
    assert project["description"] == description
    assert project["authors"] == [{"name": 'Ada "L"', "email": "ada@example.org"}]
    assert description in (folder / "a-b/README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("numpy",), 2, "error: NAME: 'numpy' cannot be used: a module 'numpy' would shadow the package 'numpy'."),
        (("json",), 2, "For example: my-json."),
        (("class",), 2, "'class' is a Python keyword. For example: my-class."),
        (("../../x",), 2, "'../../x' cannot be the name of a package"),
        (("/tmp/x",), 2, "cannot be the name of a package"),
        (("",), 2, "For example: my-project."),
        (("p", "--package", "keras"), 2, "error: --package: 'keras' cannot be used"),
        (
            ("p", "--package", "train"),
            2,
            "error: --package: 'train' cannot be used: the package has a train.py itself, and in its folder Python"
            " would import that instead. For example: my_train.",
        ),
        (("Models",), 2, "the package has a folder models itself, and in its folder Python would import that instead."),
        (("Models",), 2, "For example: my-models."),
        (("p", "--model", "resnt"), 2, "error: --model: There is no model 'resnt'. Did you mean resnet?"),
        (("p", "--license", "GPL"), 2, "There are: MIT, BSD-3-Clause, Apache-2.0, none."),
        (("p", "--license", "mit"), 2, "Did you mean MIT?"),
        (("p", "--python", "2.7"), 2, "The repository cannot be for Python 2.7. Give a version from 3.10 to 3.13."),
        (("p", "--python", "3.99"), 2, "The repository cannot be for Python 3.99."),
        (("p", "--author", "Ada <x>"), 2, "'Ada <x>' is not an author. For example: Ada Byte <ada@example.org>."),
        (("p", "--description", "two\nlines"), 2, "error: --description: It has to be one line"),
        (("p", "--style", "sequential", "--model", "multi_io"), 2, "sequential"),
        (("p", "--set", "a=b"), 2, "error: --set: It belongs to a template of your own. Name one with -t."),
        (("p", "--accept-hooks"), 2, "error: --accept-hooks: It belongs to a template of your own."),
        (("p", "-t", "missing"), 4, "error: missing: The template cannot be used: there is no such folder."),
        (("p", "-o", ""), 2, "error: --output-dir: The folder is empty."),
    ],
)
@pytest.mark.usefixtures("nothing_left")
def test_what_is_impossible_is_reported_in_one_message(
    kscaffold: Kscaffold, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    result = kscaffold("new", *arguments, "--no-check", "--no-input")
    assert result.exit_code == exit_code
    assert message in result.err
    assert result.err.count("\n") == 1 and result.out == ""


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path, folder: Path, kscaffold: Kscaffold) -> None:
    (folder / "filled").mkdir()
    (folder / "filled/notes.txt").write_text("mine")
    (folder / "a-file").write_text("mine")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path)
    for name, message in (("filled", "is not empty"), ("a-file", "is not a folder"), ("link", "is not a folder")):
        result = kscaffold("new", name, "--no-check", "--no-input")
        assert (result.exit_code, result.out) == (4, "")
        assert message in result.err
    assert kscaffold("new", "p", "-o", "a-file", "--no-check", "--no-input").exit_code == 4
    assert tree(tmp_path) == before
    (folder / "empty").mkdir()
    assert kscaffold("new", "empty", *QUIET).exit_code == 0


@pytest.mark.parametrize("output_dir", [".", "made/too"])
def test_a_run_that_is_killed_is_undone_by_the_next(folder: Path, kscaffold: Kscaffold, output_dir: str) -> None:
    arguments = ["new", "p", *QUIET, "-o", output_dir]
    program = f"""
import os, signal
from kscaffold.cli import run
moved, replace = [], os.replace
def dying(*paths):
    moved.append(paths)
    if len(moved) == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*paths)
os.replace = dying
run({arguments!r})
"""
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert killed.returncode == -9
    assert len([path for path in (folder / output_dir / "p").rglob("*") if path.is_file()]) > 8
    assert kscaffold(*arguments).exit_code == 0
    assert kscaffold("new", "p", *QUIET, "-o", "whole").exit_code == 0
    assert tree(folder / output_dir / "p") == tree(folder / "whole/p")
    assert not list(folder.rglob(".kscaffold*"))


@pytest.mark.usefixtures("nothing_left")
def test_a_dry_run_writes_nothing(kscaffold: Kscaffold) -> None:
    result = kscaffold("new", "p", "--no-check", "--no-input", "--dry-run", "--diff")
    assert result.exit_code == 0
    assert "+++ b/p/pyproject.toml" in result.out
    assert "Next:" not in result.out


def test_json(folder: Path, kscaffold: Kscaffold) -> None:
    result = kscaffold("new", "p", "--no-check", "--json")
    document = json.loads(result.out)
    assert (document["command"], document["ok"], document["folder"], document["written"]) == ("new", True, "p", True)
    assert {"path": "p/pyproject.toml", "status": "create"} in document["files"]
    assert document["git"] == "empty repository, nothing committed yet"
    error = json.loads(kscaffold("new", "p", "--no-check", "--json").out)
    assert (error["ok"], error["exit_code"]) == (False, 4)


def test_git(folder: Path, kscaffold: Kscaffold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(folder / "elsewhere"))  # as in a hook of another repository
    monkeypatch.setenv("HOME", str(folder))  # no identity
    assert kscaffold("new", "outer", "--no-check", "--no-input").exit_code == 0
    assert (folder / "outer/.git/HEAD").read_text() == "ref: refs/heads/main\n"
    assert not (folder / "elsewhere").exists()
    inner = kscaffold("new", "inner", "-o", "outer", "--no-check", "--no-input")
    assert f"no new repository: {folder / 'outer'} is one already" in inner.out
    assert not (folder / "outer/inner/.git").exists()
    assert kscaffold("new", "asked", "-o", "outer", "--git", *QUIET[:1], "--no-input").exit_code == 0
    assert (folder / "outer/asked/.git").exists()
    assert kscaffold("new", "without", *QUIET).exit_code == 0
    assert not (folder / "without/.git").exists()
    monkeypatch.setenv("PATH", "")
    assert "git cannot be started" in kscaffold("new", "no-git-there", "--no-check", "--no-input").out


class Terminal(io.StringIO):
    """A terminal at which a user types."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_each_answer_is_checked_at_once(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("My words\n\nGPL\nnone\nresnt\nresnet\n"))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert run(["new", "p", "--no-check", "--no-git"]) == 0
    asked = capfd.readouterr().err
    assert "description [A Keras model and how it is trained.]: " in asked
    assert "There is no license 'GPL'. There are: MIT, BSD-3-Clause, Apache-2.0, none." in asked
    assert "There is no model 'resnt'. Did you mean resnet?" in asked
    assert "python" not in asked
    assert (folder / "p/src/p/models/resnet.py").exists()
    assert not (folder / "p/LICENSE").exists()
    assert "My words" in (folder / "p/README.md").read_text()


def test_what_is_given_is_not_asked_for(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))  # the end of input: the defaults
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert run(["new", "p", "--no-check", "--no-git", "--license", "none", "--author", ""]) == 0
    asked = capfd.readouterr().err
    assert "license" not in asked and "author" not in asked and "model" in asked


def test_a_custom_template(tmp_path: Path, folder: Path, kscaffold: Kscaffold) -> None:
    files = {
        f"{TOP}/{{{{cookiecutter.module}}}}.py": "size = {{ cookiecutter.size }}\n",
        f"{TOP}/run.sh": "#!/bin/sh\n",
        f"{TOP}/empty.txt": "",
    }
    variables = {"project_name": "thing", "module": "{{ cookiecutter.project_name.lower() }}", "size": ["1", "2"]}
    template = cookie(tmp_path, files, variables)
    Path(template, TOP, "run.sh").chmod(0o755)
    Path(template, TOP, "picture.png").write_bytes(b"\x89PNG\0\xff")
    Path(template, TOP, "__pycache__").mkdir()
    Path(template, TOP, "__pycache__", "x.pyc").write_bytes(b"\0")
    result = kscaffold("new", "Thing", "-t", template, "--no-input", "--no-git", "--set", "size=2")
    assert result.exit_code == 0, result.err
    assert tree(folder / "Thing") == {
        "empty.txt": b"",
        "picture.png": b"\x89PNG\0\xff",
        "run.sh": b"#!/bin/sh\n",
        "thing.py": b"size = 2\n",
    }
    assert os.access(folder / "Thing/run.sh", os.X_OK) and not os.access(folder / "Thing/thing.py", os.X_OK)
    assert "check   not checked: a template of your own" in result.out
    wrong = kscaffold("new", "Other", "-t", template, "--no-input", "--set", "size=3")
    assert (wrong.exit_code, "'3' is not a choice for size" in wrong.err) == (2, True)
    unknown = kscaffold("new", "Other", "-t", template, "--no-input", "--set", "sise=2")
    assert "The template has no variable 'sise'. Did you mean size?" in unknown.err
    assert "--model" in kscaffold("new", "Other", "-t", template, "--no-input", "--model", "cnn").err
    assert not (folder / "Other").exists()


def test_a_template_from_a_url(tmp_path: Path, folder: Path, kscaffold: Kscaffold) -> None:
    template = cookie(tmp_path, {f"{TOP}/a.txt": "{{ cookiecutter.project_name }}"})
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", template)
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    result = kscaffold("new", "thing", "-t", f"git+file://{template}", "--no-input", "--no-git")
    assert result.exit_code == 0, result.err
    assert (folder / "thing/a.txt").read_text() == "thing"
    missing = kscaffold("new", "other", "-t", f"file://{tmp_path}/missing.git", "--no-input")
    assert missing.exit_code == 4 and "it cannot be fetched (" in missing.err and missing.err.count("\n") == 1
    assert list((tmp_path / "temporary").iterdir()) == []


def test_hooks_run_only_if_they_are_accepted(tmp_path: Path, folder: Path, kscaffold: Kscaffold) -> None:
    hook = "print('hook was here')\nopen('made.txt', 'w').write('{{ cookiecutter.project_name }}')\n"
    template = cookie(tmp_path, {f"{TOP}/a.txt": "a", "hooks/post_gen_project.py": hook})
    result = kscaffold("new", "p", "-t", template, "--no-input", "--no-git")
    assert (result.exit_code, sorted(tree(folder / "p"))) == (0, ["a.txt"])
    assert "note: the template has hooks that were not run: post_gen_project.py; --accept-hooks runs them" in result.err
    accepted = kscaffold("new", "q", "-t", template, "--no-input", "--no-git", "--accept-hooks", "--json")
    assert json.loads(accepted.out)["written"] and "hook was here" in accepted.err
    assert (folder / "q/made.txt").read_text() == "q"


@pytest.mark.parametrize(
    ("files", "variables", "message"),
    [
        ({f"{TOP}/a.txt": "{{ cookiecutter.missing }}"}, None, "a.txt:1: The template is broken: 'dict object' has no"),
        ({f"{TOP}/a.txt": "one\n{% if %}\n"}, None, "a.txt:2: The template is broken: Expected an expression"),
        ({f"{TOP}/{{{{cookiecutter.missing}}}}.txt": "a"}, None, "The template is broken"),
        ({f"{TOP}/a.txt": "a"}, {}, "The template has no variables."),
        ({f"{TOP}/a.txt": "a"}, {"project_name": "x", "y": "{{ cookiecutter.z }}"}, "the default of y is broken"),
        ({"a.txt": "a"}, None, "The template is broken"),
        ({"{{cookiecutter.top}}/a.txt": "a"}, {"project_name": "x", "top": "../../x"}, "its folder would be called"),
        ({"{{cookiecutter.top}}/a.txt": "a"}, {"project_name": "x", "top": "/tmp/x"}, "its folder would be called"),
        ({"{{cookiecutter.top}}/a.txt": "a"}, {"project_name": "x", "top": ".."}, "its folder would be called"),
        ({"{{cookiecutter.top}}/a.txt": "a"}, {"project_name": "x", "top": ""}, "its folder would be called"),
        (
            {f"{TOP}/{{{{cookiecutter.f}}}}": "a"},
            {"project_name": "x", "f": "../../escaped"},
            "would be written outside of its folder, to '../../escaped'",
        ),
        (
            {f"{TOP}/{{{{cookiecutter.f}}}}/a.txt": "a"},
            {"project_name": "x", "f": "/tmp/kscaffold-escaped"},
            "would be written outside of its folder",
        ),
        ({f"{TOP}/a.txt": "{{ ''.__class__.__mro__[1].__subclasses__() }}"}, None, "The template is broken"),
        ({f"{TOP}/a.txt": "a"}, {"project_name": "x", "_extensions": ["os.path"]}, "it brings extensions of Jinja"),
        ({f"{TOP}/.git": "gitdir: .g", f"{TOP}/.g/config": ""}, None, "'.git' is where git keeps what it runs"),
        ({f"{TOP}/sub/.GIT/config": "a"}, None, "'sub/.GIT' is where git keeps what it runs"),
        (
            {f"{TOP}/{{{{cookiecutter.f}}}}/config": "a"},
            {"project_name": "x", "f": ".g\u200cit"},
            r"'.g\u200cit' is where git keeps what it runs",
        ),
        (
            {f"{TOP}/sub/{name}": "" for name in ("HEAD", "config", "objects/a", "refs/a")},
            None,
            "git would take p/sub for a repository, and run what its settings say",
        ),
        ({f"{TOP}/a.txt": ENDLESS}, None, "a.txt:1: The template is broken: it takes more than 0.2 seconds."),
        ({f"{TOP}/{{{{cookiecutter.f}}}}": "a"}, {"project_name": "x", "f": ENDLESS}, "takes more than 0.2 seconds"),
        ({f"{TOP}/a.txt": "{{ 'x' * 10**12 }}"}, None, "it takes more than 1024 MB of memory"),
        ({f"{TOP}/a.txt": "{{ cookiecutter.f }}"}, {"project_name": "x", "f": "\ud800"}, "The template is broken"),
        ({f"{TOP}/a.txt": "a"}, {"project_name": "x", "_jinja2_env_vars": {"other": 1}}, "The template is broken"),
        ({f"{TOP}/a.txt": "a"}, {"project_name": "x", "_jinja2_env_vars": 3}, "The template is broken"),
        ({f"{TOP}/a.txt": "a"}, {"project_name": "x", "_copy_without_render": 3}, "The template is broken"),
        ({f"{TOP}/a.txt": "a"}, {"project_name": "x", "_new_lines": 3}, "The template is broken"),
    ],
)
def test_a_broken_or_hostile_template_writes_nothing(
    tmp_path: Path,
    folder: Path,
    kscaffold: Kscaffold,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    variables: dict[str, object] | None,
    message: str,
) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    template = cookie(tmp_path, files, variables)
    before = tree(tmp_path)
    result = kscaffold("new", "p", "-t", template, "--no-input")
    assert result.exit_code == 4, result.err
    assert message in result.err and result.err.count("\n") == 1
    assert tree(tmp_path) == before
    assert not Path("/tmp/kscaffold-escaped").exists()


def test_what_leaves_a_template_is_refused(tmp_path: Path, folder: Path, kscaffold: Kscaffold) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a")
    template = cookie(tmp_path, {f"{TOP}/a.txt": "a", "hooks/post_gen_project.py": "open('../beside.txt', 'w')\n"})
    outside = kscaffold("new", "p", "-t", template, "--no-input", "--accept-hooks")
    assert (outside.exit_code, "it wrote outside of its folder: beside.txt" in outside.err) == (4, True)
    Path(template, "hooks/post_gen_project.py").write_text(f"import os\nos.symlink({str(secret)!r}, 'link')\n")
    linked = kscaffold("new", "p", "-t", template, "--no-input", "--accept-hooks")
    assert (linked.exit_code, "link is not an ordinary file" in linked.err) == (4, True)
    Path(template, "hooks/post_gen_project.py").write_text("raise SystemExit(3)\n")
    failed = kscaffold("new", "p", "-t", template, "--no-input", "--accept-hooks")
    assert (failed.exit_code, "a hook failed" in failed.err) == (4, True)
    Path(template, TOP, "b.txt").symlink_to(secret)
    read = kscaffold("new", "p", "-t", template, "--no-input")
    assert (read.exit_code, "is a symbolic link out of it" in read.err) == (4, True)
    assert list(folder.iterdir()) == [] and list((tmp_path / "temporary").iterdir()) == []


def parsed_or_refused(text: str) -> ProjectName | RequestError:
    try:
        return parse_project_name(text)
    except RequestError as error:
        return error


@examples(300)
@given(st.text(max_size=30) | st.from_regex(r"[A-Za-z_./ -]{1,20}", fullmatch=True))
def test_any_text_is_a_good_name_or_is_refused_with_a_proposal(text: str) -> None:
    name = parsed_or_refused(text)
    if isinstance(name, RequestError):
        assert name.where == "NAME" and name.hint
        return
    assert name.package.isidentifier() and name.package.islower()
    assert name.slug == name.package.replace("_", "-")
    assert "/" not in name.slug and not name.slug.startswith(("-", "."))
    assert parse_project_name(name.slug) == name
    assert parse_project_name(name.package) == name


def test_proposals_can_be_taken() -> None:
    for text in ("numpy", "json", "class", "Keras", "1abc", "../../x", "a b", "über"):
        with pytest.raises(RequestError) as refused:
            parse_project_name(text)
        assert parse_project_name(str(refused.value.hint).removeprefix("For example: ").removesuffix("."))
