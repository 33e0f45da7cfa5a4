"""What `[tool.kscaffold.check]` in a pyproject.toml says of checks, and what is said of single classes there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kscaffold.base.choices import Backend
from kscaffold.base.errors import RequestError, did_you_mean, unknown
from kscaffold.base.project import Project
from kscaffold.probe.protocol import FEW, Feed, Known

SECTION = "tool.kscaffold.check"
DTYPES = "float16 bfloat16 float32 float64 complex64 bool string int8 int16 int32 int64 uint8".split()
INPUT = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=)?\s*(?P<shape>[^:]*?)\s*(?::\s*(?P<dtype>\w+)\s*)?")
OF_CLASS = re.compile(r"\s*((?!None\b|none\b)[A-Za-z_]\w*)\s*:")
SIZE = re.compile(r"[1-9]\d{0,8}|None|none|\?")


@dataclass(frozen=True)
class CheckSettings:
    """How files are checked."""

    select: tuple[str, ...] = ()  # the rules that count, by id or name or the beginning of ids; none for all
    ignore: tuple[str, ...] = ()  # the rules that do not
    strict: bool = False  # whether warnings fail too
    backend: tuple[str, ...] = ("tensorflow",)
    timeout: float = 60.0  # seconds for the import of a file, and for each class
    memory: int = 4096  # megabytes for a file
    exclude: tuple[str, ...] = ()  # patterns of files that are left out when folders are searched, as in .gitignore
    known: Mapping[str, Known] = field(default_factory=dict)  # what is said of single classes, by `module.Class`

    def apply(self, values: Mapping[str, Any]) -> CheckSettings:
        """The same settings with those of `values` that are not `None`."""
        return replace(self, **{key: value for key, value in values.items() if value is not None})


DEFAULT = CheckSettings()
KINDS: dict[str, type | tuple[type, ...]] = {
    "select": list,
    "ignore": list,
    "exclude": list,
    "backend": (list, str),
    "strict": bool,
    "timeout": (int, float),
    "memory": int,
}
WORDS = {list: "a list of strings", bool: "true or false", int: "a whole number"}


def project_settings(project: Project) -> dict[str, Any]:
    """The settings that a project brings, for `CheckSettings.apply`; refuses unknown keys, and values of no use."""
    where = str(project.pyproject)
    table = project.section("tool", "kscaffold", "check")
    values: dict[str, Any] = {}
    known: dict[str, Known] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            known[key] = read_known(key, value, where)
        elif key in KINDS:
            values[key] = _read(key, value, where)
        else:
            raise unknown(f"[{SECTION}] has no key {key!r}.", key, KINDS, where)
    return {**values, "known": known}


def _read(key: str, value: Any, where: str) -> Any:
    kind = KINDS[key]
    if key == "backend" and isinstance(value, str):
        value = [value]
    fits = isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)
    if fits and isinstance(value, list):
        fits = all(isinstance(item, str) for item in value)
    if not fits:
        wanted = WORDS.get(kind if isinstance(kind, type) else kind[0], "a number")
        raise RequestError(f"{key} in [{SECTION}] has to be {wanted}, not {value!r}.", where=where)
    for name in value if key == "backend" else ():
        if name not in list(Backend):
            raise unknown(f"Keras has no backend {name!r}.", name, Backend, where)
    if key in ("timeout", "memory") and value < (0 if key == "memory" else 0.1):
        raise RequestError(f"{key} in [{SECTION}] is too small: {value}.", where=where)
    return tuple(value) if isinstance(value, list) else value


def read_known(name: str, table: Mapping[str, Any], where: str) -> Known:
    """What a table says of one class: `args = {units = 8}`, `input-shape = "16"` or a list, one for each input.

    Refuses unknown keys, and values of no use.
    """
    place = f'[{SECTION}."{name}"]'
    for key in table:
        if key not in ("args", "input-shape"):
            raise unknown(f"{place} has no key {key!r}.", key, ("args", "input-shape"), where)
    arguments = table.get("args", {})
    if not isinstance(arguments, Mapping):
        raise RequestError(f"args in {place} has to be a table, such as {{units = 8}}.", where=where)
    shapes = table.get("input-shape", [])
    if isinstance(shapes, (str, int)):
        shapes = [shapes]
    elif isinstance(shapes, Mapping):
        shapes = [f"{key}={value}" for key, value in shapes.items()]
    elif isinstance(shapes, list) and shapes and all(type(size) is int for size in shapes):
        shapes = [",".join(map(str, shapes))]
    if not isinstance(shapes, list) or not all(isinstance(item, (str, int)) for item in shapes):
        raise RequestError(f'input-shape in {place} has to be "16", or a list with one for each input.', where=where)
    return Known(
        tuple((key, source_of(value)) for key, value in arguments.items()),
        tuple(parse_feed(str(item), where) for item in shapes),
    )


def source_of(value: Any) -> str:
    """Python source of a value: of a text that is not a Python expression, the text itself as a string."""
    if not isinstance(value, str):
        return repr(value)
    import ast

    try:
        node = ast.parse(value.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return repr(value)
    # A bare word is far more often a string (relu) than a variable of the module.
    return repr(value) if isinstance(node, ast.Name) else value.strip()


def parse_known(arguments: Iterable[str], shapes: Iterable[str]) -> dict[str, Known]:
    """What flags say of classes, by their names; under "" what they say of all.

    Args:
        arguments: `units=8`, or `Gate.units=8` for one class.
        shapes: `16`, or `Gate:16` for one class.

    Raises:
        RequestError: An argument has no name or no value; a shape is not one.
    """
    known: dict[str, Known] = {"": Known()}
    for text in arguments:
        place, equals, value = text.partition("=")
        *of, name = place.strip().split(".")
        if not equals or len(of) > 1 or not all(map(str.isidentifier, (*of, name))) or not value.strip():
            raise RequestError(
                f"{text!r} is not an argument.",
                hint="Write it as units=8, or Gate.units=8 for one class.",
                where="--arg",
            )
        cls = "".join(of)
        one = known.get(cls, Known())
        known[cls] = replace(one, args=(*one.args, (name, source_of(value))))
    for text in shapes:
        match = OF_CLASS.match(text)
        cls = match[1] if match else ""
        one = known.get(cls, Known())
        known[cls] = replace(one, feeds=(*one.feeds, parse_feed(text[match.end() :] if match else text)))
    return known


def parse_feed(text: str, where: str = "--input-shape") -> Feed:
    """Parses `16`, `8,8,3`, `6:int32`, `ids=6:int32`; `None` for a size that is not fixed, `()` for a scalar.

    Refuses what is not a shape, and a dtype that Keras does not have.
    """
    match = INPUT.fullmatch(text)
    shape = (match["shape"] if match else "").strip().removeprefix("(").removesuffix(")")
    parts = [part.strip() for part in shape.split(",") if part.strip()]
    if match is None or not text.strip() or not all(SIZE.fullmatch(part) for part in parts):
        hint = "Give the sizes of one example, without the batch: 16, 8,8,3, 6:int32 or ids=6:int32."
        raise RequestError(f"{text!r} is not a shape.", hint=hint, where=where)
    dtype = match["dtype"] or "float32"
    if dtype not in DTYPES:
        raise RequestError(f"There is no dtype {dtype!r}.", hint=did_you_mean(dtype, DTYPES), where=where)
    sizes = tuple(int(part) if part.isdigit() else None for part in parts)
    return Feed(sizes, dtype, FEW if "int" in dtype else None, match["name"] or "")
