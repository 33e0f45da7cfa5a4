"""`kscaffold layer` with its check, as a user types it: a process of its own in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Kscaffold, tree

from kscaffold.base.errors import ExitCode

pytestmark = pytest.mark.keras


def test_the_main_job(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kscaffold", "layer", "MyDense"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "create  my_dense.py",
        "create  test_my_dense.py",
        "from    layer/dense",
        "check   MyDense(units=32)  (None, 16) -> (None, 32)  544 params  ok",
    ]
    assert done.stderr == ""
    assert sorted(tree(folder)) == ["my_dense.py", "test_my_dense.py"]


def test_a_custom_layer_in_the_same_folder_is_found(kscaffold: Kscaffold, folder: Path) -> None:
    assert kscaffold("layer", "Inner", "--no-check", "-q").exit_code == 0
    result = kscaffold("layer", "Outer", "--sublayer", "inner = inner:Inner(4)", "--sublayer", "drop = Dropout(0.5)")
    assert result.exit_code == 0, result
    assert "Outer()  (None, 16) -> (None, 4)  68 params  ok" in result.out
    assert "from inner import Inner\n" in (folder / "outer.py").read_text()


def test_a_layer_that_fails_its_check_is_not_written(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "broken.py").write_text("import keras\n\n\nclass Grow(keras.layers.Layer):\n    pass\n")
    before = tree(folder)
    result = kscaffold("layer", "Outer", "--sublayer", "grow = broken:Grow()", "--json")
    document = json.loads(result.out)
    assert result.exit_code == document["exit_code"] == ExitCode.CHECK_FAILED
    assert document["ok"] is False and document["written"] is False
    findings = document["check"]["subjects"][0]["findings"]
    assert findings and all(finding["file"] == "outer.py" for finding in findings)
    assert "nothing was written" in document["error"]["message"]
    assert tree(folder) == before


def test_an_interpreter_without_keras_is_exit_code_5(kscaffold: Kscaffold, folder: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    result = kscaffold("layer", "MyDense", "--python", str(tmp_path / "bare/bin/python"))
    assert result.exit_code == ExitCode.NO_KERAS
    assert "cannot import Keras: ModuleNotFoundError: No module named 'keras'" in result.err
    assert "--no-check" in result.err and result.err.count("\n") == 1
    assert tree(folder) == {}


def test_the_active_virtual_environment_is_the_one_that_checks(
    kscaffold: Kscaffold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "bare"))
    result = kscaffold("layer", "MyDense")
    assert result.exit_code == ExitCode.NO_KERAS and str(tmp_path / "bare") in result.err


def test_ctrl_c_while_keras_is_imported_leaves_nothing(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kscaffold", "layer", "MyDense"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 1
    assert (out, err.strip()) == ("", "error: Stopped; nothing was written.")
    assert tree(folder) == {}


@pytest.mark.parametrize("flag", ["--dry-run", "--stdout"])
def test_what_is_not_written_is_checked_all_the_same(kscaffold: Kscaffold, folder: Path, flag: str) -> None:
    result = kscaffold("layer", "MyDense", flag)
    assert result.exit_code == 0
    assert "544 params  ok" in (result.err if flag == "--stdout" else result.out)
    assert tree(folder) == {}


def test_a_file_that_is_kept_is_not_checked_and_this_is_reported(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "my_dense.py").write_text("mine\n")
    result = kscaffold("layer", "MyDense", "--skip")
    assert result.exit_code == 0
    assert "check   not checked: my_dense.py is kept as it is" in result.out


SCRIPT = """\
import keras

open("was_read", "w").close()


class Scaled(keras.layers.Layer):
    def call(self, x):
        return x * 2.0


(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.Input((784,)), Scaled(), keras.layers.Dense(4)])
model.compile(loss="mse")
model.fit(x, y)
open("was_run", "w").close()
size = x.shape[-1]


class Late(keras.layers.Layer):
    def build(self, input_shape):
        self.scale = self.add_weight(shape=(size,), name="scale")

    def call(self, x):
        return x * self.scale
"""


def test_the_classes_of_a_script_are_checked_without_its_program(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "script.py").write_text(SCRIPT)
    (folder / "plain.py").write_text("open('was_imported', 'w').close()\n")
    result = kscaffold("check", ".", "--ignore", "KS305")
    assert result.exit_code == 0, result
    assert result.out.splitlines()[:4] == [
        "note    script.py: line 11, keras.datasets.mnist.load_data(…), downloads data on import: from there on only"
        " definitions are run",
        "check   script.py:6  Scaled()  (None, 16) -> (None, 16)  0 params  ok",
        "        assumed --input-shape 16",
        "skip    script.py:19  Late: it needs size, which the program in this file makes",
    ]
    assert not (folder / "was_imported").exists() and not (folder / "was_run").exists()


def test_a_class_that_takes_what_nobody_can_guess_is_not_checked_and_that_is_no_error(
    kscaffold: Kscaffold, folder: Path
) -> None:
    (folder / "odd.py").write_text(
        "import keras\n\n\n"
        "class Odd(keras.layers.Layer):\n"
        "    def __init__(self, table, **kwargs):\n"
        "        super().__init__(**kwargs)\n"
        "        if not isinstance(table, dict) or 'rows' not in table:\n"
        "            raise ValueError('a table has rows')\n"
    )
    result = kscaffold("check", "odd.py", "--json")
    document = json.loads(result.out)
    assert (result.exit_code, document["errors"], document["not_checked"]) == (0, 0, 1)
    (said,) = document["runs"][0]["files"][0]["classes"]
    assert said["unchecked"] == "it needs to be told its arguments: --arg table=… (ValueError: a table has rows)"
    strict = kscaffold("check", "odd.py", "--strict")
    assert strict.exit_code == 1
    assert "0 classes in 1 file: 1 not checked" in strict.out
