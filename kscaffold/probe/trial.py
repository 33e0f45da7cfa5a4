"""What a class is constructed with and called on where nobody said it: tried until a call works.

The arguments of `call` and what its body does with the first one say how inputs arrive; names and sublayers say which
shapes are likely; then a short list is tried.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import itertools
import re
import textwrap
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import keras

from .arguments import guesses, parameters
from .discovery import Found
from .subject import TRAINING, Subject

NOT_FED = (TRAINING, "mask", "states", "state", "initial_state", "return_attention_scores", "kwargs", "args")
VECTOR, SEQUENCE, IMAGE, VOLUME, SCALAR = (16,), (6, 16), (12, 12, 3), (6, 6, 6, 2), ()
IDS = (6,)
TRIED_BATCH = 5  # a size that no argument is likely to have
HALF_IMAGE = (6, 6, 3)  # beside an image, what comes from a deeper level of a network
KINDS = ((IDS, "int32"), (VECTOR, "float32"), (SEQUENCE, "float32"))
BELOW = 4  # what ids are below: less than any vocabulary
SECONDS = 20.0  # for all trials of one class
# Words of a name, and the shapes that they speak of.
HINTS: tuple[tuple[str, tuple[int, ...], str], ...] = (
    (r"tokens?|ids?|index|indices|vocab|vocabulary|categor(y|ies|ical)|words?", IDS, "int32"),
    (r"3d|volume|volumes", VOLUME, "float32"),
    (r"2d|images?|img|pictures?|pixels?|patch(es)?|vision|vit|conv|unet|resnet|spatial", IMAGE, "float32"),
    (
        r"1d|sequences?|seq|attention|transformer|position(s|al)?|recurrent|rnn|lstm|gru|temporal|times?|timesteps?"
        r"|steps?|query|key|value",
        SEQUENCE,
        "float32",
    ),
)
SUBLAYERS: tuple[tuple[str, tuple[int, ...], str], ...] = (
    (r"Embedding", IDS, "int32"),
    (r".*3D(Transpose)?", VOLUME, "float32"),
    (r".*2D(Transpose)?", IMAGE, "float32"),
    (r".*1D(Transpose)?|LSTM|GRU|SimpleRNN|RNN|Bidirectional|TimeDistributed|.*Attention", SEQUENCE, "float32"),
)


class NotAModel(Exception):
    """A function that builds something else, or that cannot be called with arguments that nobody gave."""


def find_subject(module: ModuleType, found: Found, settings: dict[str, Any], path: str) -> tuple[Subject, list[str]]:
    """The subject for a class or function, and what was assumed to make it, in words.

    Args:
        module: The user's module.
        found: The class or function.
        settings: What the user said of it: `args`, sources by name, and `inputs`, as in `Subject`, with "name" where it
            has one; both may be missing.
        path: The user's file.

    Raises:
        NotAModel: The function returns no model.
        Exception: Whatever the user's code raises for the likeliest arguments.
    """
    deadline = time.monotonic() + SECONDS
    best: tuple[int, tuple[Subject, list[str]] | None] = (-1, None)
    failure: Exception | None = None
    for arguments in guesses(found.item, settings.get("args", {})):
        written = ", ".join(f"{name}={source}" for name, source in arguments.items())
        construct = f"{found.name}({written})"
        probe = Subject(module, {"construct": construct, "inputs": [], "call": "single"}, path)
        try:
            made = probe.make()
        except (Exception, SystemExit) as error:
            failure = failure or (error if isinstance(error, Exception) else None)
            continue
        if not inspect.isclass(found.item) and not isinstance(made, keras.Model):
            raise NotAModel("it builds no model")
        for wanted in input_guesses(found.item, made, settings.get("inputs")):
            subject = Subject(module, {"construct": construct, **wanted}, path)
            ways = ways_to_call(subject)
            if ways == 2:
                return subject, assumptions(subject, arguments, settings)
            if ways > best[0]:
                best = (ways, (subject, assumptions(subject, arguments, settings)))
            if time.monotonic() > deadline:
                break
        if time.monotonic() > deadline:
            break
    if best[1] is not None:
        return best[1]
    assert failure is not None, "there is always a first guess"
    if not inspect.isclass(found.item) and any(p.default is p.empty for p in parameters(found.item)):
        flags = " ".join(f"--arg {p.name}=…" for p in parameters(found.item) if p.default is p.empty)
        raise NotAModel(f"it needs to be told its arguments: {flags}")
    raise failure


def assumptions(subject: Subject, arguments: dict[str, str], settings: dict[str, Any]) -> list[str]:
    """What was chosen and not given, as flags would say it."""
    given = settings.get("args", {})
    assumed = [f"--arg {name}={source}" for name, source in arguments.items() if name not in given]
    if not settings.get("inputs") and not (subject.is_model and not subject.is_made_by_class):
        assumed += [f"--input-shape {show_input(item)}" for item in subject.inputs]
    return assumed


def show_input(item: dict[str, Any]) -> str:
    """An input as after `--input-shape`."""
    shape = ",".join("" if size is None else str(size) for size in item["shape"]) or "()"
    name = f"{item['name']}=" if item.get("name") else ""
    return f"{name}{shape}" + ("" if item["dtype"] == "float32" else f":{item['dtype']}")


def ways_to_call(subject: Subject) -> int:
    """In how many of two ways a new layer takes these inputs: as data, and as symbolic tensors."""
    ways = 0
    for symbolic in (False, True):
        with contextlib.suppress(Exception, SystemExit):
            values = subject.symbolic_inputs() if symbolic else subject.arrays(TRIED_BATCH)
            subject.call(subject.make(), values)
            ways += 1
    return ways


def input_guesses(item: Any, made: Any, given: list[dict[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """`{"inputs": …, "call": …}` to try, the likeliest first."""
    if isinstance(made, keras.Model) and getattr(made, "inputs", None) and not given:
        yield from built_model_inputs(made)
        return
    style, names = how_inputs_arrive(type(made))
    if given:
        if style == "single" and len(given) > 1:
            style = "list"
        yield {"inputs": given, "call": "dict" if all(entry.get("name") for entry in given) else style}
        if len(given) > 1 and style != "arguments":
            yield {"inputs": given, "call": "arguments"}
        return
    for shapes in shape_guesses(type(made), made, names, style):
        inputs = [
            {"shape": list(shape), "dtype": dtype, "below": BELOW, **({"name": name} if style == "dict" else {})}
            for (shape, dtype), name in zip(shapes, names, strict=True)
        ]
        yield {"inputs": inputs, "call": style}


def built_model_inputs(made: Any) -> Iterator[dict[str, Any]]:
    """The inputs that a functional model says it has."""
    structure = getattr(made, "_inputs_struct", made.inputs)
    tensors = keras.tree.flatten(structure)
    inputs = [
        {"shape": list(tensor.shape[1:]), "dtype": str(tensor.dtype), "below": BELOW, "name": tensor.name}
        for tensor in tensors
    ]
    if isinstance(structure, dict):
        named = [{**entry, "name": name} for entry, name in zip(inputs, sorted(structure), strict=True)]
        yield {"inputs": named, "call": "dict"}
    else:
        yield {"inputs": inputs, "call": "list" if len(inputs) > 1 else "single"}


def how_inputs_arrive(cls: Any) -> tuple[str, list[str]]:
    """The style of a call ("single", "list", "dict", "arguments", "cell") and a name for each input."""
    listed = list(inspect.signature(cls.call).parameters.values())[1:]
    if len(listed) > 1 and (hasattr(cls, "state_size") or "state_size" in mentioned_names(cls)):
        return "cell", [listed[0].name if listed else "inputs"]
    fed = [
        parameter.name
        for parameter in listed
        if parameter.name not in NOT_FED
        and parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.POSITIONAL_ONLY)
    ]
    if len(fed) > 1:
        return "arguments", fed
    if not fed:
        variadic = [parameter.name for parameter in listed if parameter.kind is parameter.VAR_POSITIONAL]
        return ("arguments", variadic * 2) if variadic else ("single", ["inputs"])
    uses = uses_of(cls.call, fed[0])
    if uses.keys:
        return "dict", sorted(uses.keys)
    return ("list", [fed[0]] * uses.items) if uses.items > 1 else ("single", fed)


class Uses(ast.NodeVisitor):
    """What a function does with one parameter: the keys it looks up, and how many items it takes apart."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.keys: set[str] = set()
        self.items = 0

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """`inputs["ids"]`, `inputs[1]`."""
        if isinstance(node.value, ast.Name) and node.value.id == self.name and isinstance(node.slice, ast.Constant):
            if isinstance(node.slice.value, str):
                self.keys.add(node.slice.value)
            elif isinstance(node.slice.value, int):
                self.items = max(self.items, node.slice.value + 1)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`a, b = inputs`."""
        if isinstance(node.value, ast.Name) and node.value.id == self.name:
            for target in node.targets:
                if isinstance(target, ast.Tuple | ast.List):
                    self.items = max(self.items, len(target.elts))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        """`for item in inputs`."""
        if isinstance(node.iter, ast.Name) and node.iter.id == self.name:
            self.items = max(self.items, 2)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """`len(inputs)`, `zip(inputs, …)`, `sum(inputs)`, `ops.concatenate(inputs)`."""
        given = any(isinstance(argument, ast.Name) and argument.id == self.name for argument in node.args)
        function = node.func
        takes_lists = (isinstance(function, ast.Name) and function.id in ("len", "zip", "sum", "enumerate")) or (
            getattr(function, "attr", getattr(function, "id", "")) in ("concatenate", "concat", "stack", "add_n")
        )
        if given and takes_lists:
            self.items = max(self.items, 2)
        self.generic_visit(node)


def uses_of(function: Any, name: str) -> Uses:
    """What the source of a function does with a parameter."""
    uses = Uses(name)
    with contextlib.suppress(OSError, TypeError, SyntaxError, ValueError):
        uses.visit(ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))))
    return uses


def mentioned_names(cls: type) -> set[str]:
    """The names of attributes that the user's methods mention."""
    names: set[str] = set()
    for base in cls.__mro__:
        if not base.__module__.startswith(("keras.", "builtins")):
            for item in vars(base).values():
                function = getattr(item, "__func__", getattr(item, "fget", item))
                code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
                names |= set(code.co_names) if code else set()
    return names


