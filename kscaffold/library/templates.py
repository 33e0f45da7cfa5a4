"""Finds the templates there are: in the repository, in the user's folder, in installed packages, and built in.

A template is a folder with a `template.toml` below that of its kind, such as `layer/` or `loss/`, in one of these
places. For a layer it may be a YAML file there that describes its body; a model is a YAML file below `model/`, or a
folder there if it says itself how it is trained. The first place that has one of a name overrides the others.
"""

import contextlib
import os
import re
import sys
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kscaffold.base.errors import RequestError, broken_template, did_you_mean, nearest
from kscaffold.base.kinds import find_kinds, templates_root
from kscaffold.base.naming import split_words
from kscaffold.base.project import DEFAULT, Project

MANIFEST = "template.toml"
BODY = "module.py.jinja"
TEST = "test.py.jinja"
ENTRY_POINTS = "kscaffold.templates"
BUILT_IN = "built-in"
REPOSITORY = "repository"
ABBREVIATION = 4  # letters that an alias has at most which is one
# The entry of a manifest or spec with other names: up to the next one.
ALIASES = re.compile(r"^aliases *[:=](.*?)(?=^[^\s\-\]#]|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A file that is rendered."""

    file: str  # below one of the folders: `layer/dense/module.py.jinja`
    # The folders that it, and what it extends or includes, are looked for in; the last has what is built in, which
    # `built-in/…` names whatever overrides it.
    roots: tuple[Path, ...]

    @property
    def shown(self) -> str:
        """How messages name it."""
        return next((shown(root / self.file) for root in self.roots if (root / self.file).is_file()), self.file)


@dataclass(frozen=True)
class Source:
    """A place that templates come from."""

    title: str  # what messages call it: "repository", "user", the name of a package, "built-in"
    root: Path | None  # with symbolic links resolved; `None` if the place cannot be used
    problem: str = ""  # why it cannot be used
    repository: Path | None = None  # the one that it belongs to, if it does

    def page(self, file: str) -> Page:
        """A file of its, which may read what is there, and what is built in."""
        return Page(file, tuple(dict.fromkeys([*([self.root] if self.root else []), templates_root()])))


@dataclass(frozen=True)
class Template:
    """A template, not yet read."""

    kind: str  # "layer", "model" or the name of a `base.kinds.Kind`
    name: str  # that of its folder or file
    path: Path  # the file that says what it is: a manifest, or the spec of a layer or a model
    source: Source
    overrides: tuple[str, ...] = ()  # the places whose template of that name it hides

    @property
    def full_name(self) -> str:
        """Kind and name: `layer/dense`."""
        return f"{self.kind}/{self.name}"

    @property
    def is_spec(self) -> bool:
        """Whether it is a spec, and no folder with a page of its own."""
        return self.path.name != MANIFEST

    @cached_property
    def aliases(self) -> tuple[str, ...]:
        """Its other names, such as those of papers. To find them, the file is searched: to read all of them is slow."""
        try:
            found = ALIASES.search(self.demand_inside().read_text(encoding="utf-8"))
        except (OSError, ValueError, RequestError):
            return ()  # what is wrong with it is told when it is used
        return tuple(re.findall(r"\w+", re.sub("#.*", "", found[1]))) if found else ()

    @property
    def page(self) -> Page:
        """What the module is rendered from."""
        return self.source.page(f"{self.full_name}/{BODY}")

    @property
    def test_page(self) -> Page | None:
        """What the test of the module is rendered from, if the template has one of its own."""
        own = self.path.parent / TEST
        return self.source.page(f"{self.full_name}/{TEST}") if own.is_file() else None

    def read(self) -> Mapping[str, Any]:
        """The contents of the manifest; refuses what is not TOML."""
        try:
            return tomllib.loads(self.demand_inside().read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise self.broken(str(error)) from error

    def demand_inside(self) -> Path:
        """The file that says what it is; refuses a symbolic link that leads out of the folder with the templates."""
        if self.source.root not in Path(os.path.realpath(self.path)).parents:
            raise self.broken("a symbolic link leads out of the folder with the templates")
        return self.path

    def broken(self, reason: str, hint: str | None = None) -> RequestError:
        """An error in the manifest as the user reads it: the template is to blame."""
        return broken_template(shown(self.path), None, reason.rstrip("."), hint)


def shown(path: Path) -> str:
    """How messages name a file of a template: a built-in one from its kind on, others from where the user is."""
    root = templates_root()
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    folder = Path(os.path.realpath(Path.cwd()))
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)


def user_folder() -> Path:
    """The folder for the templates of the user, which may not be there."""
    from platformdirs import user_config_path

    return user_config_path("kscaffold", appauthor=False) / "templates"


def project_folder(project: Project) -> Path:
    """The folder for the templates of a project, which may not be there."""
    return project.root / DEFAULT.apply(project.settings).templates


@dataclass(frozen=True)
class Catalogue:
    """The templates that can be used in a project, or, without one, the built-in templates alone."""

    project: Project | None = None
    # What is not built in and was used, as messages name it, and the title of its source.
    used: dict[str, str] = field(default_factory=dict, compare=False)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The places that are there, in the order in which they are searched."""
        built_in = Source(BUILT_IN, templates_root())
        if self.project is None:
            return (built_in,)
        own = [(REPOSITORY, project_folder(self.project), self.project.root), ("user", user_folder(), None)]
        places = [
            Source(title, Path(os.path.realpath(folder)), repository=repository)
            for title, folder, repository in own
            if folder.is_dir()
        ]
        return (*places, *_packages(), built_in)

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """All templates, sorted by kind and name."""
        found: dict[str, Template] = {}
        for source in self.sources:
            for template in _templates_in(source):
                first = found.setdefault(template.full_name, template)
                if first is not template:
                    found[first.full_name] = replace(first, overrides=(*first.overrides, source.title))
        return tuple(sorted(found.values(), key=lambda template: (template.kind, template.name)))

    def of_kind(self, kind: str | None = None) -> tuple[Template, ...]:
        """All templates, or those of one kind."""
        return tuple(template for template in self.templates if kind in (None, template.kind))

    def find(self, name: str, kind: str | None = None, where: str | None = None) -> Template:
        """The template of a name, `dense` or `layer/dense`, or of an alias; `where` is the flag that it was typed for.

        If there is none, the nearest name is offered, and places that cannot be used are named.
        """
        templates = {template.full_name: template for template in self.of_kind(kind)}
        full_name = full_name_of(name, templates, where)
        if full_name is not None:
            return templates[full_name]
        words = "_".join(split_words(name))  # `RMSNorm` is `rms_norm`
        if meant := next((item for item in templates.values() if words in (item.name, *item.aliases)), None):
            return meant
        known = [template.name for template in templates.values()]
        hint = did_you_mean(name.rpartition("/")[2], known) or f"There are: {', '.join(known)}."
        broken = "".join(f" The package {source.title} {source.problem}." for source in self.sources if source.problem)
        raise RequestError(
            f"There is no template {name!r}{f' for a {kind}' if kind else ''}.", hint=hint + broken, where=where
        )

    def names(self, kind: str) -> tuple[dict[str, str], dict[str, str]]:
        """The names of the templates of a kind, and their aliases: the template of each."""
        names = {template.name: template.name for template in self.of_kind(kind)}
        aliases = {alias: one.name for one in self.of_kind(kind) for alias in one.aliases if alias not in names}
        return names, aliases

    def choose(self, kind: str, asked: str | None, name: str, default: str) -> Template:
        """The template to start from: the one that `--template` asks for, one of a name or alias, or the default.

        Refuses a name that is nearly that of another template, or has it in it: the default is not what is meant.
        """
        if asked is None:
            names, aliases = self.names(kind)
            known = names | aliases
            word = name if name in known else name.removesuffix(f"_{kind}")  # a FocalLoss is a focal one
            if word not in known and (near := nearly(word, names.keys() - {default}, aliases)):
                meant = known[near]
                hint = f"Write -t {meant} for that one, or -t {default}."
                problem = f"{name!r} is no template, and sounds like {kind}/{meant}."
                raise RequestError(problem, hint=hint, where="NAME")
            template = self.find(known.get(word, default), kind)
        else:
            template = self.find(asked, kind, "--template")
        self.use(template.source, template.full_name)
        return template

    def use(self, source: Source, file: str) -> None:
        """Keeps in mind that something is made from a file or folder of a source; refuses what is not trusted."""
        if source.title == BUILT_IN or source.root is None:
            return
        place = shown(source.root / file)
        if source.repository:
            from kscaffold.disk.trust import demand_trust

            demand_trust(source.repository, "a template of its own, and checks run what is made from it", place)
        self.used[place] = source.title

    def page(self, file: str) -> Page:
        """A file that is not a template by itself, of the first place that has it: `style/…`, `test/…`."""
        place = next(source for source in self.sources if source.root and (source.root / file).is_file())
        self.use(place, file)
        return place.page(file)


def nearly(name: str, names: Collection[str], aliases: Iterable[str]) -> str | None:
    """The name or alias that another one is a misspelling of, or has in it as words; the longest of several."""
    listed = sorted([*names, *aliases], key=len, reverse=True)
    inside = next((one for one in listed if f"_{one}_" in f"_{name}_"), None)
    # Too many words look like an abbreviation: `mode` is not a misspelt `moe`.
    words = [one for one in listed if one in names or len(one) > ABBREVIATION]
    return inside or nearest(name, words, cutoff=0.8)


def full_name_of(name: str, full_names: Iterable[str], where: str | None) -> str | None:
    """The full name of what is called `dense`, or `layer/dense`: `None` if nothing is, an error if several are."""
    matching = [full_name for full_name in full_names if name in (full_name, full_name.partition("/")[2])]
    if len(matching) > 1:
        names = ", ".join(matching)
        raise RequestError(f"Several templates are called {name!r}.", hint=f"Say which: {names}.", where=where)
    return matching[0] if matching else None


def _templates_in(source: Source) -> list[Template]:
    if source.root is None:
        return []
    found = []
    for kind in ("layer", "model", *find_kinds()):
        found += [Template(kind, path.parent.name, path, source) for path in source.root.glob(f"{kind}/*/{MANIFEST}")]
    for kind in ("layer", "model"):
        found += [Template(kind, path.stem, path, source) for path in source.root.glob(f"{kind}/*.yaml")]
    return found


def _packages() -> list[Source]:
    """The packages with an entry point in the group `kscaffold.templates`, in the order of their names.

    The entry point names a package; the templates are in its folder. Only what is above it is imported to find it.
    """
    if not _has_entry_points():
        return []
    from importlib.metadata import entry_points

    sources = []
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: (point.name, point.value)):
        folder, problem = None, ""
        try:
            spec = find_spec(point.module)
            places = list(spec.submodule_search_locations or ()) if spec else []
            folder = Path(os.path.realpath(places[0])) if places else None
            if folder is None:
                problem = f"names {point.value!r}, which is not a package with a folder"
        except (Exception, SystemExit) as error:  # what a package does when it is imported breaks no other
            problem = f"cannot be imported: {type(error).__name__}: {error}"
        sources.append(Source(point.dist.name if point.dist else point.name, folder, problem))
    return sources


def _has_entry_points() -> bool:
    """Whether a package may have some. To ask the standard library costs more than all else that a command does."""
    for folder in {*sys.path}:
        for file in Path(folder or ".").glob("*.*-info/entry_points.txt"):
            with contextlib.suppress(OSError):
                if ENTRY_POINTS.encode() in file.read_bytes():
                    return True
    return False
