"""Source for saved models on real Keras: the same config, the same outputs to the last bit."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Kscaffold
from helpers.properties import examples
from helpers.random_specs import Spec, specs
from helpers.saved_configs import keras2_model, write_json
from hypothesis import Phase, given, settings

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.check import CheckProcess, Job, Limits, Verdict, find_interpreter
from kscaffold.kinds.destination import Request
from kscaffold.kinds.model import describe_model
from kscaffold.kinds.model_spec import ModelFlags
from kscaffold.kinds.saved import SavedFlags, describe_saved
from kscaffold.kinds.scaffold import Scaffold
from kscaffold.source.formatting import Formatter

pytestmark = pytest.mark.keras

TESTS = Path(__file__).parents[1]
FILES = (
    "text.keras translate.keras tickets.keras prepared.keras nested.keras siamese.keras mixed.keras frozen.keras"
    " residual.keras attention.keras cells.keras own.keras deferred.keras masked.keras old.h5 operations.h5 masked.h5"
    " architecture.json keras2.json whole"
).split()
FLAT = ("text.keras", "tickets.keras", "residual.keras", "attention.keras")
# A spec expresses all of them except words that a layer learned.
SPECS = [file for file in FILES if file != "prepared.keras"]
STYLES = [
    ("deferred.keras", "functional"),
    *((file, "--to-spec") for file in SPECS),
]  # fmt: skip
CLASSES = (
    "translate.keras tickets.keras prepared.keras nested.keras mixed.keras frozen.keras residual.keras attention.keras"
    " cells.keras own.keras deferred.keras operations.h5"
).split()
RULED = ("tickets.keras", "nested.keras", "translate.keras")
RANDOM = 12  # random graphs
BUILD = """
import importlib, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("random*.py")):
    module = importlib.import_module(path.stem)
    path.with_suffix(".json").write_text(getattr(module, f"build_{path.stem}")().to_json())
