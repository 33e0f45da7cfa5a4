"""`from_config` leaves the config that it is given as it is.

Keras and its users keep configs: to clone a model, to log it, to build it twice. A `from_config` that takes something
out of its argument works once and gives another layer, or an error, the second time.

Bad:

    @classmethod
    def from_config(cls, config):
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner, **config)

Good:

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        inner = keras.saving.deserialize_keras_object(config.pop("inner"))
        return cls(inner, **config)
"""

import copy

from ..configs import saved_config
from ..subject import Defects, Subject

ID = "KS303"
OF_SAVED = "classes"
KINDS = ("saved",)
DOING = "is rebuilt by from_config"
FAILURE = "from_config cannot be called"
REQUIRES = ("KS201",)
AT = ("from_config",)
FIX = "Work on a copy: config = dict(config), and copies of the dictionaries in it."


def applies(subject: Subject) -> bool:
    """Only where the user wrote the method."""
    return subject.is_made_by_class and subject.defines("from_config")


def check(subject: Subject) -> Defects:
    """Compares the argument of `from_config` with a copy of it."""
    config = saved_config(subject.make())["config"]
    before = copy.deepcopy(config)
    with subject.known_classes():
        subject.cls.from_config(config)  # type: ignore[attr-defined]  # every layer has it
    changed = [name for name in {**before, **config} if config.get(name, KeyError) != before.get(name, KeyError)]
    if changed:
        yield f"from_config changes the config that it is given: {', '.join(sorted(changed))}"
