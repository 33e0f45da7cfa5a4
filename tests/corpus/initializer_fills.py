"""KS741 and near misses."""

import keras
import numpy as np
from keras import ops

register = keras.saving.register_keras_serializable("initializer_fills")


# expect: KS741
@register
class OwnType(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None, **kwargs):
        return ops.convert_to_tensor(np.ones(shape, "float32"))


# expect: KS741
@register
class OwnShape(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None, **kwargs):
        return ops.ones(shape[-1:], dtype=dtype)


@register
class Diagonal(keras.initializers.Initializer):
    """Is for matrices only, and says so."""

    def __call__(self, shape, dtype=None, **kwargs):
        if len(shape) != 2:
            raise ValueError(f"A matrix is needed. Received: shape={shape}")
        return ops.eye(*shape, dtype=dtype)
