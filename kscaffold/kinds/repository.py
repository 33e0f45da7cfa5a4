"""A whole repository: a cookiecutter template, and in it a layer, a model and a pipeline from their own templates."""

from __future__ import annotations

import ast
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.naming import ProjectName, parse_module_name, parse_project_name
from kscaffold.base.project import PYPROJECT, Project, Style
from kscaffold.check import CheckProcess, Limits, find_interpreter
from kscaffold.disk.plan import Plan
from kscaffold.kinds.answers import NEWEST_PYTHON, find_answers, questions
from kscaffold.kinds.destination import Request, output_folder
from kscaffold.kinds.layer import scaffold_layer
from kscaffold.kinds.model import ModelFlags, ModelScaffold, describe_model
from kscaffold.kinds.model_spec import read_settings
from kscaffold.kinds.new_folder import NewOutcome, demand_empty, put_repository, recover_above
from kscaffold.kinds.pipeline import Staged, check
from kscaffold.kinds.scaffold import Outcome, Scaffold, name_warnings
from kscaffold.kinds.training_data import baseline_flags, input_fields, target_context, target_fields
from kscaffold.library.cookie.baking import Baked, bake, read_baked
from kscaffold.library.cookie.template import Cookie, open_template, read_template
from kscaffold.library.cookie.variables import Ask, resolve_variables
from kscaffold.library.templates import Catalogue, templates_root
from kscaffold.source.formatting import Formatter
from kscaffold.spec.layer.describe import LayerFlags

BUILT_IN = "project"
LAYER = "MyLayer"
BASELINE = "baseline"


@dataclass(frozen=True)
class NewRequest:
    """What `kscaffold new` is asked.

    Attributes:
        name: The name as typed.
        output_dir: The folder that the repository is made in.
        template: A cookiecutter template of the user's own.
        package: The import package, if it is to have a name of its own.
        answers: Description, author, license, model and python, as far as they are given.
        style: How the model is written, if that is said.
        settings: `--set`: variables of a template of the user's own.
        interpreter: The interpreter for checks, if one is asked for.
        timeout: The seconds that the check of a class may take, if that is said.
        accept_hooks: Whether the template's programs are run.
        git: Whether the folder becomes a git repository; `None` if it is in none yet.
        check: Whether layers and models are checked.
        dry_run: Whether nothing is written.
    """

    name: str
    output_dir: Path = Path(".")
    template: str | None = None
    package: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    style: Style | None = None
    settings: tuple[str, ...] = ()
    interpreter: str | None = None
    timeout: float | None = None
    accept_hooks: bool = False
    git: bool | None = None
    check: bool = True
    dry_run: bool = False


