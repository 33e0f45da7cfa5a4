"""The rules of `kscaffold check` in tests of one's own, on objects instead of files.

    from kscaffold.testing import check_layer

    def test_my_dense():
        check_layer(MyDense(8), input_shape=(16,))

Keras runs in the process of the test; nothing is isolated.
"""

from __future__ import annotations

import copy
import inspect
import sys
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kscaffold.check.findings import Finding, fold
from kscaffold.check.rulebook import RuleDescription, check_selection, read_rulebook

Shapes = Sequence[Any] | Mapping[str, Any] | None
OF_FILES = "KS200"


@dataclass(frozen=True)
class Case:
    """A layer or model that rules are tried on.

    Attributes:
        layer: The layer, not built yet; or a class or function without arguments that makes one.
        input_shape: The shape of one example without the batch axis; a list of shapes, or a dictionary of them, for
            several inputs; `None` to have it found out.
        dtype: The type of the inputs, or one for each input.
        call: How several inputs are given: "list" or "arguments"; `None` to have it found out.
    """

    layer: Any
    input_shape: Shapes = None
    dtype: str | Sequence[str] = "float32"
    call: str | None = None

    @property
    def name(self) -> str:
        """The name of the class, or of the function that makes the layer."""
        return str(self.layer.__name__) if _makes_layers(self.layer) else type(self.layer).__name__

    @cached_property
    def result(self) -> dict[str, Any]:
        """What all rules say of it; they are tried once."""
        from kscaffold.probe import inspection

        return inspection.inspect_subject(_make_subject(self), lambda message: None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Its defects; what follows from another one is among the consequences of that."""
        return fold(
            Finding(file="", **{**fields, "causes": tuple(fields["causes"])}) for fields in self.result["findings"]
        )

    def check(self, rule: str) -> None:
        """Looks at one rule.

        Args:
            rule: Its id.

        Raises:
            AssertionError: It finds something; the message lists what.
            unittest.SkipTest: It has nothing to say of this layer, or needs a rule that failed.
        """
        findings = [finding for finding in _all(self.findings) if finding.rule == rule]
        if findings:
            raise AssertionError(_describe(self.name, findings))
        if rule not in self.result["passed"]:
            reasons = {item["rule"]: item["because"] for item in self.result["skipped"]}
            raise unittest.SkipTest(reasons.get(rule, f"{rule} has nothing to say of {self.name}"))


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
        layer: The layer, not built yet; or a class or function without arguments that makes one. Of a layer whose
            arguments are objects, only a function lets the rules try other arguments.
        input_shape: The shape of one example without the batch axis, such as `(16,)`; a list of shapes, or a dictionary
            of them, for several inputs; `None` to have it found out.
        dtype: The type of the inputs, or one for each input.
        call: How several inputs are given: "list" or "arguments"; `None` to have it found out.
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
    found = fold(finding for finding in _all(case.findings) if finding.rule in selected)
    findings = [item for item in found if item.rule not in left_out and (strict or item.severity == "error")]
    if findings:
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
        RequestError: An expected failure of a rule, or of a layer, that does not exist.
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


def _rules() -> list[RuleDescription]:
    return [rule for rule in read_rulebook() if not rule.static and rule.id != OF_FILES]


def _all(findings: Iterable[Finding]) -> list[Finding]:
    from kscaffold.check.findings import unfold

    return unfold(findings)


def _makes_layers(layer: Any) -> bool:
    return inspect.isfunction(layer) or inspect.ismethod(layer) or inspect.isclass(layer)


def _make_subject(case: Case) -> Any:
    """What rules are given: what makes new layers like that of a case, and what they are called on."""
    from kscaffold.probe.subject import Subject
    from kscaffold.probe.trial import input_guesses, ways_to_call

    make, changeable = _factory_of(case.layer)
    made = make()
    cls = type(made)
    path = "" if cls.__module__.startswith("keras.") else inspect.getsourcefile(cls) or ""
    first = None
    for guess in input_guesses(cls, made, _feeds_of(case)):
        wanted = {**guess, "construct": case.name, **({"call": case.call} if case.call else {})}
        subject = Subject(sys.modules[cls.__module__], wanted, path, make, changeable)
        first = first or subject
        if ways_to_call(subject) == 2:
            return subject
    return first


def _feeds_of(case: Case) -> list[dict[str, Any]] | None:
    """The inputs of a case as the rules take them; `None` to have them found out."""
    shape = case.input_shape
    if shape is None:
        return None
    if isinstance(shape, Mapping):
        names, shapes = list(shape), list(shape.values())
    else:
        shapes = list(shape) if any(isinstance(item, (tuple, list)) for item in shape) else [shape]
        names = [""] * len(shapes)
    dtypes = [case.dtype] * len(shapes) if isinstance(case.dtype, str) else list(case.dtype)
    return [
        {"shape": list(size), "dtype": kind, "below": 4, **({"name": name} if name else {})}
        for size, kind, name in zip(shapes, dtypes, names, strict=True)
    ]


def _factory_of(layer: Any) -> tuple[Callable[..., Any], bool]:
    """What makes new layers like one, and whether it takes changes of their arguments.

    Raises:
        TypeError: The layer is built already, and does not say what it was made with.
    """
    if _makes_layers(layer):
        return lambda **changes: _made_with(layer, changes), True
    kept = getattr(layer, "_auto_config", None)  # the arguments, where all of them are of plain types
    if kept is not None:
        return lambda **changes: type(layer)(**{**kept.config, **changes}), True
    if layer.built:
        raise TypeError(f"this {type(layer).__name__} is built already: give a function that makes a new one")
    original = copy.deepcopy(layer)
    return lambda: copy.deepcopy(original), False


def _made_with(make: Callable[..., Any], changes: Mapping[str, Any]) -> Any:
    """What a function makes, with changes of the arguments that it gives to the constructor."""
    import keras

    from kscaffold.probe.subject import global_policy

    arguments: dict[int, inspect.BoundArguments] = {}
    original = keras.Operation.__new__

    def noting(cls: Any, *values: Any, **keywords: Any) -> Any:
        made = original(cls, *values, **keywords)
        arguments[id(made)] = inspect.signature(cls.__init__).bind_partial(made, *values, **keywords)
        return made

    keras.Operation.__new__ = noting
    try:
        with global_policy(changes.get("dtype")):
            made = make()
    finally:
        keras.Operation.__new__ = original
    if not changes:
        return made
    bound = arguments[id(made)]
    named = {name: value for name, value in list(bound.arguments.items())[1:] if name not in ("args", "kwargs")}
    return type(made)(**{**named, **bound.kwargs, **changes})


def _describe(name: str, findings: Iterable[Finding]) -> str:
    """What an AssertionError says."""
    lines = [f"{name} does not conform:"]
    for finding in findings:
        line = f" (line {finding.line})" if finding.line else ""
        lines.append(f"  {finding.rule} {finding.name}: {finding.message}{line}")
        lines += [f"      {finding.fix}"] if finding.fix else []
    return "\n".join(lines)
