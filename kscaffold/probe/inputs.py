"""What a layer is fed, and how, where nobody said it: guesses, the likeliest first.

The arguments of `call` and what its body does with the first one say how inputs arrive; names and sublayers say which
shapes are likely; then a short list is tried.
"""

import ast
import inspect
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras

from .attributes import mentioned_names, own_classes
from .protocol import FEW, CallStyle, Feed
from .reading import given_to, input_shapes_said, rank_in, shapes_said_of, takes_texts, tree_of

NOT_FED = ("training", "mask", "states", "state", "initial_state", "return_attention_scores", "kwargs", "args")
VECTOR, SEQUENCE, IMAGE, VOLUME, SCALAR = (
    Feed(shape, below=FEW) for shape in ((16,), (6, 16), (12, 12, 3), (6, 6, 6, 2), ())
)
IDS = Feed((6,), "int32", FEW)
TEXT = Feed((1,), "string")
SQUARE = Feed((6, 6))  # how the steps of a sequence, or the nodes of a graph, go together
MASK = Feed((6,), "bool")
BY_RANK = {1: SCALAR, 2: VECTOR, 3: SEQUENCE, 4: IMAGE, 5: VOLUME}
# Beside an image, what comes from a deeper level of a network; beside the nodes of a graph, what is known of the edges.
HALF_IMAGE = Feed((6, 6, 3), below=FEW)
KINDS = (IDS, VECTOR, SEQUENCE)
PLAIN = re.compile(  # annotations of what is no tensor
    r"(?=.*\b(int|bool|float|str)\b)(typing\.|Union|Optional|List|list|Tuple|tuple|Sequence|int|bool|float|str|None"
    r"|\.\.\.|[\[\], |])+"
)
# Words of a name, and the inputs that they speak of.
HINTS = (
    (r"tokens?|ids?|index|indices|vocab|vocabulary|categor(y|ies|ical)|words?", IDS),
    (r"3d|volume|volumes", VOLUME),
    (r"2d|images?|img|pictures?|pixels?|patch(es)?|vision|vit|conv|unet|resnet|spatial", IMAGE),
    (
        r"1d|sequences?|seq|attention|transformer|position(s|al)?|recurrent|rnn|lstm|gru|temporal|times?|timesteps?"
        r"|steps?|query|key|value",
        SEQUENCE,
    ),
)
SUBLAYERS = (
    (r"TextVectorization|StringLookup", TEXT),
    (r"Embedding", IDS),
    (r".*3D(Transpose)?", VOLUME),
    (r".*2D(Transpose)?", IMAGE),
    (r".*1D(Transpose)?|LSTM|GRU|SimpleRNN|RNN|Bidirectional|TimeDistributed|.*Attention", SEQUENCE),
)


def input_guesses(made: Any, given: tuple[Feed, ...]) -> Iterator[tuple[tuple[Feed, ...], CallStyle]]:
    """What is fed to each input of a layer and how, to be tried one after the other; `given` is what the user says."""
    if isinstance(made, keras.Model) and getattr(made, "inputs", None) and not given:
        yield _of_built_model(made)
        return
    style, names = _how_they_arrive(type(made))
    if given:
        if style is CallStyle.SINGLE and len(given) > 1:
            style = CallStyle.LIST
        yield given, CallStyle.DICT if all(feed.name for feed in given) else style
        if len(given) > 1 and style is not CallStyle.ARGUMENTS:
            yield given, CallStyle.ARGUMENTS
        return
    if style in (CallStyle.SINGLE, CallStyle.LIST):
        if takes_texts(type(made)):
            yield from (((replace(TEXT, shape=shape),), CallStyle.SINGLE) for shape in (TEXT.shape, ()))
            return
        for size in _sizes(made):
            sizes: dict[str, int] = {}  # a word that stands in several shapes is the same size in all
            said = [_feed_said(made, *one, size, sizes) for one in input_shapes_said(type(made), len(names))]
            if said and (style is CallStyle.LIST or len(said) > 1):
                yield tuple(said), CallStyle.LIST
            if said and style is CallStyle.LIST:  # which it may take apart with another argument alone
                yield (said[0],), CallStyle.SINGLE
    for feeds in _feed_guesses(made, names, style):
        if style is CallStyle.DICT:
            feeds = [replace(feed, name=name) for feed, name in zip(feeds, names, strict=True)]
        yield tuple(feeds), style
    if style is CallStyle.SINGLE:
        for items in (2, 3):
            yield from (((one,) * items, CallStyle.LIST) for one in (VECTOR, SEQUENCE, IMAGE))
    if style is CallStyle.LIST:  # what it takes apart may be one tensor
        yield from (((one,), way) for way in (CallStyle.SINGLE, CallStyle.LIST) for one in (VECTOR, SEQUENCE, IMAGE))


