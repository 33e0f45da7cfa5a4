"""`kscaffold check` and `kscaffold.testing` on real Keras, as users meet them. A few processes for all of it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from pathlib import Path

import pytest
from conftest import Kscaffold, tree

from kscaffold.base.errors import ExitCode

pytestmark = pytest.mark.keras

SOUND = '''import keras


@keras.saving.register_keras_serializable("{name}")
class Sound(keras.layers.Layer):
    """Nothing is wrong with it."""

    def call(self, inputs):
        return inputs * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape
'''
SECOND = '''

@keras.saving.register_keras_serializable("{name}")
class After(Sound):
    """Comes after what goes wrong."""
'''


def in_call(statement: str) -> str:
    """A file with a layer that does something bad in its call, and another layer after it."""
    return SOUND.replace("        return inputs", f"        {statement}\n        return inputs") + SECOND


FILES = {
    "sound": SOUND,
    "crashes": "import ctypes\n" + in_call("ctypes.string_at(0)"),
    "exits": "import os\n" + in_call("os._exit(3)"),
    "stops": "import sys\n" + in_call("sys.exit('stop')"),
    "hangs": in_call("while True: pass"),
    "eats": in_call("self.eaten = [b'x' * 1_000_000 for _ in range(3_000)]"),
    "moves": "import os\n" + in_call("os.chdir('/'); os.environ['KERAS_BACKEND'] = 'nothing'; print('noise')"),
    "fails_on_import": "raise RuntimeError('not today')\n" + SOUND,
    "json": SOUND,
    "overrides": SOUND.replace(
        "    def call(self, inputs):",
        "    def __call__(self, inputs, training=None):\n        return super().__call__(inputs, training)\n\n"
        "    def call(self, inputs, training=None):",
    )
    + SECOND.replace("Sound", "keras.layers.Identity"),
    "no_signature": SOUND.replace(
        "    def call",
        "    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n\n"
        "    __init__.__signature__ = 'none'\n\n    def call",
    )
    + SECOND.replace("Sound", "keras.layers.Identity"),
}


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """The verdicts on files that do everything a file can do to a checker, in one run."""
    from kscaffold.check.conformance import CheckRequest, check_files
    from kscaffold.cli._output import Output
    from kscaffold.cli.words.check import report

    folder = tmp_path_factory.mktemp("isolated")
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text.replace("{name}", name))
    before = dict(os.environ), tree(folder)
    conformance = check_files(CheckRequest((folder,), flags={"timeout": 6.0, "memory": 700, "ignore": ("KS209",)}))
    assert (dict(os.environ), tree(folder)) == before
    return {Path(file["path"]).stem: file for file in report(conformance, Output("check")).document["runs"][0]["files"]}


def found(file: dict, name: str) -> list[tuple[str, str]]:
    classes = {item["name"]: item for item in file["classes"]}
    return [(finding["rule"], finding["message"]) for finding in classes[name]["findings"]]


@pytest.mark.parametrize(
    ("name", "wanted", "message"),
    [
        ("crashes", "KS200", "crashes the interpreter (SIGSEGV)"),
        ("exits", "KS200", "ends the interpreter (exit status 3)"),
        ("hangs", "KS212", "does not end within 6 seconds"),
        ("eats", "KS212", "takes more than 700 MB of memory"),
    ],
)
def test_a_class_that_ends_its_process_is_one_finding_and_the_next_is_checked(
    isolated: dict[str, dict], name: str, wanted: str, message: str
) -> None:
    file = isolated[name]
    ((rule, text),) = found(file, "Sound")
    assert rule == wanted and text.startswith(message)
    ((rule, text),) = found(file, "After")  # it inherits the same call
    assert text.startswith(message)


def test_what_raises_or_prints_touches_nothing_else(isolated: dict[str, dict]) -> None:
    assert found(isolated["stops"], "Sound")[0][1].endswith("it calls sys.exit('stop')")
    assert found(isolated["moves"], "Sound") == [] and found(isolated["moves"], "After") == []
    assert found(isolated["sound"], "Sound") == []
    assert found(isolated["json"], "Sound") == [], "a json.py must not shadow the standard library"


def test_a_class_that_cannot_be_called_with_training_is_a_finding(isolated: dict[str, dict]) -> None:
    ((rule, message),) = found(isolated["overrides"], "Sound")
    assert rule == "KS117" and "training" in message
    assert found(isolated["overrides"], "After") == []


def test_a_class_that_breaks_the_checker_is_a_finding_and_the_next_is_checked(isolated: dict[str, dict]) -> None:
    ((rule, message),) = found(isolated["no_signature"], "Sound")
    assert rule == "KS201" and "__signature__" in message
    assert found(isolated["no_signature"], "After") == []


def test_a_file_that_cannot_be_imported_is_a_finding_with_its_line(isolated: dict[str, dict]) -> None:
    (finding,) = isolated["fails_on_import"]["findings"]
    assert (finding["rule"], finding["line"]) == ("KS200", 1)
    assert "RuntimeError: not today" in finding["message"]


def test_arguments_and_shapes_from_pyproject_flags_and_guesses(kscaffold: Kscaffold, folder: Path) -> None:
    package = folder / "src/mine"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .gates import Gate\n")
    (package / "shared.py").write_text("FACTOR = 2.0\n")
    (package / "gates.py").write_text("""import keras
