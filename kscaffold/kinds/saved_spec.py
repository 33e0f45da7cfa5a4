"""A saved model as a graph spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import RequestError
from kscaffold.base.project import Style
from kscaffold.kinds.destination import Destination
from kscaffold.kinds.drawing import picture_file
from kscaffold.kinds.model import ModelScaffold
from kscaffold.kinds.model_text import part_package
from kscaffold.kinds.own_layers import OwnLayers
from kscaffold.kinds.saved_module import SavedFlags
from kscaffold.saved.inside import inner_models
from kscaffold.saved.value import SavedFile, SavedModel, layer_order
from kscaffold.source.formatting import Formatter
from kscaffold.source.spec import spec_document
from kscaffold.spec.graph.document import parse_document
from kscaffold.spec.graph.resolve import resolve_graph
from kscaffold.spec.graph.shapes import infer_shapes

if TYPE_CHECKING:
    from kscaffold.check import Job, Verdict
    from kscaffold.disk.plan import File


def describe_spec(destination: Destination, file: SavedFile, flags: SavedFlags) -> SpecScaffold:
    """The spec that is asked for.

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
    facts = infer_shapes(graph, own.infer)
    scaffold = SpecScaffold(
        destination, flags.file, graph, facts, Style.FUNCTIONAL, own, False, None, file, flags, text
    )
    assert scaffold.written
    return scaffold


def spec_text(file: SavedFile, shown: str, name: str) -> str:
    """A saved model as the YAML of a spec.

    Raises:
        RequestError: The model has something that a spec cannot say.
    """
    if file.stubs:
        raise RequestError("A spec has no stubs.", hint="Leave out --to-spec.", where=shown)
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
class SpecScaffold(ModelScaffold):
    """A spec for a saved model.

    Attributes:
        file: What the file of the model says.
        flags: What is asked of it.
        spec: The spec of the graph.
    """

    file: SavedFile | None = None
    flags: SavedFlags = field(default_factory=lambda: SavedFlags(""))
    spec: str = ""
    of_saved = True

    @property
    def exports(self) -> tuple[str, ...]:
        """Nothing: a spec is not a module."""
        return ()

    def render(self, formatter: Formatter, with_test: bool) -> list[File]:
        """The spec and the picture; what comes of a spec has a test of its own."""
        from kscaffold.disk.plan import File

        spec = File(self.destination.module.with_suffix(".yaml"), self.spec)
        drawing = self.picture_file()
        return [spec, drawing] if drawing else [spec]

    def picture_file(self) -> File | None:
        """The picture that is asked for, of the saved model; see `kscaffold.kinds.drawing.picture_file`."""
        from kscaffold.source.picture import saved_picture

        assert self.file is not None
        model, name = self.file.model, self.destination.name.class_name
        return picture_file(self.flags.diagram, lambda: saved_picture(model, name), self.destination.output_dir)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked: whether the module that comes of the spec builds the saved model."""
        from kscaffold.check import Compared, Saved, SavedKind

        assert self.file is not None
        staged.write_text(self.module()[0].text, encoding="utf-8")
        model = self.file.model
        saved = Saved(
            Path(self.flags.file).resolve(),
            SavedKind(self.file.kind),
            tuple(name for _, name in self.file.customs),
            Compared.OUTPUTS if model.sequential or has_sequential(model) else Compared.UNNAMED,
            tuple(layer_order(model)),
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
