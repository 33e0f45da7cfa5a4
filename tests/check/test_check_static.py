"""`kscaffold check` without Keras: static rules, rules explained, files found, settings, and wrong usage."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from conftest import Kscaffold
from helpers.corpus import CORPUS, expectations
from helpers.pages import topic
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.check import Finding, Severity
from kscaffold.check.files import find_python_files, import_place
from kscaffold.check.findings import fold
from kscaffold.check.rulebook import read_rulebook
from kscaffold.check.settings import parse_feed, parse_known
from kscaffold.check.static import find_problems
from kscaffold.check.static.at_import import has_subjects, work_at_import
from kscaffold.probe.protocol import FEW, Feed, Known

ROOT = Path(__file__).resolve().parents[2]
LAYER = """import keras


class Noisy(keras.layers.Layer):
    def __init__(self, sizes=[1], **kwargs):
        super().__init__(**kwargs)
        self.weights = sizes
"""


def static(kscaffold: Kscaffold, *arguments: str):
    return kscaffold("check", "--static", *arguments)


def test_what_the_source_shows_is_reported_with_line_code_and_fix(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "noisy.py").write_text(LAYER)
    result = static(kscaffold, "noisy.py")
    assert result.exit_code == ExitCode.CHECK_FAILED and result.err == ""
    assert "noisy.py:7: error KS101 self.weights is a property of a layer that cannot be set" in result.out
    assert "            self.weights = sizes\n" in result.out
    assert "            fix: Call it something else, such as self.own_weights." in result.out
    assert "noisy.py:5: warning KS106" in result.out
    assert result.out.splitlines()[-1].startswith("1 file: 1 error, 1 warning, in ")


def test_static_needs_no_keras(folder: Path) -> None:
    (folder / "noisy.py").write_text(LAYER)
    code = (
        "import sys; from kscaffold.cli import run; code = run(['check', '--static', 'noisy.py']);"
        "assert code == 1; assert not {'keras', 'tensorflow', 'numpy', 'black', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_comment_suppresses_a_finding_and_is_counted(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "noisy.py").write_text(
        LAYER.replace("self.weights = sizes", "self.weights = sizes  # kscaffold: ignore[KS101]").replace(
            "**kwargs):", "**kwargs):  # kscaffold: ignore"
        )
    )
    result = static(kscaffold, "noisy.py", "--strict")
    assert result.exit_code == 0
    assert "nothing found" not in result.out and "2 ignored" in result.out


def test_a_comment_for_another_rule_suppresses_nothing(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "noisy.py").write_text(LAYER.replace("sizes\n", "sizes  # kscaffold: ignore[KS102, KS3]\n"))
    assert static(kscaffold, "noisy.py").exit_code == ExitCode.CHECK_FAILED


def test_select_ignore_and_strict(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "noisy.py").write_text(LAYER)
    assert static(kscaffold, "noisy.py", "--select", "KS106").exit_code == 0
    assert static(kscaffold, "noisy.py", "--select", "mutable-default", "--strict").exit_code == 1
    assert static(kscaffold, "noisy.py", "--ignore", "KS101").exit_code == 0
    assert static(kscaffold, "noisy.py", "--ignore", "KS1", "--strict").exit_code == 0


def test_json_github_and_sarif(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "noisy.py").write_text(LAYER)
    document = json.loads(static(kscaffold, "noisy.py", "--json").out)
    assert (document["version"], document["command"], document["ok"], document["exit_code"]) == (1, "check", False, 1)
    assert (document["errors"], document["warnings"]) == (1, 1)
    finding = document["runs"][0]["files"][0]["findings"][0]
    assert (finding["rule"], finding["line"], finding["file"]) == ("KS101", 7, "noisy.py")

    lines = static(kscaffold, "noisy.py", "--output-format", "github").out.splitlines()
    assert lines[0].startswith("::error file=noisy.py,line=7,title=KS101 reserved-attribute::self.weights is")
    assert lines[1].startswith("::warning file=noisy.py,line=5,")

    log = json.loads(static(kscaffold, "noisy.py", "--output-format", "sarif").out)
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == ["KS101", "KS106"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_a_file_that_is_not_python_is_one_finding(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "broken.py").write_text("class X(:\n")
    result = static(kscaffold, "broken.py")
    assert result.exit_code == 1 and "broken.py:1: error KS100 this is not Python" in result.out


@pytest.mark.keras
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "There is nothing to check. Name files or folders"),
        (("nowhere.py",), "There is no file or folder 'nowhere.py'"),
        (("a.py", "--select", "KS999"), "--select: There is no rule 'KS999'"),
        (("a.py", "--ignore", "mutable-defaults"), "Did you mean mutable-default?"),
        (
            ("a.py", "--arg", "units"),
            "--arg: 'units' is not an argument. Write it as units=8, or Gate.units=8 for one class.",
        ),
        (("a.py", "--input-shape", "8,x"), "--input-shape: '8,x' is not a shape"),
        (("a.py", "--input-shape", "8:flot32"), "There is no dtype 'flot32'. Did you mean float32?"),
        (("a.py", "--backend", "theano"), "'theano' is not one of"),
        (("--explain", "KS30"), "--explain: There is no rule 'KS30'. Did you mean KS30"),
    ],
)
def test_wrong_usage_is_one_message(
    kscaffold: Kscaffold, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    (folder / "a.py").write_text("")
    result = kscaffold("check", *arguments)
    assert result.exit_code == ExitCode.USAGE
    assert message in result.err and result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("selct = ['KS1']", "[tool.kscaffold.check] has no key 'selct'. Did you mean select?"),
        ("strict = 1", "strict in [tool.kscaffold.check] has to be true or false, not 1"),
        ("backend = 'theano'", "Keras has no backend 'theano'"),
        ("'a.B' = {arg = {}}", "has no key 'arg'. Did you mean args?"),
        ("'a.B' = {input-shape = 'x'}", "'x' is not a shape"),
    ],
)
def test_a_wrong_setting_names_the_key(kscaffold: Kscaffold, folder: Path, table: str, message: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.kscaffold.check]\n{table}\n")
    (folder / "a.py").write_text("")
    result = static(kscaffold, "a.py")
    assert result.exit_code == ExitCode.USAGE and message in result.err and "pyproject.toml" in result.err


def test_settings_come_from_pyproject_and_flags_win(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "noisy.py").write_text(LAYER)
    (folder / "pyproject.toml").write_text("[tool.kscaffold.check]\nignore = ['KS101']\nstrict = true\n")
    result = static(kscaffold, "noisy.py")
    assert result.exit_code == 1 and "KS106" in result.out and "KS101 self" not in result.out
    assert static(kscaffold, "noisy.py", "--ignore", "KS106").exit_code == 1


def test_folders_are_searched_as_other_tools_do(folder: Path) -> None:
    for name in ("a.py", "sub/b.py", ".venv/c.py", "build/d.py", "made/e.py", "sub/f_pb2.py", "keep/g.py", "h.txt"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("")
    (folder / ".gitignore").write_text("made/\n")
    (folder / "sub/.gitignore").write_text("*_pb2.py\n")
    found = find_python_files((folder,), exclude=("keep/",))
    assert [path.relative_to(folder).as_posix() for path in found] == ["a.py", "sub/b.py"]
    named = find_python_files((folder / "made/e.py", folder / "h.txt"))
    assert [path.name for path in named] == ["e.py", "h.txt"]


def test_modules_are_imported_inside_their_packages(folder: Path) -> None:
    (folder / "src/mine/layers").mkdir(parents=True)
    for name in ("src/mine/__init__.py", "src/mine/layers/__init__.py", "src/mine/layers/gate.py"):
        (folder / name).write_text("")
    assert import_place(folder / "src/mine/layers/gate.py") == ("mine.layers.gate", folder / "src")
    assert import_place(folder / "src/mine/layers/__init__.py") == ("mine.layers", folder / "src")
    assert import_place(folder / "alone.py") == ("alone", folder)


def test_every_rule_says_why_with_an_example(kscaffold: Kscaffold, folder: Path) -> None:
    for rule in read_rulebook():
        assert rule.id.startswith("KS") and rule.severity in ("error", "warning"), rule.id
        assert rule.title and rule.why and rule.fix, rule.id
        for code in (rule.bad, rule.good):
            assert code, rule.id
            if rule.id != "KS100":
                ast.parse(code)
        assert kscaffold("check", "--explain", rule.name).out.startswith(f"{rule.id} {rule.name}  {rule.severity}\n")
    assert len({rule.id for rule in read_rulebook()}) == len(read_rulebook())


def test_the_list_and_the_reference_have_every_rule(kscaffold: Kscaffold) -> None:
    listed = kscaffold("check", "--list-rules").out.splitlines()
    assert [line.split()[0] for line in listed] == [rule.id for rule in read_rulebook()]
    rows = [f"| {rule.id} | {rule.name} | {rule.severity} | {rule.title} |" for rule in read_rulebook()]
    table = ["| id | name | severity | what holds for code that passes |", "| --- | --- | --- | --- |", *rows]
    assert "\n".join(table) in topic("rules")


def test_causes_never_go_round_in_circles() -> None:
    causes = {rule.id: rule.causes for rule in read_rulebook()}
    assert {follower for followers in causes.values() for follower in followers} <= set(causes)

    def walk(rule: str, path: tuple[str, ...]) -> None:
        assert rule not in path, (*path, rule)
        for follower in causes[rule]:
            walk(follower, (*path, rule))

    for rule in causes:
        walk(rule, ())


def test_consequences_are_folded_under_the_root_cause() -> None:
    def finding(rule: str, *causes: str) -> Finding:
        return Finding(rule, rule, Severity.ERROR, "", "a.py", causes=causes)

    folded = fold([finding("C"), finding("B", "C"), finding("A", "B"), finding("D")])
    assert [(item.rule, [one.rule for one in item.consequences]) for item in folded] == [("A", ["B", "C"]), ("D", [])]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            """
            class Pyramid(keras.layers.Layer):
                def call(self, features):
                    if sorted(features.keys()) != self.levels or min(int(name[1]) for name in features) < 2:
                        raise ValueError("other levels")
                    for name, feature in features.items():
                        if name != self.last:
                            features["P2"] = feature
                    return features
            """,
            id="keys of mappings",
        ),
        pytest.param(
            """
            class Waves(keras.layers.Layer):
                def call(self, time, dim, window_size, kind: Optional[str]):
                    if dim % 2 != 0 or window_size > 4 or kind != self.kind:
                        return time
                    return time * 2
            """,
            id="arguments that are numbers or texts by their names or types",
        ),
        pytest.param(
            """
            class Convolution(keras.layers.Layer):
                def call(self, graph):
                    for index, edges in enumerate(graph.edge_sets):
                        if edges.node_set_name(self.receiver) != self.sender or index > 2:
                            raise ValueError("another node set")
                    return graph
            """,
            id="names and indices beside tensors",
        ),
        pytest.param(
            """
            class Mixture(keras.layers.Layer):
                def call(self, inputs):
                    for rate, one in zip(self.rates, inputs):
                        if rate > 0:
                            inputs = inputs + rate * one
                    return inputs
            """,
            id="numbers that go along with tensors",
        ),
        pytest.param(
            """
            class Units(keras_tuner.HyperModel):
                def __init__(self, metrics):
                    self.metrics = metrics

                def build(self, hp):
                    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(hp.Int("units", 2, 8))])
            """,
            id="models of KerasTuner are none",
        ),
        pytest.param(
            """
            class Old(tf_keras.layers.Layer):
                def __init__(self):
                    self.optimizer = tf_keras.optimizers.Adam(lr=0.1)

                def call(self, inputs):
                    return tf_keras.backend.mean(inputs)
            """,
            id="Keras 2 under its own name",
        ),
        pytest.param(
            """
            from keras.src import backend

            class Layer(backend.Layer):
                def __init__(self):
                    super().__init__()
                    self._losses = []

                def build(self, input_shape):
                    self._dtype_policy = None
            """,
            id="the inside of Keras",
        ),
    ],
)
def test_what_only_looks_like_a_defect_is_not_flagged(code: str) -> None:
    imports = "from typing import Optional\nimport keras, keras_tuner, tf_keras\n"
    assert find_problems(imports + textwrap.dedent(code)) == []


def test_functions_that_build_something_else_are_left_alone() -> None:
    code = "def build_wheel(only=[]):\n    return only\n"
    assert find_problems(code) == []
    assert [problem.rule for problem in find_problems("from keras import layers\n" + code)] == ["KS106"]


def test_masks_that_may_be_left_out_are_tensors() -> None:
    code = """
        import keras

        class Masked(keras.layers.Layer):
            def call(self, inputs, mask=None):
                if mask is not None and keras.ops.any(mask):
                    return inputs
                return inputs * 0
        """
    assert [(problem.rule, problem.line) for problem in find_problems(textwrap.dedent(code))] == [("KS110", 6)]


def test_long_sums_are_read() -> None:
    code = f"""
