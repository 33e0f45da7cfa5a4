"""The check process on real Keras: what it finds, and that no file can disturb it. One process for all files."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.check import CheckProcess, Feed, Job, Limits, Subject, Verdict, find_interpreter

pytestmark = pytest.mark.keras

HEAD = """
import keras
from keras import ops

@keras.saving.register_keras_serializable(package="{module}")
class Mine(keras.layers.Layer):
"""
SOUND = """
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.units = units
    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))
    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)
    def get_config(self):
        return {**super().get_config(), "units": self.units}
"""


def layer(changed: str = "", old: str = "", head: str = "") -> str:
    """A sound layer, in which `old` becomes `changed`."""
    assert old in SOUND
    return head + HEAD + (SOUND.replace(old, changed) if old else SOUND)


FILES = {
    "sound": layer(),
    "prints": layer(
        head="print('{\"result\": {}}'); import sys; print('noise', file=sys.stderr); sys.stdout.close()\n"
    ),
    "exits": layer(head="import sys\nsys.exit('goodbye')\n"),
    "ends": layer(head="import os\nos._exit(3)\n"),
    "crashes": layer(head="import ctypes\nctypes.string_at(0)\n"),
    "hangs": layer(head="while True:\n    pass\n"),
    "hangs_in_call": layer("import time; time.sleep(1000)", "return ops.matmul(inputs, self.kernel)"),
    "misses_import": layer(head="import a_module_that_is_not_there\n"),
    "no_python": "class Mine(:\n",
    "raises_in_init": layer("raise RuntimeError('not today')", "self.units = units"),
    "wrong_shape": layer("(*input_shape[:-1], 99)", "(*input_shape[:-1], self.units)"),
    "forgets_config": layer("{**super().get_config()}", '{**super().get_config(), "units": self.units}'),
    "list_for_tuple": layer("self.size = size", "self.units = units")
    .replace("units=4", "size=(2, 2)")
    .replace("self.units", "4")
    .replace('"units": 4', '"size": self.size'),
    "builds_late": layer("self.units = units; self.inner = keras.layers.Dense(units)", "self.units = units").replace(
        "ops.matmul(inputs, self.kernel)", "self.inner(ops.matmul(inputs, self.kernel))"
    ),
    "eager_only": layer("return inputs * float(ops.sum(inputs))", "return ops.matmul(inputs, self.kernel)"),
    "forgets_weight": layer("return inputs[:, : self.units]", "return ops.matmul(inputs, self.kernel)"),
    "fixed_batch": layer(
        "return ops.reshape(ops.matmul(inputs, self.kernel), (2, -1))", "return ops.matmul(inputs, self.kernel)"
    ),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    folder = tmp_path_factory.mktemp("files")
    jobs = []
    for name, text in FILES.items():
        path = folder / f"{name}.py"
        path.write_text(text.replace("{module}", name))
        construct = (
            "Mine(size=(2, 2))" if name == "list_for_tuple" else "Mine(units=5)" if "units=4" in text else "Mine()"
        )
        jobs.append(Job(path, path.name, (folder,), (Subject("Mine", construct, (Feed((8,)),), "single"),)))
    with CheckProcess(find_interpreter(None), Limits(seconds=5)) as process:
        found = process.finish(tuple(jobs))
    assert len(found) == len(jobs)
    return dict(zip(FILES, found, strict=True))


def test_a_sound_layer_passes_every_rule(verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts["sound"]
    assert verdict.ok and verdict.findings == () and verdict.skipped == ()
    assert verdict.input_shapes == ((None, 8),) and verdict.output_shapes == ((None, 5),)
    assert verdict.parameters == 40
    assert len(verdict.passed) >= 9


def test_what_a_file_prints_or_closes_disturbs_nothing(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["prints"].ok and verdicts["prints"].passed == verdicts["sound"].passed


@pytest.mark.parametrize(
    ("name", "rule", "message", "line"),
    [
        ("exits", "KS200", "it calls sys.exit('goodbye')", "sys.exit('goodbye')"),
        ("ends", "KS200", "ends the interpreter (exit status 3) on import", ""),
        ("crashes", "KS200", "crashes the interpreter (SIGSEGV) on import", "ctypes.string_at(0)"),
        ("hangs", "KS212", "does not end within 5 seconds on import", ""),
        ("hangs_in_call", "KS212", "does not end within 20 seconds while it is built", "import time; time.sleep(1000)"),
        ("misses_import", "KS200", "No module named 'a_module_that_is_not_there'", "import a_module_that_is_not_there"),
        ("no_python", "KS200", "SyntaxError", "class Mine(:"),
        (
            "raises_in_init",
            "KS201",
            "cannot be constructed: RuntimeError: not today",
            "raise RuntimeError('not today')",
        ),
        ("wrong_shape", "KS205", "compute_output_shape gives (2, 99), a call (2, 5)", ""),
        ("forgets_config", "KS301", "the attribute 'units' was 5 and came back as 4", ""),
        ("builds_late", "KS202", "build() leaves 2 of 3 variables to the first call: dense", ""),
        (
            "eager_only",
            "KS210",
            "cannot be compiled: TypeError: float() argument",
            "return inputs * float(ops.sum(inputs))",
        ),
        (
            "fixed_batch",
            "KS204",
            "Input to reshape is a tensor with 15 values",
            "return ops.reshape(ops.matmul(inputs, self.kernel), (2, -1))",
        ),
    ],
)
def test_each_defect_is_one_message_with_the_users_own_line(
    verdicts: dict[str, Verdict], name: str, rule: str, message: str, line: str
) -> None:
    verdict = verdicts[name]
    assert not verdict.ok
    finding = next(finding for finding in verdict.findings if finding.rule == rule and message in finding.message)
    assert finding.file == f"{name}.py"
    assert "\n" not in finding.message and "Traceback" not in finding.message
    if line:
        assert finding.code == line
        assert finding.line and FILES[name].splitlines()[finding.line - 1].strip() == line


def test_a_rule_that_needs_a_failed_one_is_skipped_and_says_so(verdicts: dict[str, Verdict]) -> None:
    skipped = dict(verdicts["raises_in_init"].skipped)
    assert skipped["KS202"] == "KS201 did not pass"
    assert skipped["KS501"]


def test_a_weight_that_never_learns_is_a_warning(verdicts: dict[str, Verdict]) -> None:
    verdict = verdicts["forgets_weight"]
    warning = next(finding for finding in verdict.findings if finding.rule == "KS502")
    assert verdict.ok and warning.severity == "warning" and "does not change kernel" in warning.message


def test_a_tuple_that_comes_back_as_a_list_is_a_warning(verdicts: dict[str, Verdict]) -> None:
    (finding,) = verdicts["list_for_tuple"].findings
    assert verdicts["list_for_tuple"].ok and finding.rule == "KS306"
    assert finding.message == "the attribute 'size' was (2, 2) and came back as [2, 2]"


def test_an_interpreter_without_keras_is_named(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec /usr/bin/env python3 -I -S -c 'import sys; sys.exit(\"no such thing\")'\n")
    program.chmod(0o755)
    job = Job(tmp_path / "x.py", "x.py", (), ())
    with pytest.raises(RequestError) as caught, CheckProcess(str(program)) as process:
        process.finish((job,))
    assert caught.value.exit_code == ExitCode.NO_KERAS
    assert str(program) in caught.value.message and "no such thing" in caught.value.message
    assert "--python" in (caught.value.hint or "")


def test_a_program_that_does_not_exist_is_named() -> None:
    with pytest.raises(RequestError, match="There is no program 'no-such-python'"):
        find_interpreter("no-such-python")


def test_an_interpreter_may_be_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)  # as in a virtual environment: not to be followed
    monkeypatch.chdir(tmp_path)
    assert find_interpreter("bin/python") == str(tmp_path / "bin/python")


def test_keras_that_cannot_be_imported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keras.py").write_text(textwrap.dedent("raise ImportError('half an installation')"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RequestError, match="cannot import Keras: ImportError: half an installation") as caught:
        with CheckProcess(find_interpreter(None)) as process:
            process.finish(())
    assert caught.value.exit_code == ExitCode.NO_KERAS


def test_keras_2_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keras.py").write_text("__version__ = '2.15.0'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(RequestError, match=r"Keras 3 is needed, this is Keras 2\.15\.0"):
        with CheckProcess(find_interpreter(None)) as process:
            process.finish(())
