"""Templates: found, and rendered in a sandbox."""
