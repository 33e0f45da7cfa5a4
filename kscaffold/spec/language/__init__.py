"""The one-line syntax of layers, shapes, values and chains."""
