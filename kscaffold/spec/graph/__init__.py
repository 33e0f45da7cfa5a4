"""Graphs of layers: from YAML, or chains on the command line, to one checked, frozen value."""
