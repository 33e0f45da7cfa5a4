"""A layer rebuilt from its config is the same layer.

Keras saves the config as JSON, where keys of dictionaries become strings, and objects must be serialized. An argument
that is missing from `get_config` silently comes back with its default. So each argument with a default is given another
value in turn, the layer is rebuilt from its config, and the attributes of both are compared.

Bad:

    def __init__(self, units=8, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.scale = units, scale

    def get_config(self):
        return {**super().get_config(), "units": self.units}

Good:

    def get_config(self):
        return {**super().get_config(), "units": self.units, "scale": self.scale}
"""

from collections.abc import Iterator
from typing import Any

from ..arguments import other_values, parameters
from ..arrays import difference, numbers
from ..attributes import attributes, show, without_tuples
from ..configs import saved_config
from ..rule import Problem
from ..subject import Defects, Subject

ID = "KS301"
OF_SAVED = "classes"
KINDS = ("saved",)
DOING = "is rebuilt from its config"
REQUIRES = ("KS201",)
CAUSES = ("KS401",)
AT = ("get_config", "from_config", "__init__")
FIX = "Put every argument of the constructor into what get_config() returns, and convert it back in the constructor."


def check(subject: Subject) -> Defects:
    """Rebuilds layers through JSON and compares config, attributes and outputs."""
    layer = subject.make()
    config = saved_config(layer)
    if missing := list(missing_arguments(subject, layer)):
        yield from missing
        return
    rebuilt = subject.rebuilt(layer)
    if type(rebuilt) is not type(layer):
        yield Problem(f"a {type(layer).__name__} came back as a {type(rebuilt).__name__}")
        return
    changed = {name: pair for name, *pair in changed_attributes(layer, rebuilt)}
    for name, (before, after) in changed.items():
        yield Problem(
            f"the attribute {name!r} was {show(before)} and came back as {show(after)}", fix=fix_for(subject, name)
        )
    changeable = subject.is_made_by_class and not subject.unchangeable
    lost = list(lost_arguments(subject, set(changed))) if changeable else []
    yield from lost
    if changed or lost:
        return  # whatever else differs, differs because of them
    if config != saved_config(rebuilt):
        yield Problem("get_config gives another config for the layer rebuilt from it")
    if "layer" in subject.kinds:
        yield from changed_outputs(subject, layer, rebuilt)


def missing_arguments(subject: Subject, layer: Any) -> Iterator[Problem]:
    """The arguments that the constructor needs and the config does not have, where Keras is to put them together."""
    if not subject.is_made_by_class or subject.unchangeable or subject.defines("from_config"):
        return
    config = layer.get_config()
    for one in parameters(subject.cls):
        needed = one.default is one.empty and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
        if needed and one.name not in config:
            yield Problem(
                f"the argument {one.name!r} is lost: get_config leaves it out, and the constructor needs it",
                fix=fix_for(subject, one.name),
            )


def changed_outputs(subject: Subject, layer: Any, rebuilt: Any) -> Iterator[Problem]:
    """Compares the outputs of two layers that have the same weights."""
    subject.build(layer)
    subject.build(rebuilt)
    arrays = subject.arrays(2)
    first = numbers(subject.call(layer, arrays, training=False))
    subject.call(rebuilt, arrays, training=False)
    if [weight.shape for weight in layer.weights] != [weight.shape for weight in rebuilt.weights]:
        yield Problem(
            f"it has {len(layer.weights)} weights and comes back with {len(rebuilt.weights)}, or other shapes"
        )
        return
    rebuilt.set_weights(layer.get_weights())
    changed = difference(first, numbers(subject.call(rebuilt, arrays, training=False)))
    if changed and difference(first, numbers(subject.call(layer, arrays, training=False))) is None:
        yield Problem(f"with the same weights its outputs differ: {changed}")


def lost_arguments(subject: Subject, known: set[str]) -> Iterator[Problem]:
    """The arguments whose value does not survive, found by giving each another value than its default."""
    for name, values in other_values(subject.cls):
        for value in values:
            try:
                layer = subject.make(**{name: value})
            except Exception:
                continue  # this value is none for this argument
            rebuilt = subject.rebuilt(layer)
            changed = [item for item in changed_attributes(layer, rebuilt) if item[0] not in known]
            if changed:
                attribute, before, after = changed[0]
                left_out = name not in layer.get_config()
                where = "get_config leaves it out" if left_out else "get_config has it, but not as it was"
                yield Problem(
                    f"the argument {name!r} is lost: {where} (the attribute {attribute!r} was {show(before)} for"
                    f" {name}={show(value)} and came back as {show(after)})",
                    fix=fix_for(subject, name),
                )
            break


def fix_for(subject: Subject, name: str) -> str:
    """What to add to `get_config`, in the words of the class."""
    stored = hasattr(subject.make(), name)
    value = f"self.{name}" if stored else name
    where = "what get_config() returns" if subject.defines("get_config") else "a get_config() of its own"
    return f'Add "{name}": {value} to {where}, as JSON can hold it, and turn it back into what it was in __init__().'


def changed_attributes(layer: Any, rebuilt: Any) -> Iterator[tuple[str, Any, Any]]:
    """The user's attributes that are not the same, but for lists that were tuples: name, before, after."""
    first, second = attributes(layer), attributes(rebuilt)
    for name, before in first.items():
        if without_tuples(before) != without_tuples(second.get(name)):
            yield name, getattr(layer, name, None), getattr(rebuilt, name, None)
