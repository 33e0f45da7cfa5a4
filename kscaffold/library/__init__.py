"""Templates: found, rendered in a sandbox, copied out to be changed."""
