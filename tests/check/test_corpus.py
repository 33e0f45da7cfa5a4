"""The honesty of the rules: defects are flagged by the right rule, and correct code is not flagged at all.

`tests/corpus` has a file for each rule. A comment `# expect: KS301` above a class or function says that it has this one
defect; every other one there is a near miss.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.corpus import CORPUS, Expectation, expectations
from helpers.keras_layers import LAYERS, LEFT_OUT, OwnLayer

from kscaffold.check import CheckProcess, Feed, Job, Subject, Verdict, find_interpreter
from kscaffold.check.conformance import CheckRequest, check_files
from kscaffold.check.rulebook import read_rulebook

pytestmark = pytest.mark.keras

# These are about whole files, callbacks, or what only a generated model has; other tests cover them.
WITHOUT_A_FILE = {"KS100", "KS114", "KS200", "KS206", "KS212", "KS601"}
# What the rules find in Keras' own layers, and why that is right.
KNOWN = {
    ("TextVectorization", "KS205"): "compute_output_shape keeps an axis that multi-hot and tf-idf outputs do not have",
    ("Equalization", "KS210"): "a functional model of it cannot be made: its symbolic output is part of a cycle",
    ("IntegerLookup", "KS211"): "a symbolic call says float32, a call gives int64",
    ("StringLookup", "KS211"): "a symbolic call says another dtype than a call gives",
    ("Lambda", "KS301"): "a function that is not registered is not loaded, by design",
    ("RandomShear", "KS301"): "its config has arguments that its constructor does not take",
    ("RNN", "KS507"): "the cells that it stacks do not get its dtype policy",
    ("STFTSpectrogram", "KS507"): "it does not take bfloat16",
    ("Pipeline", "KS507"): "its constructor takes no dtype",
    ("Softmax", "KS507"): "over several axes its mask is one of all of them, not one of steps",
    ("Softmax", "KS508"): "over several axes its mask is one of all of them, not one of steps",
    ("CenterCrop", "KS507"): "it gives float32 under every policy where it resizes",
    ("RandomCrop", "KS507"): "it gives float32 under every policy where it resizes",
}


@pytest.fixture(scope="module")
def verdicts() -> dict[tuple[str, str], Verdict]:
    """What `kscaffold check` says about each class of the corpus, in one run."""
    report = check_files(CheckRequest((CORPUS,)))
    assert [finding for file in report.runs[0].files for finding in file.findings] == []
    return {
        (Path(file.shown).name, verdict.subject.name.rpartition(".")[2]): verdict
        for file in report.runs[0].files
        for verdict in file.verdicts
    }


def test_every_rule_has_defects_and_near_misses(verdicts: dict[tuple[str, str], Verdict]) -> None:
    expected = {(item.file, item.name): item.rule for item in expectations()}
    assert len(expected) >= 50
    assert set(expected) <= set(verdicts)
    for rule in read_rulebook():
        if rule.id in WITHOUT_A_FILE:
            continue
        file = f"{rule.name.replace('-', '_')}.py"
        assert rule.id in {wanted for (name, _), wanted in expected.items() if name == file}, f"{file}: no defect"
        assert any(name == file and (name, cls) not in expected for name, cls in verdicts), f"{file}: no near miss"


@pytest.mark.parametrize("item", expectations(), ids=lambda item: f"{item.file[:-3]}-{item.name}")
def test_a_defect_is_flagged_by_the_rule_that_names_it(
    item: Expectation, verdicts: dict[tuple[str, str], Verdict]
) -> None:
    findings = verdicts[item.file, item.name].findings
    said = [f"{finding.rule}: {finding.message}" for finding in findings]
    named, *others = sorted(findings, key=lambda finding: finding.rule != item.rule)
    assert named.rule == item.rule, said
    assert named.line and named.fix
    # A warning hides no error that follows from it, nor an error a warning.
    assert all(other.rule in named.causes and other.severity is not named.severity for other in others), said


def test_near_misses_are_not_flagged(verdicts: dict[tuple[str, str], Verdict]) -> None:
    expected = {(item.file, item.name) for item in expectations()}
    near_misses = {key: verdict for key, verdict in verdicts.items() if key not in expected}
    assert len(near_misses) >= 40
    flagged = {
        key: [finding.message for finding in verdict.findings]
        for key, verdict in near_misses.items()
        if verdict.findings
    }
    assert flagged == {}


def class_of(layer: OwnLayer) -> str:
    match = re.match(r"keras\.layers\.(\w+)", layer.construct)
    assert match
    return match[1]


@pytest.fixture(scope="module")
def own_verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[OwnLayer, Verdict]]:
    """What the rules say about Keras' own layers, in several files so that all cores are used."""
    folder = tmp_path_factory.mktemp("own")
    jobs, order = [], []
    for number in range(12):
        part = LAYERS[number::12]
        path = folder / f"own_{number}.py"
        path.write_text("import keras\n")
        subjects = tuple(
            Subject(
                layer.construct,
                layer.construct,
                tuple(Feed(shape, layer.dtype, layer.below) for shape in layer.shapes),
                layer.call,
            )
            for layer in part
        )
        jobs.append(Job(path, path.name, (folder,), subjects))
        order += part
    with CheckProcess(find_interpreter(None)) as process:
        return list(zip(order, process.finish(tuple(jobs)), strict=True))


def test_layers_of_keras_raise_no_false_alarms(own_verdicts: list[tuple[OwnLayer, Verdict]]) -> None:
    strange = [
        (layer.construct, finding.rule, finding.message)
        for layer, verdict in own_verdicts
        for finding in verdict.findings
        if finding.severity == "error" and (class_of(layer), finding.rule) not in KNOWN
    ]
    assert strange == []
    assert len({class_of(layer) for layer, _ in own_verdicts}) >= 130


def test_what_is_known_of_layers_of_keras_is_still_so(own_verdicts: list[tuple[OwnLayer, Verdict]]) -> None:
    import keras

    found = {(class_of(layer), finding.rule) for layer, verdict in own_verdicts for finding in verdict.findings}
    if keras.__version__.startswith("3.15."):  # a newer Keras may have fixed some
        assert set(KNOWN) <= found
    assert not set(LEFT_OUT) & {class_of(layer) for layer, _ in own_verdicts}