from keras import ops

from .shared import FACTOR


@keras.saving.register_keras_serializable("mine")
class Gate(keras.layers.Layer):
    def __init__(self, mystery, size, **kwargs):
        super().__init__(**kwargs)
        if mystery != "open sesame":
            raise ValueError("mystery has to be 'open sesame'")
        self.mystery = mystery
        self.size = size

    def call(self, inputs):
        return ops.concatenate([inputs["a"], ops.cast(inputs["b"], self.compute_dtype)], axis=-1) * FACTOR

    def get_config(self):
        return {**super().get_config(), "mystery": self.mystery, "size": self.size}


class Unmade(keras.layers.Layer):
    def __init__(self, mystery, **kwargs):
        super().__init__(**kwargs)
        raise ValueError(f"not with {mystery}")


class Broken(keras.layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.half = self.untis // 2


class Repeated(keras.layers.Layer):
    # Takes a number beside its tensor.

    def call(self, inputs, times: int):
        return ops.repeat(inputs, times, axis=-1)


class Patches(keras.layers.Layer):
    # Has as many steps as its argument says.

    def __init__(self, num_patches, **kwargs):
        super().__init__(**kwargs)
        self.num_patches = num_patches

    def call(self, patch):
        return patch + ops.cast(ops.arange(self.num_patches), patch.dtype)[:, None]


class Adversarial(keras.Model):
    # Has a train_step, and no call.

    def __init__(self, generator, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator

    def train_step(self, data):
        return {}


def build_list():
    return [1, 2]


def build_model(units: int = 3):
    inputs = keras.Input((5,))
    return keras.Model(inputs, keras.layers.Dense(units)(inputs))
""")
    (folder / "pyproject.toml").write_text(
        '[tool.kscaffold.check."mine.gates.Gate"]\n'
        'args = {mystery = "open sesame", size = 4}\n'
        'input-shape = {a = "7", b = "2:int32"}\n'
    )
    result = kscaffold("check", "src", "--arg", "size=5", "--arg", "nonsense=1", "--ignore", "registered")
    assert result.exit_code == ExitCode.CHECK_FAILED
    assert "Gate(mystery='open sesame', size=5)  (None, 7), (None, 2) -> (None, 9)  0 params  ok" in result.out
    assert "Unmade: it needs to be told its arguments: --arg mystery=… (ValueError: not with" in result.out
    assert "src/mine/gates.py:32: error KS201 cannot be constructed: AttributeError: 'Broken'" in result.out
    assert "--arg NAME=VALUE" in result.out
    assert "Repeated: its call takes times, which no tensor is" in result.out
    assert "Patches(num_patches=2)  (None, 2, 16) -> (None, 2, 16)" in result.out
    assert "Adversarial: it has a train_step and no call" in result.out
    assert "build_model()  (None, 5) -> (None, 3)  18 params  ok" in result.out
    assert "build_list" not in result.out or "builds no model" in result.out
    assert "warning: --arg nonsense: no class here takes it" in result.err
    assert "4 classes in 3 files: 1 error, 1 warning, " in result.out


GUESSED = '''"""Classes that say only in their examples, or by what they raise, what they take."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("guessed")
class Matched(keras.layers.Layer):
    """Matches scores.

    Example:

    ```python
    high = 0.5
    matched = Matched(
        limits=[high - 0.1, high], values={"low": -1, "mid": 0, "high": 1},
    )
    indices = matched(scores)
    ...
    ```
    """

    def __init__(self, limits, values, **kwargs):
        super().__init__(**kwargs)
        if list(values) != ["low", "mid", "high"]:
            raise ValueError("three values are needed")
        self.limits, self.values = limits, values

    def call(self, inputs):
        return inputs * self.values["high"] + self.limits[0]

    def get_config(self):
        return {**super().get_config(), "limits": self.limits, "values": self.values}


@keras.saving.register_keras_serializable("guessed")
class Mixed(keras.layers.Layer):
    """Mixes two levels.

    >>> fine = keras.random.normal((2, 24, 5))
    >>> coarse = np.random.rand(2, 12, 5)
    >>> Mixed()([fine, ops.convert_to_tensor(coarse)]).shape
    (2, 24, 5)
    """

    def call(self, inputs):
        fine, coarse = inputs
        return fine + ops.repeat(coarse, fine.shape[1] // coarse.shape[1], axis=1)

    def build(self, input_shape):
        if input_shape[0][1] != 2 * input_shape[1][1]:
            raise ValueError("the first level has twice the steps of the second")


@keras.saving.register_keras_serializable("guessed")
class Head(keras.layers.Layer):
    def __init__(self, vocabulary_size=None, table=None, **kwargs):
        super().__init__(**kwargs)
        if vocabulary_size is None and table is None:
            raise ValueError("One of `vocabulary_size` or `table` must be set.")
        self.vocabulary_size, self.table = vocabulary_size, table
        self.dense = keras.layers.Dense(vocabulary_size, dtype=self.dtype_policy)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, inputs):
        return self.dense(inputs)

    def get_config(self):
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size, "table": self.table}


@keras.saving.register_keras_serializable("guessed")
class Sorted(keras.layers.Layer):
    def __init__(self, axis=-1, mode="down", **kwargs):
        super().__init__(**kwargs)
        self.axis, self.mode = axis, mode

    def build(self, input_shape):
        if self.axis < 1:
            raise ValueError(f"axis must be 1~{len(input_shape) - 1}, now is {self.axis}")
        if self.mode not in ("up", "away"):
            raise ValueError("mode has to be 'up' or 'away'")

    def call(self, inputs):
        return ops.sort(inputs, axis=self.axis)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "mode": self.mode}


