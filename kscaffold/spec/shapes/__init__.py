"""Shapes: as they are typed, and what layers make of them, without Keras."""
