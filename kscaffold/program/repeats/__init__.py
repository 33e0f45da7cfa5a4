"""What the passes share: where steps are repeated, one list of steps for several, what that is worth and called."""