def _of_built_model(made: Any) -> tuple[tuple[Feed, ...], CallStyle]:
    """The inputs that a functional model says it has."""
    structure = getattr(made, "_inputs_struct", made.inputs)
    tensors = keras.tree.flatten(structure)
    names = sorted(structure) if isinstance(structure, dict) else [tensor.name for tensor in tensors]
    feeds = tuple(
        Feed(tuple(tensor.shape[1:]), str(tensor.dtype), FEW, name) for tensor, name in zip(tensors, names, strict=True)
    )
    if isinstance(structure, dict):
        return feeds, CallStyle.DICT
    return feeds, CallStyle.LIST if len(feeds) > 1 else CallStyle.SINGLE


def _how_they_arrive(cls: Any) -> tuple[CallStyle, list[str]]:
    """How a class of layers is called, and a name for each of its inputs."""
    listed = list(inspect.signature(cls.call).parameters.values())[1:]
    if len(listed) > 1 and (hasattr(cls, "state_size") or "state_size" in mentioned_names(cls)):
        return CallStyle.CELL, [listed[0].name]
    positional = [one for one in listed if one.kind in (one.POSITIONAL_OR_KEYWORD, one.POSITIONAL_ONLY)]
    fed = [one.name for one in positional if one.default is one.empty and one.name not in NOT_FED]
    if len(fed) > 1:
        return CallStyle.ARGUMENTS, fed
    if not fed:
        variadic = [one.name for one in listed if one.kind is one.VAR_POSITIONAL]
        return (CallStyle.ARGUMENTS, variadic * 2) if variadic else (CallStyle.SINGLE, ["inputs"])
    keys, items = _uses(cls.call, fed[0])
    if keys:
        return CallStyle.DICT, sorted(keys)
    return (CallStyle.LIST, fed * items) if items > 1 else (CallStyle.SINGLE, fed)


def plain_arguments(cls: Any) -> list[str]:
    """The arguments that a call of a class must have and that are annotated as numbers, texts or lists of them."""
    listed = list(inspect.signature(cls.call).parameters.values())[1:]
    needed = [one for one in listed if one.default is one.empty and one.name not in NOT_FED]
    return [one.name for one in needed if PLAIN.fullmatch(inspect.formatannotation(one.annotation).strip("'"))]


def _uses(function: Any, parameter: str) -> tuple[set[str], int]:
    """What a function does with one parameter: the keys it looks up, and how many items it takes apart."""
    tree = tree_of(function)
    if tree is None:
        return set(), 0
    keys: set[str] = set()
    items = [0]
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(ast.Name(name), ast.Constant(str(key))) if name == parameter:
                keys.add(key)
            case ast.Subscript(ast.Name(name), ast.Constant(int(index))) if name == parameter:
                items.append(index + 1)
            case ast.Assign(targets, ast.Name(name)) if name == parameter:
                items += [len(target.elts) for target in targets if isinstance(target, ast.Tuple | ast.List)]
            case ast.Subscript(ast.Name(name), ast.Name()) | ast.For(iter=ast.Name(name)) if name == parameter:
                items.append(2)
            case ast.Call(
                ast.Name("len" | "zip" | "sum" | "enumerate" | "concatenate" | "concat" | "stack" | "add_n"), arguments
            ) | ast.Call(ast.Attribute(attr="concatenate" | "concat" | "stack" | "add_n"), arguments):
                items += [2 for one in arguments if isinstance(one, ast.Name) and one.id == parameter]
    return keys, max(items)


