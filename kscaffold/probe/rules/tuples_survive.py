"""A tuple comes back from the config as a tuple.

JSON knows lists only. Code that adds `(1,)` to a size, uses it as a key or compares it with a tuple works until the
layer is loaded, and fails, or does something else, after that.

Bad:

    def __init__(self, size=(2, 2), **kwargs):
        super().__init__(**kwargs)
        self.size = size

Good:

    def __init__(self, size=(2, 2), **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)
"""

from ..attributes import attributes, show
from ..rule import Problem
from ..subject import Defects, Subject

ID = "KS306"
SEVERITY = "warning"
OF_SAVED = "classes"
KINDS = ("saved",)
DOING = "is rebuilt from its config, and tuples are looked for"
FAILURE = "cannot be rebuilt from its config"
REQUIRES = ("KS201", "KS301")
AT = ("__init__", "get_config")
FIX = "Turn it into a tuple in __init__(): self.size = tuple(size)."


def check(subject: Subject) -> Defects:
    """Compares the types in the attributes of a layer with those in the layer rebuilt from its config."""
    layer = subject.make()
    rebuilt = subject.rebuilt(layer)
    before, after = attributes(layer), attributes(rebuilt)
    for name, value in before.items():
        if value != after.get(name):
            one, other = getattr(layer, name, None), getattr(rebuilt, name, None)
            yield Problem(
                f"the attribute {name!r} was {show(one)} and came back as {show(other)}",
                fix=f"Turn it into a tuple in __init__(): self.{name} = tuple({name}).",
            )
