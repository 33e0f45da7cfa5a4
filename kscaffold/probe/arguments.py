"""Constructor arguments where none are given: by default, annotation or name; and other values for those there are."""

import ast
import inspect
import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from .reading import passed_as, said_of, uses

BASE_ARGUMENTS = ("name", "trainable", "dtype", "activity_regularizer", "autocast")
MOST_GUESSES = 24
LAYER = "keras.layers.Dense(8)"
MODEL = "keras.Sequential([keras.layers.Dense(8)])"
# The first pattern that the whole name of a parameter matches says what is tried for it, in order.
BY_NAME: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"use_.*|is_.*|return_.*|with_.*|.*_first|.*_last|causal|training|bias", ("True",)),
    (r".*initializer", ("'glorot_uniform'", "'ones'", "'zeros'")),
    (r".*regularizer", ("'l2'", "'l1'")),
    (r".*constraint", ("'non_neg'", "'unit_norm'")),
    (r".*activation|act|act_fn|nonlinearity", ("'relu'", "'tanh'")),
    (r"padding", ("'same'", "'valid'")),
    (r"data_format", ("'channels_last'", "'channels_first'")),
    (r"layers|blocks|sublayers|branches|experts", (f"[{LAYER}]", "2")),
    (r"cells", ("[keras.layers.LSTMCell(8)]",)),
    (r"cell|rnn_cell", ("keras.layers.LSTMCell(8)",)),
    (r"(.*_)?(layer|sublayer|inner|wrapped|block|module|fn|branch)", (LAYER, "keras.activations.relu")),
    (
        r"(.*_)?(model|encoder|decoder|backbone|network|net|generator|discriminator|classifier|head|tower)",
        (MODEL, "keras.Sequential([keras.layers.Dense(16)])"),
    ),
    (r"num_heads|heads|n_heads|nhead|head_count", ("2",)),
    (r"key_dim|value_dim|head_dim|dim_head", ("4",)),
    (r"(num_|n_)?classes|num_labels|n_out|num_outputs", ("4",)),
    (r"(num_|n_).*|depth|repeats?|repetitions|steps|order|groups|times", ("2", "8")),
    (r"vocabulary", ("['text', 'word']", "32", "8")),
    (r".*vocab.*|max_.*|maxlen|.*seq.*len.*|.*sequence_length|.*_length|length|num_tokens", ("32", "8")),
    (r".*kernel.*|window.*|.*filter_size|ksize", ("3",)),
    (r".*pool.*|strides?|.*patch.*|block_size|dilation.*|upsampl.*|rank|ratio|reduction.*", ("2",)),
    (r"(.*_)?(rate|dropout|prob|probability|drop|p|epsilon|eps|noise|stddev|std|sigma)", ("0.1",)),
    (
        r"(.*_)?(alpha|beta|gamma|momentum|decay|scale|factor|temperature|tau|weight|lambda|lam|coef|coefficient|l1|l2"
        r"|lr|margin|slope|threshold|mu|delta)",
        ("0.5",),
    ),
    (r".*(units|filters|dims|sizes|widths|channels_list|layers_list)", ("8", "[8, 8]", "(8, 8)")),
    (r"axis", ("-1",)),
    (r"axes", ("(-1,)",)),
    (r"(.*_)?shape", ("(8,)", "(16,)")),
    (r"mode|method|kind|type", ("'sum'",)),
    (r"(image|img|input|spatial)_size|resolution|height|width", ("12", "8")),
    (r".*prefix|.*suffix|.*_name", ("'text'",)),
)
BY_ANNOTATION: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"bool", ("True",)),
    (r"(tuple|Tuple)\[int,? ?(int|\.\.\.)?\]", ("(2, 2)", "(8, 8)")),
    (r"(list|List|Sequence|Iterable)\[int\]", ("[8, 8]",)),
    (r"(list|List|Sequence|Iterable)\[float\]", ("[0.5, 0.5]",)),
    (r"(list|List|Sequence|Iterable)\[str\]", ("['relu', 'relu']",)),
    (r"dict.*|Dict.*|Mapping.*", ("{}",)),
    (r".*(LSTMCell|GRUCell)", ("keras.layers.LSTMCell(8)",)),
    (r".*\bLayer", (LAYER,)),
    (r".*\bModel", (MODEL,)),
    (r".*Callable.*", ("keras.activations.relu",)),
    (r"float", ("0.5", "0.1")),
)
INT_OR_STRING = {"int": "8", "str": "'relu'"}
ANYTHING = ("8", "0.5", "'relu'", LAYER, "(2, 2)", "[8, 8]", "16", "True")


