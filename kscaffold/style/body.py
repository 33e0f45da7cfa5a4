"""The calls of a graph as statements: what a function that builds a model and the `call` of a class have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kscaffold.graph.place import Place
from kscaffold.graph.value import Graph, Node, Step, Target
from kscaffold.style.names import Scope, is_named, variable_name

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
    layer = graph.layer_of(step)
    if step.target is Target.BLOCK or layer is None:
        return ", ".join(values) if step.target is Target.BLOCK or len(values) == 1 else f"[{', '.join(values)}]"
    if layer.signature and not layer.signature.merges and layer.signature.inputs > 1:
        return ", ".join(values * layer.signature.inputs if len(values) == 1 else values)
    return values[0] if len(values) == 1 else f"[{', '.join(values)}]"


class Body:
    """Statements that call the steps of a graph.

    Args:
        graph: The graph.
        scope: The names that are taken where the statements stand.
        variables: The variables of values that are there already.
        apply: Gives the source of a call, from the step's index, the step, and the source of its arguments.
        loop: Gives the head of a loop over a repeated step and the source of a call in it.
        temporary: The variable for values that have no name of their own, where it is free.
    """

    def __init__(
        self,
        graph: Graph,
        scope: Scope,
        variables: dict[str, str],
        apply: Callable[[int, Step, str], str],
        loop: Callable[[int, Step, str], tuple[str, str]],
        temporary: str = "x",
    ) -> None:
        self.graph = graph
        self.scope = scope
        self.variables = variables
        self.apply = apply
        self.loop = loop
        self.lines: list[Line] = []
        named = {item.name for item in graph.inputs} | {node.name for node in graph.nodes}
        self.temporary = temporary if temporary not in scope.taken | named | set(variables.values()) else None
        self.outputs = {output.value for output in graph.outputs}
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
            pending = self._write_node(node, keep=not (returns and last))
            if returns and last:
                return pending
        values = [self.variables[output.value] for output in self.graph.outputs]
        return values[0] if len(values) == 1 else f"[{', '.join(values)}]"

    def _write_node(self, node: Node, keep: bool) -> str:
        """Writes a node; gives the source of its value where that is not kept in a variable."""
        made = self.graph.values_of(node)
        kept = [self.scope.new(variable_name(value)) for value in made] if keep else []
        between = self.temporary if node.name in self.outputs and self.temporary else None
        between = between or (kept[0] if len(kept) == 1 else None) or self._spare(node)
        pending = tuple(self.variables[value] for value in node.start)
        nests = False  # whether what is pending is a call that another may be written around
        place: Place | None = None
        for position, step in enumerate(node.steps):
            last = position == len(node.steps) - 1
            arguments = step_arguments(self.graph, step, pending)
            call = self.apply(self.index, step, arguments)
            is_call = place is not None
            if is_call and (
                not nests or step.repeated or arguments.count(pending[0]) > 1 or len(call) > LONGEST_NESTED
            ):
                self.lines.append(Line(f"{between} = {pending[0]}", place))
                pending, is_call = (between,), False
                arguments = step_arguments(self.graph, step, pending)
                call = self.apply(self.index, step, arguments)
            if step.repeated:
                if pending != (between,):
                    self.lines.append(Line(f"{between} = {arguments}", step.place))
                head, inside = self.loop(self.index, step, between)
                self.lines += [Line(head, step.place), Line(f"    {between} = {inside}", step.place)]
                pending, place, nests = (between,), None, False
            else:
                pending, place = (call,), step.place
                nests = is_named(step) and not is_call
            self.index += 1
            if last and kept and (place is not None or pending[0] != ", ".join(kept)):
                self.lines.append(Line(f"{', '.join(kept)} = {pending[0]}", place or step.place))
        self.variables |= dict(zip(made, kept))
        return pending[0]

    def _spare(self, node: Node) -> str:
        """A variable for what stands between the calls of a node without one of its own."""
        return self.temporary or (variable_name(node.name) if node.name not in self.scope.taken else "x")


def text_of(lines: Iterable[Line]) -> list[str]:
    """The lines alone."""
    return [line.text for line in lines]
