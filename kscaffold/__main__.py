"""`python -m kscaffold`."""

from kscaffold.cli import main

if __name__ == "__main__":
    main()
