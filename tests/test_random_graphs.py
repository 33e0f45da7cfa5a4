"""Random graphs, valid by construction: every style that can hold them gives good code, and broken ones are refused."""

from __future__ import annotations

import ast
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscaffold.check import CheckProcess, Job, Verdict, find_interpreter
from kscaffold.errors import RequestError
from kscaffold.formatting import black_mode, format_python
from kscaffold.generate.model import ModelScaffold, OwnLayers, Style
from kscaffold.generate.pipeline import Destination, Request, find_destination
from kscaffold.graph.document import parse_document
from kscaffold.graph.resolve import resolve_graph
from kscaffold.graph.shapes import infer_shapes
from kscaffold.graph.value import Graph
from kscaffold.render import demand_names

T = TypeVar("T")
Shape = tuple[int, ...]
Draw = Callable[[st.SearchStrategy[Any]], Any]

EXAMPLES = 120
BROKEN = 300
CHECKED = 12
SLOWEST = 10  # seconds for one spec
SPEC = "spec.yaml"
PLACE = re.compile(rf"{re.escape(SPEC)}:[0-9]+:[0-9]+")
PROPERTY: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}

SIZES = {"width": 4, "units": 3, "length": 5}
# Values, shared layers, and models with blocks; many are names that generated code might use itself.
VALUES = (
    "x y inputs outputs hidden h2 dense add shape layer config input_shape x_shape x2 dense1 dropout value index rest "
    "left right merged embedding name kwargs flatten a b c d e f g h i j k m n o p q r s t u v w z"
).split()
SHARED = "table common dense2 lookup embedding1 dense_layers concatenate scale first second third".split()
PARTS = "tower encoder wide_part decoder residual mixing block stem head unit cell piece slab tail body core".split()
CUTS = "features_model front half lower upper".split()
ACTIVATIONS = ["", ", relu", ", tanh", ", activation=gelu"]
SAME = [
    "Dropout(0.2)",
    "BatchNormalization",
    "LayerNormalization()",
    "Activation(relu)",
    "ReLU",
    "BatchNormalization()",
]


@dataclass(frozen=True)
class Value:
    """A value of a graph: how it is written, and its shape; whole numbers still need an embedding."""

    name: str
    shape: Shape
    ids: bool = False


@dataclass(frozen=True)
class Part:
    """A sub-model or a block.

    Attributes:
        name: Its name.
        takes: The shapes of the inputs of a model; of a block, `None` for each.
        outputs: The names of its outputs.
        apply: Shapes of the outputs for those of the inputs and the argument.
        calls: How many layer calls a call of it makes.
        is_chain: Whether a sequential model can hold it.
        parameter: How a block's parameter is given: "any", "default", "last" for the last size of its input, or "".
        ranks: The ranks that it takes.
    """

    name: str
    takes: tuple[Shape | None, ...]
    outputs: tuple[str, ...]
    apply: Callable[[tuple[Shape, ...], int], tuple[Shape, ...]]
    calls: int
    is_chain: bool
    parameter: str = ""
    ranks: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Spec:
    """A spec, and what is known of it by construction.

    Attributes:
        text: The YAML.
        is_chain: Whether the sequential style can hold it.
        parts: The names of its models and blocks.
        blocks: Which of them are blocks.
        cuts: The names of the models cut out of it.
        calls: How many layer calls the main model makes.
    """

    text: str
    is_chain: bool
    parts: tuple[str, ...]
    blocks: frozenset[str]
    cuts: tuple[str, ...]
    calls: int

    def styles(self) -> tuple[Style, ...]:
        """The styles that can hold it, as far as that is known; a cut may be one that no layer can be."""
        styles = [Style.FUNCTIONAL]
        styles += [] if self.cuts else [Style.SUBCLASSED]
        return (*styles, *([Style.SEQUENTIAL] if self.is_chain else []))

    def defined(self, style: Style) -> set[str]:
        """The names of all functions and classes of its module."""
        if style is Style.SUBCLASSED:
            names = ["random_graph", *self.parts, *self.cuts]
            return {"".join(word.capitalize() for word in name.split("_")) for name in names}
        names = ["random_graph", *(name for name in self.parts if name not in self.blocks), *self.cuts]
        return {f"build_{name}" for name in names} | self.blocks


