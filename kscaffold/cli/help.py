"""`kscaffold help [TOPIC]`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from kscaffold.base.errors import unknown

TOPICS = Path(__file__).with_name("topics")
WIDEST = 100  # columns: lines of prose that are longer are hard to read


def read_topics() -> dict[str, str]:
    """The text of each topic, by its name: a Markdown file in `topics/`."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(TOPICS.glob("*.md"))}


def find_topic(name: str) -> str:
    """The text of a topic by its name, or by another word that its first line says it is found by.

    Raises:
        RequestError: There is none; the nearest one is offered.
    """
    topics = read_topics()
    found = {**{word: text for text in topics.values() for word in _other_words(text)}, **topics}
    if name not in found:
        raise unknown(f"There is no topic {name!r}.", name, found)
    return re.sub(r"\A<!--.*?-->\n", "", found[name])


def _other_words(text: str) -> list[str]:
    found = re.match(r"<!-- also: (.*) -->\n", text)
    return found[1].split() if found else []


def _title(text: str) -> str:
    heading = re.search(r"^# (.*)$", text, re.MULTILINE)
    assert heading
    return heading[1].replace("`", "")


def _offered(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    return [name for name in read_topics() if name.startswith(typed)]


@click.command("help", short_help="The reference, by topic.")
@click.argument("topic", required=False, shell_complete=_offered)
def command(topic: str | None) -> None:
    """Print the reference on TOPIC: layer, pipeline, check, …, or the id of a rule, such as KS301.

    Without TOPIC, print the topics that there are. On a terminal the text is laid out and shown page by page; in a pipe
    it is Markdown. 'kscaffold COMMAND --help' prints the options of a command.
    """
    if topic is None:
        topics = read_topics()
        width = max(map(len, topics))
        lines = [f"{click.style(f'{name:<{width}}', fg='green')}  {_title(text)}" for name, text in topics.items()]
        click.echo("\n".join(lines))
    elif re.fullmatch(r"(?i)KS\d{3}", topic):
        from kscaffold.check import rulebook
        from kscaffold.cli.words import rules

        click.echo("\n".join(rules.explanation(rulebook.find_rule(topic.upper())).lines))
    elif sys.stdout.isatty():
        click.echo_via_pager(_laid_out(find_topic(topic)), color=True)
    else:
        click.echo(find_topic(topic), nl=False)


def _laid_out(text: str) -> str:
    from rich.console import Console
    from rich.markdown import Markdown

    text = re.sub(r"\[([^]]*)\]\(([a-z-]+)\.md\)", r"\1 (`kscaffold help \2`)", text)
    console = Console(force_terminal=True, width=min(Console().width, WIDEST))
    with console.capture() as captured:
        console.print(Markdown(text))
    return captured.get()
