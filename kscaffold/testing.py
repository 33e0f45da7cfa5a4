"""The rules of `kscaffold check` in your own tests, on objects instead of files.

    from kscaffold.testing import check_layer

    def test_my_dense():
        check_layer(MyDense(8), input_shape=(16,))

Keras runs in the process of the test; nothing is isolated.
"""

import inspect
import unittest
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kscaffold.check.findings import fold
from kscaffold.check.rulebook import check_selection, read_rulebook
from kscaffold.probe.protocol import FEW, CallStyle, Feed, Finding, Severity, Verdict
from kscaffold.probe.rule import Rule

Shapes = Sequence[Any] | Mapping[str, Any] | None
OF_FILES = "KS200", "KS212"


@dataclass(frozen=True)
class Case:
    """A layer or model that rules are tried on.

    Attributes:
        layer: The layer, not built yet; or a class or function without arguments that makes one. Of a layer whose
            arguments are objects, only a function lets the rules try other arguments.
        input_shape: The shape of one example without the batch axis, such as `(16,)`; a list of shapes, or a dictionary
            of them, for several inputs; `None` to have it found out.
        dtype: That of the inputs, or one for each.
        call: How several inputs are given: "list" or "arguments"; `None` to have it found out.
    """

    layer: Any
    input_shape: Shapes = None
    dtype: str | Sequence[str] = "float32"
    call: str | None = None

    @property
    def name(self) -> str:
        """The name of the class, or of the function that makes the layer."""
        made = inspect.isroutine(self.layer) or inspect.isclass(self.layer)
        return str(self.layer.__name__) if made else type(self.layer).__name__

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """What is fed to its inputs; nothing where that is to be found out."""
        shape = self.input_shape
        if shape is None:
            return ()
        if isinstance(shape, Mapping):
            names, shapes = list(shape), list(shape.values())
        else:
            shapes = list(shape) if any(isinstance(item, (tuple, list)) for item in shape) else [shape]
            names = [""] * len(shapes)
        dtypes = [self.dtype] * len(shapes) if isinstance(self.dtype, str) else list(self.dtype)
        return tuple(
            Feed(tuple(size), dtype, FEW, name) for size, dtype, name in zip(shapes, dtypes, names, strict=True)
        )

    @cached_property
    def verdict(self) -> Verdict:
        """What all rules say of it; they are tried once."""
        from kscaffold.probe.inspection import inspect_subject
        from kscaffold.probe.subjects.given import give

        return inspect_subject(give(self.layer, self.name, self.feeds, CallStyle(self.call) if self.call else None), "")

    def check(self, rule: str) -> None:
        """Looks at one rule, by its id.

        Raises:
            AssertionError: It finds something; the message lists what.
            unittest.SkipTest: It has nothing to say of this layer, or needs a rule that failed.
        """
        findings = [finding for finding in self.verdict.findings if finding.rule == rule]
        if findings:
            raise AssertionError(_describe(self.name, findings))
        if rule not in self.verdict.passed:
            raise unittest.SkipTest(dict(self.verdict.skipped).get(rule, f"{rule} has nothing to say of {self.name}"))


def check_layer(
    layer: Any,
    input_shape: Shapes = None,
    *,
    dtype: str | Sequence[str] = "float32",
    call: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    strict: bool = False,
) -> None:
    """Holds a layer or model against the rules that need Keras.

    Args:
        layer: As in `Case`, and so are `input_shape`, `dtype` and `call`.
        select: The rules that count, by id, name or the beginning of ids; none for all.
        ignore: The rules that do not.
        strict: Whether warnings fail too.

    Raises:
        AssertionError: A rule finds something; the message lists the findings.
        RequestError: There is no such rule.
        TypeError: The layer is built already.
    """
    selected = check_selection(tuple(select), "select") or tuple(rule.id for rule in _rules())
    left_out = check_selection(tuple(ignore), "ignore")
    case = Case(layer, input_shape, dtype, call)
    found = fold(finding for finding in case.verdict.findings if finding.rule in selected)
    counted = [item for item in found if item.rule not in left_out]
    if findings := [item for item in counted if strict or item.severity is Severity.ERROR]:
        raise AssertionError(_describe(case.name, findings))


def parametrize_with_rules(
    cases: Iterable[Any], expected_failures: Mapping[str, Mapping[str, str] | Iterable[str]] | None = None
) -> Any:
    """A decorator for a test that takes `case` and `rule`: one pytest case for each layer and each rule.

        @parametrize_with_rules([Case(MyDense(8), input_shape=(16,))], expected_failures={"MyDense": ["KS305"]})
        def test_rules(case, rule):
            case.check(rule)

    Args:
        cases: Layers, functions that make them, or `Case`s.
        expected_failures: For names of cases, the ids of rules that are expected to fail, with reasons if it is a
            mapping. A rule that passes in spite of that fails the test.

    Raises:
        RequestError: An expected failure of a rule that does not exist.
        ValueError: An expected failure of a layer that does not exist.
    """
    import pytest

    listed = [item if isinstance(item, Case) else Case(item) for item in cases]
    expected = {name: _reasons(rules) for name, rules in (expected_failures or {}).items()}
    strange = set(expected) - {case.name for case in listed}
    if strange:
        raise ValueError(f"expected_failures names {', '.join(sorted(strange))}, which is none of the cases")
    parameters = []
    for case in listed:
        for rule in _rules():
            reason = expected.get(case.name, {}).get(rule.id)
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason, raises=AssertionError, strict=True)]
            parameters.append(pytest.param(case, rule.id, id=f"{case.name}-{rule.id}-{rule.name}", marks=marks))
    return pytest.mark.parametrize(("case", "rule"), parameters)


def _reasons(rules: Mapping[str, str] | Iterable[str]) -> dict[str, str]:
    reasons = dict(rules) if isinstance(rules, Mapping) else dict.fromkeys(rules, "expected to fail")
    return {id: reason for rule, reason in reasons.items() for id in check_selection((rule,), "expected_failures")}


def _rules() -> list[Rule]:
    return [
        rule
        for rule in read_rulebook()
        if not rule.static and rule.id not in OF_FILES and {"layer", "saved", "any"} & {*rule.kinds}
    ]


def _describe(name: str, findings: Iterable[Finding]) -> str:
    """What an AssertionError says."""
    lines = [f"{name} does not conform:"]
    for finding in findings:
        line = f" (line {finding.line})" if finding.line else ""
        lines.append(f"  {finding.rule} {finding.name}: {finding.message}{line}")
        lines += [f"      {finding.fix}"] if finding.fix else []
    return "\n".join(lines)
