"""A model made from a graph has the layers of the graph, and shares those that the graph shares.

A layer that is made twice where it should be called twice trains two sets of weights; a part that is built anew instead
of cut out has weights that nobody trains.

Bad:

    left, right = keras.layers.Dense(8)(a), keras.layers.Dense(8)(b)  # where the graph shares one

Good:

    dense = keras.layers.Dense(8)
    left, right = dense(a), dense(b)
"""

from collections import Counter

from ..subject import Defects, Subject

ID = "KS206"
DOING = "is held against its graph"
REQUIRES = ("KS202", "KS204")
AT = ("call", "__init__")
FIX = "Make each layer of the graph once, and call it as often as the graph says."


def applies(subject: Subject) -> bool:
    """Only what is made from a graph can be held against it."""
    return bool(subject.wanted.layers or subject.wanted.parts)


def check(subject: Subject) -> Defects:
    """Counts the layers of each class, and looks for the weights of the parts in the model."""
    model = subject.model()
    layers = {id(layer): layer for layer in model._flatten_layers(include_self=False)}  # each once
    found = Counter(type(layer).__name__ for layer in layers.values())
    for name, wanted in subject.wanted.layers:
        if found[name] != wanted:
            yield f"it has {found[name]} layers of class {name}, its graph has {wanted}"
    weights = {id(weight) for weight in model.weights}
    for part in subject.wanted.parts:
        strange = [weight.path for weight in subject.evaluate(part, model=model).weights if id(weight) not in weights]
        if strange:
            yield f"{part} has weights of its own: {', '.join(strange)}"
