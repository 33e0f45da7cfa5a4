"""The wheel, installed into a fresh virtual environment, does its main job there, and names all that it needs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What Keras requires; and what runs the tests that use `kscaffold.testing`.
BROUGHT_BY_OTHERS = {"numpy", "h5py", "pytest"}


def imports_of(path: Path) -> set[str]:
    """The packages that a file imports, at its top or later."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"kscaffold"}


def test_all_that_is_imported_is_required() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {re.split(r"[<>=!\[]", item)[0].strip().lower() for item in project["dependencies"]}
    imported = set().union(*map(imports_of, (ROOT / "kscaffold").rglob("*.py"))) - BROUGHT_BY_OTHERS
    distributions = {package: names[0].lower() for package, names in packages_distributions().items()}
    assert {distributions[package] for package in imported} | {"tensorflow"} == required


@pytest.mark.keras
def test_the_wheel_does_its_job_in_a_fresh_environment(tmp_path: Path) -> None:
    def run(*command: str, cwd: Path) -> str:
        outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(command, cwd=cwd, env=outside, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    dist, environment, folder = tmp_path / "dist", tmp_path / "environment", tmp_path / "empty"
    folder.mkdir()
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(dist), str(ROOT), cwd=tmp_path)
    (wheel,) = dist.glob("kscaffold-*.whl")
    shipped = zipfile.ZipFile(wheel).namelist()
    assert "kscaffold/templates/layer/dense/template.toml" in shipped
    project = {path.relative_to(ROOT).as_posix() for path in (ROOT / "templates/project").rglob("*") if path.is_file()}
    assert {f"kscaffold/{path}" for path in project if "__pycache__" not in path} <= set(shipped)
    assert not [name for name in shipped if name.startswith(("templates/", "tests/")) or "__pycache__" in name]

    run(sys.executable, "-m", "venv", str(environment), cwd=tmp_path)
    python = str(environment / "bin" / "python")
    # What it requires is here already, and installing all of that once more takes minutes.
    (site,) = environment.glob("lib/*/site-packages")
    (site / "required.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps")
    run(*install, "--ignore-installed", str(wheel), cwd=tmp_path)
    place = run(python, "-c", "import kscaffold; print(kscaffold.__file__)", cwd=folder)
    assert Path(place.strip()).is_relative_to(environment)
    printed = run(str(environment / "bin" / "kscaffold"), "layer", "MyDense", cwd=folder)
    assert printed.splitlines()[-1] == "check   MyDense(units=32)  (None, 16) -> (None, 32)  544 params  ok"
    run(str(environment / "bin" / "kscaffold"), "new", "my-project", "--no-check", cwd=folder)
    assert (folder / "my-project/.github/workflows/ci.yml").is_file() and (folder / "my-project/LICENSE").is_file()
    assert not list(folder.rglob("my-project/**/__pycache__"))
    run(python, "-c", "from my_dense import MyDense; MyDense(8).build((None, 4))", cwd=folder)
