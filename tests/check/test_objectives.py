"""Losses and metrics as subjects: those of Keras raise no alarms, and what is found in a module is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Kscaffold

pytestmark = pytest.mark.keras

FILE = """import keras
from keras import ops

register = keras.saving.register_keras_serializable("objectives")


class Weighed(keras.losses.Loss):
    def weigh(self, values):
        return values * 2.0


@register
class Squared(Weighed):
    def call(self, y_true, y_pred):
        return self.weigh(ops.mean(ops.square(y_true - y_pred), axis=-1))


@register
class OfPairs(keras.losses.Loss):
    def call(self, y_true, y_pred):
        first, second = y_pred
        return ops.mean(ops.square(first - second), axis=-1)


@register
class Count(keras.metrics.Metric):
    def __init__(self, limit, name="count", **kwargs):
        super().__init__(name=name, **kwargs)
        self.limit = limit
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, values, sample_weight=None):
        above = ops.cast(values > self.limit, self.dtype)
        self.count.assign_add(ops.sum(above if sample_weight is None else above * sample_weight))

    def result(self):
        return self.count

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}
"""


def test_losses_and_metrics_are_found_and_called_as_they_take_it(kscaffold: Kscaffold, folder: Path) -> None:
    (folder / "objectives.py").write_text(FILE)
    result = kscaffold("check", "objectives.py", "--arg", "limit=0.5", "--json")
    classes = {item["name"]: item for item in json.loads(result.out)["runs"][0]["files"][0]["classes"]}
    assert classes["Weighed"]["unchecked"] == "it has no call of its own and is the base of others"
    assert classes["Squared"]["findings"] == [] and "KS705" in classes["Squared"]["passed"]
    assert classes["Squared"]["assumed"] == ["--input-shape 4", "--input-shape 4"]
    reasons = {item["rule"]: item["because"] for item in classes["OfPairs"]["skipped"]}
    assert classes["OfPairs"]["findings"] == [] and "it took none of the targets" in reasons["KS701"]
    assert classes["Count"]["construct"] == "Count(limit=0.5)" and classes["Count"]["findings"] == []
    assert classes["Count"]["assumed"] == ["--input-shape ()"] and "KS713" in classes["Count"]["passed"]
    assert not any("KS204" in item["passed"] for item in classes.values())


LEFT_OPEN = {
    *(
        "BackupAndRestore",
        "CSVLogger",
        "LearningRateScheduler",
        "ModelCheckpoint",
        "OrbaxCheckpoint",
    ),  # files, functions
    "STFT",  # wants scipy
}
REFUSED = {
    *("SwapEMAWeights", "TensorBoard"),  # wants an optimizer with averages; wants a package
    *("LossScaleOptimizer", "MultiOptimizer"),  # take other optimizers
}
TRIED = {"losses": 22, "metrics": 40, "callbacks": 8, "constraints": 4, "initializers": 14, "optimizers": 12}


def test_what_keras_brings_raises_no_alarms(folder: Path) -> None:
    import inspect
    from collections import Counter
    from types import ModuleType

    import keras

    from kscaffold.probe.classes import try_out
    from kscaffold.probe.found import Found, NotASubject
    from kscaffold.probe.inspection import inspect_subject
    from kscaffold.probe.protocol import Known
    from kscaffold.probe.subjects import kinds

    found, tried, left_open, refused = {}, Counter[str](), set(), set()
    for kind in (kind for kind in kinds() if hasattr(kind, "KIND")):
        place, base = kind.__name__.rpartition(".")[2], kind.KIND.base
        for name, cls in vars(getattr(keras, place)).items():
            if not inspect.isclass(cls) or cls is base or not issubclass(cls, base) or name != cls.__name__:
                continue
            if name == "RemoteMonitor":  # sends what it sees to a server
                continue
            module = ModuleType("of_keras")
            setattr(module, name, cls)
            try:
                subject, _ = try_out(kind.KIND, module, Found(name, cls), Known(), "")
            except (NotASubject, ImportError):
                left_open.add(name)
                continue
            verdict = inspect_subject(subject, "")
            found[name] = [(one.rule, one.message) for one in verdict.findings]
            if verdict.skipped and place not in ("losses", "metrics"):
                refused.add(name)
            tried[place] += subject.fits
    for name in ("Dice", "Tversky"):  # by default they take a batch as one example
        assert [rule for rule, _ in found.pop(name)] == ["KS702"]
    assert {name: findings for name, findings in found.items() if findings} == {}
    assert left_open <= LEFT_OPEN and refused <= REFUSED
    assert {place: number for place, number in TRIED.items() if tried[place] < number} == {}, tried
