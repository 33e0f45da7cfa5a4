"""The house: which room may import which, and what the command line must not load."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kscaffold"
# A room imports only from lower floors; rooms on the same floor know nothing of each other.
FLOORS = {
    "cli": 7,
    "kinds": 6,
    "library": 5,
    "source": 4,
    "spec": 3,
    "saved": 3,
    "testing": 3,  # what users import; not a room
    "program": 2,
    "check": 2,
    "keras_data": 1,
    "disk": 1,
    "base": 0,
    "probe": 0,
}
TOP_LEVEL = {"templates", "kscaffold", "tests", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> set[str]:
    """What a module imports, wherever it does: modules by their full names."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            parent = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                modules.add(f"{parent}.{alias.name}" if f"{parent}.{alias.name}" in MODULES else parent)
    return modules


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
IMPORTS = {name: imported_modules(path) & set(MODULES) - {name} for name, path in MODULES.items()}
ROOMS = sorted({name.split(".")[1] for name in MODULES if "." in name} - {"__main__"})


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_lower_floors(room: str) -> None:
    upwards = [
        f"{name} imports {other}"
        for name in IMPORTS
        for other in IMPORTS[name]
        if name.split(".")[1:2] == [room] and other.split(".")[1:2] not in ([], [room])
        if FLOORS[other.split(".")[1]] >= FLOORS[room]
    ]
    assert upwards == []


def test_every_room_has_a_floor_and_there_are_twelve_at_the_most() -> None:
    folders = {
        path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name not in ("__pycache__", "templates")
    }
    assert set(ROOMS) == set(FLOORS)
    assert len(folders) <= 12
    assert all(isinstance(floor, int) for floor in FLOORS.values())


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        tuple(TopologicalSorter(IMPORTS).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("path", sorted((PACKAGE / "probe").rglob("*.py")), ids=lambda path: path.stem)
def test_the_probe_imports_the_standard_library_and_keras_only(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"keras", "numpy", "h5py"}  # Keras needs the other two itself
    imported = {module for module in imported_modules(path) if not module.startswith("kscaffold.probe")}
    assert {module.split(".")[0] for module in imported} <= allowed


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


@pytest.mark.parametrize(
    ("arguments", "budget"),
    [(("layer", "MyDense"), 40), (("pipeline", "mlp", "16 -> Dense(3)"), 75)],
    ids=["layer", "pipeline"],
)
def test_a_command_loads_no_more_modules_than_it_needs(folder: Path, arguments: tuple[str, ...], budget: int) -> None:
    """Modules with code: a package that says in its docstring what is in it costs nothing."""
    lines = [
        "import sys",
        "from kscaffold.cli import run",
        f"run({[*arguments, '--no-check', '-q']!r})",
        "print(*(name for name, module in sys.modules.items() if not hasattr(module, '__path__')))",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert len(list(folder.iterdir())) == 2  # a module, and its test
    loaded = [name for name in done.stdout.split() if name.partition(".")[0] == "kscaffold"]
    assert "kscaffold.cli._generating" in loaded
    assert len(loaded) <= budget, "\n".join(loaded)
