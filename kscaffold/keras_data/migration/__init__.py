"""What Keras 1, Keras 2 and tf.keras called by other names, or had and Keras 3 has not: a file for each subject."""

import functools
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class OldLayer:
    """A layer of Keras 1, Keras 2 or tf.keras.

    Attributes:
        now: Its name in Keras 3, or that of the class that stands for it.
        removed: Why Keras 3 has nothing like it; empty if it has.
        supplied: Whether a class of the same behaviour has to be written beside a model that has it.
        arguments: New names of arguments, by their old ones.
        add: Arguments that it had by nature.
        absent: What it meant by arguments that it was not given.
        dropped: Arguments that Keras 3 does not take, each with the values that changed nothing; `True` if none did.
        noted: Arguments that Keras 3 does not take, each with what is lost where one meant something.
    """

    now: str
    removed: str = ""
    supplied: bool = False
    arguments: dict[str, str] = field(default_factory=dict)
    add: dict[str, Any] = field(default_factory=dict)
    absent: dict[str, Any] = field(default_factory=dict)
    dropped: dict[str, Any] = field(default_factory=dict)
    noted: dict[str, str] = field(default_factory=dict)


@functools.cache
def read(subject: str) -> dict[str, Any]:
    """The data on a subject: `layers`."""
    return tomllib.loads((FOLDER / f"{subject}.toml").read_text(encoding="utf-8"))


def find_layer(name: str) -> OldLayer:
    """What is known of a layer by the name that it had; also of one that has not changed."""
    data = read("layers")
    entry = data["layers"].get(name, {})
    now = data["layers"].get(entry.get("now"), {})  # what it became may have more to say, of arguments that both have
    merged = {key: {**now.get(key, {}), **entry.get(key, {})} for key in ("arguments", "dropped")}
    merged["dropped"] = {**data["every"]["dropped"], **merged["dropped"]}
    merged["arguments"] = {**data["keras1"]["arguments"], **merged["arguments"]}
    return OldLayer(**{"now": name, **entry, **merged})


def why_removed(name: str) -> str:
    """Why Keras 3 has no such layer, and what to do instead; empty for one that it has, or that is none of Keras'."""
    return find_layer(name).removed
