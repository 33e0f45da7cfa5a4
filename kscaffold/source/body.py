"""The calls of a graph as statements: what a function that builds a model and the `call` of a class have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kscaffold.base.place import Place
from kscaffold.program.text import literal, show
from kscaffold.program.tree import Tree
from kscaffold.source.names import Scope, is_named, variable_name
from kscaffold.spec.graph.value import Form, Graph, Node, Step, Target

LONGEST_NESTED = 60  # characters of calls inside each other


@dataclass(frozen=True)
class Line:
    """A line of generated code, indented by four spaces a level, and the part of the spec that it comes from."""

    text: str
    place: Place | None = None


Callee = Callable[[int, Step, str | None], str]


def step_arguments(graph: Graph, step: Step, values: tuple[str, ...]) -> str:
    """Source of the values that a step is given: one, several in turn, or a list.

    Args:
        graph: The graph of the step.
        step: The step.
        values: Source of the values.
    """
    layer, part = graph.layer_of(step), graph.part_of(step)
    if step.target in (Target.BLOCK, Target.OPERATION):
        return ", ".join(values)
    if part:
        return structure_source(part.input_form, (item.name for item in part.inputs), values)
    assert layer is not None
    if len(values) == 1 and step.passed.arguments:
        return values[0]
    if layer.signature and not layer.signature.merges and layer.signature.inputs > 1:
        return ", ".join(values * layer.signature.inputs if len(values) == 1 else values)
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"


def structure_source(form: Form, names: Iterable[str], values: Iterable[str]) -> str:
    """Source of what a model takes or gives: one value, a list, or a dictionary."""
    if form is Form.DICT:
        return "{" + ", ".join(f"{literal(name)}: {value}" for name, value in zip(names, values)) + "}"
    listed = ", ".join(values)
    return listed if form is Form.ONE else f"[{listed}]"


class Body:
    """Statements that call the steps of a graph.

    Args:
        graph: The graph.
        scope: The names that are taken where the statements stand.
        variables: The variables of values that are there already.
        apply: Gives the source of a call, from the step's index, the step, and the source of its arguments.
        loop: Gives the head of a loop over a repeated step and the source of a call in it.
        temporary: The variable for values that have no name of their own, where it is free.
        parameter: Gives the source of a parameter of the graph.
    """

    def __init__(
        self,
        graph: Graph,
        scope: Scope,
        variables: dict[str, str],
        apply: Callable[[int, Step, str], str],
        loop: Callable[[int, Step, str], tuple[str, str]],
        temporary: str = "x",
        parameter: Callable[[str], str] = str,
    ) -> None:
        self.graph = graph
        self.scope = scope
        self.variables = variables
        self.apply = apply
        self.loop = loop
        self.parameter = parameter
        self.lines: list[Line] = []
        named = {item.name for item in graph.inputs} | {node.name for node in graph.nodes}
        self.temporary = temporary if temporary not in scope.taken | named | set(variables.values()) else None
        self.outputs = {output.value for output in graph.outputs}
        self.used = self.outputs | {value for node in graph.nodes for value in node.needs}
        self.index = 0

    def write(self, returns: bool = False) -> str:
        """Writes all nodes.

        Args:
            returns: Whether the last value need not be kept in a variable, because it is returned.

        Returns:
            Source of the outputs: one value, or a list.
        """
        for node in self.graph.nodes:
            last = node is self.graph.nodes[-1] and [output.value for output in self.graph.outputs] == [node.name]
            last = last and self.graph.output_form is Form.ONE
            pending = self._write_node(node, keep=not (returns and last))
            if returns and last:
                return pending
        values = [self.variables[output.value] for output in self.graph.outputs]
        return structure_source(self.graph.output_form, (output.name for output in self.graph.outputs), values)

    def _write_node(self, node: Node, keep: bool) -> str:
        """Writes a node; gives the source of its value where that is not kept in a variable."""
        made = self.graph.values_of(node)
        found = self._variables(node, made) if keep else {}
        kept = list(dict.fromkeys(variable.partition("[")[0] for variable in found.values()))
        kept = kept if "_" not in found.values() else list(found.values())
        between = self.temporary if node.name in self.outputs and self.temporary else None
        between = between or (kept[0] if len(kept) == 1 else None) or self._spare(node)
        pending = tuple(self.variables[value] for value in node.start)
        nests = False  # whether what is pending is a call that another may be written around
        place: Place | None = None
        for position, step in enumerate(node.steps):
            last = position == len(node.steps) - 1
            arguments = self._arguments(step, pending)
            call = self._call(step, arguments)
            is_call = place is not None
            if is_call and (
                not nests or step.repeated or arguments.count(pending[0]) > 1 or len(call) > LONGEST_NESTED
            ):
                self.lines.append(Line(f"{between} = {pending[0]}", place))
                pending, is_call = (between,), False
                arguments = self._arguments(step, pending)
                call = self._call(step, arguments)
            if step.repeated:
                if pending != (between,):
                    self.lines.append(Line(f"{between} = {pending[0]}", step.place))
                head, inside = self._loop(step, between)
                self.lines += [Line(head, step.place), Line(f"    {between} = {inside}", step.place)]
                pending, place, nests = (between,), None, False
            else:
                pending, place = (call,), step.place
                nests = is_named(step) and not is_call
            self.index += 1
            if last and kept and (place is not None or pending[0] != ", ".join(kept)):
                self.lines.append(Line(f"{', '.join(kept)} = {pending[0]}", place or step.place))
        self.variables |= found
        return pending[0]

    def _variables(self, node: Node, made: tuple[str, ...]) -> dict[str, str]:
        """Source of each value that a node makes: a variable, or a part of one where it is not known what all are."""
        part = self.graph.part_of(node.steps[-1])
        is_dict = part is not None and len(made) > 1 and part.output_form is Form.DICT
        if is_dict or not node.complete:
            variable = self.scope.new(variable_name(node.name))
            labels = [value.rpartition(".")[2] for value in made]
            keys = [literal(label) if is_dict else label for label in labels]
            return {value: f"{variable}[{key}]" for value, key in zip(made, keys)}
        return {
            value: self.scope.new(variable_name(value)) if value in self.used or not node.parts else "_"
            for value in made
        }

    def _arguments(self, step: Step, values: tuple[str, ...]) -> str:
        """Source of what a call is given: values of its chain, then its own arguments."""
        given = step_arguments(self.graph, step, values) if values else ""
        listed = [self._shown(item) for item in step.passed.arguments]
        listed += [f"{key}={self._shown(item)}" for key, item in step.passed.keywords]
        return ", ".join([*([given] if given else []), *listed])

    def _shown(self, item: Tree) -> str:
        return show(item, self.parameter, value=self.variables.__getitem__)

    def _call(self, step: Step, arguments: str) -> str:
        """Source of a call."""
        if step.part:
            return self._shown(step.part)
        if step.target is Target.OPERATION:
            return f"{step.name}({arguments})"
        call, part = self.apply(self.index, step, arguments), self.graph.part_of(step)
        if part is None or len(part.outputs) > 1 or part.output_form is Form.ONE:
            return call
        return f"{call}[{literal(part.outputs[0].name) if part.output_form is Form.DICT else 0}]"

    def _loop(self, step: Step, value: str) -> tuple[str, str]:
        """The head of a loop over a repeated step, and source of a call in it."""
        arguments = self._arguments(step, (value,))
        if step.target is not Target.OPERATION:
            return self.loop(self.index, step, arguments)
        times = self.parameter(step.repeat) if isinstance(step.repeat, str) else step.repeat
        return f"for _ in range({times}):", self._call(step, arguments)

    def _spare(self, node: Node) -> str:
        """A variable for what stands between the calls of a node without one of its own."""
        return self.temporary or (variable_name(node.name) if node.name not in self.scope.taken else "x")


def text_of(lines: Iterable[Line]) -> list[str]:
    """The lines alone."""
    return [line.text for line in lines]
