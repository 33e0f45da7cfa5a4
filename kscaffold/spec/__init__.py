"""What is to be generated, as frozen values: read from text, checked, and free of any rendering."""
