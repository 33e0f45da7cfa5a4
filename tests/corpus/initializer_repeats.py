"""KS742 and near misses."""

import keras

register = keras.saving.register_keras_serializable("initializer_repeats")


@register
class Seeded(keras.initializers.Initializer):
    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None, **kwargs):
        return keras.random.normal(shape, dtype=dtype, seed=self.seed)

    def get_config(self):
        return {"seed": self.seed}


# expect: KS742
@register
class SeededInVain(Seeded):
    def __call__(self, shape, dtype=None, **kwargs):
        return keras.random.normal(shape, dtype=dtype)
