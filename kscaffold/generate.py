"""The one way from a request to files on the disk: described, rendered, formatted, checked, planned, written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kscaffold.config import DEFAULT, Project, Settings, check_package, find_project
from kscaffold.errors import ExitCode, RequestError
from kscaffold.formatting import Formatter
from kscaffold.naming import parse_module_name
from kscaffold.spec import catalogue, source
from kscaffold.spec.layer import LayerFlags, LayerSpec, describe_layer
from kscaffold.spec.manifest import LayerManifest, read_manifest
from kscaffold.templates import Template, find_template, find_templates, templates_root

if TYPE_CHECKING:
    from kscaffold import writer
    from kscaffold.check import CheckProcess, Job, Verdict

LAYER_TEST = "test/layer.py.jinja"
Resolve = Callable[["writer.Plan"], "Mapping[Path, writer.Status]"]


@dataclass(frozen=True)
class Request:
    """What every generating command is asked.

    Attributes:
        name: The name as typed.
        template: The template asked for, if any.
        output_dir: Where the module goes.
        package: The serialization package, if one is asked for.
        test: Whether a test is written beside the module.
        check: Whether the module is checked.
        dry_run: Whether nothing is written.
        on_conflict: What becomes of all conflicts, if that is asked for.
        python: The interpreter for checks, if one is asked for.
    """

    name: str
    template: str | None = None
    output_dir: Path = Path(".")
    package: str | None = None
    test: bool = True
    check: bool = True
    dry_run: bool = False
    on_conflict: writer.Status | None = None
    python: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a request.

    Attributes:
        template: The template that was used.
        text: The text of the module.
        plan: The files against the disk.
        verdicts: What the checks say, one for each class.
        unchecked: Why nothing was checked; empty if it was.
        warnings: What the user should know, though nothing is wrong.
        recovered: Files that an interrupted run had left half done, and that are again as they were before it.
        written: Whether the files are on the disk.
    """

    template: str
    text: str
    plan: writer.Plan
    verdicts: tuple[Verdict, ...] = ()
    unchecked: str = ""
    warnings: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    written: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        if self.plan.conflicts:
            return ExitCode.CONFLICT
        return ExitCode.DONE if all(verdict.ok for verdict in self.verdicts) else ExitCode.CHECK_FAILED


