"""What runs in the interpreter of the checks: the standard library and Keras only, nothing of kscaffold.

`run.py` is started by its path. It imports Keras once and forks a child for each file, which says what it finds.
"""
