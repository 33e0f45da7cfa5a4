"""Random graph specs, valid by construction, with what is known of each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Shape = tuple[int, ...]

# Names that a user may choose, many of them such that generated code could use them itself.
VALUES = (
    "x y inputs outputs hidden dense layer config input_shape x_shape x2 dense1 dropout value index rest "
    "kwargs merged embedding left right name a b c d e f g h i j k"
).split()
PARTS = "tower encoder decoder residual mixing block stem head unit cell piece body".split()
SHARED = "table common lookup embedding1 dense_layers concatenate scale first second".split()

SAME_SHAPE = ["Dropout(0.2)", "BatchNormalization", "LayerNormalization()", "Activation(relu)", "ReLU x2"]


@dataclass(frozen=True)
class Part:
    """A sub-model or a block: the shapes that it takes and returns."""

    name: str
    takes: tuple[Shape, ...]
    gives: tuple[tuple[str, Shape], ...]
    is_chain: bool
    call: str


@dataclass(frozen=True)
class Spec:
    """A spec, and what is known of it by construction.

    Attributes:
        text: The YAML.
        is_chain: Whether the sequential style can hold it.
        has_cuts: Whether a model is cut out of it.
    """

    text: str
    is_chain: bool
    has_cuts: bool


@dataclass
class Family:
    """What a whole spec shares: its sub-models, its blocks and its parameters."""

    names: set[str] = field(default_factory=set)
    models: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)


class Grown:
    """A graph that grows node by node: the main one, or a part."""

    def __init__(self, draw: st.DrawFn, family: Family, depth: int) -> None:
        self.draw = draw
        self.family = family
        self.depth = depth
        self.taken: set[str] = set()
        self.inputs: dict[str, Any] = {}
        self.shared: dict[str, str] = {}
        self.nodes: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.values: dict[str, Shape] = {}
        self.origin: dict[str, str] = {}  # of the nodes that call only their own layers: the one input
        self.uses: dict[str, int] = {}
        self.is_chain = True

    def one(self, *items: Any) -> Any:
        return self.draw(st.sampled_from(items))

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(1, 100)) > 100 - percent)

    def new(self, names: list[str]) -> str:
        """A name that is not used yet."""
        free = [name for name in names if name not in self.taken | self.family.names]
        name = str(self.one(*free)) if free else f"value{len(self.taken)}"
        self.taken.add(name)
        return name

    def size(self) -> tuple[str, int]:
        """A size as it is written, and as a number."""
        number = self.draw(st.integers(2, 6))
        if not self.chance(20):
            return str(number), number
        name = self.one("width", "units", "filters")
        return name, self.family.parameters.setdefault(name, number)

    def input(self, shape: Shape, dtype: str = "float32") -> None:
        name = self.new(VALUES)
        short = len(shape) == 1 and dtype == "float32" and self.chance(50)
        self.inputs[name] = shape[0] if short else {"shape": list(shape), "dtype": dtype}
        if dtype == "int32":
            embedded = self.new(VALUES)
            size, number = self.size()
            layer = f"Embedding(12, {size})"
            if self.chance(50):
                layer, made = self.new(SHARED), layer
                self.shared[layer] = made
            self.nodes[embedded] = f"{name} -> {layer}"
            self.values[embedded] = (*shape, number)
        else:
            self.values[name] = shape
            self.origin[name] = name

    def layer(self, shape: Shape) -> tuple[str, Shape]:
        """A layer with one input, and the shape that it returns."""
        size, number = self.size()
        activation = self.one("", ", relu", ", activation=tanh")
        known: list[tuple[str, Shape]] = [
            (f"Dense({size}{activation})", (*shape[:-1], number)),
            (self.one(*SAME_SHAPE), shape),
            (f"Dense({shape[-1]}, relu) x2", shape),
        ]
        if len(shape) == 2:
            known += [
                (f"Conv1D({size}, 2, padding=same)", (shape[0], number)),
                (f"LSTM({size})", (number,)),
                (f"Bidirectional(LSTM({size}, return_sequences=True))", (shape[0], 2 * number)),
                ("GlobalAveragePooling1D", (shape[1],)),
                ("Flatten()", (shape[0] * shape[1],)),
                ("MultiHeadAttention(1, 2)", shape),
            ]
        found: tuple[str, Shape] = self.one(*known)
        self.is_chain &= "MultiHeadAttention" not in found[0]
        return found

    def links(self, shape: Shape, number: int) -> tuple[str, Shape]:
        """A few layers in a row."""
        texts = []
        for _ in range(number):
            text, shape = self.layer(shape)
            texts.append(text)
        return " -> ".join(texts), shape

    def add(self, start: list[str], text: str, shape: Shape) -> str:
        """A node."""
        name = self.new(VALUES)
        self.nodes[name] = f"{start[0] if len(start) == 1 else '(' + ', '.join(start) + ')'} -> {text}"
        self.values[name] = shape
        for value in start:
            self.uses[value] = self.uses.get(value, 0) + 1
        self.is_chain &= len(start) == 1
        return name

    def grow(self) -> None:
        """One more node of some kind."""
        value = self.one(*self.values)
        unused = [name for name in self.values if name not in self.uses]
        value = unused[-1] if unused and self.chance(70) else value
        shape = self.values[value]
        kind = self.one("layers", "layers", "merge", "shared", "part", "part", "operation")
        if kind == "operation":
            self.operate(value)
            return
        if kind == "merge":
            alike = [name for name, other in self.values.items() if name != value and other[:-1] == shape[:-1]]
            if alike:
                other = self.one(*alike)
                if self.values[other] == shape and self.chance(50):
                    self.add([value, other], self.one("Add", "Multiply()", "Average"), shape)
                else:
                    self.add([value, other], "Concatenate", (*shape[:-1], shape[-1] + self.values[other][-1]))
                return
        if kind == "shared":
            name = self.new(SHARED)
            self.shared[name] = f"Dense({shape[-1]}, relu)"
            times = self.one(1, 2)
            self.is_chain &= times == 1
            self.add([value], " -> ".join([name] * times), shape)
            return
        if kind == "part" and self.depth < 2:
            self.call_a_part(value)
            return
        text, made = self.links(shape, self.one(1, 2, 3))
        name = self.add([value], text, made)
        if value in self.origin:
            self.origin[name] = self.origin[value]

    def operate(self, value: str) -> None:
        """A node with an operation or a slice, or a layer with states or arguments of a call."""
        shape = self.values[value]
        kind = self.one("one", "chain", "two", "list", "slice", "last", "mean", "states", "passed")
        others = [name for name, other in self.values.items() if other == shape]
        other = self.one(*others)
        self.is_chain = False
        if kind in ("last", "mean", "states") and len(shape) < 2:
            kind = "slice"
        if kind == "states":
            size, number = self.size()
            name = self.add([value], f"LSTM({size}, return_state=True)", ())
            del self.values[name]
            self.values |= {f"{name}.{index}": (number,) for index in range(3)}
            self.uses[f"{name}.1"] = self.uses[f"{name}.2"] = 1
            self.add([value], f"LSTM({size})(initial_state=[{name}.1, {name}.2])", (number,))
            return
        cut = max(1, shape[0] - 1)
        chains: dict[str, tuple[str, Shape]] = {
            "one": (f"ops.{self.one('subtract', 'multiply')}({self.one('1', '2.5')}, {value})", shape),
            "chain": (f"{value} -> ops.{self.one('square', 'relu', 'add(1)', 'multiply(x2=0.5)')} -> ReLU", shape),
            "two": (f"ops.{self.one('add', 'maximum')}({value}, {other}) -> Dense({shape[-1]})", shape),
            "list": (f"ops.concatenate([{value}, {other}], axis=-1)", (*shape[:-1], 2 * shape[-1])),
            "slice": (f"{value}[:, {self.one(f':{cut}', f'-{cut}:')}]", (cut, *shape[1:])),
            "last": (f"{value}[:, -1]", shape[1:]),
            "mean": (f"{value} -> ops.mean(axis=1)", shape[1:]),
            "passed": (f"{value} -> Dropout(0.3)(training=False)", shape),
        }
        chain, made = chains[kind]
        name = self.new(VALUES)
        self.nodes[name], self.values[name] = chain, made
        for used in (value, other) if kind in ("two", "list") else (value,):
            self.uses[used] = self.uses.get(used, 0) + 1

    def structure(self) -> dict[str, Any]:
        """How a model takes its inputs and returns its outputs, and whether it is trained."""
        said = {kind: self.one("dict", "list") for kind in ("inputs", "outputs") if self.chance(8)}
        self.is_chain &= not said
        found: dict[str, Any] = {"structure": said} if said else {}
        return found | ({"trainable": False} if self.chance(8) else {})

    def call_a_part(self, value: str) -> None:
        """A node that calls a sub-model or a block, existing or new."""
        shape = self.values[value]
        fitting = [part for part in self.family.parts if part.takes[0] == shape and len(part.takes) == 1]
        part = self.one(*fitting) if fitting and self.chance(50) else self.new_part(shape)
        others = [name for name, other in self.values.items() if name != value and other == part.takes[-1]]
        start = [value]
        if len(part.takes) > 1:
            start.append(self.one(*others) if others else self.add([value], self.links_to(shape, part.takes[1]), shape))
        self.is_chain &= part.is_chain and part not in fitting
        if len(part.gives) == 1:
            self.add(start, part.call, part.gives[0][1])
            return
        name = self.add(start, part.call, ())
        del self.values[name]
        self.values |= {f"{name}.{output}": made for output, made in part.gives}

    def links_to(self, shape: Shape, wanted: Shape) -> str:
        return "LayerNormalization" if shape == wanted else f"Dense({wanted[-1]})"

    def new_part(self, shape: Shape) -> Part:
        family = self.family
        name = next(name for name in (*PARTS, *(f"part{i}" for i in range(99))) if name not in family.names)
        family.names.add(name)
        part = Grown(self.draw, family, self.depth + 1)
        part.taken |= self.taken if self.chance(20) else set()
        takes = (shape, shape) if self.chance(25) else (shape,)
        for item in takes:
            part.input(item)
        for _ in range(self.one(1, 2)):
            part.grow()
        gives = part.finish(one_output=self.chance(80))
        sections = part.sections()
        call = name
        if self.chance(40):
            sections["inputs"] = list(sections["inputs"])
            family.blocks[name] = sections
            call = f"{name}()"
            if len(takes) == len(gives) == 1 and gives[0][1] == shape:
                call = self.one(call, f"{name}() x2", f"{name} x2")
        else:
            family.models[name] = sections | part.structure()
            if self.chance(20):
                call, part.is_chain = f"{name}(training=False)", False
        is_chain = part.is_chain and len(gives) == len(takes) == 1
        family.parts.append(Part(name, takes, gives, is_chain, call))
        return family.parts[-1]

    def finish(self, one_output: bool) -> tuple[tuple[str, Shape], ...]:
        """Makes outputs of the unused values; returns their names and shapes."""
        unused = [name for name in self.values if name not in self.uses]
        if len(unused) > 1 and one_output:
            flat = [
                name if len(self.values[name]) == 1 else self.add([name], "Flatten", self.flat(name)) for name in unused
            ]
            unused = [self.add(flat, "Concatenate", (sum(self.values[name][0] for name in flat),))]
        gives = []
        for value in unused:
            if value in self.nodes and self.chance(50):
                self.outputs[value] = value
                gives.append((value, self.values[value]))
            else:
                size, number = self.size()
                name = self.new(VALUES)
                self.outputs[name] = f"{value} -> Dense({size})"
                gives.append((name, (*self.values[value][:-1], number)))
        self.is_chain &= len(self.inputs) == len(gives) == 1 and max(self.uses.values(), default=1) == 1
        return tuple(gives)

    def flat(self, name: str) -> Shape:
        first, second = self.values[name]
        return (first * second,)

    def sections(self) -> dict[str, Any]:
        order = self.draw(st.permutations(list(self.nodes)))
        found = {
            "inputs": self.inputs,
            "shared": self.shared,
            "nodes": {name: self.nodes[name] for name in order},
            "outputs": self.outputs,
        }
        return {name: section for name, section in found.items() if section}


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Specs with several inputs and outputs, merges, shared layers, sub-models, blocks and cuts."""
    family = Family()
    main = Grown(draw, family, 0)
    for _ in range(main.one(1, 1, 2, 3)):
        kind = main.one("features", "features", "sequence", "ids")
        steps, features = draw(st.integers(2, 5)), draw(st.integers(2, 5))
        main.input((steps, features) if kind == "sequence" else (features,), "int32" if kind == "ids" else "float32")
    for _ in range(main.one(0, 1, 2, 3, 4, 5)):
        main.grow()
    main.finish(one_output=main.chance(60))
    sections = main.sections() | main.structure()
    cuts = {}
    ends = [name for name in main.origin if not main.nodes.get(name, "x2").endswith("x2")]
    if ends and main.chance(30):
        end = main.one(*ends)
        cuts["cut"] = {"inputs": [main.origin[end]], "outputs": [end]}
    if family.models or cuts:
        sections["models"] = {**family.models, **cuts}
    if family.blocks:
        sections["blocks"] = family.blocks
    used = {
        name: number for name, number in family.parameters.items() if re.search(rf"[( ]{name}\b", json.dumps(sections))
    }
    if used:
        sections["parameters"] = {name: {"default": number} for name, number in used.items()}
    text = "\n".join(f"{name}: {json.dumps(sections[name])}" for name in draw(st.permutations(list(sections))))
    return Spec(text, main.is_chain and not cuts, bool(cuts))
