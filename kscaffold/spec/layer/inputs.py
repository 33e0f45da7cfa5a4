"""The inputs of a layer: how many there are, and a shape for each in examples, tests and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place, located
from kscaffold.spec.layer.manifest import CallStyle, Input, LayerManifest
from kscaffold.spec.layer.parts import Sublayer
from kscaffold.spec.shapes.shape import Shape, match_shape, parse_shape, show_shape

Parsed = TypeVar("Parsed")
# The example input for a layer whose sublayers take inputs of that rank only.
SHAPES_OF_RANK: dict[int, Shape] = {2: (16,), 3: (8, 16), 4: (16, 16, 3), 5: (8, 16, 16, 3)}


def parse_each(texts: Iterable[str], flag: str, parse: Callable[[str], Parsed]) -> list[Parsed]:
    """What several texts say.

    Args:
        texts: What was typed.
        flag: What it was typed after.
        parse: Parses one of them.

    Raises:
        RequestError: One cannot be parsed; names the flag and the text.
    """
    parsed = []
    for text in texts:
        with located(Place(f"{flag} {text!r}")):
            parsed.append(parse(text))
    return parsed


def choose_inputs(
    manifest: LayerManifest, texts: Iterable[str], masked: bool, sublayers: Iterable[Sublayer]
) -> tuple[Input, ...]:
    """The inputs of a layer, each with a shape as an example.

    Args:
        manifest: The template's.
        texts: The shapes that the user gives, as after `--input-shape`.
        masked: Whether the layer is to take a mask, which a sequence has.
        sublayers: The sublayers that are called first.

    Raises:
        RequestError: Shapes that do not fit the template or the sublayers, or too few or too many.
    """
    shapes = parse_each(texts, "--input-shape", parse_shape)
    # Of a template with a body of its own, sublayers get what the body makes.
    any_rank = manifest.output is None or None in manifest.output.axes
    picky = _first_with_ranks(sublayers) if any_rank else None
    ranks = picky.ranks if picky else ()
    if not shapes:
        return _usual_inputs(manifest, ranks, masked)
    for shape in shapes:
        if picky and 1 + len(shape) not in ranks:
            example = SHAPES_OF_RANK.get(ranks[0], ())
            raise RequestError(
                f"The sublayer {picky.name!r} takes inputs with {ranks[0] - 1} sizes,"
                f" but {','.join(map(str, shape))} has {len(shape)}.",
                hint=f"For example: --input-shape {','.join(map(str, example))}.",
                where="--input-shape",
            )
    _refuse_number(manifest, len(shapes))
    chosen = []
    known: dict[str, object] = {}
    for index, shape in enumerate(shapes):
        template = manifest.inputs[min(index, len(manifest.inputs) - 1)]
        with located(Place("--input-shape")):
            found = match_shape(template.pattern, manifest.call.own_shape(shape))
        # The inputs of a template without a body are concatenated, so their sizes may differ.
        if manifest.call is CallStyle.LIST and any(known.get(name, size) != size for name, size in found.items()):
            listed = " and ".join(show_shape(item) for item in shapes)
            raise RequestError(f"The inputs of the layer have one shape, not {listed}.", where="--input-shape")
        known |= found
        chosen.append(replace(template, shape=shape))
    return tuple(chosen)


def _usual_inputs(manifest: LayerManifest, ranks: tuple[int, ...], masked: bool) -> tuple[Input, ...]:
    """The inputs of the template, a single one with as many axes as a mask or the sublayers need."""
    first, *others = manifest.inputs
    if others or len(first.shape) != 1 or manifest.call is not CallStyle.SINGLE:
        return manifest.inputs
    rank = 3 if masked else 2
    if ranks and rank not in ranks:
        rank = ranks[0]
    return (replace(first, shape=SHAPES_OF_RANK.get(rank, first.shape)),)


def _refuse_number(manifest: LayerManifest, count: int) -> None:
    """Raises unless the layer can have that many inputs."""
    default = manifest.inputs
    open_ended = default[-1].repeats or (manifest.call is CallStyle.SINGLE and not manifest.own_body)
    if count == len(default) or (count > len(default) and open_ended):
        return
    names = [item.name for item in default]
    given = "One input shape is" if count == 1 else f"{count} input shapes are"
    has = "one input" if len(default) == 1 else f"{len(default)} inputs"
    raise RequestError(
        f"{given} given, but the layer has {has}{' or more' if open_ended else ''}.",
        hint="Give one for each" + (f": {', '.join(names)}." if len(set(names)) > 1 else "."),
        where="--input-shape",
    )


def _first_with_ranks(sublayers: Iterable[Sublayer]) -> Sublayer | None:
    """The first sublayer that takes inputs of some ranks only, if those before it leave the rank as it is."""
    for sublayer in sublayers:
        if sublayer.ranks and len(sublayer.ranks) < len(SHAPES_OF_RANK):
            return sublayer
        if not sublayer.signature.keeps_shape and sublayer.signature.name != "Dense":
            return None
    return None
