"""Source code for a graph in three styles: functional, sequential and subclassed."""
