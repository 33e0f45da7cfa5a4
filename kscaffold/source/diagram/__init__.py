"""A graph as a picture, without Graphviz: a standalone SVG, or a Markdown document with a Mermaid flowchart."""
