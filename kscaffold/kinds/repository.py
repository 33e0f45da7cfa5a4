"""A whole repository: a cookiecutter template, and in it a layer, a model and a pipeline from their own templates."""

import json
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kscaffold.base.choices import Style
from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.kinds import templates_root
from kscaffold.base.naming import ProjectName, parse_module_name, parse_project_name
from kscaffold.base.project import PYPROJECT, Project
from kscaffold.check import CheckProcess, Job, Limits, find_interpreter
from kscaffold.disk.plan import Plan
from kscaffold.kinds.answers import AUTHOR, NEWEST_PYTHON, find_answers, questions
from kscaffold.kinds.destination import Request, output_folder
from kscaffold.kinds.layer import scaffold_layer
from kscaffold.kinds.model import ModelScaffold, describe_model
from kscaffold.kinds.model_spec import ModelFlags, read_settings
from kscaffold.kinds.new_folder import NewOutcome, demand_empty, put_repository, recover_above
from kscaffold.kinds.pipeline import OnCheck, check
from kscaffold.kinds.scaffold import Outcome, Scaffold, name_warnings
from kscaffold.kinds.training_data import baseline_flags, find_targets, input_fields, target_context
from kscaffold.library.cookie.baking import Baked, bake, read_baked
from kscaffold.library.cookie.template import Cookie, open_template, read_template
from kscaffold.library.cookie.variables import Ask, resolve_variables
from kscaffold.library.templates import Catalogue
from kscaffold.source.formatting import Formatter
from kscaffold.spec.layer.describe import LayerFlags

BUILT_IN = "project"
LAYER = "MyLayer"
BASELINE = "baseline"
Answers = Mapping[str, str]
Made = tuple[Path, list[Baked], NewOutcome]  # the folder, its files, and what came of it


@dataclass(frozen=True)
class NewRequest:
    """What `kscaffold new` is asked.

    Attributes:
        template: A cookiecutter template of the user's own.
        package: The import package, if it is to have a name of its own.
        answers: Description, author, license, model and python, as far as they are given.
        settings: `--set`: variables of a template of the user's own.
        timeout: The seconds that the check of a class may take, if that is said.
        accept_hooks: Whether the template's programs are run.
        git: Whether the folder becomes a git repository; `None` if it is in none yet.
    """

    name: str
    output_dir: str | None = None
    template: str | None = None
    package: str | None = None
    answers: Answers = field(default_factory=dict)
    style: Style | None = None
    settings: tuple[str, ...] = ()
    interpreter: str | None = None
    timeout: float | None = None
    accept_hooks: bool = False
    git: bool | None = None
    check: bool = True
    dry_run: bool = False


def new_repository(request: NewRequest, formatter: Formatter, ask: Ask | None, on_check: OnCheck) -> NewOutcome:
    """Makes a repository.

    Args:
        ask: Asks the user for what the request leaves open; without it the defaults are taken.
        on_check: Called before the wait for the check.

    Raises:
        RequestError: The request cannot be carried out; nothing is written.
    """
    output_dir = output_folder(request.output_dir)
    recovered = () if request.dry_run else recover_above(output_dir)
    with _temporary_folder() as folder:
        staging = Path(folder).resolve()
        if request.template is not None:
            target, files, result = _from_own_template(request, request.template, output_dir, ask, staging)
        else:
            target, files, result = _from_built_in(request, output_dir, formatter, ask, on_check, staging)
    result = put_repository(target, files, result, request.git, request.dry_run)
    return replace(result, outcome=replace(result.outcome, recovered=recovered))


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kscaffold-new-")


def _from_built_in(
    request: NewRequest, output_dir: Path, formatter: Formatter, ask: Ask | None, on_check: OnCheck, staging: Path
) -> Made:
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
    limits = Limits(request.timeout or Limits.seconds)
    # Started first, so that Keras is imported while the user answers and the templates are rendered.
    started = CheckProcess(find_interpreter(request.interpreter), limits) if request.check else nullcontext()
    with started as process:
        answers = find_answers(request.answers, asked, ask)
        project, modules = _render(request, template, name, answers, staging, formatter)
        files = read_baked(template, project)
        unchecked = "" if request.check else "--no-check"
        outcome = Outcome(f"{BUILT_IN}, model/{answers['model']}", "", Plan(project, ()), unchecked=unchecked)
        if process is not None:
            on_check()
            outcome = replace(outcome, verdicts=check(process, modules))
    commands = (
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]'",
        f".venv/bin/python -m {name.package}.train --epochs 2",
        ".venv/bin/python -m pytest",
    )
    return target, files, NewOutcome(outcome, commands)


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