def shape_guesses(cls: type, made: Any, names: list[str], style: str) -> Iterator[list[tuple[tuple[int, ...], str]]]:
    """Shapes and dtypes of all inputs, the likeliest first."""
    if style == "cell":
        for size in sizes_of(made):
            yield [((6, size), "float32")] * len(names)
        return
    singles = list(single_guesses(cls, made, names))
    own = [hint_for(name) for name in names]
    if len(names) > 1 and any(own):
        for other in singles[:8]:
            yield [hint or other for hint in own]
    for one in singles:
        yield [one] * len(names)
    if len(names) > 1:
        kinds = singles[:6] if len(names) == 2 else KINDS
        for combination in itertools.product([*kinds, (HALF_IMAGE, "float32")], repeat=min(len(names), 4)):
            yield [*combination, *[combination[-1]] * (len(names) - 4)]


def single_guesses(cls: type, made: Any, names: list[str]) -> Iterator[tuple[tuple[int, ...], str]]:
    """Shapes and dtypes of one input, the likeliest first, each once."""
    hinted = [hint for hint in (input_spec_hint(made), sublayer_hint(made), hint_for(cls.__name__)) if hint]
    if len(names) == 1:
        hinted += [hint for hint in (hint_for(names[0]),) if hint]
    plain = [(VECTOR, "float32"), (SEQUENCE, "float32"), (IMAGE, "float32"), (IDS, "int32"), (VOLUME, "float32")]
    seen = set()
    # A number of steps may be an argument, such as that of the patches of an image.
    plain += [((size, 16), "float32") for size in sizes_of(made)[1:]]
    for shape, dtype in [*hinted, *plain, (SCALAR, "float32"), (SCALAR, "int32"), (VECTOR, "string")]:
        for size in sizes_of(made) if dtype == "float32" and shape else (None,):
            one = ((*shape[:-1], size) if size and not (shape == IMAGE and size == 16) else shape, dtype)
            if one not in seen:
                seen.add(one)
                yield one


