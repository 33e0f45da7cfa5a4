"""A saved model by way of a graph spec: the spec itself, or source in the styles that are made from graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.errors import RequestError
from kscaffold.formatting import Formatter
from kscaffold.generate.destination import Destination
from kscaffold.generate.drawing import picture_file
from kscaffold.generate.model import ModelScaffold, OwnLayers, Style, part_package
from kscaffold.generate.saved import SavedFlags
from kscaffold.graph.document import parse_document
from kscaffold.graph.resolve import resolve_graph
from kscaffold.graph.shapes import infer_shapes
from kscaffold.saved.inside import inner_models
from kscaffold.saved.spec import spec_document
from kscaffold.saved.value import CallKind, SavedFile, SavedModel

if TYPE_CHECKING:
    from kscaffold import writer
    from kscaffold.check import Job, Verdict


def describe_graph(destination: Destination, file: SavedFile, flags: SavedFlags) -> SavedGraphScaffold:
    """A spec, or source in a style that is made from a graph.

    Raises:
        RequestError: The model has something that a spec cannot say.
    """
    text = spec_text(file, flags.file, destination.name.module)
    name = f"{destination.name.module}.yaml"
    try:
        graph = resolve_graph(parse_document(text, name), destination.name.module, {})
    except RequestError as error:
        raise RequestError(
            f"A spec cannot say this model: {error.message}", hint=error.hint, where=flags.file
        ) from error
    own = OwnLayers(graph.own_classes, part_package(destination), destination.catalogue)
    style = Style.FUNCTIONAL if flags.to_spec else Style.SUBCLASSED
    scaffold = SavedGraphScaffold(
        destination, flags.file, graph, infer_shapes(graph, own.infer), style, own, False, None, file, flags, text
    )
    assert scaffold.parts
    return scaffold


def spec_text(file: SavedFile, shown: str, name: str) -> str:
    """A saved model as the YAML of a spec.

    Raises:
        RequestError: The model has something that a spec cannot say.
    """
    if file.stubs:
        raise RequestError("A spec has no stubs.", hint="Leave out --to-spec, or --style.", where=shown)
    document = spec_document(file.model, shown)
    lines = [f"# kscaffold pipeline {name} {name}.yaml"]
    lines += ["style: sequential"] if file.model.sequential else []
    return "\n".join([*lines, *yaml_lines(document), ""])


def yaml_lines(document: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """A document as lines of YAML: shapes beside their names, a line for each chain."""
    import yaml

    for key, value in document.items():
        if key == "structure":
            yield f"{indent}{key}: {yaml.safe_dump(value, default_flow_style=True, sort_keys=False).strip()}"
        elif isinstance(value, Mapping) and set(value) <= {"shape", "dtype", "batch_size"} and "shape" in value:
            short = value["shape"] if set(value) == {"shape"} else dict(value)
            single = isinstance(short, list) and len(short) == 1 and isinstance(short[0], int)
            shown = (
                str(short[0])
                if single
                else yaml.safe_dump(short, default_flow_style=True, sort_keys=False, width=10_000).strip()
            )
            yield f"{indent}{key}: {shown}"
        elif isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from yaml_lines(value, f"{indent}  ")
        else:
            text = yaml.safe_dump(value, width=1_000_000, allow_unicode=True).removesuffix("...\n").strip()
            yield f"{indent}{key}: {text}"


@dataclass(frozen=True)
class SavedGraphScaffold(ModelScaffold):
    """A saved model as a graph; see `kscaffold.generate.pipeline.Scaffold`.

    Attributes:
        file: What the file of the model says.
        flags: What is asked of it.
        spec: The spec of the graph.
    """

    file: SavedFile | None = None
    flags: SavedFlags = field(default_factory=lambda: SavedFlags(""))
    spec: str = ""

    @property
    def exports(self) -> tuple[str, ...]:
        """As for any model; nothing for a spec."""
        return () if self.flags.to_spec else super().exports

    @property
    def module_text(self) -> str:
        """The text of the module, before formatting."""
        return self.text(self.style, self.parts)[0]

    def render(self, formatter: Formatter, with_test: bool) -> list[writer.File]:
        """The spec; or the formatted module, its test, and the picture."""
        from kscaffold import writer

        assert self.file is not None
        if self.flags.to_spec:
            drawing = self.picture_file()
            spec = writer.File(self.destination.module.with_suffix(".yaml"), self.spec)
            return [spec, drawing] if drawing else [spec]
        return super().render(formatter, with_test)

    def picture_file(self) -> writer.File | None:
        """The picture that is asked for, of the saved model; see `kscaffold.generate.drawing.picture_file`."""
        from kscaffold.saved.picture import picture

        assert self.file is not None
        model, name = self.file.model, self.destination.name.class_name
        return picture_file(self.flags.diagram, lambda: picture(model, name), self.destination.output_dir)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked: of a spec, whether the module that comes of it builds the saved model."""
        from kscaffold.check import Saved

        assert self.file is not None
        if self.flags.to_spec:
            staged.write_text(self.module_text, encoding="utf-8")
        customs = tuple(name for _, name in self.file.customs)
        order = tuple(layer_order(self.file.model)) if self.style is Style.SUBCLASSED else ()
        mode = (
            "unnamed"
            if self.flags.to_spec and not self.file.model.sequential and not has_sequential(self.file.model)
            else ""
        )
        saved = Saved(
            Path(self.flags.file).resolve(), self.file.kind, customs, mode, order or tuple(layer_order(self.file.model))
        )
        job = super().job(staged, shown)
        assert job.subjects
        return replace(job, subjects=(replace(job.subjects[0], saved=saved),))

    def explain(self, verdicts: tuple[Verdict, ...], interpreter: str, text: str) -> tuple[Verdict, ...]:
        """The verdicts as they are: they speak of the saved model already."""
        return verdicts


def has_sequential(model: SavedModel) -> bool:
    """Whether there is a `Sequential` in a model, which a spec makes a functional model of."""
    return any(part.sequential for part in inner_models(model) if part is not model)


def layer_order(model: SavedModel, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The layers in the order in which source calls them first, each by the names of the models that it is in."""
    done: set[int] = set()
    for call in model.calls:
        if call.kind is CallKind.OPERATION or call.layer in done:
            continue
        done.add(call.layer)
        layer = model.layers[call.layer]
        if layer.model:
            yield from layer_order(layer.model, (*before, layer.name))
        else:
            yield (*before, layer.name)
