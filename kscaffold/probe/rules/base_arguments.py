"""The arguments of every layer go through the constructor and the config: `name`, `dtype`, `trainable`.

Keras hands them to the constructor when it loads a model, mixed precision hands over `dtype`, and weights are found by
names. A constructor without `**kwargs`, or a `get_config` without `super()`, loses them, often without a word.

Bad:

    def __init__(self, units=8):
        super().__init__()
        self.units = units

    def get_config(self):
        return {"units": self.units}

Good:

    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}
"""

from dataclasses import replace
from typing import Any

from ..rule import Problem
from ..subject import Defects, Subject

ID = "KS302"
KINDS = ("saved",)
DOING = "is given a name, a dtype and trainable=False"
FAILURE = "cannot be rebuilt with other base arguments"
REQUIRES = ("KS201",)
CAUSES = ("KS301", "KS401", "KS507")
AT = ("__init__",)
FIX = "Take **kwargs in __init__() for super().__init__(**kwargs), and begin get_config() with super().get_config()."
GET_CONFIG = ("get_config", "from_config", "__init__")
VALUES: dict[str, dict[str, Any]] = {
    "layer": {"name": "another_name", "dtype": "mixed_bfloat16", "trainable": False},
    "loss": {"name": "another_name", "reduction": "sum"},
    "metric": {"name": "another_name", "dtype": "float16"},
    "optimizer": {"name": "another_name", "weight_decay": 0.25, "clipnorm": 0.5},
}


def applies(subject: Subject) -> bool | str:
    """A model that a function builds has no constructor of the user's; a model has one dtype for all its layers."""
    return not subject.kinds.isdisjoint(VALUES) and (subject.unchangeable or subject.is_made_by_class)


def check(subject: Subject) -> Defects:
    """Gives the arguments one by one, and looks for them in the layer, its config and the layer rebuilt from it."""
    (kind,) = subject.kinds & VALUES.keys()
    values = {name: value for name, value in VALUES[kind].items() if name == "name" or not subject.is_model}
    layers: dict[str, Any] = {}  # by the arguments that they were given
    for lose in (refuse, forget):  # what refuses one cannot be rebuilt with any
        wrong: dict[Problem, list[str]] = {}
        for name, value in values.items():
            problem = lose(subject, layers, name, value)
            if problem:
                wrong.setdefault(problem, []).append(name)
        for problem, names in wrong.items():
            yield replace(problem, message=problem.message.format(listed(names)))
        if wrong:
            return


def refuse(subject: Subject, layers: dict[str, Any], name: str, value: Any) -> Problem | None:
    """How the constructor loses an argument; `None` if it does not, and then `layers` gets the layer that has it."""
    try:
        layer = layers[name] = subject.make(**{name: value})
    except TypeError as error:
        if "unexpected keyword argument" not in str(error) and "positional argument" not in str(error):
            raise
        return Problem("its constructor does not take {}: it has no **kwargs")
    if value_of(layer, name) != value:
        return Problem("its constructor takes {} and does not hand it on to super().__init__()")
    return None


def forget(subject: Subject, layers: dict[str, Any], name: str, value: Any) -> Problem | None:
    """How an argument is lost on its way through the config; `None` if it is not."""
    layer = layers[name]
    if name not in layer.get_config():
        return Problem("get_config leaves out {}: it does not begin with super().get_config()", GET_CONFIG)
    try:
        rebuilt = subject.rebuilt(layer)
    except Exception:
        if comes_back(subject):
            raise
        return None  # it cannot be rebuilt at all, which is the finding of KS301
    if value_of(rebuilt, name) != value:
        return Problem("{} does not come back from the config", GET_CONFIG)
    return None


def comes_back(subject: Subject) -> bool:
    """Whether it can be rebuilt as it is."""
    try:
        subject.rebuilt(subject.make())
    except Exception:
        return False
    return True


def listed(names: list[str]) -> str:
    """`name, dtype and trainable`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def value_of(layer: Any, name: str) -> Any:
    """What a layer says of a base argument."""
    return layer.dtype_policy.name if name == "dtype" and hasattr(layer, "dtype_policy") else getattr(layer, name)