import keras

class Long(keras.Layer):
    def call(self, x):
        return float({" + ".join("x" * 1500)})
"""
    assert [(problem.rule, problem.line) for problem in find_problems(code)] == [("KS110", 6)]


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            """
            def call(self, inputs, sizes: Union[List[int], Tuple[int, ...]], kinds: "list[str] | None"):
                if sum(sizes) != 4 or kinds == ["a"] or max(sizes) > 3:
                    raise ValueError("sizes")
                return inputs[:, : sizes[0]]
            """,
            id="types of numbers",
        ),
        pytest.param(
            """
            def call(self, inputs, count, total, kind, scale):
                _, length, width = inputs.shape
                if total != length * 2 or count > 3 or kind == "max" or kind in ("a", "b") and len(kind) > 1:
                    raise ValueError("sizes")
                if isinstance(scale, (int, float)) and scale > 1:
                    inputs = inputs * scale
                return sum(inputs for _ in range(count))
            """,
            id="uses of numbers",
        ),
        pytest.param(
            """
            def call(self, inputs):
                if hasattr(inputs, "numpy"):
                    print(inputs[0:3].numpy())
                first = inputs[0].numpy() if hasattr(inputs, "numpy") else None
                is_eager = tf.executing_eagerly()
                if is_eager and float(inputs[0, 0]) > 1:
                    print(first)
                return inputs
            """,
            id="values where there are some",
        ),
        pytest.param(
            """
            def call(self, inputs):
                if not tf.executing_eagerly():
                    return inputs
                print(np.max(inputs))
                if ops.max(inputs) > 3:
                    print("large")
                return inputs
            """,
            id="what is left after a question",
        ),
        pytest.param(
            """
            def call(self, inputs):
                try:
                    print(float(ops.max(inputs)), inputs.numpy())
                except Exception:
                    pass
                return inputs
            """,
            id="values that are only tried for",
        ),
    ],
)
def test_values_that_are_there_are_asked_for(code: str) -> None:
    assert in_layer(code) == []


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("def call(self, inputs, grid):\n    return inputs * int(grid[0])", "warning"),
        ("def call(self, inputs, grid):\n    return inputs * int(ops.reshape(grid, (-1,))[0])", "warning"),
        ("def call(self, inputs, grid):\n    grid = ops.abs(grid)\n    return inputs * int(grid[0])", "error"),
        ("def call(self, inputs, grid: tf.Tensor):\n    return inputs * int(grid[0])", "error"),
        ("def call(self, inputs: Features):\n    return inputs * int(inputs[0])", "warning"),
        ("def call(self, inputs):\n    return inputs * self.table.numpy()", "warning"),
        ("def call(self, inputs):\n    return inputs * inputs.numpy()", "error"),
        (
            "def call(self, inputs):\n    try:\n        return float(inputs)\n    except ValueError:\n        raise",
            "error",
        ),
    ],
)
def test_what_may_be_no_tensor_is_a_warning(code: str, severity: str) -> None:
    assert [(problem.rule, problem.severity) for problem in in_layer(code)] == [("KS110", severity)]
    assert ("may be a tensor" in in_layer(code)[0].message) is (severity == "warning")


def in_layer(method: str) -> list[Finding]:
    """What is found in a layer that has a method."""
    imports = "from typing import List, Tuple, Union\nfrom tensorflow import keras\nfrom keras import ops\n"
    imports += "import numpy as np\nimport tensorflow as tf\n\nclass One(keras.layers.Layer):\n"
    return find_problems(imports + textwrap.indent(textwrap.dedent(method), "    "))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.py")), ids=lambda path: path.stem)
def test_the_corpus_without_keras(path: Path) -> None:
    """What the source shows of each class and function is what is expected, and of near misses it shows nothing."""
    expected = {item.name: item.rule for item in expectations() if item.file == path.name}
    text = path.read_text(encoding="utf-8")
    places = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    found: dict[str, set[str]] = {}
    for problem in find_problems(text):
        around = [node for node in places if node.lineno <= (problem.line or 0) <= (node.end_lineno or 0)]
        named = [node.name for node in around if node.name in expected] or [around[0].name]
        found.setdefault(named[-1], set()).add(problem.rule)
    assert found == {name: {rule} for name, rule in expected.items() if rule and rule.startswith("KS1")}


@pytest.mark.parametrize(
    ("code", "message", "fix", "severity"),
    [
        ("def on_epoch_ends(self, epoch, logs=None): ...", "is no hook", "Did you mean on_epoch_end?", "error"),
        ("def on_end_epoch(self, epoch, logs=None): ...", "is no hook", "Did you mean on_epoch_end?", "error"),
        ("def on_train_epoch_start(self, trainer): ...", "is no hook", "Did you mean on_epoch_begin?", "error"),
        ("def on_fit_begin(self, logs=None): ...", "is no hook", "Did you mean on_train_begin?", "error"),
        ("def on_gradients_ready(self, logs=None): ...", "is no hook", "Give it the name", "warning"),
        (
            "def on_epoch_end(self, logs=None): ...",
            "its number and logs",
            "on_epoch_end(self, epoch, logs=None)",
            "error",
        ),
        ("def on_train_end(self): ...", "gives it: logs", "on_train_end(self, logs=None)", "error"),
        ("def on_train_begin(self, epoch, logs): ...", "gives it: logs", "on_train_begin(self, logs=None)", "error"),
    ],
)
def test_hooks_that_keras_does_not_call_so(code: str, message: str, fix: str, severity: str) -> None:
    (problem,) = find_problems(f"from tensorflow import keras\nclass Log(keras.callbacks.Callback):\n    {code}\n")
    assert (problem.rule, problem.severity, problem.line) == ("KS114", severity, 3)
    assert message in problem.message and fix in problem.fix


@pytest.mark.parametrize(
    "code",
    [
        "def on_epoch_end(self, epoch, logs=None): ...",
        "def on_epoch_end(self, *args): ...",
        "def on_train_batch_end(self, batch, logs=None, more=1): ...",
        "def on_batch_end(self, batch, logs): ...",
        "def on_test_begin(self, logs): self.on_round()\n    def on_round(self): ...",
        "def only_end(self): ...",
    ],
)
def test_hooks_that_keras_calls(code: str) -> None:
    for bases in ("keras.callbacks.Callback", "Base", "keras.callbacks.EarlyStopping"):
        text = f"import keras\nclass Base(keras.callbacks.Callback): ...\nclass Log({bases}):\n    {code}\n"
        assert find_problems(text) == []
    assert find_problems("class Log(Callback):\n    def on_epoch_ends(self): ...\n") == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("self.add_weight('k', shape=(2,))", "shape first"),
        ("self.add_weight(name, (2,), 'float32', 'zeros')", "shape first"),
        ("self.add_weight(f'k{i}', (2,))", "shape first"),
        ("self.add_weight('k_%d' % i, (2,))", "shape first"),
        ("self.add_weight('k_{}'.format(i), (2,))", "shape first"),
        ("self.add_weight((2,), 'zeros', 'float32', True)", "no more than 3"),
        ("self.add_weight((2,), shape=(2,))", "shape twice"),
        ("self.add_weight((2,), 'zeros', name='k')", ""),
        ("self.add_weight(*arguments)", ""),
        ("self.add_weight(shape, name='k')", ""),
        ("self.add_weight(name='k', shape=(2,))", ""),
    ],
)
@pytest.mark.parametrize("base", ["layers.Layer", "metrics.Metric"])
def test_positional_arguments_of_weights(line: str, named: str, base: str) -> None:
    found = find_problems(f"import keras\nclass One(keras.{base}):\n    def build(self, _):\n        {line}\n")
    if base.startswith("metrics") and named.startswith("no more"):
        named = ""  # the name may be the fourth there
    assert [problem.rule for problem in found] == (["KS102"] if named else [])
    assert not named or named in found[0].message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import keras\nclass A(keras.layers.Layer): ...", True),
        ("from .base import Part\nclass A(Part): ...", True),
        ("from mypackage import *\nclass A(Part): ...", True),
        ("class A:\n    class B(Layer): ...", True),
        ("def build_model(): ...", True),
        ("if True:\n    def build_model(): ...", True),
        ("build_model = make(3)", True),
        ("A = type('A', (Base,), {})", True),
        ("from keras.src.layers.layer import Layer\nclass A(Layer): ...", True),
        ("import enum, unittest\nclass A(enum.Enum): ...\nclass B(unittest.TestCase): ...\nclass C(A): ...", False),
        ("class A: ...\nclass B(A): ...\nclass C(Exception): ...", False),
        (
            "import keras\nclass A(keras.utils.PyDataset): ...\nclass B(keras.optimizers.schedules.CosineDecay): ...",
            False,
        ),
        ("import keras\nclass A(keras.callbacks.Callback): ...", True),
        ("import keras\nclass A(keras.metrics.Mean): ...", True),
        ("from keras.losses import Loss\nclass A(Loss): ...", True),
        ("from typing import Generic\nclass A(Generic[T]): ...", False),
        ("import keras\ndef train():\n    class A(keras.layers.Layer): ...\n    def build_it(): ...", False),
        ("class A:\n    def build_graph(self): ...", False),
        ("import torch\nclass A(torch.nn.Module): ...", False),
        ("model.fit(x, y)", False),
        ("", False),
        ("class A(:", False),
    ],
)
def test_files_without_anything_to_check_are_known(code: str, expected: bool) -> None:
    assert has_subjects(code) is expected


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.py")), ids=lambda path: path.stem)
def test_all_of_the_corpus_has_something_to_check(path: Path) -> None:
    assert has_subjects(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1\nmodel.fit(x, y)", (2, "model.fit", "trains")),
        ("for _ in range(3):\n    history = model.fit(x, y)", (2, "model.fit", "trains")),
        ("def main():\n    model.fit(x, y)\n\nmain()", (4, "main", "trains")),
        ("with open(p) as f:\n    with tf.GradientTape() as tape:\n        pass", None),
        ("import tensorflow as tf\nwith tf.GradientTape() as tape:\n    pass", (2, "tf.GradientTape", "trains")),
        ("from keras.datasets import mnist\n(x, y), _ = mnist.load_data()", (2, "mnist.load_data", "downloads data")),
        ("import matplotlib.pyplot as plt\nplt.show()", (2, "plt.show", "opens a window")),
        ("args = parser.parse_args()", (1, "parser.parse_args", "reads the command line")),
        ("from keras.applications import VGG16\nbase = VGG16()", (2, "VGG16", "downloads weights")),
        ("from keras.applications import VGG16\nbase = VGG16(weights=None)", None),
        (
            "if __name__ == '__main__':\n    model.fit(x, y)\nelse:\n    model.predict(x)",
            (4, "model.predict", "runs a model"),
        ),
        ("if __name__ == '__main__':\n    model.fit(x, y)", None),
        ("def main():\n    model.fit(x, y)", None),
        ("try:\n    import x\nexcept ImportError:\n    exit()", None),
        ("class A:\n    def run(self):\n        self.fit()", None),
        ("run = lambda: model.fit(x, y)", None),
        ("def f():\n    g()\n\ndef g():\n    f()\n\nf()", None),
        ("class A(:", None),
    ],
)
def test_what_a_file_does_when_it_is_imported(code: str, expected: tuple[int, str, str] | None) -> None:
    work = work_at_import(code)
    assert (None if work is None else (work.line, work.call, work.does)) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for problem in find_problems(text):
        assert problem.line >= 1 and problem.message


@given(st.text(alphabet="0123456789,:=()xN \nfloat32int", max_size=20))
def test_any_input_shape_is_a_feed_or_one_message(text: str) -> None:
    refused = None
    try:
        feed = parse_feed(text)
    except RequestError as error:
        refused = error
    assert refused is None or refused.where == "--input-shape"
    assert refused is not None or all(size is None or size > 0 for size in feed.shape)


@pytest.mark.parametrize("path", sorted((ROOT / "kscaffold" / "probe").rglob("*.py")), ids=lambda path: path.stem)
def test_our_own_code_has_nothing_that_the_source_shows(path: Path) -> None:
    assert find_problems(path.read_text(encoding="utf-8")) == []


@pytest.mark.keras
def test_pre_commit_hooks_are_commands_that_exist(kscaffold: Kscaffold, folder: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (folder / "fine.py").write_text("x = 1\n")
    for hook in hooks:
        words = hook["entry"].split()
        assert words[0] == "kscaffold" and kscaffold(*words[1:], "fine.py").exit_code == 0


TWO = """\
import keras


