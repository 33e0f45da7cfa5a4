"""What the rounds of a repetition go over, `(block(width) for width in widths)`: what is allowed, and its values."""

from collections.abc import Iterator, Mapping

from kscaffold.base.errors import RequestError
from kscaffold.base.place import Place
from kscaffold.program.argument import Argument, Kind
from kscaffold.program.text import show
from kscaffold.program.tree import NONE, Listing, Object, Part, Plain, Slice, Tree, Variable
from kscaffold.spec.language.syntax import MOST_REPETITIONS, Rounds
from kscaffold.spec.shapes.shape import evaluate, evaluate_size

FUNCTIONS = ("range", "reversed", "zip")
KINDS = {bool: Kind.BOOL, int: Kind.INT, float: Kind.FLOAT, str: Kind.STR}
Rows = list[tuple[object, ...]]


def round_variables(rounds: Rounds, scope: Mapping[str, Argument], place: Place) -> dict[str, Argument]:
    """The variables of a repetition, as far as parameters tell what they stand for.

    Raises:
        RequestError: It goes over what has no rounds, or gives another number of values than there are variables.
    """
    kinds = list(_kinds(rounds.over, scope, place))
    if len(kinds) != len(rounds.variables):
        gives = f"{show(rounds.over)} gives {_count(len(kinds))} in each round"
        raise place.error(f"{gives}, and there {_variables(len(rounds.variables))}.")
    return {name: Argument(name, kind) for name, kind in zip(rounds.variables, kinds)}


def _count(values: int) -> str:
    return f"{'one' if values == 1 else values} value{'' if values == 1 else 's'}"


def _variables(count: int) -> str:
    return "is one variable" if count == 1 else f"are {count} variables"


def _kinds(over: Tree, scope: Mapping[str, Argument], place: Place) -> Iterator[Kind]:
    """What each value of a round is."""
    match over:
        case Object(target="range", arguments=bounds, keywords=()) if 1 <= len(bounds) <= 3:
            yield Kind.INT
        case Object(target="reversed", arguments=(of,), keywords=()):
            yield from _kinds(of, scope, place)
        case Object(target="zip", arguments=(_, _, *_) as several, keywords=()):
            for one in several:
                yield from _kinds(one, scope, place)
        case Variable(name=word) if word in scope and scope[word].kind in (Kind.TUPLE, Kind.LIST, Kind.ANY):
            default = scope[word].default
            items = default.items if isinstance(default, Listing) else ()
            found = {KINDS.get(type(item.value), Kind.ANY) if isinstance(item, Plain) else Kind.ANY for item in items}
            yield found.pop() if len(found) == 1 else Kind.ANY
        case Part(of=Variable() as of, index=Slice()):
            yield from _kinds(of, scope, place)
        case _:
            hint = "Write range(depth), reversed(range(depth)), a parameter that is a tuple, or a zip of such."
            raise place.error(f"{show(over)} has no rounds.", hint)


def values_of_rounds(rounds: Rounds, values: Mapping[str, object], place: Place) -> list[dict[str, object]] | None:
    """What the variables stand for in each round, `None` where that is not known.

    Raises:
        RequestError: There is no round, there are too many, or what goes side by side has different lengths.
    """
    try:
        rows = _rows(rounds.over, values)
    except RequestError as error:
        raise place.error(error.message, error.hint) from None
    if rows is None:
        return None
    if not 1 <= len(rows) <= MOST_REPETITIONS:
        problem = f"{show(rounds.over)} has {len(rows)} rounds" if rows else f"{show(rounds.over)} has no round"
        raise place.error(f"{problem}.", f"Give 1 to {MOST_REPETITIONS}.")
    return [dict(zip(rounds.variables, row)) for row in rows]


def _rows(over: Tree, values: Mapping[str, object]) -> Rows | None:
    match over:
        case Object(target="range", arguments=bounds):
            sizes = [evaluate_size(bound, values) for bound in bounds]
            known = [size for size in sizes if size is not None]
            if len(known) < len(sizes):
                return None
            if known[2:] == [0]:
                raise RequestError(f"{show(over)} goes in steps of zero.")
            numbers = range(*known)
            return [(number,) for number in numbers[: MOST_REPETITIONS + 1]]
        case Object(target="reversed", arguments=(of,)):
            rows = _rows(of, values)
            return None if rows is None else rows[::-1]
        case Object(target="zip", arguments=several):
            columns = [_rows(one, values) for one in several]
            listed = [rows for rows in columns if rows is not None]
            if len(listed) < len(columns):
                return None
            if len({len(rows) for rows in listed}) > 1:
                counts = " and ".join(str(len(rows)) for rows in listed)
                raise RequestError(f"{show(over)} goes over {counts} values.", hint="Give as many of each.")
            return [tuple(value for row in rows for value in row) for rows in zip(*listed)]
        case Part(of=of, index=Slice() as part):
            ends = [part.start, part.stop, part.step]
            start, stop, step = (evaluate_size(end, values) for end in ends)
            rows = _rows(of, values)
            settled = [end == NONE for end in ends] == [end is None for end in (start, stop, step)]
            return rows[start:stop:step] if rows is not None and settled else None
    found = evaluate(over, values)
    return [(item,) for item in found] if isinstance(found, tuple) else None
