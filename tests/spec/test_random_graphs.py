"""Random graphs: every style that can hold one gives good code, Keras agrees with it, and broken specs are refused."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.properties import examples
from helpers.random_specs import Spec, specs
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.check import CheckProcess, find_interpreter
from kscaffold.kinds.destination import Request, find_destination
from kscaffold.kinds.model import ModelScaffold
from kscaffold.kinds.own_layers import OwnLayers
from kscaffold.library.render import demand_names
from kscaffold.library.templates import Catalogue
from kscaffold.source.formatting import black_mode, format_python
from kscaffold.spec.graph.document import parse_document
from kscaffold.spec.graph.resolve import resolve_graph
from kscaffold.spec.graph.shapes import infer_shapes
from kscaffold.spec.graph.value import Form

pytestmark = pytest.mark.keras

EXAMPLES = 150
BROKEN = 400
CHECKED = 12
NAME_OF_KERAS = re.compile(r"'(dense|dropout|embedding|concatenate)(_\d+)?' cannot be the name of an? .*: Keras gives")
PLACE = re.compile(r"spec\.yaml:\d+:\d+")
# The specs are short, and making them shorter would take minutes.
PROPERTY = settings(examples(EXAMPLES), phases=[Phase.generate])


@dataclass(frozen=True)
class Made:
    """A random graph in one style."""

    spec: Spec
    scaffold: ModelScaffold
    text: str


def describe(text: str, style: Style, number: int, folder: Path) -> ModelScaffold:
    """A scaffold for a spec; a graph that the style cannot hold is refused."""
    destination = find_destination(Request("pipeline", f"graph{number}_{style}", "pipelines", output_dir=folder))
    graph = resolve_graph(parse_document(text, "spec.yaml"), destination.name.module, {})
    scaffold = ModelScaffold(destination, "spec.yaml", graph, style)
    assert scaffold.written
    return scaffold


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """Random graphs in all styles that can hold them, written to a folder."""
    folder = tmp_path_factory.mktemp("graphs")
    collected: list[Made] = []
    seen: list[str] = []

    @PROPERTY
    @given(specs())
    def collect(spec: Spec) -> None:
        seen.append(spec.text)
        for style in Style:
            try:
                scaffold = describe(spec.text, style, len(seen), folder)
            except RequestError as refused:
                error = str(refused)
            else:
                error = ""
            if error:
                no_chain = style is Style.SEQUENTIAL and not spec.is_chain and "Use --style functional" in error
                no_part = style is Style.SUBCLASSED and spec.has_cuts and "Use --style functional" in error
                assert no_chain or no_part or NAME_OF_KERAS.search(error), f"{error}\n{spec.text}"
                assert PLACE.match(error), error
                continue
            assert style is not Style.SEQUENTIAL or spec.is_chain, spec.text
            text = format_python(scaffold.module()[0].text, black_mode({}), "a style")
            assert format_python(text, black_mode({}), "a style") == text
            demand_names(text, scaffold.written.names, spec.text)
            collected.append(Made(spec, scaffold, text))

    collect()
    for item in collected:
        item.scaffold.destination.module.write_text(item.text)
    return collected


def test_every_style_holds_many_graphs(made: list[Made]) -> None:
    held = Counter(item.scaffold.style for item in made)
    assert held[Style.FUNCTIONAL] >= EXAMPLES * 0.9
    assert held[Style.SUBCLASSED] >= EXAMPLES * 0.7
    assert held[Style.SEQUENTIAL] >= EXAMPLES * 0.1


def test_random_graphs_pass_ruffs_default_rules(made: list[Made]) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    done = subprocess.run(
        [ruff, "check", "--isolated", "--quiet", "--output-format", "concise", "."],
        cwd=made[0].scaffold.destination.output_dir,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_keras_finds_the_inputs_outputs_and_layer_calls_of_a_sample(made: list[Made]) -> None:
    # The longest contain the most.
    by_style = {style: [item for item in made if item.scaffold.style is style] for style in Style}
    sample = [
        item
        for items in by_style.values()
        for item in sorted(items, key=lambda item: -len(item.spec.text))[
            : len(items) // 2 : len(items) * 3 // 2 // CHECKED
        ]
    ]
    assert len(sample) >= CHECKED / 2
    jobs = [
        item.scaffold.job(item.scaffold.destination.module, item.scaffold.destination.module.name) for item in sample
    ]
    with CheckProcess(find_interpreter(None)) as process:
        verdicts = process.finish(tuple(jobs))
    wrong = [
        "\n".join([item.spec.text, item.text, *(finding.message for finding in verdict.findings)])
        for item, verdict in zip(sample, verdicts, strict=True)
        if not verdict.ok
    ]
    assert not wrong, wrong[0]
    for item, verdict in zip(sample, verdicts, strict=True):
        facts = item.scaffold.facts.of(item.scaffold.graph)
        assert verdict.parameters == facts.parameters, item.spec.text
        listed = list(item.scaffold.graph.outputs)
        if item.scaffold.graph.output_form is Form.DICT:
            listed.sort(key=lambda output: output.name)
        outputs = [facts.values[output.value] for output in listed]
        assert [tuple(shape[1:]) for shape in verdict.output_shapes] == outputs, item.spec.text


@settings(PROPERTY, max_examples=BROKEN)
@given(st.data(), specs())
def test_a_broken_spec_is_refused_with_its_place_or_is_another_spec(data: st.DataObject, spec: Spec) -> None:
    text = spec.text
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.integers(0, 8))
        put = data.draw(st.sampled_from(["", "(", ")", " -> ", "x", "Dense", "3", "-1", ",", '"', ":", "{", "]", "é"]))
        text = text[:start] + put + text[start + length :]
    with contextlib.suppress(RefusedWithPlace):
        read(text)


class RefusedWithPlace(Exception):
    """A spec is refused, and the message says where."""


def read(text: str) -> None:
    """Reads a spec and infers its shapes."""
    try:
        graph = resolve_graph(parse_document(text, "spec.yaml"), "net", {})
        infer_shapes(graph, OwnLayers(graph.own_classes, "custom", Catalogue()).infer)
    except RequestError as error:
        raise (RefusedWithPlace if PLACE.match(str(error)) else AssertionError)(str(error)) from error
