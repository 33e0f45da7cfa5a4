"""A graph as a picture, without Graphviz: a standalone SVG, or a Markdown document with a Mermaid flowchart."""

from kscaffold.source.diagram.drawing import Box, Drawing
from kscaffold.source.diagram.mermaid import to_mermaid
from kscaffold.source.diagram.svg import to_svg

__all__ = ["Box", "Drawing", "to_mermaid", "to_svg"]
