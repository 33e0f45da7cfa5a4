"""Random numbers in training are new at each call.

`keras.random` with a whole number as its seed draws the same numbers at each call: dropout with one mask for ever. A
`SeedGenerator` that the layer keeps goes on from call to call, and is saved.

Bad:

    def call(self, inputs, training=None):
        return keras.random.dropout(inputs, self.rate, seed=self.seed)

Good:

    def __init__(self, rate=0.5, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from ..subject import Subject

ID = "KS505"
SEVERITY = "error"
DOING = "is called in training and its seeds are watched"
FAILURE = "cannot be called in training"
REQUIRES = ("KS201", "KS204")
AT = ("call",)
FIX = "Give the seed to a keras.random.SeedGenerator in __init__(), and that to keras.random in call()."
FUNCTIONS = ("normal", "uniform", "dropout", "truncated_normal", "randint", "categorical", "shuffle", "gamma", "beta")


def check(subject: Subject) -> Iterator[str]:
    """Looks at the seeds that a call in training draws with."""
    layer, arguments = subject.make_called()
    with drawn_seeds() as seeds:
        layer(*arguments, training=True)
    constant = sorted({seed for seed in seeds if isinstance(seed, int)})
    if constant:
        yield f"call draws random numbers with the constant seed {', '.join(map(str, constant))}: the same at each call"


@contextlib.contextmanager
def drawn_seeds() -> Iterator[list[Any]]:
    """Collects what `keras.random` is given as seeds inside the context."""
    seeds: list[Any] = []
    backend = keras.src.backend.random
    originals = {name: getattr(backend, name) for name in FUNCTIONS if hasattr(backend, name)}

    def watched(original: Any) -> Any:
        def watching(*arguments: Any, seed: Any = None, **keywords: Any) -> Any:
            seeds.append(seed)
            return original(*arguments, seed=seed, **keywords)

        return watching

    for name, original in originals.items():
        setattr(backend, name, watched(original))
    try:
        yield seeds
    finally:
        for name, original in originals.items():
            setattr(backend, name, original)
