"""What several test files need: worked specs, models as they are saved, random graphs, what programs mean."""
