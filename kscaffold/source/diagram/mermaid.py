"""A drawing as Markdown with a Mermaid flowchart, which GitHub shows as a picture."""

import re

from kscaffold.source.diagram.drawing import Box, Drawing, clean

SHAPES = {"input": ("([", "])"), "layer": ("[", "]"), "model": ("[[", "]]"), "output": ("([", "])")}
# The text's colour is set as well: Mermaid's dark theme would write in white on these.
CLASSES = {
    "input": "fill:#dafbe1,stroke:#2da44e,color:#1f2328",
    "layer": "fill:#ddf4ff,stroke:#218bff,color:#1f2328",
    "model": "fill:#fbefff,stroke:#8250df,color:#1f2328",
    "output": "fill:#fff1e5,stroke:#e16f24,color:#1f2328",
}
# Mermaid reads Markdown in labels: lists, links, emphasis. What can mean none of them stays readable.
PLAIN = re.compile(r"[ ,(=]|(?<=\d)\.(?=\d)|(?<=[^\W_])_(?=[^\W_])|\)")


def to_mermaid(drawing: Drawing) -> str:
    """The drawing as a Markdown document: a heading and a flowchart, whose subgraphs are the groups.

    The same drawing gives the same text.
    """
    ids = {box.name: f"n{index}" for index, box in enumerate(drawing.boxes)}
    lines = []
    for index, (group, boxes, arrows) in enumerate(drawing.groups()):
        inner = [_node(ids[box.name], box) for box in boxes]
        inner += [f"{ids[source]} --> {ids[target]}" for source, target in arrows]
        if group:
            lines += [f'subgraph g{index}["{_label(group)}"]', *(f"    {line}" for line in inner), "end"]
        else:
            lines += inner
    lines += [
        f"classDef {kind} {style}" for kind, style in CLASSES.items() if kind in {box.kind for box in drawing.boxes}
    ]
    heading = re.sub(r"([\\`*_{}\[\]<>#|~$&!])", r"\\\1", clean(drawing.title))
    chart = "\n".join(["flowchart TD", *(f"    {line}" for line in lines)])
    return f"# {heading}".rstrip() + f"\n\n```mermaid\n{chart}\n```\n"


def _node(name: str, box: Box) -> str:
    before, after = SHAPES[box.kind]
    label = "<br/>".join(filter(None, map(_label, (box.title, box.detail)))) or " "
    return f'{name}{before}"{label}"{after}:::{box.kind}'


def _label(text: str) -> str:
    """The text with everything that may mean something to Mermaid as its entity codes: `#60;` for `<`."""
    text = clean(text)
    coded = "".join(
        character if character.isalnum() or character > "\xff" or PLAIN.match(text, index) else f"#{ord(character)};"
        for index, character in enumerate(text)
    )
    return re.sub(r"^(\d+)\)", r"\1#41;", coded)