@keras.saving.register_keras_serializable("guessed")
class Spectrum(keras.layers.Layer):
    def call(self, inputs):
        if not inputs.dtype in ("complex64", "complex128"):
            raise ValueError("Spectrum requires tf.complex64 or tf.complex128 inputs")
        return ops.real(inputs)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, "float32")


@keras.saving.register_keras_serializable("guessed")
class Lengths(keras.layers.Layer):
    """Masks two sequences.

    Input shape
      - a list of two 3D tensors ``(batch_size, steps, width)`` if ``masking=True``
      - a list of four, first two tensors with shape ``(batch_size, steps, width)``, last two with ``(batch_size, 1)``
    """

    def call(self, inputs):
        one, other, of_one, of_other = inputs
        if len(one.shape) != 3 or len(other.shape) != 3 or of_one.shape[-1] != 1 or len(of_other.shape) != 2:
            raise ValueError("two sequences and their lengths are needed")
        return one * of_one[:, None] + other * of_other[:, None]


@keras.saving.register_keras_serializable("guessed")
class Promised(keras.layers.Layer):
    """Fails where its own example calls it.

    Example:

        promised = Promised(groups=3)
        fine, coarse = keras.random.normal((2, 24, 5)), None
        outputs = promised(keras.random.normal((2, 24, 5)))
    """

    def __init__(self, groups, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups

    def call(self, inputs):
        if len(inputs.shape) != 3 or inputs.shape[1] != 24:
            raise ValueError("24 steps are needed")
        return ops.split(inputs, self.groups, axis=-1)[0]

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}