def _feed_guesses(made: Any, names: list[str], style: CallStyle) -> Iterator[list[Feed]]:
    """What is fed to all inputs, the likeliest first."""
    if style is CallStyle.CELL:
        for size in _sizes(made):
            yield [replace(SEQUENCE, shape=(6, size))] * len(names)
        return
    singles = list(_single_guesses(made, names))
    own = [_hint_of_call(made, name) or _hint(name) for name in names]
    if len(names) > 1 and any(own):
        for other in singles[:8]:
            yield [hint or other for hint in own]
            if IDS in own:
                yield [replace(IDS, shape=other.shape[:1]) if hint == IDS else hint or other for hint in own]
    for one in singles:
        yield [one] * len(names)
    if len(names) > 1:
        yield from ([SEQUENCE, SQUARE, *[rest] * (len(names) - 2)] for rest in (SEQUENCE, IDS, HALF_IMAGE))
        # The way up of a U-Net or of a feature pyramid, which may be told something besides.
        up = [_with_channels(size, len(names)) for size in _sizes(made)]
        yield from up if len(names) > 2 else ()
        kinds = singles[:6] if len(names) == 2 else KINDS
        for combination in itertools.product([*kinds, HALF_IMAGE], repeat=min(len(names), 4)):
            yield [*combination, *[combination[-1]] * (len(names) - 4)]
        yield from up if len(names) == 2 else ()


def _with_channels(size: int, count: int) -> list[Feed]:
    """Images of two sizes with so many channels, and vectors beside them."""
    images = [replace(feed, shape=(*feed.shape[:-1], size)) for feed in (HALF_IMAGE, IMAGE)]
    return [*images, *[VECTOR] * (count - 2)]


def _single_guesses(made: Any, names: list[str]) -> Iterator[Feed]:
    """What is fed to one input, the likeliest first, each once."""
    hinted = [_hint_of_spec(made)]
    if len(names) == 1:
        hinted += [_hint_of_call(made, names[0]), *_hints_of_document(made)]
    hinted += [_hint_of_sublayers(made), _hint(type(made).__name__)]
    if len(names) == 1:
        hinted.append(_hint(names[0]))
    plain = [VECTOR, SEQUENCE, IMAGE, IDS, VOLUME, replace(IMAGE, shape=(12, 12, 1))]
    # A number of steps may be an argument, such as that of the patches of an image.
    plain += [replace(SEQUENCE, shape=(size, 16)) for size in _sizes(made)[1:]]
    seen = set()
    last = [replace(VECTOR, shape=(1,)), SCALAR, replace(SCALAR, dtype="int32"), replace(VECTOR, dtype="string")]
    for feed in [*(hint for hint in hinted if hint), *plain, *last]:
        for size in _sizes(made) if feed.dtype == "float32" and feed.shape else (None,):
            changes = size and feed.shape[-1] != 1 and not (feed == IMAGE and size == 16)
            one = replace(feed, shape=(*feed.shape[:-1], size)) if changes else feed
            if one not in seen:
                seen.add(one)
                yield one


def _sizes(made: Any) -> list[int]:
    """Sizes of the last axis to try: 16, and the whole numbers that the layer keeps."""
    layers = [made, *made._flatten_layers(include_self=False)]
    kept = [value for layer in layers for value in vars(layer).values() if type(value) is int and 2 <= value <= 512]
    return list(dict.fromkeys([16, *kept]))[:5]


