"""What goes into a check and what comes out of it: the one definition, for kscaffold and for the check process.

It needs the standard library alone: the check process runs in another interpreter. See `wire` for how these values get
there and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Shape = tuple[int | None, ...]
FEW = 4  # what whole numbers are below where nobody says: less than any vocabulary


class Severity(StrEnum):
    """Whether what a rule finds is wrong, or may be meant."""

    ERROR = "error"
    WARNING = "warning"


class CallStyle(StrEnum):
    """How a layer or model is given its inputs."""

    SINGLE = "single"  # layer(inputs)
    LIST = "list"  # layer([first, second])
    DICT = "dict"  # layer({"ids": first, "weights": second})
    ARGUMENTS = "arguments"  # layer(query, value)
    CELL = "cell"  # keras.layers.RNN(layer)(inputs)


class SavedKind(StrEnum):
    """What kind of file holds a saved model."""

    KERAS = "keras"
    FOLDER = "folder"  # what is inside a .keras file
    H5 = "h5"
    JSON = "json"


class Compared(StrEnum):
    """What of the config of a saved model is to be the same."""

    WHOLE = "whole"
    LAYERS = "layers"  # those of the layers; the classes of the models may differ
    UNNAMED = "unnamed"  # all but names
    LEAVES = "leaves"  # those of the layers that no class of the module holds, one by one
    OUTPUTS = "outputs"  # nothing of the config


@dataclass(frozen=True)
class Feed:
    """What is fed to one input.

    Attributes:
        shape: The shape of one example, without the batch axis; where a size is not fixed, checks choose one.
        dtype: The type of its numbers.
        below: For whole numbers, what they are below; `None` if any will do.
        name: Its key, for inputs that come as a dictionary.
    """

    shape: Shape
    dtype: str = "float32"
    below: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Saved:
    """A saved model that another one is held against.

    Attributes:
        path: Its file.
        kind: What kind of file that is.
        customs: The names of the custom classes in it.
        compared: What of the config is to be the same.
        order: The layers in the order in which the other model has their weights, each by the names of the models that
            it is in; empty for the same order.
    """

    path: Path
    kind: SavedKind
    customs: tuple[str, ...] = ()
    compared: Compared = Compared.WHOLE
    order: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Subject:
    """A layer or model that is to be checked.

    Attributes:
        name: The class, or the function that builds the model.
        construct: Source that makes it.
        feeds: What is fed to each input.
        call: How it is given its inputs.
        layers: For a model made from a graph, how many layers of each class it has; shared ones count once.
        parts: Source of models that share their layers with this one, which is called `model` there.
        saved: For a model made from a saved one, that one: little else is checked then.
    """

    name: str
    construct: str
    feeds: tuple[Feed, ...] = ()
    call: CallStyle = CallStyle.SINGLE
    layers: tuple[tuple[str, int], ...] = ()
    parts: tuple[str, ...] = ()
    saved: Saved | None = None


@dataclass(frozen=True)
class Known:
    """What the user says of a class, so that it need not be guessed.

    Attributes:
        args: Sources of constructor arguments by name.
        feeds: What is fed to its inputs; none to have them guessed.
    """

    args: tuple[tuple[str, str], ...] = ()
    feeds: tuple[Feed, ...] = ()


@dataclass(frozen=True)
class Job:
    """A file that is to be checked.

    Attributes:
        path: Where it is.
        shown: How messages name it.
        search: Folders in which its own imports are found.
        subjects: The classes in it; `None` for all that it defines.
        module: The name that it is imported under; empty for that of the file.
        known: What the user says of classes, by their names; under "" what holds for all.
        asked: What flags say of single classes, which goes before that.
        only: The names of the classes that are wanted; none for all.
        stop: The line from which on only what defines something is run: there a program begins; 0 for none.
    """

    path: Path
    shown: str
    search: tuple[Path, ...]
    subjects: tuple[Subject, ...] | None
    module: str = ""
    known: Mapping[str, Known] = field(default_factory=dict)
    asked: Mapping[str, Known] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    stop: int = 0


@dataclass(frozen=True)
class Limits:
    """What a file may use.

    Attributes:
        seconds: For its import, and for each class.
        megabytes: Of memory, more than what Keras itself takes; 0 for no limit.
        workers: How many files are checked at once; 0 for as many as there are cores.
    """

    seconds: float = 60.0
    megabytes: int = 4096
    workers: int = 0


@dataclass(frozen=True)
class Finding:
    """A defect of the user's code.

    Attributes:
        rule: The id of the rule that found it.
        name: The name of the rule.
        severity: Whether it is wrong, or may be meant.
        message: What is wrong.
        file: The file as messages name it.
        line: The line in it, where one is known.
        code: That line.
        place: Where the spec says so, if the code comes from a spec.
        fix: What to do about it.
        causes: The ids of the rules whose findings follow from this one.
        consequences: The findings that follow from it.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    file: str
    line: int | None = None
    code: str = ""
    place: str = ""
    fix: str = ""
    causes: tuple[str, ...] = ()
    consequences: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class CalledLayer:
    """A layer that a model called, for its summary.

    Attributes:
        name: The name of the layer.
        kind: Its class.
        depth: How many sub-models or custom layers it is inside of.
        shapes: The shapes of its outputs.
        parameters: How many parameters it has.
        again: Whether it was called before: its weights are shared.
    """

    name: str
    kind: str
    depth: int
    shapes: tuple[Shape, ...] = ()
    parameters: int = 0
    again: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the checks say of one class.

    Attributes:
        subject: The class.
        findings: Its defects; what follows from another one is among the consequences of that.
        passed: The ids of the rules that found none.
        skipped: The rules that did not run, each with the reason.
        input_shapes: The shapes of the inputs of a symbolic call, `()` if there was none.
        output_shapes: The shapes of its outputs.
        parameters: How many parameters the layer has once it is built.
        trainable: How many of them are trainable.
        layers: For a model, the layers that it calls, in order.
        lines: The first and the last line of its definition, where they are known.
        assumed: The flags that would say what was guessed.
        unchecked: Why it was not checked; empty if it was.
    """

    subject: Subject
    findings: tuple[Finding, ...] = ()
    passed: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    input_shapes: tuple[Shape, ...] = ()
    output_shapes: tuple[Shape, ...] = ()
    parameters: int | None = None
    trainable: int | None = None
    layers: tuple[CalledLayer, ...] = ()
    lines: tuple[int, int] | None = None
    assumed: tuple[str, ...] = ()
    unchecked: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True)
class FileVerdict:
    """What the checks say of one file.

    Attributes:
        shown: How messages name it.
        findings: What is wrong with the file itself, or outside of its classes.
        verdicts: What is said of its classes.
        megabytes: The most memory that its process had of its own at a glance.
        note: What the user should know, though nothing is wrong.
    """

    shown: str
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    megabytes: int = 0
    note: str = ""
