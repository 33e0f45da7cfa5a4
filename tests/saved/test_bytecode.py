"""What the bytecode of lambdas tells, of every version of Python that is read; and bytes that are none."""

from __future__ import annotations

import base64
import json
import marshal
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Kscaffold
from helpers.properties import examples
from helpers.saved_configs import chain, layer, write_json
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.saved.bytecode import lambda_source

# Lambdas that each version of Python marshalled: their source, code, defaults and closure.
LAMBDAS: dict[str, list[list[Any]]] = json.loads((Path(__file__).parents[1] / "helpers/lambdas.json").read_text())


def encoded(function: Any) -> str:
    """The code of a function as Keras saves it."""
    return base64.encodebytes(marshal.dumps(function.__code__)).decode()


@pytest.mark.parametrize("version", LAMBDAS)
def test_simple_lambdas_of_all_versions_are_read(version: str) -> None:
    for source, code, defaults, closure in LAMBDAS[version]:
        assert lambda_source(code, defaults, closure) == source


def test_old_files_hold_characters_for_bytes() -> None:
    for source, code, defaults, closure in LAMBDAS["2.7"]:
        assert lambda_source(base64.b64decode(code).decode("latin-1"), defaults, closure) == source


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x is None else -x,  # a jump
        lambda *x: x,
        lambda x: [y + 1 for y in x],
        lambda x: f"{x}",
        lambda x: (lambda y: y)(x),
    ],
)
def test_what_is_not_simple_is_not_told(function: Any) -> None:
    assert lambda_source(encoded(function)) is None


def test_names_that_are_none_are_not_told() -> None:
    code = (lambda x: K.mean(x)).__code__  # type: ignore[name-defined] # noqa: F821
    wrong = code.replace(co_names=("K", "mean(x)\nimport os\n"))
    assert lambda_source(base64.encodebytes(marshal.dumps(wrong)).decode()) is None


@examples(300)
@given(st.data())
def test_damaged_bytes_do_no_harm(data: st.DataObject) -> None:
    *_, (_, code, _, _) = LAMBDAS[data.draw(st.sampled_from(sorted(LAMBDAS)))]
    content = bytearray(base64.b64decode(code))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    told = lambda_source(base64.b64encode(content[: data.draw(st.integers(0, len(content)))]).decode())
    assert told is None or (told.isascii() and told.isprintable())


def test_a_variable_that_doubles_does_not_fill_the_memory() -> None:
    body = "; ".join(["x = (x, x)"] * 60)
    names: dict[str, Any] = {}
    exec(f"def f(x): {body}; return x", names)  # source of this test
    assert lambda_source(encoded(names["f"])) is None


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="the code of this Python is not read")
@pytest.mark.parametrize("of_keras_3", [False, True])
def test_a_stub_says_what_its_lambda_computes(kscaffold: Kscaffold, folder: Path, of_keras_3: bool) -> None:
    code = encoded(lambda x: x * 2.0 + 1.0)
    parts = {"code": code, "defaults": None, "closure": None}
    function = {"class_name": "__lambda__", "config": parts} if of_keras_3 else [*parts.values()]
    write_json(folder / "model.json", chain(layer("Lambda", "double", "input_layer", function=function)))
    done = kscaffold("from", "model.json", "mine", "--no-check", "--stdout", "--allow-stubs")
    assert done.exit_code == 0, done.err
    assert "        # As far as its bytecode tells:\n        #     lambda x: x * 2.0 + 1.0\n        raise" in done.out


def test_a_function_that_is_named_is_said(kscaffold: Kscaffold, folder: Path) -> None:
    config = chain(layer("Lambda", "own", "input_layer", function="my_mean", function_type="function"))
    write_json(folder / "model.json", config)
    done = kscaffold("from", "model.json", "mine", "--no-check", "--stdout", "--allow-stubs")
    assert done.exit_code == 0, done.err
    assert "the file holds the name of its function alone, 'my_mean'" in done.out