def _from_own_template(request: NewRequest, source: str, output_dir: Path, ask: Ask | None, staging: Path) -> Made:
    for name, value in {"package": request.package, "style": request.style, **request.answers}.items():
        if value is not None:
            hint = "Set the variables of yours with --set NAME=VALUE."
            raise RequestError("It is for the built-in template.", hint=hint, where=f"--{name}")
    given = read_settings(request.settings, may_be_empty=True)
    if not request.name.strip():
        raise RequestError("The name is empty.", where="NAME")
    with _temporary_folder() as fetched:
        template = open_template(source, Path(fetched))
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
    return target, files, NewOutcome(outcome, notes=notes)


def _render(
    request: NewRequest, template: Cookie, name: ProjectName, answers: Answers, staging: Path, formatter: Formatter
) -> tuple[Path, list[tuple[Scaffold, Job, str]]]:
    """Renders the built-in template, and adds what the other commands make: the folder, and what is to be checked."""
    # The model decides what the template says, so it is described before there is a folder for it.
    nowhere = staging / "nowhere"
    nowhere.mkdir()
    (nowhere / PYPROJECT).touch()  # settings above the staging folder do not concern it
    planned = _describe_model(request, answers["model"], name.package, nowhere)
    project, _ = bake(template, _context(template, name, answers, planned), staging / "repository")
    source = project / "src" / name.package
    for path in project.rglob("*.py"):
        formatter.send(path.read_text(encoding="utf-8"), {}, f"{BUILT_IN}/{path.relative_to(project).as_posix()}")
        path.write_text(formatter.receive(), encoding="utf-8")

    model = _describe_model(request, answers["model"], name.package, source / "models")
    graph = baseline_flags(model, f"{name.package}.layers.{parse_module_name(LAYER).module}:{LAYER}")
    layer = Request("new", LAYER, "layers", output_dir=source / "layers", package=name.package)
    baseline = Request("new", BASELINE, "pipelines", output_dir=source / "pipelines", package=name.package)
    modules: list[tuple[Scaffold, Job, str]] = []
    for scaffold in (
        scaffold_layer(layer, LayerFlags()),
        model,
        describe_model(baseline, ModelFlags(graph=graph, default_style=Style.FUNCTIONAL)),
    ):
        made = scaffold.render(formatter, with_test=True)
        for file in made:
            file.path.write_text(file.text, encoding="utf-8")
        module = scaffold.destination.module
        modules.append((scaffold, scaffold.job(module, module.relative_to(project).as_posix()), made[0].text))
    return project, modules


def _describe_model(request: NewRequest, preset: str, package: str, folder: Path) -> ModelScaffold:
    name = parse_module_name(preset)
    taken = name_warnings(name.class_name) or name.module == BASELINE
    typed = f"my_{name.module}" if taken else name.module
    where = Request("new", typed, "models", template=preset, output_dir=folder, package=package)
    return describe_model(where, ModelFlags(style=request.style))


def _context(template: Cookie, name: ProjectName, answers: Answers, model: ModelScaffold) -> dict[str, Any]:
    """What the template is rendered with."""
    inputs, targets = input_fields(model), find_targets(model)
    shapes = [field.shape for field in inputs], [target.shape for target in targets]
    takes, gives = (" and ".join(f"`{shape}`" for shape in listed) for listed in shapes)
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
            "shapes": f"{takes} in, {gives} out",
        },
        "_baseline": {"module": BASELINE, "made": f"build_{BASELINE}"},
        "_inputs": [field.source for field in inputs],
        "_targets": target_context(targets),
        "_stored": [*inputs, *(target.field for target in targets if target.goal.copies is None)],
        "_description_line": answers["description"].strip() or f"{name.title}.",
        "_description_toml": json.dumps(answers["description"].strip(), ensure_ascii=False),
        "_author_toml": _author_toml(answers["author"]),
        "_holder": answers["author"].strip() or f"The authors of {name.title}",
        "_matrix": ", ".join(f'"3.{number}"' for number in range(minor, max(minor, NEWEST_PYTHON) + 1)),
    }


def _author_toml(author: str) -> str:
    """An author as pyproject.toml names one: `Name <name@example.org>` has an address."""
    match = AUTHOR.fullmatch(author)
    parts = match.groupdict() if match else {}
    fields = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in parts.items() if value]
    return f"{{{', '.join(fields)}}}" if fields else ""