def generate_layer(
    request: Request,
    flags: LayerFlags,
    formatter: Formatter,
    resolve: Resolve = lambda plan: {},
    on_check: Callable[[], None] = lambda: None,
) -> Outcome:
    """Generates a custom layer and its test.

    Args:
        request: What every generating command is asked.
        flags: What describes the layer.
        formatter: Formats what is rendered.
        resolve: Asked what becomes of the conflicts of a plan; those that it leaves out stay conflicts.
        on_check: Called when all that is left to do is to wait for the check.

    Returns:
        The outcome. Nothing is written if a conflict is left, or a check finds an error.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    name = parse_module_name(request.name)
    template = choose_template(request.template, name.module, flags)
    manifest = read_layer_manifest(template)
    output_dir = _output_folder(request.output_dir)
    project = find_project(output_dir)
    settings = DEFAULT.apply(project.settings).apply({"package": request.package})
    spec = describe_layer(name, check_package(settings.package), manifest, flags)
    plan_files = _LayerFiles(spec, template, settings, project, output_dir)
    if not request.check:
        return _carry_out(request, plan_files, formatter, resolve, None, on_check)
    from kscaffold.check import CheckProcess, find_interpreter

    # The check process takes seconds to import Keras, so it is started before anything is rendered.
    with CheckProcess(find_interpreter(request.python)) as process:
        return _carry_out(request, plan_files, formatter, resolve, process, on_check)


def choose_template(asked: str | None, module: str, flags: LayerFlags) -> Template:
    """The layer template to start from: the one asked for, `blank` for a described layer, one of that name, `dense`.

    Raises:
        RequestError: There is no such template.
    """
    if asked is not None:
        return find_template(asked, "layer", where="--template")
    if flags.describe_a_layer:
        return find_template("blank", "layer")
    names = {template.name for template in find_templates("layer")}
    return find_template(module if module in names else "dense", "layer")


def read_layer_manifest(template: Template) -> LayerManifest:
    """The manifest of a layer template.

    Raises:
        RequestError: It is broken.
    """
    try:
        return read_manifest(template.read())
    except RequestError as error:
        raise error if error.exit_code is ExitCode.REFUSED else template.broken(error) from error


@dataclass(frozen=True)
class _LayerFiles:
    """A layer that is described, and where it goes."""

    spec: LayerSpec
    template: Template
    settings: Settings
    project: Project
    output_dir: Path

    @property
    def module(self) -> Path:
        return self.output_dir / f"{self.spec.name.module}.py"

    @property
    def test(self) -> Path:
        """The test goes to the nearest `tests/` of the project, else beside the module."""
        name = f"test_{self.spec.name.module}.py"
        for folder in (self.output_dir, *self.output_dir.parents):
            if (folder / "tests").is_dir():
                return folder / "tests" / name
            if folder == self.project.root:
                break
        return self.output_dir / name

    @property
    def import_root(self) -> Path:
        """The folder from which the module is imported: above all packages that it is in."""
        folder = self.output_dir
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        return folder

    def render(self, formatter: Formatter, with_test: bool) -> list[writer.File]:
        """The formatted module, held against what was asked for, and its test."""
        from kscaffold import render

        text = render.render_layer(self.spec, self.template.body, templates_root())
        formatter.send(text, self.settings.black, self.template.body)
        if with_test:
            formatter.send(self._render_test(), self.settings.black, LAYER_TEST)

        from kscaffold import writer  # while black is at work

        files = [writer.File(self.module, formatter.receive())]
        render.demand_class(files[0].text, self.spec.name.class_name, self.template.body)
        return [*files, writer.File(self.test, formatter.receive())] if with_test else files

    def _render_test(self) -> str:
        from kscaffold import render

        import_root = self.import_root
        import_from = ".".join((*self.output_dir.relative_to(import_root).parts, self.spec.name.module))
        found = (
            import_root == self.test.parent
            or import_root in self.project.test_paths
            or (import_root != self.output_dir and (self.project.is_installed or self.test.parent == self.output_dir))
        )
        relative = None if found else os.path.relpath(import_root, self.test.parent).replace(os.sep, "/")
        return render.render_layer_test(self.spec, LAYER_TEST, templates_root(), import_from, relative)

    def job(self, staged: Path, shown: str) -> Job:
        """What the check process is asked."""
        from kscaffold.check import Job, Subject

        shapes = tuple(item.shape for item in self.spec.inputs)
        subject = Subject(self.spec.name.class_name, source.construct(self.spec), shapes, str(self.spec.call))
        search = tuple(dict.fromkeys((self.output_dir, self.import_root, Path.cwd(), *self.project.test_paths)))
        return Job(staged, shown, search, (subject,))


def _carry_out(
    request: Request,
    files: _LayerFiles,
    formatter: Formatter,
    resolve: Resolve,
    process: CheckProcess | None,
    on_check: Callable[[], None],
) -> Outcome:
    rendered = files.render(formatter, request.test)

    from kscaffold import journal, writer

    recovered = () if request.dry_run else journal.recover(files.project.root)
    text = rendered[0].text
    plan = writer.make_plan(rendered, files.project.root, Path.cwd())
    if request.on_conflict is not None:
        plan = plan.resolve({change.path: request.on_conflict for change in plan.conflicts})
    elif plan.conflicts:
        plan = plan.resolve(resolve(plan))
    outcome = Outcome(files.template.full_name, text, plan, warnings=_warnings(files.spec), recovered=recovered)
    if plan.conflicts:
        return outcome
    module = plan.changes[0]
    if process is None:
        outcome = replace(outcome, unchecked="--no-check")
    elif module.status is writer.Status.SKIP:
        outcome = replace(outcome, unchecked=f"{module.shown} is kept as it is")
    else:
        import tempfile

        on_check()
        with tempfile.TemporaryDirectory(prefix="kscaffold-staging-") as folder:
            staged = Path(folder).resolve() / files.module.name
            staged.write_text(text, encoding="utf-8")
            outcome = replace(outcome, verdicts=process.finish((files.job(staged, module.shown),)))
    if outcome.exit_code is ExitCode.DONE and not request.dry_run:
        writer.commit(plan)
        outcome = replace(outcome, written=True)
    return outcome


def _output_folder(folder: Path) -> Path:
    resolved = folder.resolve()
    existing = next(place for place in (resolved, *resolved.parents) if place.exists())
    if not existing.is_dir():
        raise RequestError(f"{existing} is no folder.", where="--output-dir", exit_code=ExitCode.REFUSED)
    return resolved


def _warnings(spec: LayerSpec) -> tuple[str, ...]:
    if catalogue.is_layer(spec.name.class_name) or spec.name.class_name in catalogue.BASE_CLASSES:
        return (
            f"Keras has a layer {spec.name.class_name} of its own; it is easy to import the wrong one."
            f" For example: My{spec.name.class_name}.",
        )
    return ()
