"""Custom classes and functions of saved models: suggested by their modules, and hidden by nothing in the new one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.saved_configs import Entry, chain, entry, functional, layer, write_json


def own(name: str = "gate", kind: str = "MyDense") -> Entry:
    """A layer of the user's own, whose module the file says."""
    made = layer(kind, name, "input_layer", module="my_pkg.layers", units=3)
    return {**made, "registered_name": f"mine>{kind}"}


def test_the_module_that_the_file_says_is_suggested(kscaffold: Kscaffold, folder: Path) -> None:
    write_json(folder / "model.json", chain(own()))
    done = kscaffold("from", "model.json", "mine", "--no-check")
    assert done.exit_code == 1
    assert "--custom my_pkg.layers:MyDense, or" in done.err


@pytest.mark.parametrize("module", ["__main__", "my pkg; pwn()", "class.def"])
def test_a_module_that_is_none_is_not_suggested(kscaffold: Kscaffold, folder: Path, module: str) -> None:
    write_json(folder / "model.json", chain({**own(), "module": module}))
    done = kscaffold("from", "model.json", "mine", "--no-check")
    assert "--custom my_package.layers:MyDense, or" in done.err


@pytest.mark.parametrize("custom", ["my_dense:MyDense", "my_dense.layers:MyDense", "my_pkg.layers:MyDense"])
def test_a_name_that_nobody_chose_hides_nothing(kscaffold: Kscaffold, folder: Path, custom: str) -> None:
    write_json(folder / "my_dense.json", chain(own()))
    done = kscaffold("from", "my_dense.json", "--no-check", "--custom", custom, "--style", "subclassed")
    assert done.exit_code == 0, done.err
    assert (folder / "my_dense_model.py").exists()


def test_a_name_that_hides_what_is_imported_is_refused(kscaffold: Kscaffold, folder: Path) -> None:
    write_json(folder / "model.json", chain(own()))
    done = kscaffold("from", "model.json", "my_pkg", "--no-check", "--custom", "my_pkg.layers:MyDense")
    assert (done.exit_code, list(folder.glob("*.py"))) == (2, [])
    assert "my_pkg.py would hide the module that --custom imports from" in done.err
    flags = ("--no-check", "--style", "subclassed", "--custom", "my_pkg.layers:MyDense")
    done = kscaffold("from", "model.json", "my_dense", *flags)
    assert done.exit_code == 2
    assert "would define MyDense itself" in done.err


def test_variables_hide_no_function_that_is_imported(kscaffold: Kscaffold, folder: Path) -> None:
    swish = {"module": "my_pkg", "class_name": "function", "config": "gate", "registered_name": "gate"}
    layers = [
        entry("gate", [8]),
        entry("other", [8]),
        layer("Dense", "dense", "gate", units=8, activation=swish),
        layer("Add", "add", "dense", "other"),
    ]
    config = functional(layers, "add")
    config["config"]["input_layers"] = [["gate", 0, 0], ["other", 0, 0]]
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "mine", "--no-check", "--stdout", "--custom", "my_pkg:gate")
    assert done.exit_code == 0, done.err
    assert "from my_pkg import gate" in done.out
    stored = [node.id for node in ast.walk(ast.parse(done.out)) if isinstance(node, ast.Name) and _is_stored(node)]
    assert "gate" not in stored
    assert "gate_input" in stored


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)
