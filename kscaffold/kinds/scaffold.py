"""What one kind of module brings to the pipeline, and what comes of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from kscaffold.base.errors import ExitCode
from kscaffold.base.place import Place
from kscaffold.keras_data import catalogue
from kscaffold.kinds.destination import Destination
from kscaffold.source.formatting import Formatter

if TYPE_CHECKING:
    from kscaffold.check import CalledLayer, Job, Verdict
    from kscaffold.disk.plan import File, Plan
    from kscaffold.library.render import Draft


@dataclass(frozen=True)
class SummaryRow:
    """A layer of a model, indented by two spaces for each one that it is inside of; `None` parameters are not known."""

    layer: str
    shape: str
    parameters: int | None


def called_row(layer: CalledLayer) -> SummaryRow:
    """The row of a layer that Keras called."""
    # The names that Keras gives by itself say nothing beside the class.
    made_up = re.sub(r"_[0-9]+$", "", layer.name).replace("_", "") == layer.kind.lower()
    title = layer.kind if made_up else f"{layer.kind} {layer.name}"
    repeated = " (again)" if layer.again else ""
    parameters = 0 if layer.again else layer.parameters
    return SummaryRow("  " * layer.depth + title + repeated, ", ".join(map(str, layer.shapes)), parameters)


class ByHand(NamedTuple):
    """Lines that are left for the user to add to a file."""

    path: str
    lines: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Outcome:
    """What came of a request.

    Attributes:
        text: That of the module.
        verdicts: What the checks say, one for each class.
        unchecked: Why nothing was checked; empty if it was.
        recovered: Files that an interrupted run had left half done, and that are again as they were before it.
        written: Whether the files are on the disk.
        summary: For a model, its layers.
        by_hand: What is left for the user to add to files.
        templates: The templates that it is made from and that are not built in, with where they come from.
        of_saved: Whether it was to be held against a saved model.
        weights: The file with the saved weights that was made beside the module, as messages name it; empty for none.
    """

    template: str
    text: str
    plan: Plan
    verdicts: tuple[Verdict, ...] = ()
    unchecked: str = ""
    warnings: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    written: bool = False
    summary: tuple[SummaryRow, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    of_saved: bool = False
    weights: str = ""

    @property
    def doubt(self) -> str:
        """Why it is not known whether a model is the saved one that it was made from; empty if it is known."""
        from kscaffold.check.findings import not_compared

        reasons = (not_compared(verdict) or ("" if verdict.ok else "the check failed") for verdict in self.verdicts)
        return self.unchecked or next(filter(None, reasons), "")

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        if self.plan.conflicts:
            return ExitCode.CONFLICT
        return ExitCode.DONE if all(verdict.ok for verdict in self.verdicts) else ExitCode.CHECK_FAILED


@dataclass(frozen=True)
class Scaffold(ABC):
    """What one kind of module brings to the pipeline.

    Attributes:
        template: The template that it is made from, or the spec.
        of_saved: Whether it is held against a saved model: a large one takes minutes to check, and what builds
            another model is a beginning, which `--force` writes.
    """

    destination: Destination
    template: str
    of_saved: ClassVar[bool] = False

    @property
    @abstractmethod
    def exports(self) -> tuple[str, ...]:
        """The names of the module that its package exports."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know, though nothing is wrong."""
        class_name = self.destination.name.class_name
        return name_warnings(class_name) if class_name in self.exports else ()

    @property
    def defined(self) -> set[str]:
        """The classes and functions that the module has to define, and no others."""
        return set(self.exports)

    @abstractmethod
    def module(self) -> tuple[Draft, Mapping[int, Place]]:
        """The module, before formatting, and the places in the spec that its statements come from, by their number."""

    @abstractmethod
    def test(self) -> Draft:
        """The test, before formatting."""

    def picture_file(self) -> File | None:
        """The picture of the graph, if one is asked for."""
        return None

    def render(self, formatter: Formatter, with_test: bool) -> list[File]:
        """The formatted module, held against what was asked for, then its test, then its picture."""
        from kscaffold.library.render import demand_names

        black = self.destination.settings.black
        module, _ = self.module()
        formatter.send(module.text, black, module.template)
        if with_test:
            test = self.test()
            formatter.send(test.text, black, test.template)

        from kscaffold.disk.plan import File  # while black is at work

        picture = self.picture_file()
        files = [File(self.destination.module, formatter.receive())]
        demand_names(files[0].text, self.defined, module.template)
        if with_test:
            files.append(File(self.destination.test, formatter.receive()))
        return [*files, picture] if picture else files

    @abstractmethod
    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked about the module that is staged at a path."""

    def found_files(self, staged: Path) -> list[File]:
        """What the check left beside the module that is staged at a path: files that belong to it."""
        return []

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts on a formatted module, found in an interpreter, in the user's terms."""
        return verdicts

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """For a model, its layers: as Keras called them if it was checked, else as far as they are known."""
        return ()


def name_warnings(class_name: str) -> tuple[str, ...]:
    """A warning where Keras has a layer of that name."""
    if not catalogue.is_layer(class_name) and class_name not in catalogue.BASE_CLASSES:
        return ()
    wrong = f"Keras has a layer {class_name} of its own; it is easy to import the wrong one."
    return (f"{wrong} For example: My{class_name}.",)
