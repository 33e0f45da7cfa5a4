"""The spec that a model is made from: a preset, a file, a chain or flags, and the values of its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kscaffold.base.choices import Style
from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.kinds.destination import Destination
from kscaffold.library.templates import Template, shown
from kscaffold.spec.graph.document import GraphText, read_document
from kscaffold.spec.graph.flags import GraphFlags, document_from_flags

DEFAULT_PRESET = "mlp"


@dataclass(frozen=True)
class ModelFlags:
    """What describes a model, as typed.

    Attributes:
        spec: A YAML file, or a chain.
        graph: `--input`, `--node` and `--output`.
        settings: `--set`: names and values of parameters.
        style: `--style`, if it is given.
        default_style: The style where neither the user nor the spec names one.
        deferred: Whether a sequential model is left to be built by its first call.
        diagram: A file in the output folder for a picture: `.svg` or `.md`.
    """

    spec: str | None = None
    graph: GraphFlags = field(default_factory=GraphFlags)
    settings: tuple[str, ...] = ()
    style: Style | None = None
    default_style: Style = Style.SUBCLASSED
    deferred: bool = False
    diagram: str | None = None


def read_settings(texts: tuple[str, ...], may_be_empty: bool = False) -> dict[str, str]:
    """`NAME=VALUE` after `--set`, by name; refuses one without a value, and a name that is given twice."""
    settings: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (equals and name and (may_be_empty or value.strip())):
            hint = "Write NAME=VALUE." if may_be_empty else "Write NAME=VALUE: units=64."
            raise RequestError(f"{text!r} sets nothing.", hint=hint, where="--set")
        if name in settings:
            raise RequestError(f"{name!r} is set twice.", where="--set")
        settings[name] = value.strip()
    return settings


def read_preset(template: Template) -> GraphText:
    """The spec of a preset; refuses a broken one."""
    try:
        return read_document(template.demand_inside(), shown(template.path))
    except RequestError as error:
        raise broken_preset(error) from None


def broken_preset(error: RequestError) -> RequestError:
    """The error of a preset that is broken, which is not what the user typed."""
    return RequestError(error.message, hint=error.hint, where=error.where, exit_code=ExitCode.REFUSED)


def spec_file(spec: str, graph: GraphFlags, kind: str) -> Path | None:
    """The file that SPEC names, `None` if it is an expression; refuses one that is not there, and flags beside it."""
    path = Path(spec)
    if path.suffix not in (".yaml", ".yml") and not (len(spec) < 255 and path.is_file()):
        return None
    if graph.describe_a_graph:
        raise RequestError(f"A spec is a whole {kind}.", hint="Leave out --input, --node and --output.", where="SPEC")
    if not path.is_file():
        raise RequestError(f"There is no file {spec}.", where="SPEC")
    return path


def find_training_template(asked: str | None, flags: ModelFlags, destination: Destination) -> Template | None:
    """The template of a model that says itself how it is trained, if that is what is asked for."""
    if flags.spec is not None or flags.graph.describe_a_graph:
        return None
    template = destination.catalogue.choose("model", asked, destination.name.module, DEFAULT_PRESET)
    return None if template.is_spec else template


def choose_document(
    template: str | None, flags: ModelFlags, destination: Destination, settings: Mapping[str, str]
) -> tuple[str, GraphText, bool]:
    """The one spec that is asked for: what it is called in reports, the spec, and whether it is a preset.

    Raises:
        RequestError: There is none, it cannot be read, or two are asked for.
    """
    spec, graph = flags.spec, flags.graph
    described = spec is not None or graph.describe_a_graph
    if described and template is not None:
        raise RequestError("A template is a spec of its own.", hint="Give one or the other.", where="--template")
    if not described:
        chosen = destination.catalogue.choose("model", template, destination.name.module, DEFAULT_PRESET)
        return chosen.full_name, read_preset(chosen), True
    if spec is None:
        return "flags", document_from_flags(graph, settings), False
    if path := spec_file(spec, graph, "model"):
        return spec, read_document(path, spec), False
    return "chain", document_from_flags(replace(graph, chain=spec), settings), False
