"""KS103 and near misses."""

import keras
from tensorflow.keras.layers import Dense, Embedding, Flatten
from tensorflow.keras.models import Sequential


# expect: KS103
def build_classifier():
    model = Sequential()
    model.add(Dense(8, activation="relu", input_shape=(16,)))
    model.add(Dense(2))
    return model


# expect: KS103
def build_text_model():
    return Sequential([keras.Input((6,), dtype="int32"), Embedding(10, 4, input_length=6), Flatten(), Dense(1)])


def build_embedding(input_dim=10):
    """`input_dim` of an embedding is the size of its vocabulary."""
    return Sequential([keras.Input((6,), dtype="int32"), Embedding(input_dim=input_dim, output_dim=4), Flatten()])