@dataclass
class Family:
    """What a spec has besides its main graph."""

    draw: Draw
    simple: bool
    names: set[str] = field(default_factory=lambda: {*SIZES, "depth", "rate", "filters"})
    parameters: set[str] = field(default_factory=set)
    parts: dict[str, Part] = field(default_factory=dict)
    sections: dict[str, dict[str, Any]] = field(default_factory=lambda: {"models": {}, "blocks": {}})

    def one(self, *items: T) -> T:
        """One of some things; the first is the simplest."""
        found: T = self.draw(st.sampled_from(items))
        return found

    def number(self, low: int, high: int) -> int:
        """A whole number."""
        return int(self.draw(st.integers(low, high)))

    def often(self, of: int = 2) -> bool:
        """True one time in so many."""
        return self.number(1, of) == of

    def name(self, pool: list[str], taken: set[str]) -> str:
        """A name that is not taken, from then on it is."""
        start = self.number(0, len(pool) - 1)
        found = next(
            name for name in (*pool[start:], *pool[:start], *(f"value{i}" for i in range(999))) if name not in taken
        )
        taken.add(found)
        return found

    def size(self, number: int, plain: bool = False) -> str:
        """A size as it is written: a number, a parameter, or computed from one."""
        ways = [str(number)]
        for name, default in SIZES.items():
            if default == number:
                ways += [name, name]
            if not plain and 2 * default == number:
                ways.append(f"2 * {name}")
        chosen = self.one(*ways)
        self.parameters |= {name for name in SIZES if name in chosen}
        return chosen

    def count(self) -> tuple[str, int]:
        """How often something is repeated: the text behind it, and the number."""
        if self.number(0, 3) < 3:
            return "", 1
        if self.often():
            self.parameters.add("depth")
            return " x depth", 2
        return " x2", 2


