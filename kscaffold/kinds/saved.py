"""Source for a saved model, and its test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.naming import identifier, parse_module_name
from kscaffold.kinds.destination import Destination, Request, find_destination
from kscaffold.kinds.drawing import picture_file
from kscaffold.kinds.made_inputs import made_inputs
from kscaffold.kinds.pipeline import Outcome, Resolve, Scaffold, SummaryRow, generate
from kscaffold.program.model import SavedFile, SavedModel, as_functional
from kscaffold.program.passes.search import factor
from kscaffold.program.value import Program, flat_program
from kscaffold.saved import read_model
from kscaffold.source.formatting import Formatter
from kscaffold.source.parts import Function
from kscaffold.source.program import program_parts, uses_module
from kscaffold.source.spec import plain_chain
from kscaffold.source.stub import stub_source, what

if TYPE_CHECKING:
    from kscaffold.check import Finding, Job, Verdict
    from kscaffold.disk import writer

SAVED_TEST = "test/saved.py.jinja"
MODULE = "style/program.py.jinja"
ADVISE_OPTIONS = ("KS201", "KS204")  # how a class is made, and what it takes: here the file says so
BY_HAND = "Write it with --force or --no-check and correct it by hand, and please report it."
SECONDS, MEGABYTES = 900.0, 16384  # for the check: the largest models of keras.applications take minutes


@dataclass(frozen=True)
class SavedFlags:
    """What is asked of a saved model, as typed.

    Attributes:
        file: The file or folder.
        style: `--style`, if it is given.
        flat: Whether each call is a statement of its own.
        customs: `--custom`: the classes of one's own, as `package.module:Class`.
        allow_stubs: Whether what the file does not hold may be left to be filled in.
        to_spec: Whether a spec is written instead of Python.
        diagram: A file in the output folder for a picture: `.svg` or `.md`.
    """

    file: str
    style: str | None = None
    flat: bool = False
    customs: tuple[str, ...] = ()
    allow_stubs: bool = False
    to_spec: bool = False
    diagram: str | None = None


def generate_from_saved(
    request: Request,
    flags: SavedFlags,
    formatter: Formatter,
    resolve: Resolve = lambda plan: {},
    on_check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Writes source for a saved model and its test; see `kscaffold.kinds.pipeline.generate`.

    Args:
        request: What every generating command is asked.
        flags: What is asked of the saved model.
        formatter: Formats what is rendered.
        resolve: Asked what becomes of conflicts.
        on_check: Called before the wait for the check.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    from kscaffold.check import Limits

    limits = Limits(SECONDS, MEGABYTES)
    return generate(
        request, lambda: describe_saved(request, flags), formatter, resolve, on_check, limits, forced(request)
    )


def forced(request: Request) -> bool:
    """Whether source is written that builds another model than the file holds."""
    return request.on_conflict is not None and request.on_conflict.value == "force" and not request.dry_run


def describe_saved(request: Request, flags: SavedFlags) -> Scaffold:
    """The module that is asked for, and where it goes.

    Raises:
        RequestError: A file that cannot be read, a name that cannot be used, something that the file does not hold.
    """
    if request.template is not None:
        raise RequestError("A saved model needs no template.", hint="Leave out --template.", where="--template")
    file = read_model(Path(flags.file), flags.file, read_customs(flags.customs))
    named = replace(request, name=request.name or default_name(file.model, Path(flags.file)))
    if flags.to_spec and named.output_dir is None:
        named = replace(named, output_dir=Path("."))  # a spec is no module of a package
    unused = [name for name in read_customs(flags.customs) if name not in {name for _, name in file.customs}]
    if unused:
        raise RequestError(f"The model has no {unused[0]}.", hint="Leave it out.", where="--custom")
    if file.stubs and not flags.allow_stubs:
        raise missing(file, flags.file)
    destination = find_destination(named)
    if flags.to_spec:
        from kscaffold.kinds.saved_spec import describe_spec

        return describe_spec(destination, file, flags)
    if flags.style == "subclassed":
        from kscaffold.kinds.saved_classes import describe_classes

        return describe_classes(destination, file, flags)
    if flags.style is not None:
        file = replace(file, model=in_style(file.model, flags.style, flags.file))
    scaffold = SavedScaffold(destination, file, flags)
    assert scaffold.parts
    return scaffold


def in_style(model: SavedModel, style: str, shown: str) -> SavedModel:
    """A model as a `Sequential`, or as a functional model.

    Raises:
        RequestError: It cannot be one.
    """
    if style == "sequential" and not model.sequential:
        reason = plain_chain(model)
        if reason:
            raise RequestError(
                f"A sequential model is a chain, but {reason}.", hint="Leave out --style sequential.", where=shown
            )
        return replace(model, sequential=True)
    if style == "functional" and model.sequential:
        if not model.inputs and not model.build_shape:
            raise RequestError(
                "A functional model needs the shape of its inputs, which the file does not say.",
                hint="Leave out --style functional.",
                where=shown,
            )
        return as_functional(model)
    return model


def read_customs(texts: tuple[str, ...]) -> dict[str, str]:
    """`package.module:Class` after `--custom`: the module of each class.

    Raises:
        RequestError: It is written otherwise.
    """
    found = {}
    for text in texts:
        if not re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", text, flags=re.ASCII):
            raise RequestError(
                f"{text!r} names no class.", hint="For example: my_package.layers:MyDense.", where="--custom"
            )
        module, _, name = text.partition(":")
        if name in found:
            raise RequestError(f"{name} is given twice.", where="--custom")
        found[name] = module
    return found


def missing(file: SavedFile, shown: str) -> RequestError:
    """The error for what a file names but does not hold."""
    listed = ", ".join(stub.origin for stub in file.stubs)
    first = next(
        (stub for stub in file.stubs if not stub.origin.startswith(("the Lambda", "a lambda", "a constant"))), None
    )
    custom = f"import it with --custom my_package.layers:{first.name}, or " if first else ""
    return RequestError(
        f"The file does not hold {listed[:300]}: {file.stubs[0].why}.",
        hint=f"To go on, {custom}write stubs to be filled in with --allow-stubs.",
        where=shown,
        exit_code=ExitCode.CHECK_FAILED,
    )


def default_name(model: SavedModel, path: Path) -> str:
    """A name for the module: that of the model, else that of its file."""
    for text in ([] if model.generated else [model.name]) + [path.stem.partition(".")[0], "saved"]:
        wanted = identifier(text, "model", "model")
        for name in (wanted, f"{wanted}_model"):
            try:
                return parse_module_name(name).module
            except RequestError:
                continue
    return "saved_model"


@dataclass(frozen=True)
class SavedScaffold:
    """A module for a saved model; see `kscaffold.kinds.pipeline.Scaffold`.

    Attributes:
        destination: Where its files go.
        file: What the file of the model says.
        flags: What is asked of it.
    """

    destination: Destination
    file: SavedFile
    flags: SavedFlags

    @property
    def template(self) -> str:
        """The file that it is made from."""
        return self.flags.file

    @property
    def made(self) -> str:
        """The function that builds the model."""
        return self.program.main.name

    @property
    def builds(self) -> bool:
        """Whether the model has to be called before it has weights: a `Sequential` whose inputs nobody knows."""
        return not self.file.model.inputs and not self.file.model.build_shape

    @property
    def exports(self) -> tuple[str, ...]:
        """The function that builds the model."""
        return (self.made,)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has to be filled in, and what the code does not bring."""
        found = [f"{what(stub)[0].upper()}{what(stub)[1:]}: {stub.name} is a stub." for stub in self.file.stubs]
        private = [
            f"{name} is no public class of Keras: the code imports it from {module}."
            for module, name in self.file.customs
            if module.startswith("keras.")
        ]
        return (*found, *private, *self.file.notes)

    @cached_property
    def program(self) -> Program:
        """The functions of the module."""
        flat = flat_program(self.file, self.destination.name.module)
        return flat if self.flags.flat else factor(flat)

    @cached_property
    def parts(self) -> tuple[Function, ...]:
        """The functions of the module as source."""
        return program_parts(self.program)

    @property
    def names(self) -> set[str]:
        """The functions that the module defines."""
        return {part.name for part in self.parts}

    @property
    def template_file(self) -> str:
        """The template that the module is rendered from."""
        return MODULE

    def render(self, formatter: Formatter, with_test: bool) -> list[writer.File]:
        """The formatted module and its test."""
        from kscaffold.library import render

        black = self.destination.settings.black
        catalogue = self.destination.catalogue
        body = render.shown_name(self.template_file, catalogue.roots_of(self.template_file))
        formatter.send(self.text(), black, body)
        if with_test:
            formatter.send(self.test_text(), black, render.shown_name(SAVED_TEST, catalogue.roots_of(SAVED_TEST)))

        from kscaffold.disk import writer  # while black is at work

        files = [writer.File(self.destination.module, formatter.receive())]
        render.demand_names(files[0].text, self.names | {stub.name for stub in self.file.stubs}, body)
        if with_test:
            files.append(writer.File(self.destination.test, formatter.receive()))
        drawing = self.picture_file()
        return [*files, drawing] if drawing else files

    def picture_file(self) -> writer.File | None:
        """The picture that is asked for; see `kscaffold.kinds.drawing.picture_file`."""
        from kscaffold.source.saved_picture import picture

        name = self.destination.name.class_name
        return picture_file(self.flags.diagram, lambda: picture(self.file.model, name), self.destination.output_dir)

    def text(self) -> str:
        """The text of the module, before formatting."""
        from kscaffold.library import render

        kind = "sequential" if self.file.model.sequential else "functional"
        context = {
            **self.imports(),
            "title": f"{self.destination.name.class_name}: a {kind} Keras model.",
            "stubs": self.stubs,
            "parts": self.parts,
        }
        return render.render(MODULE, self.destination.catalogue.roots_of(MODULE), context)

    @property
    def stubs(self) -> list[str]:
        """Source of what has to be filled in."""
        return [stub_source(stub, self.destination.settings.package) for stub in self.file.stubs]

    def imports(self) -> dict[str, Any]:
        """What the module imports: modules of Keras, NumPy, and classes of the user's own."""
        modules = [name for name in ("layers", "ops") if uses_module(self.program, f"{name}.")]
        if any("layers.Layer" in text for text in self.stubs) and "layers" not in modules:
            modules.insert(0, "layers")
        return {
            "modules": modules,
            "uses_ops": "ops" in modules,
            "uses_numpy": uses_module(self.program, "np."),
            "imported": sorted(self.file.customs),
            "first_party": self.destination.first_party(module for module, _ in self.file.customs),
        }

    def test_text(self) -> str:
        """The text of the test, before formatting."""
        from kscaffold.library import render

        context = {
            **made_inputs(self.file.model),
            "made": self.made,
            "builds": self.builds,
            "name": self.destination.name.class_name,
            "import_from": self.destination.import_from,
            "path_to_module": self.destination.path_to_module,
        }
        return render.render(SAVED_TEST, self.destination.catalogue.roots_of(SAVED_TEST), context)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import Job, Saved, Subject

        if self.file.stubs:
            return Job(staged, shown, self.destination.search, ())
        customs = tuple(name for _, name in self.file.customs)
        saved = Saved(
            Path(self.flags.file).resolve(), self.file.kind, customs, "layers" if self.flags.style else "whole"
        )
        subject = Subject(self.made, f"{self.made}()", saved=saved)
        return Job(staged, shown, self.destination.search, (subject,))

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts, which advise nothing that is an option of `kscaffold check` alone."""

        def advised(finding: Finding) -> Finding:
            return replace(finding, fix=BY_HAND) if finding.rule in ADVISE_OPTIONS else finding

        return tuple(replace(verdict, findings=tuple(map(advised, verdict.findings))) for verdict in verdicts)

    def summary(self, verdicts: tuple[Verdict, ...]) -> tuple[SummaryRow, ...]:
        """The layers as Keras called them, else those of the file."""
        from kscaffold.kinds.model import called_row

        called = [layer for verdict in verdicts for layer in verdict.layers]
        if called:
            return tuple(called_row(layer) for layer in called)
        return tuple(
            SummaryRow(layer.made.class_name if layer.generated else f"{layer.made.class_name} {layer.name}", "", None)
            for layer in self.file.model.layers
        )
