"""Functions of `keras.ops` as the operators that people write, where an operator computes the same.

`ops.multiply(x, 0.5)` casts whole numbers before it multiplies; `x * 0.5` is left to the backend, which may refuse
them. So operators only stand between numbers of one type.

    total = ops.add(ops.square(mean), variance)   ->   total = ops.square(mean) + variance
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from kscaffold.keras_data import catalogue
from kscaffold.program.text import COMPARISONS
from kscaffold.program.tree import Code, Object, Plain, Ref, Tree, Variable, refs
from kscaffold.program.value import Program, Routine, Step, StepKind

OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "floor_divide": "//",
    "power": "**", "mod": "%", "matmul": "@", "greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=",
}  # fmt: skip
FUNCTIONS = {symbol: f"ops.{name}" for name, symbol in reversed(OPERATORS.items())}  # `divide`, not `true_divide`
FOR_FLOATS = ("/", "**")
# What is known of the numbers of a value: floats of the type that layers compute with, whole numbers of the type of an
# input, or nothing.
Numbers: TypeAlias = type[float] | type[int] | None
# Functions that give floats for floats.
KEEPING = (
    "abs clip concatenate cos cumsum exp expand_dims expm1 flip gelu leaky_relu log log1p max maximum mean min minimum"
    " moveaxis negative normalize prod relu repeat reshape rsqrt sigmoid silu sin softmax softplus sqrt square squeeze"
    " stack std sum swapaxes tanh tile transpose tril triu var"
).split()


def with_operators(program: Program, typed: bool = False) -> Program:
    """The program with operators instead of functions, where their operands have one type.

    Args:
        typed: Whether the first operand may be nothing that a function gave: type checkers take that for `None`, too.
    """
    return Program(tuple(map(_Operators(typed).routine, program.routines)))


class _Operators:
    def __init__(self, typed: bool) -> None:
        self.typed = typed
        self.functions: set[int] = set()  # the steps that call one
        self.gives: dict[str, Numbers] = {}  # what each function of the program gives
        self.numbers: dict[int, Numbers] = {}
        self.named: dict[str, Tree] = {}
        self.sizes: dict[str, Numbers] = {}

    def routine(self, routine: Routine) -> Routine:
        self.named = dict(routine.layers)
        self.sizes = {item.name: self.of(item.default) for item in routine.parameters if item.default}
        dtypes = [item.dtype for item in routine.model.inputs] if routine.model else []
        whole = {dtype for dtype in dtypes if "int" in dtype}
        # Whole numbers of two types are not operands of one operator.
        known = {"float32": float} | (dict.fromkeys(whole, int) if len(whole) == 1 else {})
        self.numbers = {-1 - place: known[dtype] for place, dtype in enumerate(dtypes) if dtype in known}
        steps = tuple(map(self.step, routine.steps))
        self.gives[routine.name] = self.common(refs(routine.result))
        return replace(routine, steps=steps)

    def step(self, step: Step) -> Step:
        """A step with operators, whose numbers are known from then on."""
        if step.kind is StepKind.LOOP:
            self.numbers[step.uid] = self.common(ref for tree in step.args for ref in refs(tree))
        step = replace(step, body=tuple(map(self.step, step.body)))
        if step.kind is StepKind.OPERATION and isinstance(step.callee, Code):
            name = step.callee.text.removeprefix("ops.")
            symbol = "-" if name == "negative" else OPERATORS.get(name)
            operands = 1 if name == "negative" else 2
            if symbol and len(step.args) == operands and not step.kwargs and self.fits(symbol, step.args):
                step = replace(step, callee=Code(symbol))
        if step.is_function:
            self.functions.add(step.uid)
        self.numbers[step.uid] = self.given_by(step)
        return step

    def fits(self, symbol: str, operands: Iterable[Tree]) -> bool:
        """Whether an operator computes with operands what its function does."""
        operands = tuple(operands)
        if self.typed and isinstance(operands[0], Ref) and operands[0].source in self.functions:
            return False
        numbers = {self.of(tree) for tree in operands}
        # A plain number takes the type of the floats.
        floats = {self.of(tree) for tree in operands if isinstance(tree, Ref | Code)} == {float}
        return (None not in numbers and floats) or (numbers == {int} and symbol not in FOR_FLOATS)

    def of(self, tree: Tree) -> Numbers:
        match tree:
            case Ref(source=source):
                return self.numbers.get(source)
            case Plain(value=value):
                return type(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
            case Variable(name=name):
                return self.sizes.get(name)
            case Code(text=text) if text.startswith("self."):
                return float  # a weight
        return None

    def common(self, found: Iterable[Ref]) -> Numbers:
        """What several values are, if they are alike."""
        kinds = {self.of(ref) for ref in found}
        return kinds.pop() if len(kinds) == 1 else None

    def given_by(self, step: Step) -> Numbers:
        taken = self.common(ref for tree in step.trees for ref in refs(tree))
        match step.kind:
            case StepKind.OPERATION:
                symbol = OPERATORS.get(step.class_name, step.class_name)
                keeps = step.is_activation or symbol in (*OPERATORS.values(), "[]", *KEEPING)
                return taken if keeps and symbol not in COMPARISONS else None
            case StepKind.LOOP:
                return self.of(step.result) if step.result else None
            case StepKind.INVOKE:
                return self.gives.get(step.class_name)
            case StepKind.LAYER | StepKind.NAMED:
                made = self.named.get(step.class_name) if step.kind is StepKind.NAMED else step.callee
                if isinstance(made, Object) and made.target.startswith(":build_"):
                    return self.gives.get(made.target[1:])
                return float if _gives_floats(made) else None
        return None


def _gives_floats(made: Tree | None) -> bool:
    """Whether a layer is one of Keras that computes floats: those that look something up may give whole numbers."""
    if not isinstance(made, Object) or not made.target.startswith("layers.") or "dtype" in dict(made.keywords):
        return False
    name = made.class_name
    looks_up = name.endswith(("Lookup", "Crossing", "Hashing", "Discretization", "Vectorization", "Encoding"))
    return catalogue.is_layer(name) and not looks_up
