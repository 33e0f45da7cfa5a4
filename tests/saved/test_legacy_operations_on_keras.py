"""Operations of TensorFlow in models of Keras 2 give the same numbers as source for Keras 3, where both can be had."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.tf_operations_names import WITHOUT_LIKE

from kscaffold.base.errors import RequestError
from kscaffold.kinds.destination import Request
from kscaffold.kinds.saved import SavedFlags, describe_saved
from kscaffold.source.formatting import Formatter

pytestmark = pytest.mark.keras

HELPERS = Path(__file__).parents[1] / "helpers"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is wrong with the source for each model; nothing for those that give the old numbers."""
    if importlib.util.find_spec("tf_keras") is None:
        pytest.skip("tf_keras is not installed")
    folder = tmp_path_factory.mktemp("operations")
    run("tf_operations.py", folder)
    found: dict[str, str] = json.loads((folder / "failed.json").read_text())
    assert found == {}  # the cases are written for the tf_keras that is tested with
    with Formatter() as formatter:
        for file in sorted(folder.glob("*.h5")):
            name = f"made_{file.stem}"
            try:
                scaffold = describe_saved(
                    Request("from", name, "models", output_dir=folder, test=False), SavedFlags(str(file))
                )
            except RequestError as error:
                found[file.stem] = f"refused: {error}"
                continue
            (folder / f"{name}.py").write_text(scaffold.render(formatter, with_test=False)[0].text)
    run("compared_operations.py", folder)
    return found | json.loads((folder / "compared.json").read_text())


def run(helper: str, folder: Path) -> None:
    """Runs a helper in a process of its own: Keras 2 and 3 are not both wanted in this one."""
    done = subprocess.run(
        [sys.executable, str(HELPERS / helper), str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_all_operations_give_the_old_numbers(results: dict[str, str]) -> None:
    assert len(results) > 300
    wrong = {name: words for name, words in results.items() if words and name not in WITHOUT_LIKE}
    assert wrong == {}


def test_what_keras_has_nothing_for_is_named(results: dict[str, str]) -> None:
    for name in WITHOUT_LIKE:
        assert results[name].startswith("refused: ")
        assert "Keras 3 has nothing for the operation tf." in results[name]
        assert "--allow-stubs" in results[name]