class Scope:
    """One graph that grows node by node: the main one, or a sub-model."""

    def __init__(self, family: Family, depth: int) -> None:
        self.family = family
        self.depth = depth
        self.taken: set[str] = set()
        self.inputs: dict[str, Any] = {}
        self.shared: dict[str, str] = {}
        self.reusable: list[tuple[str, Shape, Shape, bool]] = []
        self.nodes: list[tuple[str, str]] = []
        self.outputs: list[tuple[str, str]] = []
        self.bare = True  # whether all outputs are names of values
        self.values: list[Value] = []
        self.uses: Counter[str] = Counter()
        self.called: Counter[str] = Counter()
        self.plain: dict[str, tuple[str, ...]] = {}  # nodes that end with a layer of their own: the inputs behind them
        self.behind: dict[str, tuple[str, ...]] = {}
        self.calls = 0
        self.chain = True

    def new(self, pool: list[str]) -> str:
        """A name that is free here and everywhere."""
        return self.family.name(pool, _Both(self.taken, self.family.names))

    def input(self, shape: Shape, ids: bool) -> None:
        """Declares an input."""
        name = self.new(VALUES)
        sizes = [self.family.size(size, plain=True) for size in shape]
        listed = f"[{', '.join(sizes)}]" if self.family.often() else f"({', '.join(sizes)},)"
        short = sizes[0] if len(sizes) == 1 and self.family.often() else listed
        if ids:
            way = self.family.one(f"{{shape: {listed}, dtype: int32}}", f"{sizes[0]}:int32")
        else:
            way = self.family.one(short, f"{{shape: {listed}}}")
        if listed[0] == "(" and way[0] == "{":
            way = way.replace("(", "[").replace(",)", "]").replace(")", "]")
        self.inputs[name] = way
        self.values.append(Value(name, shape, ids))
        self.behind[name] = (name,)

    def layer(self, shape: Shape) -> tuple[str, Shape]:
        """A layer for a shape, and the shape that it gives."""
        family = self.family
        size = family.number(2, 8)
        kinds = ["dense", "dense", "same", "same", "rate"]
        kinds += ["reshape"] if len(shape) == 1 else ["conv", "lstm", "rnn", "pool", "flatten", "attention"]
        kind = family.one(*kinds)
        if kind == "dense":
            return f"Dense({family.size(size)}{family.one(*ACTIVATIONS)})", (*shape[:-1], size)
        if kind == "same":
            return family.one(*SAME), shape
        if kind == "rate":
            family.parameters.add("rate")
            return "Dropout(rate)", shape
        if kind == "reshape":
            steps = 2 if shape[0] % 2 == 0 else shape[0]
            return f"Reshape(({steps}, {shape[0] // steps}))", (steps, shape[0] // steps)
        if kind == "conv":
            return f"Conv1D({family.size(size)}, 2, padding=same{family.one(*ACTIVATIONS)})", (shape[0], size)
        if kind == "lstm":
            return f"LSTM({family.size(size)})", (size,)
        if kind == "rnn":
            return f"LSTM({family.size(size)}, return_sequences=True)", (shape[0], size)
        if kind == "attention" and not family.simple:
            self.chain = False
            return "MultiHeadAttention(1, 2)", shape
        if kind == "flatten":
            return family.one("Flatten", "Flatten()"), (shape[0] * shape[1],)
        return family.one("GlobalAveragePooling1D", "GlobalAveragePooling1D()"), (shape[1],)

    def link(self, shape: Shape) -> tuple[str, Shape, bool]:
        """Something that takes one value of a shape: its text, what it gives, and whether it is a layer of its own."""
        family = self.family
        kind = family.one("layer", "layer", "layer", "layer", "shared", "model", "block")
        if kind == "shared":
            known = [item for item in self.reusable if item[1] == shape and not item[3]]
            if known and not family.simple and family.often():
                name, _, made, _ = family.one(*known)
            else:
                name = self.new(SHARED)
                text, made = self.layer(shape)
                self.shared[name] = text
                self.reusable.append((name, shape, made, False))
            self.called[name] += 1
            self.calls += 1
            return name, made, False
        if kind in ("model", "block") and (kind == "model" or self.depth < 2):
            part = self.part(kind, (shape,), one_output=True)
            if part:
                text, shapes = self.call(part, (shape,))
                return text, shapes[0], False
        text, made = self.layer(shape)
        behind, times = family.count()
        if times > 1 and (made != shape or not text.endswith(")")):
            behind, times = "", 1
        self.calls += times
        return text + behind, made, times == 1

    def part(self, kind: str, shapes: tuple[Shape, ...], one_output: bool) -> Part | None:
        """A model or block that takes those shapes: one that is there, or a new one."""
        family = self.family
        fitting = [
            part
            for part in family.parts.values()
            if (part.name in family.sections[f"{kind}s"])
            and len(part.takes) == len(shapes)
            and all(wanted in (None, shape) for wanted, shape in zip(part.takes, shapes))
            and all(len(shape) in part.ranks for shape in shapes)
            and (not one_output or len(part.outputs) == 1)
            and (kind == "block" or part.name not in self.called or not family.simple)
            and part.parameter != "last"
            or (part.parameter == "last" and len(shapes) == 1 and kind == "block")
        ]
        fitting = [part for part in fitting if len(part.takes) == len(shapes)]
        fitting = [part for part in fitting if not one_output or len(part.outputs) == 1]
        fitting = [part for part in fitting if all(len(shape) in part.ranks for shape in shapes)]
        if fitting and family.often():
            return family.one(*fitting)
        if self.depth >= 2 or len(family.parts) >= 5:
            return family.one(*fitting) if fitting else None
        return (
            make_model(family, shapes, self.depth, one_output)
            if kind == "model"
            else make_block(family, len(shapes), len(shapes[0]), one_output)
        )

    def call(self, part: Part, shapes: tuple[Shape, ...]) -> tuple[str, tuple[Shape, ...]]:
        """The text of a call, and what it gives."""
        family = self.family
        if part.takes[0] is not None:
            self.called[part.name] += 1
            self.calls += 1 + part.calls
            self.chain &= part.is_chain
            return part.name, part.apply(shapes, 0)
        argument, text = 4, family.one("", "()")
        if part.parameter == "last":
            argument = shapes[0][-1]
        if part.parameter in ("last", "any"):
            argument = argument if part.parameter == "last" else family.number(2, 6)
            text = family.one("({})", "(filters={})").format(family.size(argument))
        elif part.parameter == "default" and family.often():
            argument = family.number(2, 6)
            text = f"({family.size(argument)})"
        self.chain &= part.is_chain
        behind, times = family.count()
        if times > 1 and (len(part.takes) > 1 or len(part.outputs) > 1):
            behind, times = "", 1
        for _ in range(times):
            made = part.apply(shapes, argument)
            shapes = made
            self.calls += part.calls
        return part.name + (text or ("()" if behind else "")) + behind, made

    def grow(self) -> None:
        """One more node."""
        family = self.family
        unused = [value for value in self.values if not self.uses[value.name]]
        value = unused[-1] if family.simple or family.often() else family.one(*self.values)
        pair = None
        if not family.simple and family.number(0, 2) == 2:
            pair = self.pair(value)
        self.node(pair or (value,), self.new(VALUES), family.number(0 if pair else 1, 3))

    def pair(self, value: Value) -> tuple[Value, ...] | None:
        """Two or three values that can be merged."""
        like = [other for other in self.values if other.shape[:-1] == value.shape[:-1] and not other.ids]
        if value.ids or len(like) < 2:
            return None
        others = [other for other in like if other != value]
        several = self.family.draw(st.lists(st.sampled_from(others), min_size=1, max_size=2, unique=True))
        return (value, *several)

    def node(self, start: tuple[Value, ...], name: str, links: int, output: bool = False) -> None:
        """A node from some values with so many further links."""
        family = self.family
        texts = [start[0].name] if len(start) == 1 else [f"({', '.join(value.name for value in start)})"]
        shape = start[0].shape
        own = False
        made: tuple[Shape, ...] = ()
        names: tuple[str, ...] = ()
        if start[0].ids:
            size = family.number(2, 8)
            shape = (*shape, size)
            known = [item for item in self.reusable if item[1] == start[0].shape and item[3]]
            if known and not family.simple and family.often():
                shared, _, shape, _ = family.one(*known)
                texts.append(shared)
                self.called[shared] += 1
            elif family.often():
                shared = self.new(SHARED)
                self.shared[shared] = f"Embedding(12, {family.size(size)})"
                self.reusable.append((shared, start[0].shape, shape, True))
                self.called[shared] += 1
                texts.append(shared)
            else:
                texts.append(f"Embedding(12, {family.size(size)})")
                own = True
            self.calls += 1
            links -= 1
        elif len(start) > 1:
            shapes = tuple(value.shape for value in start)
            part = None
            if len(start) == 2 and self.depth < 2 and family.number(0, 2) == 2:
                part = self.part(family.one("block", "model"), shapes, one_output=family.often())
            if part:
                text, made = self.call(part, shapes)
                texts.append(text)
                if len(made) > 1:
                    links, names = 0, part.outputs
                shape = made[0]
            else:
                merges = ["Concatenate", "Concatenate(axis=-1)"]
                if len(set(shapes)) == 1:
                    merges = ["Add", "Multiply()", "Average", "Maximum", *merges]
                merge = family.one(*merges)
                texts.append(merge)
                self.calls += 1
                own = True
                if merge.startswith("Concatenate"):
                    shape = (*shape[:-1], sum(item[-1] for item in shapes))
            self.chain = False
        for _ in range(links if not (len(start) > 1 and names) else 0):
            text, shape, own = self.link(shape)
            texts.append(text)
        for value in start:
            self.uses[value.name] += 1
        behind = tuple(sorted({name for value in start for name in self.behind[value.name]}))
        (self.outputs if output else self.nodes).append((name, " -> ".join(texts)))
        found = (
            tuple(Value(f"{name}.{item}", item_shape) for item, item_shape in zip(names, made))
            if names
            else (Value(name, shape),)
        )
        self.values += found
        for value in found:
            self.behind[value.name] = behind
        if own:
            self.plain[name] = behind

    def finish(self, one_output: bool) -> list[Value]:
        """Makes all that is unused an output, or merges it; gives the values of the outputs."""
        family = self.family
        unused = [value for value in self.values if not self.uses[value.name]]
        if len(unused) > 1 and (one_output or family.often() or len(unused) > 3):
            flat: list[Value] = []
            for value in unused:
                if len(value.shape) == 1 and not value.ids:
                    flat.append(value)
                    continue
                name = self.new(VALUES)
                texts = [value.name]
                if value.ids:
                    texts.append("Embedding(12, 2)")
                texts.append("GlobalAveragePooling1D")
                self.nodes.append((name, " -> ".join(texts)))
                self.calls += len(texts) - 1
                self.uses[value.name] += 1
                self.behind[name] = self.behind[value.name]
                flat.append(Value(name, (2 if value.ids else value.shape[-1],)))
                self.values.append(flat[-1])
            name = self.new(VALUES)
            self.nodes.append((name, f"({', '.join(value.name for value in flat)}) -> Concatenate"))
            self.calls += 1
            self.chain = False
            for value in flat:
                self.uses[value.name] += 1
            self.behind[name] = tuple(sorted({item for value in flat for item in self.behind[value.name]}))
            unused = [Value(name, (sum(value.shape[0] for value in flat),))]
            self.values += unused
        final: list[Value] = []
        for value in unused:
            if value.name in self.inputs or family.often():
                label = self.new(VALUES)
                self.node((value,), label, family.number(1, 2), output=True)
                self.bare = False
                final.append(self.values[-1])
            else:
                if family.often():
                    label = self.new(VALUES)
                    self.bare = False
                else:
                    label = value.name.replace(".", "_")
                    self.bare &= label == value.name
                self.outputs.append((label, value.name))
                self.uses[value.name] += 1
                final.append(value)
        if not one_output and not family.simple and len(self.nodes) > 1 and family.number(0, 3) == 3:
            name = family.one(*[node for node, _ in self.nodes])
            value = next((value for value in self.values if value.name == name), None)
            if value and value not in final:
                label = self.new(VALUES)
                self.outputs.append((label, name))
                self.bare = False
                self.uses[name] += 1
                final.append(value)
        several = [name for name, times in self.called.items() if times > 1]
        forks = [name for name, times in self.uses.items() if times > 1]
        self.chain &= len(self.inputs) == len(self.outputs) == 1 and not several and not forks
        return final

    def yaml(self) -> dict[str, Any]:
        """The sections."""
        family = self.family
        sections: dict[str, Any] = {"inputs": self.inputs}
        if self.shared:
            sections["shared"] = self.shared
        if self.nodes:
            sections["nodes"] = dict(family.draw(st.permutations(self.nodes)))
        labels = [label for label, _ in self.outputs]
        sections["outputs"] = labels if self.bare and family.often() else dict(self.outputs)
        return sections


class _Both(set[str]):
    """Two sets: what is in either is taken, what is added goes to the first."""

    def __init__(self, first: set[str], second: set[str]) -> None:
        super().__init__(first | second)
        self.first = first

    def add(self, name: str) -> None:
        super().add(name)
        self.first.add(name)


def make_model(family: Family, shapes: tuple[Shape, ...], depth: int, one_output: bool) -> Part:
    """A sub-model for inputs of those shapes."""
    name = family.name(PARTS, family.names)
    scope = Scope(family, depth + 1)
    for shape in shapes:
        scope.input(shape, False)
    for _ in range(family.number(0, 2)):
        scope.grow()
    final = scope.finish(one_output)
    family.sections["models"][name] = scope.yaml()
    made = tuple(value.shape for value in final)
    part = Part(
        name, shapes, tuple(label for label, _ in scope.outputs), lambda given, argument: made, scope.calls, scope.chain
    )
    family.parts[name] = part
    return part


def make_block(family: Family, inputs: int, rank: int, one_output: bool) -> Part:
    """A block: it takes values of any last size."""
    name = family.name(PARTS, family.names)
    taken: set[str] = set()
    starts = [family.name(VALUES, _Both(taken, family.names)) for _ in range(inputs)]
    sequences = rank == 2 and family.often()
    parameter = family.one("", "any", "default")
    residual = inputs == 1 and not family.simple and family.number(0, 2) == 2
    parameter = family.one("last", "last") if residual else parameter
    size, last = ("filters", -1) if parameter else (family.size(4), 4)
    calls = 0

    def links(number: int) -> str:
        nonlocal calls
        texts = []
        for _ in range(number):
            kinds = [f"Dense({size}{family.one(*ACTIVATIONS)})", family.one(*SAME)]
            kinds += [f"Conv1D({size}, 3, padding=same)", f"LSTM({size}, return_sequences=True)"] if sequences else []
            kind = family.one(*kinds)
            twice = kind.endswith(")") and family.number(0, 3) == 3
            calls += 2 if twice else 1
            texts.append(kind + (" x2" if twice else ""))
        texts.append(f"Dense({size})")
        calls += 1
        return " -> ".join(texts)

    nodes: list[tuple[str, str]] = []
    outputs: list[tuple[str, str]] = []
    sections: dict[str, Any] = {}
    if inputs > 1:
        start = f"({', '.join(starts)}) -> Concatenate"
        calls += 1
    else:
        start = starts[0]
    is_chain = inputs == 1
    if residual:
        is_chain = False
        inner = family.name(VALUES, _Both(taken, family.names))
        nodes.append((inner, f"{start} -> {links(family.number(0, 2))}"))
        outputs.append((family.name(VALUES, _Both(taken, family.names)), f"({starts[0]}, {inner}) -> Add"))
        calls += 1
    else:
        if family.often():
            inner = family.name(VALUES, _Both(taken, family.names))
            nodes.append((inner, f"{start} -> {links(family.number(0, 1))}"))
            start = inner
        if family.number(0, 3) == 3 and not family.simple:
            shared = family.name(SHARED, _Both(taken, family.names))
            sections["shared"] = {shared: f"Dense({size})"}
            inner = family.name(VALUES, _Both(taken, family.names))
            nodes.append((inner, f"{start} -> Dense({size}) -> {shared} -> {shared}"))
            calls += 3
            start, is_chain = inner, False
        for _ in range(1 if one_output or not nodes else family.number(1, 2)):
            outputs.append(
                (family.name(VALUES, _Both(taken, family.names)), f"{start} -> {links(family.number(0, 1))}")
            )
        is_chain &= len(outputs) == 1
    if parameter:
        sections["parameters"] = (
            {"filters": family.one("4", "{default: 4, doc: Positive integer.}")}
            if parameter == "default"
            else ["filters:int"]
        )
    sections["inputs"] = starts[0] if inputs == 1 and family.often() else starts
    if nodes:
        sections["nodes"] = dict(family.draw(st.permutations(nodes)))
    sections["outputs"] = dict(outputs)
    family.sections["blocks"][name] = sections
    part = Part(
        name,
        (None,) * inputs,
        tuple(label for label, _ in outputs),
        lambda given, argument: tuple((*given[0][:-1], argument if last < 0 else last) for _ in outputs),
        calls,
        is_chain,
        parameter,
        (2,) if sequences else (1, 2),
    )
    family.parts[name] = part
    return part


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Valid specs."""
    family = Family(draw, draw(st.integers(0, 2)) == 0)
    main = Scope(family, 0)
    for _ in range(1 if family.simple else family.number(1, 3)):
        kind = family.one("features", "ids", "sequence")
        shape: Shape = (family.number(2, 6),)
        main.input((*shape, family.number(2, 4)) if kind == "sequence" else shape, kind == "ids")
    for _ in range(family.number(0, 5)):
        main.grow()
    main.finish(one_output=family.simple)
    cuts: dict[str, Any] = {}
    if main.plain and not family.simple and family.number(0, 3) == 3:
        end = family.one(*sorted(main.plain))
        cut = family.name(CUTS, family.names)
        cuts[cut] = {"inputs": list(main.behind[end]), "outputs": [end]}
    sections: dict[str, Any] = main.yaml()
    models = {**family.sections["models"], **cuts}
    if models:
        sections["models"] = models
    if family.sections["blocks"]:
        sections["blocks"] = family.sections["blocks"]
    if family.parameters:
        known = {**SIZES, "depth": 2, "rate": 0.25}
        sections["parameters"] = {
            name: family.one(str(known[name]), f"{{default: {known[name]}, doc: It says how many.}}")
            for name in sorted(family.parameters)
        }
    if family.often():
        sections["summary"] = family.one("A model.", '"It says \\"no\\", and 100 %: {x} # {{y}}."')
    order = draw(st.permutations(list(sections)))
    text = write_yaml({name: sections[name] for name in order}, family.one(2, 4), family)
    names = (*family.sections["models"], *family.sections["blocks"])
    return Spec(text, main.chain and not cuts, names, frozenset(family.sections["blocks"]), tuple(cuts), main.calls)


def write_yaml(value: dict[str, Any], step: int, family: Family, indent: int = 0) -> str:
    """YAML with chains in plain, quoted or folded form."""
    lines = []
    for key, item in value.items():
        lead = " " * indent + f"{key}:"
        if isinstance(item, dict):
            lines += [lead, write_yaml(item, step, family, indent + step)]
        elif isinstance(item, list):
            lines.append(f"{lead} [{', '.join(item)}]")
        elif "->" in item and family.number(0, 3) == 3:
            quoted = family.often()
            folded = item.replace(" -> ", f"\n{' ' * (indent + step)}-> ")
            lines.append(f"{lead} '{item}'" if quoted else f"{lead} >-\n{' ' * (indent + step)}{folded}")
        else:
            lines.append(f"{lead} {item}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Destination:
    """A folder of no project."""
    return find_destination(Request("random_graph", output_dir=tmp_path_factory.mktemp("graphs")))


def resolve(text: str) -> Graph:
    return resolve_graph(parse_document(text, SPEC), "random_graph", {})


def scaffold(graph: Graph, style: Style, destination: Destination) -> ModelScaffold:
    own = OwnLayers(graph.own_classes, "custom")
    return ModelScaffold(destination, SPEC, graph, infer_shapes(graph, own.infer), style, own)


def module_text(model: ModelScaffold) -> str:
    return model.text(model.style, model.parts)[0]


@dataclass(frozen=True)
class Made:
    """A valid spec with the formatted module in each style that holds it."""

    spec: Spec
    modules: dict[Style, str]


@pytest.fixture(scope="module")
def made(destination: Destination) -> list[Made]:
    """Random graphs in all styles that can hold them; what must hold for each of them is asserted here."""
    collected: list[Made] = []

    @settings(max_examples=EXAMPLES, **PROPERTY)
    @given(specs())
    def collect(spec: Spec) -> None:
        graph = resolve(spec.text)
        modules = {}
        for style in Style:
            try:
                model = scaffold(graph, style, destination)
                text = module_text(model)
            except RequestError as error:
                assert style not in spec.styles(), f"{error}\n{spec.text}"
                assert error.where and PLACE.fullmatch(error.where), error
                assert re.search(r"'\w+(\.\w+)?'|^\w+ ", error.message), error
                assert error.hint and "functional" in error.hint
                continue
            assert style is not Style.SEQUENTIAL or spec.is_chain, spec.text
            formatted = format_python(text, black_mode({}), "a style")
            assert format_python(formatted, black_mode({}), "a style") == formatted
            demand_names(formatted, spec.defined(style), spec.text)
            modules[style] = formatted
        collected.append(Made(spec, modules))

    collect()
    return collected


def test_every_style_holds_many_graphs(made: list[Made]) -> None:
    held = Counter(style for item in made for style in item.modules)
    assert held[Style.FUNCTIONAL] == len(made) >= EXAMPLES * 0.9
    assert held[Style.SUBCLASSED] > EXAMPLES * 0.7
    assert held[Style.SEQUENTIAL] > EXAMPLES * 0.15
