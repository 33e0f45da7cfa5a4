"""What every other room speaks: errors, names, places, and the project's settings."""
