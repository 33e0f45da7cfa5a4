"""The weights of files that today's Keras does not load: of Keras 1, Keras 2 and tf.keras, read and set layer by layer.

A file gives a `Stored`: arrays by the names that layers had. They are fitted onto the layers of a model that was made
from the config of the same file, and brought into the form that layers have today on the way.
"""
