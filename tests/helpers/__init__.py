"""What several test files need: worked specs, saved models, random graphs, what programs mean."""
