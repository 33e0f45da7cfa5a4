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
    SAVED_MODEL = "saved_model"  # the folder that tf.keras wrote for TensorFlow


class Compared(StrEnum):
    """What of the config of a saved model is to be the same."""

    WHOLE = "whole"
    LAYERS = "layers"  # those of the layers; the classes of the models may differ
    UNNAMED = "unnamed"  # all but names
    LEAVES = "leaves"  # those of the layers that no class of the module holds, one by one
    OUTPUTS = "outputs"  # nothing of the config


@dataclass(frozen=True)
class Feed:
    """What is fed to one input."""

    shape: Shape  # of one example, without the batch axis; where a size is not fixed, checks choose one
    dtype: str = "float32"
    below: int | None = None  # what whole numbers are below; `None` if any will do
    name: str = ""  # its key, for inputs that come as a dictionary


@dataclass(frozen=True)
class Saved:
    """A saved model that another one is held against."""

    path: Path
    kind: SavedKind
    customs: tuple[str, ...] = ()  # the names of the custom classes in it
    compared: Compared = Compared.WHOLE
    # The layers in the order in which the other model has their weights, each by the names of the models that it is in;
    # empty for the same order.
    order: tuple[tuple[str, ...], ...] = ()
    compiled: str = ""  # what it was compiled with, as JSON; empty if that is not known
    compiles: str = ""  # the function that compiles the other model so
    config: str = ""  # of an older file, as today's Keras knows it; empty for a file that Keras loads itself
    names: Mapping[str, str] = field(default_factory=dict)  # what the file calls layers that have other names there
    keep: Path | None = None  # where the model is saved, if its weights are in a form that it cannot load


@dataclass(frozen=True)
class Subject:
    """A layer or model that is to be checked: a class, or a function that builds a model."""

    name: str
    construct: str  # the source that makes it
    feeds: tuple[Feed, ...] = ()
    call: CallStyle = CallStyle.SINGLE
    layers: tuple[tuple[str, int], ...] = ()  # of a graph: how many of each class there are; shared ones count once
    parts: tuple[str, ...] = ()  # sources of models that share their layers with this one, which is `model` there
    saved: Saved | None = None  # what it was made from: little but that is checked then


@dataclass(frozen=True)
class Known:
    """What the user says of a class, so that it need not be guessed: sources of arguments by name, and its inputs."""

    args: tuple[tuple[str, str], ...] = ()
    feeds: tuple[Feed, ...] = ()


@dataclass(frozen=True)
class Job:
    """A file that is to be checked."""

    path: Path
    shown: str  # how messages name it
    search: tuple[Path, ...]  # folders in which its own imports are found
    subjects: tuple[Subject, ...] | None  # the classes in it; `None` for all that it defines
    module: str = ""  # the name that it is imported under; empty for that of the file
    known: Mapping[str, Known] = field(default_factory=dict)  # by the names of classes; under "" what holds for all
    asked: Mapping[str, Known] = field(default_factory=dict)  # what flags say of single classes, which goes before that
    only: tuple[str, ...] = ()  # the names of the classes that are wanted; none for all
    stop: int = 0  # the line from which on only what defines something is run, for there a program begins; 0 for none


@dataclass(frozen=True)
class Limits:
    """What a file may use."""

    seconds: float = 60.0  # for its import, and for each class
    megabytes: int = 4096  # more than what Keras itself takes; 0 for no limit
    workers: int = 0  # how many files are checked at once; 0 for as many as there are cores


@dataclass(frozen=True)
class Finding:
    """A defect of the user's code, and the rule that found it."""

    rule: str  # its id
    name: str
    severity: Severity
    message: str
    file: str  # as messages name it
    line: int | None = None
    code: str = ""  # that line
    place: str = ""  # where the spec says so, if the code comes from a spec
    fix: str = ""
    causes: tuple[str, ...] = ()  # the ids of the rules whose findings follow from this one
    consequences: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class CalledLayer:
    """A layer that a model called, for its summary."""

    name: str
    kind: str  # its class
    depth: int  # how many sub-models or custom layers it is inside of
    shapes: tuple[Shape, ...] = ()  # of its outputs
    parameters: int = 0
    again: bool = False  # whether it was called before: its weights are shared


@dataclass(frozen=True)
class Verdict:
    """What the checks say of one class."""

    subject: Subject
    findings: tuple[Finding, ...] = ()  # what follows from another one is among the consequences of that
    passed: tuple[str, ...] = ()  # the ids of the rules that found nothing
    skipped: tuple[tuple[str, str], ...] = ()  # the rules that did not run, each with the reason
    input_shapes: tuple[Shape, ...] = ()  # of a symbolic call, `()` if there was none
    output_shapes: tuple[Shape, ...] = ()
    parameters: int | None = None
    trainable: int | None = None  # how many of the parameters are
    layers: tuple[CalledLayer, ...] = ()  # those that a model calls, in order
    lines: tuple[int, int] | None = None  # the first and the last of its definition, where they are known
    assumed: tuple[str, ...] = ()  # the flags that would say what was guessed
    unchecked: str = ""  # why it was not checked; empty if it was
    is_open: bool = False  # whether it would have been, had somebody said what it takes

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return not any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(frozen=True)
class FileVerdict:
    """What the checks say of one file."""

    shown: str  # how messages name it
    findings: tuple[Finding, ...] = ()  # what is wrong with the file itself, or outside of its classes
    verdicts: tuple[Verdict, ...] = ()
    megabytes: int = 0  # the most memory that its process had of its own at a glance
    note: str = ""  # what the user should know, though nothing is wrong
