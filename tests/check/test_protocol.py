"""What goes into a check and comes out of it: the same on both sides of a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.check.rulebook import read_rulebook
from kscaffold.check.static import rules as static_rules
from kscaffold.probe import run
from kscaffold.probe.protocol import (
    CalledLayer,
    CallStyle,
    Compared,
    Feed,
    Finding,
    Job,
    Known,
    Saved,
    SavedKind,
    Severity,
    Subject,
    Verdict,
)
from kscaffold.probe.rule import find_rules
from kscaffold.probe.wire import Greeting, Message, Notice, Order, from_json, to_json, to_line

words = st.text(max_size=5)
paths = words.map(lambda word: Path("/folder", word.replace("/", "").replace("\0", "")))
numbers = st.none() | st.integers(0, 99)
shapes = st.lists(numbers, max_size=3).map(tuple)


def several(items: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(items, max_size=2).map(tuple)


feeds = st.builds(Feed, shapes, words, numbers, words)
saved = st.builds(
    Saved, paths, st.sampled_from(SavedKind), several(words), st.sampled_from(Compared), several(several(words))
)
pairs = st.tuples(words, st.integers(0, 9))
subjects = st.builds(
    Subject, words, words, several(feeds), st.sampled_from(CallStyle), several(pairs), several(words), st.none() | saved
)
known = st.dictionaries(words, st.builds(Known, several(st.tuples(words, words)), several(feeds)), max_size=2)
jobs = st.builds(Job, paths, words, several(paths), st.none() | several(subjects), words, known)
orders = st.builds(Order, jobs, st.integers(0, 9), paths)
findings = st.builds(Finding, words, words, st.sampled_from(Severity), words, words, numbers, causes=several(words))
findings |= st.builds(Finding, words, words, st.just(Severity.ERROR), words, words, consequences=several(findings))
layers = st.builds(CalledLayer, words, words, st.integers(0, 9), several(shapes), st.integers(0, 99), st.booleans())
verdicts = st.builds(
    Verdict,
    subjects,
    several(findings),
    skipped=several(st.tuples(words, words)),
    input_shapes=several(shapes),
    layers=several(layers),
    lines=st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99)),
)
notices = st.builds(Notice, words, st.integers(0, 99), numbers, st.integers(0, 99), st.integers(0, 99))
greetings = st.builds(Greeting, st.dictionaries(words, words, max_size=3))
messages = st.builds(Message, words, st.none() | verdicts, st.none() | verdicts, st.none() | findings)


@given(greetings | orders | notices | messages)
def test_what_is_said_arrives_as_it_was(said: Greeting | Order | Notice | Message) -> None:
    assert from_json(type(said), json.loads(to_line(said))) == said


def test_what_is_as_by_default_is_left_out() -> None:
    assert to_json(Subject("Mine", "Mine()")) == {"name": "Mine", "construct": "Mine()"}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Message, {"stag": "x"}),
        (Message, []),
        (Message, {"stage": 1}),
        (Message, {"ended": "yes"}),
        (Feed, {}),
        (Feed, {"shape": ["3"]}),
        (Feed, {"shape": 3}),
        (Subject, {"name": "x", "construct": "x", "call": "somehow"}),
        (Verdict, {"subject": {"name": "x", "construct": "x"}, "lines": [1]}),
        (Verdict, {"subject": None}),
    ],
)
def test_what_is_not_such_a_value_is_refused(kind: type, data: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_json(kind, data)


def test_the_check_process_has_the_same_definitions_without_keras() -> None:
    job = Job(Path("/x.py"), "x.py", (), (Subject("X", "X()", call=CallStyle.CELL),))
    order = Order(job, 0, Path("/x"))
    code = (
        f"import sys, runpy; probe = runpy.run_path({run.__file__!r}); probe['load_package']()\n"
        "wire = probe['part']('wire'); import json\n"
        "order = wire.from_json(wire.Order, json.load(sys.stdin))\n"
        "assert type(order).__module__ == 'kscaffold_probe.wire', order\n"
        "assert not {'keras', 'numpy', 'kscaffold'} & set(sys.modules)\n"
        "print(json.dumps(wire.to_json(order)))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        input=json.dumps(to_json(order)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert from_json(Order, json.loads(done.stdout)) == order


def test_a_rule_is_the_same_whether_its_module_is_imported_or_read() -> None:
    read = {rule.id: rule for rule in read_rulebook() if rule.static}
    imported = {rule.id: rule for rule in find_rules(static_rules.__name__)}
    assert set(imported) == set(read) and len(read) >= 13
    for id, rule in imported.items():
        shown = {name: value for name, value in vars(rule).items() if name not in ("check", "applies")}
        assert shown.items() <= vars(read[id]).items()
