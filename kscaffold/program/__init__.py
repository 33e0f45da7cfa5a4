"""Programs that build models, as values, and the passes that rewrite them."""
