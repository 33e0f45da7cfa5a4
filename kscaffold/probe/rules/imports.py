"""The file can be imported, and its classes let Python live.

The check imports the file as another program would. What it runs on import (a training script without `if __name__ ==
"__main__":`, a module that is not installed) must not fail, hang, exit or crash.

Bad:

    model.fit(x, y)  # on every import

Good:

    if __name__ == "__main__":
        model.fit(x, y)
"""

ID = "KS200"
DOING = "is imported"
AT = ()
FIX = 'Install what it needs (--python names the interpreter), and put programs under if __name__ == "__main__".'