@keras.saving.register_keras_serializable("guessed")
class Filled(keras.layers.Layer):
    """Cannot be called before it is filled.

    Example:

        filled = Filled()
        filled.fill(3.0)
        outputs = filled(keras.random.normal((2, 5)))
    """

    value = None

    def fill(self, value):
        self.value = value

    def call(self, inputs):
        if self.value is None:
            raise ValueError("there is nothing in it")
        return inputs + self.value


class Pool(keras.layers.Layer):
    pool = None

    def call(self, inputs):
        return self.pool(inputs)


@keras.saving.register_keras_serializable("guessed")
class SumPool(Pool):
    def pool(self, inputs):
        return ops.sum(inputs, axis=-1)
'''


def test_examples_and_what_classes_raise_say_what_they_take(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "guessed.py").write_text(GUESSED)
    result = kscaffold("check", "guessed.py", "--timeout", "120")
    said = [line for line in result.out.splitlines() if line.startswith(("check", "skip"))]
    lines = [re.split(r"guessed\.py:\d+ +", line)[1] for line in said]
    assert lines[:6] == [
        "Matched(limits=[0.4, 0.5], values={'low': -1, 'mid': 0, 'high': 1})  (None, 16) -> (None, 16)  0 params  ok",
        "Mixed()  (None, 24, 5), (None, 12, 5) -> (None, 24, 5)  0 params  ok",
        "Head(vocabulary_size=8)  (None, 16) -> (None, 8)  136 params  ok",
        "Sorted(axis=1, mode='up')  (None, 16) -> (None, 16)  0 params  ok",
        "Spectrum()  (None, 16) -> (None, 16)  0 params  ok",
        "Lengths()  (None, 6, 12), (None, 6, 12), (None, 1), (None, 1) -> (None, 6, 12)  0 params  ok",
    ], result.out
    assert lines[6].startswith("Promised(groups=3)") and lines[6].endswith("failed")
    assert re.search(r"error KS20\d cannot be called on data: \w+: .*split", result.out)
    assert lines[7].startswith("Filled: no inputs were found that it takes") and "there is nothing in it" in lines[7]
    assert lines[8].startswith("Pool: it is the base of SumPool, and cannot be called by itself (TypeError: ")
    assert lines[9] == "SumPool()  (None, 16) -> (None,)  0 params  ok"
    assert """--arg "values={'low': -1, 'mid': 0, 'high': 1}" --input-shape 16""" in result.out
    assert "--input-shape 24,5 --input-shape 12,5" in result.out and "--input-shape 16:complex64" in result.out
    # A base is nothing that could be checked if somebody said more.
    assert "1 not checked" in result.out.splitlines()[-1]


@pytest.mark.skipif(importlib.util.find_spec("scipy") is None, reason="scipy, which Keras needs on NumPy, is not there")
def test_other_backends(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "sound.py").write_text(SOUND.replace("{name}", "sound"))
    result = kscaffold("check", "sound.py", "--backend", "numpy", "--json")
    assert result.exit_code == 0, result
    (run,) = json.loads(result.out)["runs"]
    skipped = {item["rule"]: item["because"] for item in run["files"][0]["classes"][0]["skipped"]}
    assert run["backend"] == "numpy" and skipped["KS501"] == "Keras cannot train on NumPy"


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_the_same_rules_on_jax(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "sound.py").write_text(SOUND.replace("{name}", "sound"))
    result = kscaffold("check", "sound.py", "--backend", "tensorflow", "--backend", "jax", "--strict")
    assert result.exit_code == 0 and "backend jax" in result.out


def test_a_backend_that_is_not_installed_is_exit_code_5(kscaffold: Kscaffold, folder: Path) -> None:
    if importlib.util.find_spec("torch") is not None:
        pytest.skip("torch is installed here")
    (folder / "sound.py").write_text(SOUND)
    result = kscaffold("check", "sound.py", "--backend", "torch")
    assert result.exit_code == ExitCode.NO_KERAS and "torch" in result.err


def test_check_layer_lists_what_is_wrong() -> None:
    import keras

    from kscaffold.testing import check_layer

    class Forgetful(keras.layers.Layer):
        def __init__(self, units=4, scale=1.0, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.scale = scale

        def build(self, input_shape):
            self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.kernel) * self.scale

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    for made in (Forgetful(8), Forgetful, lambda: Forgetful(8)):
        with pytest.raises(AssertionError) as caught:
            check_layer(made, input_shape=(16,))
        assert "KS301 config-round-trip: the argument 'scale' is lost" in str(caught.value)
        check_layer(made, input_shape=(16,), ignore=["KS301"])
        with pytest.raises(AssertionError, match="KS305"):
            check_layer(made, input_shape=(16,), select=["KS305"], strict=True)
    check_layer(keras.layers.Dense(8), input_shape=(16,))
    check_layer(lambda: keras.layers.Bidirectional(keras.layers.LSTM(4)), input_shape=(6, 8), strict=True)
    check_layer(keras.layers.Concatenate(), input_shape=[(4,), (5,)])
    built = keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.1))
    built.build((None, 16))
    with pytest.raises(TypeError, match="is built already: give a function"):
        check_layer(built, input_shape=(16,))


def test_parametrize_gives_one_case_a_rule_with_expected_failures(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import keras
        from kscaffold.testing import Case, parametrize_with_rules

        class Rounds(keras.layers.Layer):
            def call(self, inputs):
                return keras.ops.round(inputs)

        @parametrize_with_rules(
            [Case(Rounds(), input_shape=(16,))],
            expected_failures={"Rounds": {"KS305": "only a test", "KS511": "it rounds"}},
        )
        def test_rules(case, rule):
            case.check(rule)
        """)
    outcomes = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").parseoutcomes()
    assert outcomes.pop("xfailed") == 2
    assert outcomes["passed"] > 15 and outcomes["skipped"] >= 1 and "failed" not in outcomes


def test_all_templates_and_some_presets_are_clean_at_strict(kscaffold: Kscaffold, folder: Path) -> None:
    listed = json.loads(kscaffold("list", "--json").out)["templates"]
    assert len(listed) >= 25
    for template in listed:
        kind, _, name = template["name"].partition("/")
        if kind == "model" and name not in ("autoencoder", "multi_io", "transformer"):
            continue  # all of them are checked in every style elsewhere
        where = ("--package", f"p_{kind}_{name}", "-o", kind)
        made = kscaffold(kind, f"my_{name}", "-t", name, *where, "--no-check", "--no-test", "-q")
        assert made.exit_code == 0, made
    result = kscaffold("check", ".", "--strict", "--quiet")
    assert (result.exit_code, result.err) == (0, ""), result.out
    assert "error" not in result.out and "warning" not in result.out


def test_an_argument_of_every_type_is_found_out_whatever_its_name(kscaffold: Kscaffold, folder: Path) -> None:
    types = "int float bool str tuple list activation initializer regularizer constraint layer any".split()
    for kind in types:
        made = kscaffold(
            "layer", f"has_{kind}", "--arg", f"factor:{kind}", "--package", "p", "--no-check", "--no-test", "-q"
        )
        assert made.exit_code == 0, made
    result = kscaffold("check", ".", "--strict")
    assert "HasStr(factor='" in result.out and "HasInt(factor=8)" in result.out
    assert (
        result.exit_code == 0 and f"{len(types)} classes in {len(types)} files: nothing found" in result.out
    ), result.out


PRECISION = """import keras
from keras import layers, ops
import tensorflow as tf


class Follows(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(16)

    def call(self, inputs):
        return self.dense(inputs)


class FollowsAndAdds(Follows):
    def call(self, inputs):
        return tf.concat([inputs, self.dense(inputs)], axis=-1)


class Crashes(layers.Layer):
    def call(self, inputs):
        return tf.linalg.matmul(inputs, tf.eye(16))


class NotANumber(layers.Layer):
    def call(self, inputs):
        return inputs * ops.cast(1e9, inputs.dtype) * 0.0


class Counts(layers.Layer):
    def call(self, inputs):
        return tf.cast(tf.strings.length(inputs), tf.float32)
"""


def test_what_follows_the_policy_of_all_layers_is_a_warning(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "precision.py").write_text(PRECISION)
    result = kscaffold("check", ".", "--select", "KS507", "--json")
    (file,) = json.loads(result.out)["runs"][0]["files"]
    found = {item["name"]: [finding["severity"] for finding in item["findings"]] for item in file["classes"]}
    assert found == {
        "Follows": ["warning"],
        "FollowsAndAdds": ["warning"],
        "Crashes": ["error"],
        "NotANumber": ["error"],
        "Counts": [],
    }
