"""A saved model as a graph spec."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.choices import Style
from kscaffold.base.errors import RequestError
from kscaffold.kinds.destination import Destination
from kscaffold.kinds.model import ModelScaffold
from kscaffold.kinds.saved_module import SavedFlags, saved_picture_file, saved_side
from kscaffold.kinds.scaffold import Scaffold
from kscaffold.saved.value import SavedFile, every_model, layer_order
from kscaffold.source.formatting import Formatter
from kscaffold.source.spec import Inline, spec_document
from kscaffold.spec.graph.document import parse_document
from kscaffold.spec.graph.resolve import resolve_graph

if TYPE_CHECKING:
    from kscaffold.check import Job
    from kscaffold.disk.plan import File

SEQUENCE, MAPPING = (f"tag:yaml.org,2002:{kind}" for kind in ("seq", "map"))


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
    described = (destination, flags.file, graph, Style.FUNCTIONAL)
    scaffold = SpecScaffold(*described, file=file, flags=flags, spec=text)
    assert scaffold.written
    return scaffold


def spec_text(file: SavedFile, shown: str, name: str) -> str:
    """A saved model as the YAML of a spec.

    Raises:
        RequestError: The model has something that a spec cannot say.
    """
    if file.stubs:
        raise RequestError("A spec has no stubs.", hint="Leave out --to-spec.", where=shown)
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes shapes beside their names, and a line for each chain."""

    Dumper.add_representer(list, lambda dumper, items: dumper.represent_sequence(SEQUENCE, items, flow_style=True))
    Dumper.add_representer(Inline, lambda dumper, table: dumper.represent_mapping(MAPPING, table, flow_style=True))
    document = spec_document(file.model, shown)
    document = ({"style": "sequential"} if file.model.sequential else {}) | document
    text = yaml.dump(document, Dumper=Dumper, default_flow_style=False, sort_keys=False, width=inf, allow_unicode=True)
    return f"# kscaffold pipeline {name} {name}.yaml\n{text}"


@dataclass(frozen=True, kw_only=True)
class SpecScaffold(ModelScaffold):
    """The text of a spec for a saved model, held against that by the module that comes of it."""

    file: SavedFile
    flags: SavedFlags
    spec: str
    of_saved = True
    exports = ()  # a spec is not a module
    explain = Scaffold.explain  # the verdicts speak of the saved model already

    def render(self, formatter: Formatter, with_test: bool) -> list[File]:
        """The spec and the picture; what comes of a spec has a test of its own."""
        from kscaffold.disk.plan import File

        spec = File(self.destination.module.with_suffix(".yaml"), self.spec)
        drawing = self.picture_file()
        return [spec, drawing] if drawing else [spec]

    def picture_file(self) -> File | None:
        """The picture that is asked for, of the saved model."""
        return saved_picture_file(self.destination, self.file, self.flags)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked: whether the module that comes of the spec builds the saved model."""
        from kscaffold.check import Compared

        staged.write_text(self.module()[0].text, encoding="utf-8")
        *inner, model = every_model(self.file.model)
        # A spec makes a functional model of a `Sequential` inside another one.
        compared = Compared.OUTPUTS if any(part.sequential for part in (*inner, model)) else Compared.UNNAMED
        saved = replace(saved_side(self.file, self.flags, compared), order=tuple(layer_order(model)))
        job = super().job(staged, shown)
        assert job.subjects
        return replace(job, subjects=(replace(job.subjects[0], saved=saved),))
