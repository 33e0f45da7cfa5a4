"""The wheel, installed into a fresh virtual environment with all its dependencies, does its main job there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[1]


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
    run(python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", str(wheel), cwd=tmp_path)
    printed = run(str(environment / "bin" / "kscaffold"), "layer", "MyDense", cwd=folder)
    assert printed.splitlines()[-1] == "check   MyDense(units=32)  (None, 16) -> (None, 32)  544 params  ok"
    run(str(environment / "bin" / "kscaffold"), "new", "my-project", "--no-check", cwd=folder)
    assert (folder / "my-project/.github/workflows/ci.yml").is_file() and (folder / "my-project/LICENSE").is_file()
    assert not list(folder.rglob("my-project/**/__pycache__"))
    run(python, "-c", "from my_dense import MyDense; MyDense(8).build((None, 4))", cwd=folder)
