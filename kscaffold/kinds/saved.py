"""`kscaffold from`: source, or a spec, for a saved model."""

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from kscaffold.base.choices import Style
from kscaffold.base.errors import ExitCode, RequestError
from kscaffold.base.naming import identifier, parse_module_name
from kscaffold.kinds.destination import Request, find_destination
from kscaffold.kinds.saved_module import SavedFlags, SavedScaffold
from kscaffold.kinds.saved_spec import describe_spec
from kscaffold.kinds.scaffold import Scaffold
from kscaffold.saved import read_model
from kscaffold.saved.value import SavedFile, SavedModel, as_functional, every_model
from kscaffold.source.spec import plain_chain


def describe_saved(request: Request, flags: SavedFlags) -> Scaffold:
    """The module that is asked for, and where it goes; refuses a file that cannot be read, or lacks something."""
    if request.template is not None:
        raise RequestError("A saved model needs no template.", hint="Leave out --template.", where="--template")
    customs = read_customs(flags.customs)
    file = read_model(Path(flags.file), flags.file, customs)
    file = with_compiled(file, flags)
    imported = {module.partition(".")[0] for module in customs.values()}
    named = replace(request, name=request.name or default_name(file.model, Path(flags.file), imported))
    if not flags.to_spec and request.name and parse_module_name(request.name).module in imported:
        raise RequestError(
            f"A module {parse_module_name(request.name).module}.py would hide the module that --custom imports from.",
            hint="Give another NAME.",
            where="NAME",
        )
    if flags.to_spec and named.output_dir is None:
        named = replace(named, output_dir=Path("."))  # a spec is not a module of a package
    unused = [name for name in customs if name not in {name for _, name in file.customs}]
    if unused:
        raise RequestError(f"The model has no {unused[0]}.", hint="Leave it out.", where="--custom")
    if file.stubs and not flags.allow_stubs:
        raise missing(file, flags.file)
    destination = find_destination(named)
    if flags.to_spec:
        return describe_spec(destination, file, flags)
    model = in_style(file.model, flags.style, flags.file)
    plain = Style.SEQUENTIAL if model.sequential else Style.FUNCTIONAL
    style = Style.SUBCLASSED if flags.style is Style.SUBCLASSED else plain
    scaffold = SavedScaffold(destination, flags.file, replace(file, model=model), flags, style)
    hidden = sorted(scaffold.written.names & {name for _, name in file.customs})
    if hidden:
        raise RequestError(
            f"The module would define {hidden[0]} itself, which --custom imports.",
            hint="Give another NAME.",
            where="NAME",
        )
    return scaffold


def with_compiled(file: SavedFile, flags: SavedFlags) -> SavedFile:
    """A file whose `compile` is whole: what it names there and does not hold is imported, a stub, or a reason to leave
    `compile` out, which a note says."""
    compiled = file.compiled
    if compiled is None or flags.to_spec:
        return replace(file, compiled=None)
    if compiled.stubs and not flags.allow_stubs:
        listed = ", ".join(stub.origin for stub in compiled.stubs)
        note = (
            f"The model was compiled with {listed[:200]}, of which the file holds the name alone, so the source does"
            f" not compile it: --custom my_package.training:{compiled.stubs[0].name} imports it, --allow-stubs writes a"
            " stub."
        )
        return replace(file, compiled=None, notes=(*file.notes, note))
    stubs = (*file.stubs, *(stub for stub in compiled.stubs if stub.name not in {one.name for one in file.stubs}))
    customs = tuple(dict.fromkeys((*file.customs, *((module, name) for name, module in compiled.customs))))
    return replace(file, stubs=stubs, customs=customs, notes=(*file.notes, *compiled.notes))


def in_style(model: SavedModel, style: Style | None, shown: str) -> SavedModel:
    """A model as a style writes it, as it was saved for none; refuses a model that the style cannot hold."""
    reason: str | None = None
    if style is Style.SUBCLASSED:
        masked = next(filter(None, map(masked_part, every_model(model))), None)
        reason = masked and f"A class is given no mask, which the model {masked!r} is called with"
        result = without_sequential(model)
    elif style is Style.SEQUENTIAL and not model.sequential:
        forks = plain_chain(model)
        reason = forks and f"A sequential model is a chain, but {forks}"
        result = replace(model, sequential=True)
    elif style is Style.FUNCTIONAL and model.sequential:
        if not model.inputs and not model.build_shape:
            reason = "A functional model needs the shape of its inputs, which the file does not say"
        result = as_functional(model)
    else:
        return model
    if reason:
        raise RequestError(f"{reason}.", hint=f"Leave out --style {style}.", where=shown)
    return result


def masked_part(model: SavedModel) -> str | None:
    """A model inside a model that is called with a mask."""
    called = ((model.layer_of(call), call) for call in model.calls)
    return next((layer.name for layer, call in called if layer and layer.model and "mask" in dict(call.kwargs)), None)


def without_sequential(model: SavedModel) -> SavedModel:
    """A model in which every `Sequential` says by its calls what it does."""
    layers = (replace(layer, model=without_sequential(layer.model)) if layer.model else layer for layer in model.layers)
    return replace(as_functional(model), layers=tuple(layers))


def read_customs(texts: tuple[str, ...]) -> dict[str, str]:
    """`package.module:Class` after `--custom`: the module of each class; refuses what is written otherwise."""
    found = {}
    for text in texts:
        if not re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", text, flags=re.ASCII):
            raise RequestError(
                f"{text!r} names no class.", hint="For example: my_package.layers:MyDense.", where="--custom"
            )
        module, _, name = text.partition(":")
        if name in found:
            raise RequestError(f"{name} is given twice.", where="--custom")
        found[name] = module
    return found


def missing(file: SavedFile, shown: str) -> RequestError:
    """The error for what a file names but does not hold."""
    listed = ", ".join(stub.origin for stub in file.stubs)
    unnamed = ("the Lambda", "a lambda", "a constant")
    named = [stub for stub in file.stubs if not stub.origin.startswith(unnamed)]
    # A class whose module the file says is suggested before one that the user has to find.
    best = next((stub.source for stub in named if stub.source), f"my_package.layers:{named[0].name}" if named else "")
    custom = f"import it with --custom {best}, or " if best else ""
    begin = "Keras 3 has nothing for" if file.stubs[0].origin.startswith("the operation") else "The file does not hold"
    return RequestError(
        f"{begin} {listed[:300]}: {file.stubs[0].why}.",
        hint=f"To go on, {custom}write stubs to be filled in with --allow-stubs.",
        where=shown,
        exit_code=ExitCode.CHECK_FAILED,
    )


def default_name(model: SavedModel, path: Path, taken: Collection[str] = ()) -> str:
    """A name for the module: that of the model, else that of its file; none that is `taken` by what it imports."""
    for text in ([] if model.generated else [model.name]) + [path.stem.partition(".")[0], "saved"]:
        wanted = identifier(text, "model", "model")
        for name in (wanted, f"{wanted}_model"):
            try:
                module = parse_module_name(name).module
            except RequestError:
                continue
            if module not in taken:
                return module
    return "saved_model"
