"""Any description that is accepted gives good code: random ones, checked by black, ruff, pyright and Keras."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.properties import examples
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.base.naming import parse_module_name
from kscaffold.check import CheckProcess, Feed, Job, Subject, find_interpreter
from kscaffold.kinds.layer import FILTERS, LAYER_TEST, choose_template, describe_template, render_layer
from kscaffold.library.render import demand_names, render
from kscaffold.library.templates import Catalogue
from kscaffold.source.formatting import black_mode, format_python
from kscaffold.source.layer.methods import construct
from kscaffold.spec.layer.describe import LayerFlags
from kscaffold.spec.layer.spec import LayerSpec

pytestmark = pytest.mark.keras

Generated = tuple[LayerSpec, str, str]
CHECKED = 24

words = st.sampled_from("alpha beta gain width depth size mode flag rate units inner table items".split())
text = st.text(st.sampled_from("ab '\"\\{}%#\n\té→"), max_size=6)
defaults = st.one_of(
    st.integers(1, 9).map(lambda value: f":int={value}"),
    st.just(":int"),
    st.floats(0, 0.9).map(lambda value: f":float={value}"),
    st.booleans().map(lambda value: f"={value}"),
    text.map(lambda value: f":str={value!r}"),
    text.map(lambda value: f":str={value}"),
    st.lists(st.integers(0, 9), max_size=3).map(lambda value: f":tuple={tuple(value)}"),
    st.lists(st.lists(st.integers(0, 9), max_size=2), max_size=2).map(lambda value: f":list={value}"),
    st.dictionaries(text, st.integers(0, 9), max_size=2).map(lambda value: f":any={value}"),
    st.sampled_from(
        [
            ":activation=relu",
            ":activation",
            ":initializer=zeros",
            ":initializer=RandomNormal(stddev=0.1)",
            ":regularizer=L2(0.001)",
            ":regularizer=None",
            ":constraint=MaxNorm(2)",
            ":layer",
            ":layer=None",
            ":layer=Dense(4, relu)",
            ":any=None",
            ":int=None",
            ":tuple=None",
        ]
    ),
)
arguments = st.lists(st.builds(str.__add__, words, defaults), max_size=4)
sizes = st.sampled_from(["input_dim", "units", "width", "4", "2 * width", "input_shape[1]", "input_shape[-1]", "size"])
weights = st.lists(
    st.builds(
        lambda name, shape, end: f"{name}: {', '.join([*shape, *end])}",
        st.sampled_from("kernel bias scale position offset".split()),
        st.lists(sizes, max_size=2),
        st.sampled_from([[], ["ones"], ["zeros"], ["RandomUniform(-1, 1)"]]),
    ),
    max_size=3,
)
# Those that keep a sequence a sequence, and those that may only come last.
KEEPING = [
    "Dense(units, relu)",
    "Dense(6, kernel_regularizer=L2(1e-3)) x3",
    "Dropout(0.3)",
    "LayerNormalization()",
    "BatchNormalization()",
    "LSTM(3, return_sequences=True)",
    "MultiHeadAttention(2, 3)",
    "TimeDistributed(Dense(2))",
    "Conv1D(3, 2, padding=same, activation=tanh)",
    "Activation(gelu)",
    "Bidirectional(LSTM(2, return_sequences=True)) x2",
]
ENDING = ["GRU(3)", "Bidirectional(LSTM(2))", "GlobalAveragePooling1D()", "Flatten()", "Add()", "Concatenate()"]
sublayers = st.builds(
    lambda keeping, ending: [f"part{number} = {layer}" for number, layer in enumerate([*keeping, *ending])],
    st.lists(st.sampled_from(KEEPING), max_size=3),
    st.lists(st.sampled_from(ENDING), max_size=1),
)
flags = st.builds(
    LayerFlags,
    arguments=arguments.map(tuple),
    weights=weights.map(tuple),
    states=weights.map(lambda listed: tuple(f"old_{item}" for item in listed[:1])),
    sublayers=sublayers.map(tuple),
    input_shapes=st.sampled_from([(), ("5,6",), ("5,6", "5,4"), ("5,6", "5,6"), ("6",)]),
    features=st.frozensets(st.sampled_from(["training", "mask", "loss", "seed"])),
)
templates = st.none() | st.sampled_from([template.name for template in Catalogue().of_kind("layer")])


def generate(template: str | None, asked: LayerFlags, name: str = "MyLayer") -> Generated:
    chosen = choose_template(Catalogue(), template, "my_layer", asked)
    spec, page = describe_template(chosen, parse_module_name(name), "custom", asked, Catalogue())
    module = format_python(render_layer(spec, page).text, black_mode({}), chosen.full_name)
    context = {"layer": spec, "import_from": spec.name.module, "path_to_module": None}
    test_text = render(Catalogue().page(LAYER_TEST), context, FILTERS).text
    return spec, module, format_python(test_text, black_mode({}), LAYER_TEST)


@pytest.fixture(scope="module")
def generated() -> list[Generated]:
    """The code for those random descriptions that are accepted."""
    collected: list[Generated] = []
    refused: list[RequestError] = []

    @examples(400)
    @given(templates, flags)
    def collect(template: str | None, asked: LayerFlags) -> None:
        try:
            spec, module, test_text = generate(template, asked, f"Layer{len(collected)}")
        except RequestError as error:
            refused.append(error)
            return
        demand_names(module, {spec.name.class_name}, "a template")
        for rendered in (module, test_text):
            ast.parse(rendered)
            assert format_python(rendered, black_mode({}), "a template") == rendered
        collected.append((spec, module, test_text))

    collect()
    assert [error for error in refused if error.exit_code != 2] == []
    return collected


@pytest.fixture(scope="module")
def folder_of_files(generated: list[Generated], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    for spec, module, test_text in generated:
        (folder / f"{spec.name.module}.py").write_text(module)
        (folder / f"test_{spec.name.module}.py").write_text(test_text)
    for template in Catalogue().of_kind("layer"):
        spec, module, test_text = generate(template.name, LayerFlags(), f"My_{template.name}")
        (folder / f"{spec.name.module}.py").write_text(module)
        (folder / f"test_{spec.name.module}.py").write_text(test_text)
    return folder


def test_enough_descriptions_are_accepted(generated: list[Generated]) -> None:
    assert len(generated) > 60


def test_generated_code_passes_ruffs_default_rules(folder_of_files: Path) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    done = subprocess.run(
        [ruff, "check", "--isolated", "--quiet", "--output-format", "concise", "."],
        cwd=folder_of_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_generated_code_passes_pyrights_basic_mode(folder_of_files: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pyright", "--version"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"pyright does not run here: {done.stderr.strip().splitlines()[-1:]}")
    sample = [str(path) for path in sorted(folder_of_files.glob("*my_*.py"))]
    sample += [str(path) for path in sorted(folder_of_files.glob("*layer[0-9].py"))]
    (folder_of_files / "pyrightconfig.json").write_text('{"typeCheckingMode": "basic"}')
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *sample],
        cwd=folder_of_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_a_sample_of_the_generated_code_passes_the_check(generated: list[Generated], folder_of_files: Path) -> None:
    step = max(1, len(generated) // CHECKED)
    sample = [spec for spec, _, _ in generated[::step]][:CHECKED]
    jobs = [
        Job(
            folder_of_files / f"{spec.name.module}.py",
            f"{spec.name.module}.py",
            (folder_of_files,),
            (
                Subject(
                    spec.name.class_name,
                    construct(spec),
                    tuple(Feed(item.shape) for item in spec.inputs),
                    str(spec.call),
                ),
            ),
        )
        for spec in sample
    ]
    with CheckProcess(find_interpreter(None)) as process:
        verdicts = process.finish(tuple(jobs))
    wrong = {
        (folder_of_files / verdict.findings[0].file).read_text(): [finding.message for finding in verdict.findings]
        for verdict in verdicts
        if not verdict.ok
    }
    for module, messages in wrong.items():
        print(module, *messages, sep="\n")
    assert not wrong


def test_the_generated_tests_of_all_templates_pass(folder_of_files: Path) -> None:
    tests = [path.name for path in sorted(folder_of_files.glob("test_my_*.py"))]
    assert len(tests) == len(Catalogue().of_kind("layer"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=folder_of_files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
