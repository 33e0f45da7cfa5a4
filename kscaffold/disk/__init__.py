"""Files on the disk: planned, written all or none, and taken back."""
