"""What users read: the README, and the topics of `kscaffold help`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOPICS = sorted((ROOT / "kscaffold/cli/topics").glob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")


def topic(name: str) -> str:
    """The text of a topic."""
    return (ROOT / f"kscaffold/cli/topics/{name}.md").read_text(encoding="utf-8")


def reference() -> str:
    """The README and all topics, one after the other."""
    return "\n".join([README, *(path.read_text(encoding="utf-8") for path in TOPICS)])