"""
Key = tuple[str, str]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with saved models of many kinds."""
    pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("saved")
    subprocess.run(
        [sys.executable, str(TESTS / "helpers/saved_models.py"), str(folder)], check=True, capture_output=True
    )
    write_json(folder / "keras2.json", keras2_model())
    return folder


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Architectures of models made from random specs."""
    pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("random")
    listed: list[Spec] = []

    @settings(examples(60), phases=[Phase.generate])
    @given(specs())
    def collect(spec: Spec) -> None:
        listed.append(spec)

    collect()
    # The longest contain the most.
    with Formatter() as formatter:
        for spec in sorted(listed, key=lambda item: -len(item.text)):
            number = len(list(folder.glob("*.py")))
            (folder / "spec.yaml").write_text(spec.text)
            request = Request("from", f"random{number}", "models", output_dir=folder, test=False)
            try:
                flags = ModelFlags(str(folder / "spec.yaml"), style=Style.FUNCTIONAL)
                (file,) = describe_model(request, flags).render(formatter, with_test=False)
            except RequestError:  # a name that Keras gives to another layer
                continue
            file.path.write_text(file.text)
            if number == RANDOM - 1:
                break
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], check=True, capture_output=True, cwd=folder)
    return sorted(folder.glob("*.json"))


@pytest.fixture(scope="module")
def scaffolds(saved: Path, graphs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Scaffold]:
    """What becomes of each file, factored and flat, and of some in other styles, written to a folder."""
    folder = tmp_path_factory.mktemp("source")
    shutil.copy(TESTS / "helpers/saved_models.py", folder)
    found: dict[Key, Scaffold] = {}
    wanted = [(file, "factored") for file in FILES] + [(file, "flat") for file in FLAT] + STYLES
    wanted += [(file, "subclassed") for file in CLASSES]
    wanted += [(str(file), way) for file in graphs for way in ("factored", "--to-spec", "subclassed")]
    with Formatter() as formatter:
        for number, (file, way) in enumerate(wanted):
            flags = SavedFlags(
                str(saved / file),
                style=Style(way) if way in ("subclassed", "functional") else None,
                flat=way == "flat",
                customs=("saved_models:Gate",) if file == "own.keras" else (),
                to_spec=way == "--to-spec",
            )
            scaffold = describe_saved(Request("from", f"made{number}", "models", output_dir=folder), flags)
            for item in scaffold.render(formatter, with_test=True):
                item.path.write_text(item.text)
            found[file, way] = scaffold
    return found


def without_feeds(job: Job) -> Job:
    """A job that only compares a model with the saved one."""
    return replace(job, subjects=tuple(replace(subject, feeds=()) for subject in job.subjects or ()))


def job_of(scaffold: Scaffold, file: str) -> Job:
    """What the check process is asked; all that Keras demands, of a few classes only, because that takes long."""
    job = scaffold.job(scaffold.destination.module, file)
    return job if file in RULED else without_feeds(job)


@pytest.fixture(scope="module")
def verdicts(scaffolds: dict[Key, Scaffold]) -> dict[Key, Verdict]:
    """What one check process says about all of them, and about one that is wrong."""
    jobs = [job_of(scaffold, key[0]) for key, scaffold in scaffolds.items()]
    module = scaffolds["residual.keras", "factored"].destination.module
    wrong = module.with_name("wrong.py")
    wrong.write_text(module.read_text().replace("keras.Input((16, 16, 3))", "keras.Input((18, 16, 3))"))
    jobs.append(scaffolds["residual.keras", "factored"].job(wrong, "wrong"))
    module = scaffolds["text.keras", "flat"].destination.module
    other = module.with_name("other.py")
    other.write_text(module.read_text().replace('activation="softmax"', 'activation="sigmoid"'))
    jobs.append(scaffolds["text.keras", "flat"].job(other, "other"))
    module = scaffolds["residual.keras", "subclassed"].destination.module
    classes = module.with_name("classes.py")
    classes.write_text(
        module.read_text().replace('strides=strides, padding="same"', 'strides=strides, padding="valid"')
    )
    jobs.append(without_feeds(scaffolds["residual.keras", "subclassed"].job(classes, "class")))
    module = scaffolds["masked.h5", "factored"].destination.module
    unmasked = module.with_name("unmasked.py")
    unmasked.write_text(re.sub(r", mask=\w+", "", module.read_text()))
    jobs.append(scaffolds["masked.h5", "factored"].job(unmasked, "unmasked"))
    with CheckProcess(find_interpreter(None), Limits(seconds=300)) as process:
        found = process.finish(tuple(jobs))
    wrong_ones = [("wrong", ""), ("other", ""), ("class", ""), ("unmasked", "")]
    return dict(zip([*scaffolds, *wrong_ones], found, strict=True))


@pytest.mark.parametrize(("file", "way"), [*((file, "factored") for file in FILES), *((file, "flat") for file in FLAT)])
def test_the_model_is_the_saved_one(verdicts: dict[Key, Verdict], file: str, way: str) -> None:
    verdict = verdicts[file, way]
    assert [finding.message for finding in verdict.findings] == []
    assert verdict.passed == ("KS201", "KS601")


@pytest.mark.parametrize(("file", "way"), STYLES)
def test_other_styles_give_the_same_outputs(verdicts: dict[Key, Verdict], file: str, way: str) -> None:
    assert [finding.message for finding in verdicts[file, way].findings] == []
    assert "KS601" in verdicts[file, way].passed


@pytest.mark.parametrize("file", CLASSES)
def test_classes_have_the_layers_of_the_saved_model_and_give_its_outputs(
    verdicts: dict[Key, Verdict], file: str
) -> None:
    verdict = verdicts[file, "subclassed"]
    assert [finding.message for finding in verdict.findings] == []
    assert "KS601" in verdict.passed
    assert ("KS401" in verdict.passed) is (file in RULED)


def test_a_class_with_another_layer_is_reported(verdicts: dict[Key, Verdict]) -> None:
    (finding,) = verdicts["class", ""].findings
    assert finding.rule == "KS601"
    assert finding.message.startswith("the Conv2D 'stage1_block0_conv1': padding is")
    assert finding.message.endswith('is "same" in the saved model, "valid" in the new one')


def test_random_graphs_come_back_as_python_and_as_a_spec(graphs: list[Path], verdicts: dict[Key, Verdict]) -> None:
    assert len(graphs) == RANDOM
    for file in graphs:
        for way in ("factored", "--to-spec", "subclassed"):
            assert [finding.message for finding in verdicts[str(file), way].findings] == [], file.with_suffix(".py")


def test_the_first_difference_is_named(verdicts: dict[Key, Verdict]) -> None:
    (finding,) = verdicts["wrong", ""].findings
    assert finding.rule == "KS601"
    assert "InputLayer" in finding.message
    assert "is 16 in the saved model, 18 in the new one" in finding.message
    (finding,) = verdicts["other", ""].findings
    assert (
        finding.message == 'the Dense \'label\': activation is "softmax" in the saved model, "sigmoid" in the new one'
    )
    (finding,) = verdicts["unmasked", ""].findings
    assert finding.rule == "KS601" and "in the saved model" in finding.message


def test_the_generated_tests_pass_and_the_code_is_clean(scaffolds: dict[Key, Scaffold]) -> None:
    folder = scaffolds["residual.keras", "factored"].destination.output_dir
    tests = [
        scaffolds[file, "factored"].destination.test.name
        for file in ("residual.keras", "tickets.keras", "translate.keras", "nested.keras")
    ]
    tests += [scaffolds[file, "subclassed"].destination.test.name for file in ("tickets.keras", "residual.keras")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    # How imports of neighboring modules are sorted depends on where it is.
    kept = [scaffold for key, scaffold in scaffolds.items() if key[1] != "--to-spec" and key[0] != "own.keras"]
    names = [scaffold.destination.module.name for scaffold in kept]
    done = subprocess.run(
        [ruff, "check", "--isolated", "--quiet", "--output-format", "concise", *names],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_what_differs_is_written_only_with_force(
    kscaffold: Kscaffold, saved: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kscaffold.source import functions

    original = functions.input_source
    monkeypatch.setattr(functions, "input_source", lambda item: original(item).replace("(16, 16, 3)", "(18, 16, 3)"))
    done = kscaffold("from", str(saved / "residual.keras"))
    assert done.exit_code == 1
    assert "is 16 in the saved model, 18 in the new one" in done.out
    assert "nothing was written" in done.err
    assert list(folder.iterdir()) == []
    done = kscaffold("from", str(saved / "residual.keras"), "--force")
    assert done.exit_code == 1
    assert "written all the same, because of --force" in done.err
    assert (folder / "residual.py").exists()


@pytest.mark.parametrize("version", ["3.8.0", "3.12.0", "3.13.0", "2.15.0"])
def test_a_keras_that_may_run_what_is_in_a_file_is_not_given_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    import keras

    from kscaffold.probe import comparison
    from kscaffold.probe.protocol import Saved, SavedKind

    monkeypatch.setattr(keras, "__version__", version)
    saved = Saved(tmp_path / "there is none.keras", SavedKind.KERAS)
    said = comparison.compare(None, saved)  # type: ignore[arg-type]  # it is not asked
    assert said == f"Keras {version} is not given the file, which could make it run code: it takes Keras 3.12.1"


@pytest.mark.own_keras
def test_a_spec_is_checked_before_it_is_written_and_makes_the_model_again(
    kscaffold: Kscaffold, folder: Path, saved: Path
) -> None:
    """A sequential model and a graph of functions, as a user types it."""
    for file in ("deferred.keras", "operations.h5"):
        shutil.copy(saved / file, folder / file)
        made = kscaffold("from", file, "again", "--to-spec", "--force")
        assert made.exit_code == 0 and "  ok" in made.out, made
        again = kscaffold("pipeline", "again", "again.yaml", "--force")
        assert again.exit_code == 0, again
    shutil.copy(saved / "old.h5", folder / "old.h5")
    assert kscaffold("from", "old.h5", "old", "--to-spec").exit_code == 0
    style = "sequential" if "style: sequential" in (folder / "old.yaml").read_text() else "functional"
    again = kscaffold("pipeline", "old", "old.yaml")
    assert (
        again.exit_code == 0
        and (f"keras.{'Sequential' if style == 'sequential' else 'Model'}(") in (folder / "old.py").read_text()
    )
