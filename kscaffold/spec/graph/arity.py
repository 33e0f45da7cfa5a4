"""How many values the calls of a chain take, and how many they give."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kscaffold.base.errors import RequestError
from kscaffold.base.place import located
from kscaffold.keras_data import catalogue
from kscaffold.keras_data.catalogue import Signature
from kscaffold.program.text import show
from kscaffold.program.tree import NONE, Listing, Object, Plain, Ref, Tree, Value, walk
from kscaffold.spec.graph.value import Graph, Node, Step, signature_of
from kscaffold.spec.language.chain import OF_LAYER, OPERATIONS
from kscaffold.spec.layer.call import bind

# Operations that give several values; `None` where their arguments say how many.
SEVERAL: dict[str, int | None] = {
    "top_k": 2, "moments": 2, "qr": 2, "eig": 2, "eigh": 2, "svd": 3, "slogdet": 2, "lu_factor": 2, "histogram": 2,
    "fft": 2, "fft2": 2, "ifft2": 2, "rfft": 2, "stft": 2, "frexp": 2, "modf": 2, "divmod": 2,
    "split": None, "array_split": None, "hsplit": None, "vsplit": None, "dsplit": None, "unstack": None,
    "meshgrid": None, "nonzero": None, "broadcast_arrays": None,
}  # fmt: skip
OF_LISTS = ("concatenate", "stack", "hstack", "vstack", "block_diag")  # operations whose first argument is a list
# The parameters of operations that take values.
TENSORS = "x x1 x2 x3 xs y a b condition inputs images logits indices".split()
MAKERS = ("arange",)  # operations that need no value of the graph
COUNTS = ("indices_or_sections", "num")  # the arguments of operations that say how many values they give


def count_values(graph: Graph, others: Iterable[str]) -> Graph:
    """The graph whose nodes know how many values they give: as their calls tell, else as many as somebody asks for.

    Raises:
        RequestError: A call is given too many or too few values, or gives several in the middle of a chain.
    """
    asked: dict[str, int] = {}
    wanted = (value for node in graph.nodes for value in node.needs)
    for value in (*wanted, *(output.value for output in graph.outputs), *others):
        name, _, number = value.partition(".")
        if number.isdecimal() and len(number) <= 3:
            asked[name] = max(asked.get(name, 0), int(number) + 1)

    def counted(node: Node) -> Node:
        given = _count_given(node, graph)
        parts = asked.get(node.name, 0) if given is None else given if given > 1 else 0
        return replace(node, parts=parts, complete=given is not None or not parts)

    return replace(graph, nodes=tuple(map(counted, graph.nodes)))


def _count_given(node: Node, graph: Graph) -> int | None:
    """How many values the last call of a node gives, `None` where that is not known; 1 for a model."""
    given = len(node.start)
    made: int | None = 1
    for step in node.steps:
        last = step is node.steps[-1]
        part, layer = graph.part_of(step), graph.layer_of(step)
        if part:
            _check_graph(step, part, given, last)
            made = 1
        elif layer:
            if signature := signature_of(layer):
                _check_layer(step, signature, given + len(step.passed.arguments))
            made = _given_by_layer(layer, step)
        else:
            made = (
                1
                if step.part or step.name.startswith(OF_LAYER)
                else _given_by_operation(step, _bind_operation(step, given, graph.values))
            )
        if made is not None and made > 1 and (step.repeated or not last):
            hint = "Call it once." if step.repeated else "Begin others with node.0, node.1."
            problem = "it cannot be repeated" if step.repeated else "the chain ends here"
            raise step.place.error(f"{step.name} gives {made} values, so {problem}.", hint)
        given = 1
    return made


def _check_graph(step: Step, graph: Graph, given: int, last: bool) -> None:
    wanted, made = len(graph.inputs), len(graph.outputs)
    if given != wanted:
        raise _error(step, f"takes {_count(wanted, 'input')}, {given} given")
    if made > 1 and not last:
        outputs = ", ".join(output.name for output in graph.outputs)
        problem = f"has {made} outputs ({outputs}), so the chain ends here"
        raise _error(step, problem, "Begin others with node.output.")


def _check_layer(step: Step, signature: Signature, given: int) -> None:
    if signature.merges:
        if given < 2:
            raise _error(step, "merges several values, one is given", f"Write (a, b) -> {step.name}.")
        if step.repeated:
            raise _error(step, "merges several values, so it cannot be repeated")
    elif given > max(signature.inputs, 1) and signature.name not in ("RNN", "LSTM", "GRU", "SimpleRNN"):
        hint = "Merge them first: (a, b) -> Concatenate."
        raise _error(step, f"takes {_count(max(signature.inputs, 1), 'value')}, {given} are given", hint)


def _bind_operation(step: Step, given: int, known: Sequence[str]) -> dict[str, Tree]:
    """The arguments of an operation by name, with `None` for the values before it."""
    name, passed = step.name.removeprefix(OPERATIONS), step.passed
    signature = catalogue.find_operation(name)
    listed = not given and passed.arguments and isinstance(passed.arguments[0], Listing)
    if name in OF_LISTS and not listed and next(iter(signature.parameters)) not in dict(passed.keywords):
        raise _error(step, "takes a list of values", f"Write {step.name}([a, b]).")
    typed = replace(passed, arguments=(*[NONE] * given, *passed.arguments))
    further = dict(passed.keywords) if signature.variadic else ()
    with located(step.place):
        bound = bind(step.name, typed, signature.parameters, signature.variadic, further)
    for key, item in bound.items():
        for part in item.items if isinstance(item, Listing) else (item,):
            if key in TENSORS and isinstance(part, Plain) and isinstance(part.value, str):
                problem = f"There is no value {part.value!r}."
                if part.value in known:
                    raise step.place.error(problem, f"Without quotes it is one: {part.value}.")
                raise step.place.unknown(problem, part.value, known)
            if key in TENSORS and name in OF_LISTS and part != NONE and not any(map(_is_value, walk(part))):
                raise _error(step, f"takes values, and {show(part)} is none", f"Write {step.name}([a, b]).")
    if not given and not step.reads and name not in MAKERS:
        raise _error(step, "is given no value of the graph", f"For example: {step.name}(x), or x -> {step.name}.")
    return bound


def _is_value(tree: Tree) -> bool:
    return isinstance(tree, (Ref, Value))


def _given_by_layer(layer: Object, step: Step) -> int | None:
    """How many values a call of a layer gives; `None` for a custom layer."""
    if layer.own:
        return None
    if dict(step.passed.keywords).get("return_attention_scores") == Plain(True):
        return 2
    return _given_by_recurrent(layer)


def _given_by_recurrent(call: Object) -> int | None:
    """How many values a layer gives that may give its states, too; `None` where a parameter decides."""
    name, given = call.class_name, dict(call.keywords)
    inner, cell = given.get("layer"), given.get("cell")
    if name == "Bidirectional" and isinstance(inner, Object):
        once = _given_by_recurrent(inner)
        return None if once is None else 2 * once - 1
    if (returned := given.get("return_state", Plain(False))) == Plain(False):
        return 1
    states = catalogue.states_of(cell.class_name if name == "RNN" and isinstance(cell, Object) else name)
    return 1 + states if states and returned == Plain(True) else None


def _given_by_operation(step: Step, bound: Mapping[str, Tree]) -> int | None:
    known = SEVERAL.get(step.name.rpartition(".")[2], 1)
    match next((bound[key] for key in COUNTS if key in bound), None):
        case Plain(value=int() as number) if known is None:
            return number
        case Listing(items=items) if known is None:
            return len(items) + 1
    return known


def _error(step: Step, problem: str, hint: str | None = None) -> RequestError:
    """The error of a call with the wrong number of values."""
    return step.place.error(f"{step.name} {problem}.", hint)


def _count(number: int, what: str) -> str:
    return f"{'one' if number == 1 else number} {what}{'' if number == 1 else 's'}"
