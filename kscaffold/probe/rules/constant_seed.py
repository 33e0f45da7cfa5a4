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

from unittest.mock import patch

import keras

from ..subject import Defects, Subject

ID = "KS505"
DOING = "is called in training and its seeds are watched"
FAILURE = "cannot be called in training"
REQUIRES = ("KS201", "KS204")
FIX = "Give the seed to a keras.random.SeedGenerator in __init__(), and that to keras.random in call()."


def check(subject: Subject) -> Defects:
    """Looks at the seeds that a call in training draws with."""
    random = keras.src.backend.random
    with subject.kept() as layer, patch.object(random, "draw_seed", wraps=random.draw_seed) as draw:
        layer(*subject.arrange(subject.arrays(2)), training=True)
    seeds = [seed for call in draw.call_args_list for seed in call.args]
    constant = sorted({seed for seed in seeds if isinstance(seed, int)})
    if constant:
        yield f"call draws random numbers with the constant seed {', '.join(map(str, constant))}: the same at each call"
