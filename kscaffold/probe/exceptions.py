"""What is said of an exception of the user's code."""

import re

LONGEST_MESSAGE = 400
NOISE = (
    "Exception encountered when calling",
    "Arguments received by",
    "Call arguments received by",
    "Full object config",
)


def explain(error: BaseException) -> str:
    """An exception in one line, without what Keras wraps around it."""
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    text = re.sub(r"\x1b\[[0-9;]*m|\{\{function_node [^}]*\}\}+|\[Op:\w+\]", "", str(error))
    text = re.sub(r"^in user code:[\s\S]*\n\s*\w+: ", "", text)  # the lines of code that lead to it
    paragraphs = [part.strip() for part in text.split("\n\n")]
    telling = [part for part in paragraphs if part and not part.startswith(NOISE)]
    if len(telling) > 1 and telling[0].endswith("Error encountered:"):
        del telling[0]  # Keras' words before what the code of the layer raises
    first = " ".join((telling or [text])[0].split())
    shortened = first if len(first) <= LONGEST_MESSAGE else first[: LONGEST_MESSAGE - 1] + "…"
    return f"{type(error).__name__}: {shortened}" if shortened else type(error).__name__