def parameters(item: Any) -> list[inspect.Parameter]:
    """The parameters of a class's constructor, or of a function."""
    function = item.__init__ if inspect.isclass(item) else item
    listed = list(inspect.signature(function).parameters.values())
    return listed[1:] if inspect.isclass(item) else listed


# What the description of an argument in a docstring begins with.
BY_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"(an? )?(optional )?(positive )?(python )?int(eger)?s?\b(?! or (tuple|list))", ("8", "2")),
    (r"(an? )?(optional )?float(ing)?\b", ("0.5", "0.1")),
    (r"(an? )?(optional )?str(ing)?\b(?! or)", ("'relu'",)),
    (r"(an? )?(optional )?bool(ean)?s?\b|whether\b|if true", ("True",)),
    (r".{0,40}\bregulari[sz]er", ("'l2'",)),
    (r".{0,40}\binitiali[sz]er", ("'glorot_uniform'", "'ones'")),
    (r".{0,40}\bconstraint", ("'non_neg'",)),
    (r".{0,40}\bactivation", ("'relu'",)),
    (r".{0,30}\blist of (lists|tuples)", ("[[8, 8], [8, 8]]",)),
    (r".{0,40}\b(tuple|list|sequence|iterable)s?\b.{0,30}\bfloat", ("[0.5, 0.5]",)),
    (r".{0,40}\b(tuple|list|sequence|iterable)s?\b.{0,30}\b(str|string)", ("['relu', 'relu']",)),
    (r".{0,40}\btuples?\b", ("(8, 8)", "(2, 2)")),
    (r".{0,40}\b(list|sequence|iterable)s?\b", ("[8, 8]", "[2, 2]")),
    (r"(an? )?(optional )?dict", ("{}",)),
    (r".{0,40}\blayers?\b", (LAYER,)),
    (r".{0,40}\bmodel\b", (MODEL,)),
)
QUOTED = re.compile(r"""[`"']{1,3}([a-z]\w*)["'`]{1,3}""")


def candidates(parameter: inspect.Parameter, item: Any = None) -> tuple[str, ...]:
    """Sources of values that are tried for a parameter of a class without a default, the likeliest first."""
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    if not isinstance(annotation, (str, type)) or "[" in str(annotation):
        text = str(annotation).replace("typing.", "")
    if annotation is inspect.Parameter.empty:
        text = ""
    text = re.sub(r"Optional\[(.*)\]|\s*\|\s*None|None\s*\|\s*", r"\1", text).strip("'\" ")
    literal = re.fullmatch(r"Literal\[(.*?)(,.*)?\]", text)
    if literal:
        return (literal[1],)
    read = list(dict.fromkeys(read_values(item, parameter.name)))
    if len(read) > 1 and all(isinstance(plain(value), str) for value in read):
        return tuple(read)  # it is compared with these
    named = tuple(dict.fromkeys([*read, *named_values(parameter.name)]))
    if text in INT_OR_STRING:
        kind = int if text == "int" else str
        return (*(value for value in named if type(plain(value)) is kind), INT_OR_STRING[text])
    fitting = next((values for pattern, values in BY_ANNOTATION if re.fullmatch(pattern, text)), ())
    if text == "float":
        fitting = (*(value for value in named if isinstance(plain(value), float)), *fitting)
    return fitting or (*named, *(value for value in ANYTHING if value not in named))


