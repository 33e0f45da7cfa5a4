"""A class of a kind that is a folder of templates: a loss, a metric, a callback and the like, and its test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.kinds import Kind
from kscaffold.base.place import Place
from kscaffold.kinds.destination import Request, find_destination
from kscaffold.kinds.scaffold import Scaffold
from kscaffold.library.templates import Template
from kscaffold.source.extension import FILTERS, construct
from kscaffold.spec.extension import Extension, ExtensionManifest, describe_extension, read_extension_manifest
from kscaffold.spec.layer.describe import LayerFlags

if TYPE_CHECKING:
    from kscaffold.check import Job
    from kscaffold.library.render import Draft


def scaffold_extension(request: Request, kind: Kind, flags: LayerFlags) -> ExtensionScaffold:
    """The class that is asked for, and where it goes; refuses a name, template or argument that cannot be used."""
    destination = find_destination(request)
    template = destination.catalogue.choose(kind.name, request.template, destination.name.module, kind.default)
    manifest = read_template_manifest(template)
    item = describe_extension(destination.name, destination.settings.package, kind, manifest, flags)
    return ExtensionScaffold(destination, template.full_name, item, template)


def read_template_manifest(template: Template) -> ExtensionManifest:
    """The manifest of a template; refuses a broken one."""
    try:
        return read_extension_manifest(template.read())
    except RequestError as error:
        raise error if error.exit_code is ExitCode.REFUSED else template.broken(error.message, error.hint) from error


@dataclass(frozen=True)
class ExtensionScaffold(Scaffold):
    """A class that is described, and where it goes."""

    item: Extension
    source: Template

    @property
    def warnings(self) -> tuple[str, ...]:
        """What nothing uses."""
        told = (f"Nothing uses {name!r} yet: a comment in the class says so." for name in self.item.unused)
        return (*super().warnings, *told)

    @property
    def exports(self) -> tuple[str, ...]:
        """The class."""
        return (self.item.name.class_name,)

    def module(self) -> tuple[Draft, Mapping[int, Place]]:
        """The module, before formatting."""
        from kscaffold.library.render import render

        return render(self.source.page, {"item": self.item}, FILTERS), {}

    def test(self) -> Draft:
        """The test, before formatting: from the page that is named as the kind."""
        from kscaffold.library.render import render

        page = self.destination.catalogue.page(f"test/{self.item.kind.name}.py.jinja")
        return render(page, {"item": self.item, **self.destination.importing}, FILTERS)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import FEW, Feed, Job, Subject

        feeds = tuple(
            Feed(one.shape, one.dtype, FEW if "int" in one.dtype else None, one.name) for one in self.item.inputs
        )
        subject = Subject(self.item.name.class_name, construct(self.item), feeds)
        return Job(staged, shown, self.destination.search, (subject,))
