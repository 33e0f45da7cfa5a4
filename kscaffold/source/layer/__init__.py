"""Source for the parts of a custom layer, as its templates ask for it."""
