"""The one-line syntax: parsed into values, never evaluated."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, Text
from kscaffold.program.text import show
from kscaffold.program.tree import DOTS, Applied, Arithmetic, Listing, Object, Part, Plain, Slice, Table, Variable
from kscaffold.spec.language.chain import parse_chain
from kscaffold.spec.language.syntax import parse_call, parse_expression, split_list
from kscaffold.spec.shapes.shape import evaluate_size

WHOLE = Slice(Plain(None), Plain(None), Plain(None))


def test_a_layer_with_arguments() -> None:
    assert parse_expression("Dense(64, relu, use_bias=False)") == Object(
        "Dense", arguments=(Plain(64), Variable("relu")), keywords=(("use_bias", Plain(False)),)
    )


def test_repetition_a_bare_name_and_a_custom_layer() -> None:
    assert parse_call("Dense(64) x3").repeat == 3
    assert parse_call("Flatten") == Object("Flatten")
    own = parse_call("my_package.layers:MyDense(8)")
    assert own.own == ("my_package.layers", "MyDense")
    nested = parse_call("TimeDistributed(my.layers:MyDense(8, 'a.b:c('))")
    assert nested.arguments[0] == Object("my.layers:MyDense", arguments=(Plain(8), Plain("a.b:c(")))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("(7 * 7) * 32", "7 * 7 * 32"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a + b) * 2", "(a + b) * 2"),
        ("2 * -1", "2 * -1"),
    ],
)
def test_brackets_stand_only_where_operators_need_them(typed: str, shown: str) -> None:
    assert show(parse_expression(typed)) == shown


def test_sizes_are_computed_from_names() -> None:
    size = parse_expression("4 * units + input_shape[-1] // 2")
    assert evaluate_size(size, {"units": 3, "input_shape": (None, 8)}) == 16
    assert evaluate_size(size, {"units": 3}) is None
    with pytest.raises(RequestError, match="divides by zero"):
        evaluate_size(parse_expression("8 // n"), {"n": 0})
    with pytest.raises(RequestError, match=r"input_shape\[5\] is beyond the end"):
        evaluate_size(parse_expression("input_shape[5]"), {"input_shape": (None, 8)})


def test_a_list_of_expressions() -> None:
    assert split_list("input_dim, units") == [Variable("input_dim"), Variable("units")]
    assert split_list("  ") == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("__import__('os').system('true')", "a call of what is not a plain name has no place"),
        ("lambda: 1", "a function has no place here"),
        ("[x for x in y]", "a comprehension has no place here"),
        ("f'{x}'", "an f-string has no place here"),
        ("x.y", "a dotted name has no place here"),
        ("(x := 1)", "this has no place here"),
        ("Dense(*x)", "a star has no place here"),
        ("Dense(**x)", "\\*\\* has no place here"),
        ("Dense(3", "is not understood at column 6"),
        ("1e999", "the number is too large"),
        ("b'x'", "a value of type bytes cannot be saved"),
        ("{1: 2}", "keys are strings"),
        ("x[a]", "an index is a whole number"),
        ("Dense(3) x0", "repeats a layer 0 times"),
        ("3 x2", "only a layer can be repeated"),
        ("Dense(3) x depth", "only a layer can be repeated, and a number of times"),
        ("lstm.1", "a dotted name has no place here"),
        ("Dense(3) -> ReLU", "an arrow has no place here"),
        ("'é' 3", "is not understood at column 5"),
        ("[Dense('é'), {1: 2}]", "at column 15: keys are strings"),
        ("Dense(3)]", "at column 9: ']' closes nothing"),
        ("Dense(3]", "at column 8: ']' closes nothing"),
        ("Dense('3)", 'at column 7: "\'" is not closed'),
        ("Dense(a=1, 2)", "an argument without a name stands behind one with a name"),
        ("Dense(3) # 4", "is not understood at column 10"),
        ("1 @ 2", "is not understood at column 3"),
        ("8 >> 2", "is not understood at column 3"),
        ("a\u02d0b", "is not understood"),
        ("(" * 500, "is not understood"),
        ("x\0", "is not understood"),
        ("1+" * 5000 + "1", "10001 characters long"),
    ],
)
def test_what_is_not_an_expression_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint):
        parse_expression(text)


names = st.from_regex(r"[a-z][a-z_0-9]{0,5}", fullmatch=True).filter(
    lambda name: name.isidentifier() and not __import__("keyword").iskeyword(name)
)
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
).map(Plain)
sizes = st.recursive(
    st.one_of(names.map(Variable), st.integers(-9, 9).map(Plain)),
    lambda inner: st.builds(Arithmetic, inner, st.sampled_from(["+", "-", "*", "//"]), inner),
    max_leaves=6,
)
expressions = st.recursive(
    st.one_of(literals, names.map(Variable)),
    lambda inner: st.one_of(
        st.builds(Listing, st.sampled_from(["()", "[]"]), st.lists(inner, max_size=3).map(tuple)),
        st.builds(Table, st.lists(st.tuples(st.text(max_size=5), inner), max_size=3).map(tuple)),
        sizes,
        st.builds(Part, names.map(Variable), st.integers(-3, 3).map(Plain)),
        st.builds(
            Object,
            st.sampled_from(["Dense", "L2", "my.layers:Mine"]),
            arguments=st.lists(inner, max_size=2).map(tuple),
            keywords=st.dictionaries(names, inner, max_size=2).map(lambda given: tuple(given.items())),
        ),
    ),
    max_leaves=8,
)


@given(expressions)
def test_what_is_shown_parses_to_the_same(expression: object) -> None:
    assert parse_expression(show(expression)) == expression  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("ops.mean", Variable("ops.mean")),
        (
            "ops.image.resize(x, (2, 2))",
            Object("ops.image.resize", arguments=(Variable("x"), Listing("()", (Plain(2), Plain(2))))),
        ),
        ("lstm.1", Variable("lstm.1")),
        ("[lstm.1, lstm.1, 'lstm.1']", Listing("[]", (Variable("lstm.1"), Variable("lstm.1"), Plain("lstm.1")))),
        (
            "LSTM(8)(initial_state=h)",
            Applied(Object("LSTM", arguments=(Plain(8),)), Object("", (("initial_state", Variable("h")),))),
        ),
        ("x[2:]", Part(Variable("x"), Slice(Plain(2), Plain(None), Plain(None)))),
        ("x[..., None]", Part(Variable("x"), Listing("()", (DOTS, Plain(None))))),
        ("enc.code[:, -1]", Part(Variable("enc.code"), Listing("()", (WHOLE, Plain(-1))))),
    ],
)
def test_a_graph_has_operations_slices_and_arguments_of_calls(text: str, parsed: object) -> None:
    assert parse_expression(text, graph=True) == parsed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x[a]", "at column 3: an index is a whole number, a slice, ... or None"),
        ("x[True]", "an index is a whole number"),
        ("x[1.5:]", "a slice goes from one whole number to another"),
        ("Dense(3)(1)(2)", "third brackets have no place here"),
        ("f(x).y", "a dotted name has no place here"),
        ("...", "a value of type ellipsis cannot be saved"),
    ],
)
def test_what_is_not_an_expression_of_a_graph_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(RequestError, match=complaint.replace("...", "\\.\\.\\.")):
        parse_expression(text, graph=True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "net.yaml:3:5: The chain is empty."),
        ("x -> -> ReLU", "net.yaml:3:10: A chain has nothing here. Write it as start -> Dense(64, relu)"),
        ("x ->", "net.yaml:3:9: A chain has nothing here."),
        ("-> ReLU", "net.yaml:3:5: A chain has nothing here."),
        ("x -> Dense('>> ->', (3)", "net.yaml:3:15: '(' is not closed."),
        ("x -> Dense(3)) -> ReLU", "net.yaml:3:18: ')' closes nothing."),
        ("x >> ReLU", "net.yaml:3:7: This is not an expression."),
        ("x -> Dense('é', 3 4) -> ReLU", "net.yaml:3:21: This is not an expression."),
        ("x -> Dense('é') -> ReLU x0", "net.yaml:3:24: This repeats a layer 0 times. Give 1 to 1000."),
        ("x -> 3 -> ReLU", "net.yaml:3:10: '3' is not a layer. Write a name with its arguments"),
        ("x, y -> Add", "net.yaml:3:8: An arrow has no place here. Several values before it stand in brackets: (a, b)"),
        ("x -> " + "ReLU -> " * 20_000 + "ReLU", "net.yaml:3:5: The expression is 160009 characters long."),
    ],
)
def test_what_is_not_a_chain_is_refused_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_chain(Text(text, Place("net.yaml", 3, 5)))
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("text", "start", "links"),
    [
        ("x", ("x",), []),
        ("(a, lstm.1) -> Add", ("a", "lstm.1"), [("Add", True, 1)]),
        ("x -> Dense(3)x3->ReLU x 2\n  -> m:L", ("x",), [("Dense", False, 3), ("ReLU", True, 2), ("m:L", False, 1)]),
        ("x -> x x depth -> x() x x", ("x",), [("x", True, "depth"), ("x", False, "x")]),
        ("ops.add(a, 1) -> ReLU", (), [("ReLU", True, 1)]),
        ("my.layers:Mine(x)", (), []),
    ],
)  # fmt: skip
def test_a_chain_is_values_and_calls(text: str, start: tuple[str, ...], links: list[tuple[str, bool, object]]) -> None:
    chain = parse_chain(Text(text, Place("net.yaml", 3, 5)))
    assert chain.start == start
    assert [(link.call.target, link.bare, link.repeat) for link in chain.links] == links


bounds = st.one_of(st.none(), st.integers(-9, 9)).map(Plain)
axes = st.one_of(st.builds(Slice, bounds, bounds, bounds), st.just(DOTS), bounds)
named = st.one_of(names, st.builds("{}.{}".format, names, st.integers(0, 12)), st.builds("{0}.{0}".format, names))
passed = st.builds(
    Object,
    st.just(""),
    arguments=st.lists(named.map(Variable), max_size=2).map(tuple),
    keywords=st.dictionaries(names, st.one_of(literals, named.map(Variable)), max_size=2).map(
        lambda given: tuple(given.items())
    ),
)
of_graphs = st.one_of(
    st.builds(
        Part,
        named.map(Variable),
        st.one_of(axes, st.lists(axes, max_size=3).map(tuple).map(lambda s: Listing("()", s))),
    ),
    st.builds(
        Applied, st.builds(Object, st.sampled_from(["Dense", "my.layers:Mine"]), arguments=st.just((Plain(3),))), passed
    ),
    st.builds(
        Object,
        st.sampled_from(["ops.mean", "ops.image.resize"]),
        arguments=st.lists(st.one_of(named.map(Variable), literals), max_size=3).map(tuple),
    ),
)


@given(of_graphs)
def test_what_is_shown_of_a_graph_parses_to_the_same(expression: object) -> None:
    assert parse_expression(show(expression), graph=True) == expression  # type: ignore[arg-type]


@given(st.lists(st.tuples(of_graphs.filter(lambda made: not isinstance(made, Part)), st.sampled_from(["->", "  -> "]))))
def test_the_parts_of_a_chain_are_what_they_are_alone(parts: list[tuple[Object | Applied, str]]) -> None:
    text, columns = "x ", []
    for made, arrow in parts:
        columns.append(len(text) + len(arrow) + 1)
        text += f"{arrow}{show(made)}"
    chain = parse_chain(Text(text, Place("net.yaml", 1, 1)))
    assert [link.place.column for link in chain.links] == columns
    for link, (made, _) in zip(chain.links, parts, strict=True):
        assert (link.call, link.passed) == ((made.made, made.passed) if isinstance(made, Applied) else (made, None))


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = parse_expression(text)
    except RequestError:
        return
    else:
        if "my" not in text and ":" not in text:
            ast.parse(show(expression), mode="eval")
