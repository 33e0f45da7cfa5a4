"""The house: which room may import which, and what the command line must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kscaffold"
# A room imports only from lower floors. `report` stands above `generate`, whose outcomes it puts into words, and
# `errors` below all: it is what every other room speaks.
FLOORS = {
    "cli": 6,
    "report": 5,
    "describe": 4.5,
    "generate": 4,
    "undo": 4,
    "eject": 4,
    "history": 3.5,
    "writer": 3,
    "journal": 2,
    "transaction": 1,
    "turns": 1,
    "render": 3,
    "style": 2.8,
    "factor": 2.7,
    "saved": 2.6,
    "graph": 2.5,
    "diagram": 1,
    "formatting": 3,
    "testing": 4,
    "check": 3,
    "static": 2,
    "rulebook": 2,
    "verdict": 1.5,
    "findings": 1,
    "probe": 0,
    "spec": 2,
    "templates": 2,
    "exports": 1,
    "cookie": 3,
    "naming": 1,
    "config": 1,
    "errors": 0,
}
TOP_LEVEL = {"templates", "kscaffold", "tests", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            modules.add(node.module)
            modules |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "kscaffold"}
    return modules


def all_modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if room_of(path) not in ("__init__", "__main__", "probe"))


@pytest.mark.parametrize("path", all_modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_lower_floors(path: Path) -> None:
    room = room_of(path)
    for module in imported_modules(path):
        parts = module.split(".")
        if parts[0] != "kscaffold" or len(parts) == 1 or parts[1] in (room, "__version__"):
            continue
        assert FLOORS[parts[1]] < FLOORS[room], f"{path} imports {module}"


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in all_modules()}
    assert rooms <= set(FLOORS)


@pytest.mark.parametrize("path", sorted((PACKAGE / "probe").rglob("*.py")), ids=lambda path: path.stem)
def test_the_probe_imports_the_standard_library_and_keras_only(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"keras", "numpy", "h5py"}  # Keras needs the other two itself
    assert {module.split(".")[0] for module in imported_modules(path)} <= allowed


def test_the_command_line_loads_nothing_heavy() -> None:
    code = "import kscaffold.cli, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "click" in loaded
    assert not {"tensorflow", "keras", "numpy", "black", "jinja2", "cookiecutter", "dataclasses"} & set(loaded)


def test_the_top_level_holds_what_it_should() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    tops = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL


def test_public_functions_say_what_they_do() -> None:
    silent = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), f"{path} has no docstring"
        public = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
        public = [node for node in public if not node.name.startswith("_")]
        methods = [item for node in public if isinstance(node, ast.ClassDef) for item in node.body]
        for node in public + [item for item in methods if isinstance(item, ast.FunctionDef)]:
            if not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path.name}:{node.lineno} {node.name}")
    assert silent == []