def sizes_of(made: Any) -> list[int]:
    """Sizes of the last axis to try: 16, and the whole numbers that the layer keeps."""
    layers = [made, *made._flatten_layers(include_self=False)]
    kept = [value for layer in layers for value in vars(layer).values() if type(value) is int and 2 <= value <= 512]
    return list(dict.fromkeys([16, *kept]))[:5]


def hint_for(name: str) -> tuple[tuple[int, ...], str] | None:
    """What the words in the name of a class or parameter say of its input."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d[dD]?", name)]
    for pattern, shape, dtype in HINTS:
        if any(re.fullmatch(pattern, word) for word in words):
            return shape, dtype
    return None


def input_spec_hint(made: Any) -> tuple[tuple[int, ...], str] | None:
    """What the `input_spec` of a layer says."""
    spec = made.input_spec
    spec = spec[0] if isinstance(spec, (list, tuple)) and spec else spec
    rank = getattr(spec, "ndim", None) or getattr(spec, "min_ndim", None)
    if not rank or not 1 <= rank <= 5:
        return None
    shape = {1: SCALAR, 2: VECTOR, 3: SEQUENCE, 4: IMAGE, 5: VOLUME}[rank]
    sizes = dict(getattr(spec, "axes", None) or {})
    return (
        tuple(int(sizes.get(axis) or sizes.get(axis - rank) or size) for axis, size in enumerate(shape, 1)),
        "float32",
    )


def sublayer_hint(made: Any) -> tuple[tuple[int, ...], str] | None:
    """What the first sublayer with a telling class says."""
    for layer in made._flatten_layers(include_self=False):
        for pattern, shape, dtype in SUBLAYERS:
            if re.fullmatch(pattern, type(layer).__name__):
                return shape, dtype
    return None
