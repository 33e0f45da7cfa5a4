"""A custom layer, from typed text to one checked, frozen value."""