def read_values(item: Any, name: str) -> Iterator[str]:
    """Sources of the values that the source and the docstring of a class speak of, and those of its like."""
    if not inspect.isclass(item):
        return
    yield from uses(item, name, getattr(sys.modules.get(item.__module__), "__dict__", {}))
    for keyword in passed_as(item, name):
        yield from named_values(keyword)
    said = said_of(item, name)
    if re.match(r".{0,60}\bone of\b|.{0,20}\bstr(ing)?\b", said, re.IGNORECASE):
        yield from (repr(word) for word in QUOTED.findall(said) if word not in ("str", "string", "None"))
    yield from next((values for pattern, values in BY_WORDS if re.match(pattern, said, re.IGNORECASE)), ())
    for one in parameters(item):
        alike = one.name.rpartition("_")[2] == name.rpartition("_")[2]
        if alike and one.name != name and type(one.default) in (int, float, str, tuple):
            yield repr(one.default)


def named_values(name: str) -> tuple[str, ...]:
    """Sources of the values that fit the name of a parameter, if it says anything."""
    return next((values for pattern, values in BY_NAME if re.fullmatch(pattern, name.strip("_"))), ())


def plain(source: str) -> Any:
    """The value of a literal; `None` for any other expression."""
    try:
        return ast.literal_eval(source)
    except ValueError:
        return None


def guesses(item: Any, given: dict[str, str]) -> Iterator[dict[str, str]]:
    """Sources of the arguments of a class or function: those given, and values for all without a default."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    required = [one for one in parameters(item) if one.default is one.empty and one.kind in kinds]
    options = {one.name: candidates(one, item) for one in required if one.name not in given}
    farthest = sum(len(values) - 1 for values in options.values())
    nearest_first = (at_distance([*options.values()], distance) for distance in range(farthest + 1))
    for combination in itertools.islice(itertools.chain.from_iterable(nearest_first), MOST_GUESSES):
        yield given | dict(zip(options, combination, strict=True))


def asked_for(
    item: Any, said: str, arguments: Mapping[str, str], given: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Names of arguments that an exception speaks of, each with the source of another value.

    The values are words and numbers of the exception, and what fits the name where the argument is `None` by default.

    Args:
        item: The class.
        said: What the exception says.
        arguments: What the class was made with.
        given: What of that may not be changed.
    """
    names = {one.name for one in parameters(item)}
    told = [
        *(repr(word) for word in QUOTED.findall(said) if word not in names),
        *re.findall(r"(?<![\w.])-?\d+\b(?!\.)", said),
    ]
    for one in parameters(item):
        named = rf"`{one.name}`" if len(one.name) == 1 else rf"\b{one.name}\b"
        if one.name in BASE_ARGUMENTS or one.name in given or not re.search(named, said):
            continue
        kept = arguments.get(one.name, repr(one.default))
        fitting = candidates(one, item) if one.default is None else ()
        yield from ((one.name, source) for source in dict.fromkeys([*fitting, *told]) if source != kept)


def at_distance(options: list[tuple[str, ...]], distance: int) -> Iterator[tuple[str, ...]]:
    """The combinations of one of each whose positions add up to a number."""
    if not options:
        yield from [()] if distance == 0 else []
        return
    for position in range(min(distance, len(options[0]) - 1) + 1):
        for rest in at_distance(options[1:], distance - position):
            yield (options[0][position], *rest)


def other_values(item: Any) -> Iterator[tuple[str, list[Any]]]:
    """For each parameter with a default: its name, and other values that it may take."""
    for parameter in parameters(item):
        if parameter.name not in BASE_ARGUMENTS and parameter.default is not parameter.empty:
            yield parameter.name, list(others(parameter.name, parameter.default))


def others(name: str, value: Any) -> Iterator[Any]:
    """Values of the kind of a default, but not equal to it."""
    words = [word for word in map(plain, named_values(name)) if isinstance(word, str)]
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value * 2 if value else 1, value + 1)
    elif isinstance(value, float):
        yield from (value / 2 if value else 0.25, value + 0.25)
    elif isinstance(value, str) or (value is None and words):
        yield from (word for word in words if word != value)
    elif isinstance(value, (tuple, list)) and value and all(type(size) is int for size in value):
        yield type(value)(size + 1 for size in value)
    elif isinstance(value, keras.initializers.Initializer):
        yield keras.initializers.Ones()
    elif value is None and re.fullmatch(r".*(units|filters|dim|size|features|channels)", name):
        yield 8
    elif value is None and re.fullmatch(r".*(rate|dropout|scale|factor|epsilon|temperature)", name):
        yield 0.25
