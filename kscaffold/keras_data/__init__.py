"""Facts about Keras as data, each once."""