def new_repository(
    request: NewRequest, formatter: Formatter, ask: Ask | None = None, on_check: Callable[[], None] = lambda: None
) -> NewOutcome:
    """Makes a repository.

    Args:
        request: What is asked.
        formatter: Formats what is rendered.
        ask: Asks the user for what the request leaves open; without it the defaults are taken.
        on_check: Called before the wait for the check.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    output_dir = output_folder(request.output_dir)
    recovered = () if request.dry_run else recover_above(output_dir)
    if request.template is not None:
        result = _new_from_own_template(request, request.template, output_dir, ask)
    else:
        result = _new_from_built_in(request, output_dir, formatter, ask, on_check)
    return replace(result, outcome=replace(result.outcome, recovered=recovered))


def _new_from_built_in(
    request: NewRequest, output_dir: Path, formatter: Formatter, ask: Ask | None, on_check: Callable[[], None]
) -> NewOutcome:
    if request.settings or request.accept_hooks:
        flag = "--set" if request.settings else "--accept-hooks"
        raise RequestError("It belongs to a template of your own.", hint="Name one with -t.", where=flag)
    name = parse_project_name(request.name, request.package)
    _refuse_own_part(name.package, "NAME" if request.package is None else "--package")
    target = output_dir / name.slug
    demand_empty(target)
    # A repository that begins has no templates of its own yet.
    template = read_template(templates_root() / BUILT_IN, BUILT_IN)
    asked = questions(template, Catalogue(Project(target)))
    for question in asked:
        if question.name in request.answers:
            question.check(request.answers[question.name])
    with ExitStack() as stack:
        # Started first, so that Keras is imported while the user answers and the templates are rendered.
        process = None
        if request.check:
            limits = Limits(request.timeout or Limits.seconds)
            process = stack.enter_context(CheckProcess(find_interpreter(request.interpreter), limits))
        answers = find_answers(request.answers, asked, ask)
        staging = Path(stack.enter_context(_temporary_folder())).resolve()
        files, result = _render(request, template, name, answers, staging, formatter, process, on_check)
    return put_repository(target, files, result, request.git, request.dry_run)


def _refuse_own_part(package: str, where: str) -> None:
    """Refuses the name of a module that the package has: started in its folder, Python finds that first."""
    for path in (templates_root() / BUILT_IN).glob("*/src/*/*"):
        if path.stem == package:
            own = f"a folder {package}" if path.is_dir() else f"a {path.name}"
            raise RequestError(
                f"{package!r} cannot be used: the package has {own} itself,"
                " and in its folder Python would import that instead.",
                hint=f"For example: my{'-' if where == 'NAME' else '_'}{package}.",
                where=where,
            )


def _new_from_own_template(request: NewRequest, source: str, output_dir: Path, ask: Ask | None) -> NewOutcome:
    for name, value in {"package": request.package, "style": request.style, **request.answers}.items():
        if value is not None:
            hint = "Set the variables of yours with --set NAME=VALUE."
            raise RequestError("It is for the built-in template.", hint=hint, where=f"--{name}")
    given = read_settings(request.settings, may_be_empty=True)
    if not request.name.strip():
        raise RequestError("The name is empty.", where="NAME")
    with ExitStack() as stack:
        fetched, staging = (Path(stack.enter_context(_temporary_folder())) for _ in range(2))
        template = open_template(source, fetched)
        if not template.questions:
            raise RequestError("The template has no variables.", where=source, exit_code=ExitCode.REFUSED)
        named = "project_name" if "project_name" in template.questions else template.questions[0]
        values = resolve_variables(template, {named: request.name, **given}, ask)
        project, folder = bake(template, values, staging, request.accept_hooks)
        files = read_baked(template, project)
    target = output_dir / folder
    demand_empty(target)
    notes: tuple[str, ...] = ()
    if template.hooks and not request.accept_hooks:
        hooks = ", ".join(template.hooks)
        notes = (f"the template has hooks that were not run: {hooks}; --accept-hooks runs them",)
    outcome = Outcome(source, "", Plan(target, ()), unchecked="a template of your own")
    return put_repository(target, files, NewOutcome(outcome, notes=notes), request.git, request.dry_run)


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kscaffold-new-")


def _render(
    request: NewRequest,
    template: Cookie,
    name: ProjectName,
    answers: Mapping[str, str],
    staging: Path,
    formatter: Formatter,
    process: CheckProcess | None,
    on_check: Callable[[], None],
) -> tuple[list[Baked], NewOutcome]:
    """Renders the built-in template, adds what the other commands make, and checks that."""
    # The model decides what the template says, so it is described before there is a folder for it.
    nowhere = staging / "nowhere"
    nowhere.mkdir()
    (nowhere / PYPROJECT).touch()  # settings above the staging folder do not concern it
    planned = _describe_model(request, answers["model"], name.package, nowhere)
    project, _ = bake(template, _context(template, name, answers, planned), staging / "repository")
    source = project / "src" / name.package
    for path in sorted(project.rglob("*.py")):
        formatter.send(path.read_text(encoding="utf-8"), {}, f"{BUILT_IN}/{path.relative_to(project).as_posix()}")
    for path in sorted(project.rglob("*.py")):
        path.write_text(formatter.receive(), encoding="utf-8")

    model = _describe_model(request, answers["model"], name.package, source / "models")
    flags = ModelFlags(
        graph=baseline_flags(model, f"{name.package}.layers.{parse_module_name(LAYER).module}:{LAYER}"),
        default_style=Style.FUNCTIONAL,
    )
    layer = Request("new", LAYER, "layers", output_dir=source / "layers", package=name.package)
    baseline = Request("new", BASELINE, "pipelines", output_dir=source / "pipelines", package=name.package)
    scaffolds: tuple[Scaffold, ...] = (scaffold_layer(layer, LayerFlags()), model, describe_model(baseline, flags))
    staged = []
    for scaffold in scaffolds:
        made = scaffold.render(formatter, with_test=True)
        for file in made:
            file.path.write_text(file.text, encoding="utf-8")
        module = scaffold.destination.module
        staged.append(Staged(scaffold, module, module.relative_to(project).as_posix(), made[0].text))
    for path in project.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))  # black has done so; this is the text as it will be written
    files = read_baked(template, project)
    outcome = Outcome(f"{BUILT_IN}, model/{answers['model']}", "", Plan(project, ()))
    if process is None:
        outcome = replace(outcome, unchecked="--no-check")
    else:
        on_check()
        outcome = replace(outcome, verdicts=check(process, staged))
    commands = (
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]'",
        f".venv/bin/python -m {name.package}.train --epochs 2",
        ".venv/bin/python -m pytest",
    )
    return files, NewOutcome(outcome, commands)


def _describe_model(request: NewRequest, preset: str, package: str, folder: Path) -> ModelScaffold:
    name = parse_module_name(preset)
    taken = name_warnings(name.class_name) or name.module == BASELINE
    typed = f"my_{name.module}" if taken else name.module
    where = Request("new", typed, "models", template=preset, output_dir=folder, package=package)
    return describe_model(where, ModelFlags(style=request.style))


def _context(template: Cookie, name: ProjectName, answers: Mapping[str, str], model: ModelScaffold) -> dict[str, Any]:
    """What the template is rendered with."""
    inputs, targets = input_fields(model), target_fields(model)
    shown = [" and ".join(f"`{shape}`" for shape in shapes) for shapes in _shapes(model)]
    given = {
        "project_slug": name.slug,
        "project_name": name.title,
        "package": name.package,
        **{key: answers[key] for key in ("description", "author", "license", "python")},
    }
    minor = int(answers["python"].partition(".")[2])
    return {
        **resolve_variables(template, given),
        "_model": {
            "module": model.destination.name.module,
            "made": model.made,
            "style": model.style.value,
            "summary": model.graph.summary or f"The model {model.made}.",
            "shapes": f"{shown[0]} in, {shown[1]} out",
        },
        "_baseline": {"module": BASELINE, "made": f"build_{BASELINE}"},
        "_inputs": [field.source for field in inputs],
        "_targets": target_context(targets),
        "_stored": [
            {"name": field.name, "row": field.row, "columns": field.columns}
            for field in (*inputs, *(field for field, _ in targets if field.copies is None))
        ],
        "_description_line": answers["description"].strip() or f"{name.title}.",
        "_description_toml": json.dumps(answers["description"].strip(), ensure_ascii=False),
        "_author_toml": _author_toml(answers["author"]),
        "_holder": answers["author"].strip() or f"The authors of {name.title}",
        "_matrix": ", ".join(f'"3.{number}"' for number in range(minor, max(minor, NEWEST_PYTHON) + 1)),
    }


def _shapes(model: ModelScaffold) -> tuple[list[Any], list[Any]]:
    values = model.facts.of(model.graph).values
    return [shape for shape, _, _ in model.inputs], [values[output.value] for output in model.graph.outputs]


def _author_toml(author: str) -> str:
    """An author as pyproject.toml names one: `Name <name@example.org>` has an address."""
    match = re.fullmatch(r"\s*(?P<name>[^<>]*?)\s*(?:<\s*(?P<email>[^<>\s]+@[^<>\s]+)\s*>)?\s*", author)
    parts = match.groupdict() if match else {"name": author.strip()}
    fields = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in parts.items() if value]
    return f"{{{', '.join(fields)}}}" if fields else ""