class Gate(keras.layers.Layer):
    def call(self, x):
        return float(x)


class Other(keras.layers.Layer):
    def call(self, x):
        return int(x)
"""


def test_one_class_of_a_file_can_be_named(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "two.py").write_text(TWO)
    result = kscaffold("check", "--static", "two.py::Other")
    assert result.exit_code == 1
    assert "two.py:11: error KS110 int()" in result.out and "two.py:6" not in result.out
    assert kscaffold("check", "--static", "two.py::Other", "two.py::Gate").out.count("KS110") == 2
    wrong = kscaffold("check", "--static", "two.py::Gat")
    assert (wrong.exit_code, wrong.err) == (2, "error: PATH: two.py defines no 'Gat'. Did you mean Gate?\n")
    missing = kscaffold("check", "--static", "three.py::Gate")
    assert missing.err == (
        "error: PATH: 'three.py::Gate' does not name a class in a file. Write FILE::Class: layers.py::Gate.\n"
    )


def test_what_flags_say_of_one_class_and_of_all() -> None:
    known = parse_known(["units=3", "Gate.units=5", "Gate.mode=sum"], ["16", "Gate:8,8:int32", "None,4"])
    assert known["Gate"] == Known((("units", "5"), ("mode", "'sum'")), (Feed((8, 8), "int32", FEW),))
    assert known[""] == Known((("units", "3"),), (parse_feed("16"), parse_feed("None,4")))
    for text in ("Gate.=5", ".units=5", "a.b.units=5", "Gate.units"):
        with pytest.raises(RequestError, match="is not an argument"):
            parse_known([text], [])