def _hint(name: str) -> Feed | None:
    """What the words in the name of a class or parameter say of its input."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d[dD]?", name)]
    return next((feed for pattern, feed in HINTS if any(re.fullmatch(pattern, word) for word in words)), None)


def _hint_of_spec(made: Any) -> Feed | None:
    """What the `input_spec` of a layer says."""
    spec = made.input_spec
    spec = spec[0] if isinstance(spec, (list, tuple)) and spec else spec
    rank = getattr(spec, "ndim", None) or getattr(spec, "min_ndim", None)
    if not rank or not 1 <= rank <= 5:
        return None
    feed = BY_RANK[rank]
    sizes = dict(getattr(spec, "axes", None) or {})
    shape = (sizes.get(axis) or sizes.get(axis - rank) or size for axis, size in enumerate(feed.shape, 1))
    return replace(feed, shape=tuple(int(size) for size in shape if size is not None))


def _hint_of_sublayers(made: Any) -> Feed | None:
    """What the first sublayer with a telling class says."""
    names = [cls.__name__ for cls in type(made).__mro__ if cls.__module__.startswith("keras.src.layers.")]
    names += [type(layer).__name__ for layer in made._flatten_layers(include_self=False)]
    names += sorted(mentioned_names(type(made)))  # those that are made in build()
    return next((feed for name in names for pattern, feed in SUBLAYERS if re.fullmatch(pattern, name)), None)


def _hint_of_call(made: Any, name: str, depth: int = 0) -> Feed | None:
    """What docstrings say of one argument of the call, what its code does with that, and what takes it first."""
    said = [_feed_said(made, *one) for one in shapes_said_of(type(made), name)]
    if said:
        is_ids = _hint(name) == IDS and said[0].dtype == "float32"
        return replace(said[0], dtype="int32") if is_ids else said[0]
    if re.fullmatch(r".*_mask", name):
        return MASK
    first = given_to(made, name)
    if isinstance(first, keras.Sequential) and first._layers:
        first = first._layers[0]
    if isinstance(first, keras.layers.Layer):
        known = next((feed for pattern, feed in SUBLAYERS if re.fullmatch(pattern, type(first).__name__)), None)
        inner = [] if known or depth > 2 or not own_classes(type(first)) else _how_they_arrive(type(first))[1][:1]
        known = known or next((feed for one in inner if (feed := _hint_of_call(first, one, depth + 1))), None)
        if known:
            return known
    of_shape = [parameter for parameter in inspect.signature(made.build).parameters if parameter == "input_shape"]
    places = [(type(made).call, name), *((type(made).build, one) for one in of_shape)]
    rank = next((found for function, one in places if (found := rank_in(function, one))), None)
    return BY_RANK.get(rank or 0)


def _hints_of_document(made: Any) -> list[Feed]:
    """What the docstring of a class says of its one input, if it does."""
    return [_feed_said(made, *one) for one in input_shapes_said(type(made))][:2]


def _feed_said(made: Any, words: list[str], line: str, size: int = 16, sizes: dict[str, int] | None = None) -> Feed:
    """An input of the shape that words stand for: sizes, names of arguments, or of axes.

    The last of them is of some size where nobody knows it; `sizes` holds those that words have, and gets the others.
    """
    sizes = {} if sizes is None else sizes
    usual = BY_RANK.get(len(words) + 1, VECTOR).shape
    usual = (*usual[:-1], size) if usual and usual[-1] == VECTOR.shape[0] else usual
    known = {"height": 12, "width": 12, "h": 12, "w": 12, "channels": 3, "...": None}
    shape: list[int] = []
    for place, word in enumerate(words):
        kept = getattr(made, word, None) if word.isidentifier() else None
        if word.isdigit():
            shape.append(int(word))
        elif type(kept) is int and 0 < kept <= 512:
            shape.append(kept)
        elif word != "...":
            one = known.get(word.lower()) or (usual[place] if place < len(usual) else 6) or 6
            shape.append(sizes.setdefault(word, one) if word.isidentifier() and word.lower() != "none" else one)
    if re.search(r"\b(str|strings?|texts?)\b", line, re.IGNORECASE):
        return Feed(tuple(shape), "string")
    whole = re.search(r"\b(int(eger)?s?|int32|int64|ids?|ind(ices|ex)|\w*_?len(gths?)?)\b", line, re.IGNORECASE)
    return Feed(tuple(shape), "int32" if whole else "bool" if "bool" in line else "float32", FEW)
