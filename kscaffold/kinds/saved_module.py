"""A module for a saved model, in one of three styles, and its test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.choices import Style
from kscaffold.base.place import Place
from kscaffold.kinds.destination import Destination
from kscaffold.kinds.drawing import picture_file
from kscaffold.kinds.made_inputs import call_style, keyed_inputs, made_inputs
from kscaffold.kinds.model_text import model_module, part_package
from kscaffold.kinds.scaffold import Scaffold, SummaryRow, called_row
from kscaffold.program.passes import rewrite
from kscaffold.program.value import Program
from kscaffold.saved.flat import flat_program
from kscaffold.saved.names import own_name
from kscaffold.saved.value import SavedFile, SavedInput, layer_order
from kscaffold.source.compiled import compile_source
from kscaffold.source.module import Written, write
from kscaffold.source.stub import stub_source, what

if TYPE_CHECKING:
    from kscaffold.check import CallStyle, Compared, Feed, Finding, Job, Saved, Verdict
    from kscaffold.disk.plan import File
    from kscaffold.library.render import Draft

SAVED_TEST = "test/saved.py.jinja"
WEIGHTS = ".keras"
SUPPLIED = "supplied"  # the folder of templates with what Keras 3 has no more
ADVISE_OPTIONS = ("KS201", "KS204")  # how a class is made, and what it takes: here the file says so
BY_HAND = "Write it with --force or --no-check and correct it by hand, and please report it."


@dataclass(frozen=True)
class SavedFlags:
    """What is asked of a saved model, as typed.

    Attributes:
        flat: Whether each call is a statement of its own.
        customs: `--custom`: the custom classes, as `package.module:Class`.
        allow_stubs: Whether what the file does not hold may be left to be filled in.
        diagram: A file in the output folder for a picture: `.svg` or `.md`.
    """

    file: str
    style: Style | None = None
    flat: bool = False
    customs: tuple[str, ...] = ()
    allow_stubs: bool = False
    to_spec: bool = False
    diagram: str | None = None


@dataclass(frozen=True)
class SavedScaffold(Scaffold):
    """A module for a saved model, of which its file says all."""

    file: SavedFile
    flags: SavedFlags
    style: Style
    of_saved = True

    @property
    def made(self) -> str:
        """The class of the model, or the function that builds it."""
        is_class = self.style is Style.SUBCLASSED
        return self.destination.name.class_name if is_class else f"build_{self.destination.name.module}"

    @property
    def compiles(self) -> str:
        """The function that compiles the model as it was; empty if the file does not say how."""
        return f"compile_{self.destination.name.module}" if self.file.compiled else ""

    @property
    def builds(self) -> bool:
        """Whether the model has to be called before it has weights: a class, or one whose inputs nobody knows."""
        model = self.file.model
        return self.style is Style.SUBCLASSED or not (model.inputs or model.build_shape)

    @property
    def exports(self) -> tuple[str, ...]:
        """The class of the model, or the function that builds it."""
        return (self.made,)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has to be filled in, and what the code does not bring."""
        found = [f"{what(stub)[0].upper()}{what(stub)[1:]}: {stub.name} is a stub." for stub in self.file.stubs]
        private = [
            f"{name} is not a public class of Keras: the code imports it from {module}."
            for module, name in self.file.customs
            if module.startswith("keras.")
        ]
        return (*found, *private, *self.file.notes)

    @cached_property
    def program(self) -> Program:
        """The functions that the module is made of."""
        flat = flat_program(self.file, self.destination.name.module)
        return flat if self.flags.flat else rewrite(flat, self.style)

    @cached_property
    def written(self) -> Written:
        """The functions and classes of the module."""
        return write(self.program, self.style, self.destination.name.class_name)

    def picture_file(self) -> File | None:
        """The picture that is asked for."""
        return saved_picture_file(self.destination, self.file, self.flags)

    @property
    def defined(self) -> set[str]:
        """The functions and classes of the module, and what has to be filled in."""
        found = self.written.names | {stub.name for stub in self.file.stubs} | {*self.supplied}
        return found | ({self.compiles} if self.compiles else set())

    @property
    def supplied(self) -> tuple[str, ...]:
        """What the module brings along because Keras 3 has it no more."""
        return self.file.modern.supplied if self.file.modern else ()

    def supplied_source(self, name: str) -> str:
        """Source of a function or class that the module brings along."""
        from kscaffold.library.render import render

        page = self.destination.catalogue.page(f"{SUPPLIED}/{name}.py.jinja")
        return render(page, {"package": part_package(self.destination)}).text

    def module(self) -> tuple[Draft, Mapping[int, Place]]:
        """The module, before formatting, and the places that its statements come from."""
        stubs = [stub_source(stub, self.destination.settings.package) for stub in self.file.stubs]
        stubs = [*map(self.supplied_source, self.supplied), *stubs]
        title = f"{self.destination.name.class_name}: a {self.style} Keras model."
        compiled = compile_source(self.file.compiled, self.compiles) if self.file.compiled else ""
        return model_module(self.destination, self.style, title, self.written, stubs, self.file.customs, compiled)

    def test(self) -> Draft:
        """The test, before formatting."""
        from kscaffold.library.render import render

        context = {
            **made_inputs(self.file.model),
            "made": self.made,
            "builds": self.builds,
            "name": self.destination.name.class_name,
            **self.destination.importing,
        }
        return render(self.destination.catalogue.page(SAVED_TEST), context)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import Compared, Job, Subject

        if self.file.stubs:
            return Job(staged, shown, self.destination.search, ())
        saved = saved_side(self.file, self.flags, Compared.LAYERS if self.flags.style else Compared.WHOLE)
        if self.file.compiled:
            saved = replace(saved, compiled=json.dumps(self.file.compiled.config), compiles=self.compiles)
        if saved.config and self.file.kind != "json":
            saved = replace(saved, keep=staged.with_suffix(WEIGHTS))
        subject = Subject(self.made, f"{self.made}()", saved=saved)
        if self.style is Style.SUBCLASSED:
            feeds, call = self.feeds
            saved = replace(saved, compared=Compared.LEAVES, order=tuple(layer_order(self.file.model)))
            subject = replace(subject, saved=saved, feeds=feeds, call=call)
        return Job(staged, shown, self.destination.search, (subject,))

    @property
    def feeds(self) -> tuple[tuple[Feed, ...], CallStyle]:
        """What the rules for classes feed to the model, and how; nothing where they cannot make such inputs."""
        from kscaffold.check import CallStyle, Feed

        model = self.file.model
        items = keyed_inputs(model)
        if len(items) != len(model.inputs) or not all(map(_can_be_fed, model.inputs)):
            return (), CallStyle.SINGLE
        feeds = tuple(Feed(shape, dtype, below, key) for key, (shape, dtype, below) in items)
        return feeds, CallStyle(call_style(model))

    def found_files(self, staged: Path) -> list[File]:
        """The saved weights, where the check found them in a form that `load_weights` does not take."""
        from kscaffold.disk.plan import File

        found = staged.with_suffix(WEIGHTS)
        if not found.exists():
            return []
        target = self.destination.module.with_suffix(WEIGHTS)
        if target.resolve() == Path(self.flags.file).resolve():
            target = target.with_stem(f"{target.stem}_weights")
        return [File(target, "", data=found.read_bytes())]

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts, which advise nothing that is an option of `kscaffold check` alone."""

        def advised(finding: Finding) -> Finding:
            return replace(finding, fix=BY_HAND) if finding.rule in ADVISE_OPTIONS else finding

        return tuple(replace(verdict, findings=tuple(map(advised, verdict.findings))) for verdict in verdicts)

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """The layers as Keras called them, else those of the file."""
        called = [layer for verdict in verdicts for layer in verdict.layers]
        if called:
            return tuple(called_row(layer) for layer in called)
        return tuple(
            SummaryRow(layer.made.class_name if layer.generated else f"{layer.made.class_name} {layer.name}", "", None)
            for layer in self.file.model.layers
        )


def saved_picture_file(destination: Destination, file: SavedFile, flags: SavedFlags) -> File | None:
    """The picture of a saved model, if one is asked for; see `kscaffold.kinds.drawing.picture_file`."""
    from kscaffold.source.picture import saved_picture

    title = destination.name.class_name
    return picture_file(flags.diagram, lambda: saved_picture(file.model, title), destination.output_dir)


def saved_side(file: SavedFile, flags: SavedFlags, compared: Compared) -> Saved:
    """What the check process holds a model against, and in what."""
    from kscaffold.check import Saved, SavedKind

    customs = tuple(name for _, name in file.customs)
    saved = Saved(Path(flags.file).resolve(), SavedKind(file.kind), customs, compared)
    modern = file.modern
    if modern is None or (modern.era == "keras3" and saved.kind is not SavedKind.SAVED_MODEL):
        return saved  # Keras loads it itself, and that is what the model is held against
    names = {path: own_name(entry) for path, entry in modern.origins.items()}
    customs = (*customs, *modern.supplied)
    return replace(saved, customs=customs, config=json.dumps(modern.config), names=names)


def _can_be_fed(item: SavedInput) -> bool:
    """Whether rules know what an input takes: numbers, of any batch size, and images of a size that is fixed."""
    plain = bool(item.shape) and item.shape[0] is None and not item.options and item.dtype != "string"
    return plain and (len(item.shape) < 4 or None not in item.shape[1:])
