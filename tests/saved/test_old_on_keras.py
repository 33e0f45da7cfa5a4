"""Source for files of Keras 2 on real Keras: the outputs that Keras 2 had, with the weights that the files hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Kscaffold

from kscaffold.check import CheckProcess, Limits, find_interpreter
from kscaffold.check.findings import not_compared
from kscaffold.kinds.destination import Request
from kscaffold.kinds.saved import describe_saved
from kscaffold.kinds.saved_module import SavedFlags, SavedScaffold
from kscaffold.source.formatting import Formatter

pytestmark = pytest.mark.keras

TESTS = Path(__file__).parents[1]
NAMES = "chain images sequences words transfer siamese attention films gone".split()
WAYS = [(name, ending) for name in NAMES for ending in (".h5", ".keras", "")]
WAYS.remove(("gone", ".keras"))  # its weights are kept under a class that is gone, where Keras does not look for them
# The outputs of each module with the weights beside it, else those in the old file; how far they are from the old ones.
COMPARE = """
import importlib.util, pathlib, sys
import keras, numpy as np
for old, place in zip(sys.argv[1::2], sys.argv[2::2]):
    old, place = pathlib.Path(old), pathlib.Path(place)
    spec = importlib.util.spec_from_file_location(place.stem, place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    own = place.with_suffix(".keras")
    try:
        model = getattr(module, f"build_{place.stem}")()
        model.load_weights(own if own.exists() else old)
        arrays = np.load(old.with_suffix(".npz"))
        inputs = [arrays[key] for key in sorted(arrays) if key.startswith("input")]
        outputs = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0], training=False))
        expected = [arrays[key] for key in sorted(arrays) if key.startswith("output")]
        pairs = zip(map(keras.ops.convert_to_numpy, outputs), expected, strict=True)
        far = max(float(np.max(np.abs(one - other)) / np.max(np.abs(other))) for one, other in pairs)
        print(place.stem, far, own.exists())
    except Exception as error:
        print(place.stem, repr(error))
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of Keras 2, and their outputs."""
    pytest.importorskip("tf_keras")
    folder = tmp_path_factory.mktemp("old")
    subprocess.run([sys.executable, str(TESTS / "helpers/old_models.py"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def verdicts(old: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Path]]:
    """What is said of the module for each file, and the module."""
    scaffolds: dict[str, SavedScaffold] = {}
    with Formatter() as formatter:
        for name, ending in WAYS:
            module, folder = f"{name}_{ending.strip('.') or 'saved'}", tmp_path_factory.mktemp("new")
            request = Request("from", module, "models", output_dir=folder, test=False)
            scaffold = describe_saved(request, SavedFlags(str(old / f"{name}{ending}")))
            assert isinstance(scaffold, SavedScaffold)
            (file,) = scaffold.render(formatter, with_test=False)
            file.path.write_text(file.text)
            scaffolds[module] = scaffold
    jobs = tuple(scaffold.job(scaffold.destination.module, name) for name, scaffold in scaffolds.items())
    with CheckProcess(find_interpreter(None), Limits(seconds=300)) as process:
        found = process.finish(jobs)
    said = ("; ".join(one.message for one in verdict.findings) or not_compared(verdict) for verdict in found)
    return {
        name: (words, scaffold.destination.module)
        for words, (name, scaffold) in zip(said, scaffolds.items(), strict=True)
    }


@pytest.fixture(scope="module")
def distances(old: Path, verdicts: dict[str, tuple[str, Path]]) -> dict[str, str]:
    """How far the outputs are from the old ones, and whether weights were written, of each module; or what failed."""
    pairs = [f"{old / name}{ending}" for name, ending in WAYS]
    given = [
        text for pair in zip(pairs, (str(module) for _, module in verdicts.values()), strict=True) for text in pair
    ]
    done = subprocess.run([sys.executable, "-c", COMPARE, *given], check=True, capture_output=True, text=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize(("name", "ending"), WAYS)
def test_a_module_for_a_file_of_keras_2_is_verified(
    verdicts: dict[str, tuple[str, Path]], name: str, ending: str
) -> None:
    assert verdicts[f"{name}_{ending.strip('.') or 'saved'}"][0] == ""


@pytest.mark.parametrize(("name", "ending"), WAYS)
def test_the_outputs_are_those_of_keras_2(distances: dict[str, str], name: str, ending: str) -> None:
    far = distances[f"{name}_{ending.strip('.') or 'saved'}"].split()[0]
    assert re.fullmatch(r"[0-9.e-]+", far) and float(far) < 1e-5


def test_weights_are_written_where_the_file_cannot_be_loaded(distances: dict[str, str]) -> None:
    wrote = {name for name, words in distances.items() if words.endswith("True")}
    assert {f"{name}_saved" for name in NAMES} <= wrote
    assert not wrote & {"chain_h5", "images_h5", "words_h5"}


def test_a_saved_model_says_what_it_comes_to(kscaffold: Kscaffold, old: Path, folder: Path) -> None:
    done = kscaffold("from", str(old / "chain"), "chain", "--no-test")
    assert done.exit_code == 0, done.out + done.err
    lines = done.out.splitlines()
    assert lines[:2] == ["create  chain.py", "create  chain.keras"]
    assert lines[2].startswith("check   build_chain()  (None, 8) -> (None, 3)") and lines[2].endswith("ok")
    assert lines[3] == 'weights model.load_weights("chain.keras")'
    assert "identical chain.keras" in kscaffold("from", str(old / "chain"), "chain", "--no-test").out
    (folder / "chain.keras").write_bytes(b"mine")
    done = kscaffold("from", str(old / "chain"), "chain", "--no-test")
    assert done.exit_code == 3 and "chain.keras" in done.err
    assert (folder / "chain.keras").read_bytes() == b"mine"
