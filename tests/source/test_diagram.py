"""The picture of a graph: what a reader sees in it, and that no text can break it."""

import random
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from itertools import combinations, pairwise

import pytest
from helpers.properties import examples, work_of
from hypothesis import given
from hypothesis import strategies as st

from kscaffold.source.diagram.drawing import Box, Drawing
from kscaffold.source.diagram.mermaid import to_mermaid
from kscaffold.source.diagram.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Area:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Area") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, x: float, y: float) -> bool:
        return self.left < x < self.right and self.top < y < self.bottom


@dataclass(frozen=True)
class Picture:
    """What can be seen in an SVG."""

    root: ElementTree.Element
    boxes: dict[str, Area]
    frames: dict[str, Area]
    arrows: dict[tuple[str, str], list[tuple[float, float]]]

    def middle(self, name: str) -> float:
        return (self.boxes[name].left + self.boxes[name].right) / 2


def area(group: ElementTree.Element) -> Area:
    rect = group.find(f"{SVG}rect")
    assert rect is not None
    x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
    return Area(x, y, x + width, y + height)


def along(path: str) -> list[tuple[float, float]]:
    """Points on a path, close enough together that none of them can miss a box."""
    points: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MVC])([^MVC]*)", path):
        values = [float(number) for number in re.split(r"[ ,]+", numbers.strip())]
        if command == "M":
            points.append((values[0], values[1]))
            continue
        x0, y0 = points[-1]
        x1, y1, x2, y2, x3, y3 = values if command == "C" else (x0, y0, x0, values[0], x0, values[0])
        for step in range(1, 33):
            t = step / 32
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            points.append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
    return points


def look_at(svg: str) -> Picture:
    root = ElementTree.fromstring(svg)
    groups = list(root.iter(f"{SVG}g"))
    return Picture(
        root,
        {group.attrib["data-name"]: area(group) for group in groups if "data-name" in group.attrib},
        {group.attrib["data-group"]: area(group) for group in groups if "data-group" in group.attrib},
        {
            (path.attrib["data-from"], path.attrib["data-to"]): along(path.attrib["d"])
            for path in root.iter(f"{SVG}path")
            if "data-from" in path.attrib
        },
    )


def check_that_it_is_readable(drawing: Drawing, picture: Picture) -> None:
    """No overlaps, nothing outside, and arrows that go down from edge to edge without crossing a box."""
    assert set(picture.boxes) == {box.name for box in drawing.boxes}
    assert set(picture.arrows) == set(drawing.arrows)
    _, _, width, height = (float(number) for number in picture.root.attrib["viewBox"].split())
    for place in picture.boxes.values():
        assert place.left >= 0 and place.top >= 0 and place.right <= width and place.bottom <= height
    for one, other in combinations(picture.boxes.values(), 2):
        assert not one.overlaps(other)
    for one, other in combinations(picture.frames.values(), 2):
        assert not one.overlaps(other)
    for box in drawing.boxes:
        for name, frame in picture.frames.items():
            place = picture.boxes[box.name]
            inside = frame.holds(place.left, place.top) and frame.holds(place.right, place.bottom)
            assert inside if box.group == name else not frame.overlaps(place)
    for (source, target), points in picture.arrows.items():
        above, below = picture.boxes[source], picture.boxes[target]
        assert points[0][1] == above.bottom and above.left < points[0][0] < above.right
        assert points[-1][1] == below.top and below.left < points[-1][0] < below.right
        assert all(y0 <= y1 + 1e-9 for (_, y0), (_, y1) in pairwise(points))
        for name, place in picture.boxes.items():
            assert not any(place.holds(x, y) for x, y in points), f"{source} -> {target} runs through {name}"


def drawing_of(*arrows: tuple[str, str], title: str = "model") -> Drawing:
    names = dict.fromkeys(name for arrow in arrows for name in arrow)
    return Drawing(title, tuple(Box(name, name, "(None, 64)") for name in names), arrows)


def chain(length: int) -> list[tuple[str, str]]:
    return list(pairwise(f"dense_{index}" for index in range(length)))


def resnet(blocks: int) -> Drawing:
    arrows, last = [], "image"
    for index in range(blocks):
        way = [last, f"norm_{index}", f"conv_{index}", f"add_{index}"]
        arrows += [*pairwise(way), (last, way[-1])]
        last = way[-1]
    return drawing_of(*arrows)


def unet(depth: int) -> Drawing:
    down = [name for level in range(depth) for name in (f"down_{level}", f"pool_{level}")]
    up = [name for level in reversed(range(depth)) for name in (f"up_{level}", f"concatenate_{level}")]
    skips = [(f"down_{level}", f"concatenate_{level}") for level in range(depth)]
    return drawing_of(*pairwise(["image", *down, "middle", *up, "mask"]), *skips)


AUTOENCODER = Drawing(
    "autoencoder",
    (
        Box("x", "x", "(None, 16)", "input"),
        Box("encoder", "encoder", "(None, 128)", "model"),
        Box("decoder", "decoder", "(None, 16)", "model"),
        Box("y", "y", "(None, 16)", "output"),
        Box("encoder/x", "x", "(None, 16)", "input", "encoder"),
        Box("encoder/dense", "Dense(128, relu)", "(None, 128)", "layer", "encoder"),
        Box("decoder/code", "code", "(None, 128)", "input", "decoder"),
        Box("decoder/dense", "Dense(16, relu)", "(None, 16)", "layer", "decoder"),
    ),
    (
        ("x", "encoder"),
        ("encoder", "decoder"),
        ("decoder", "y"),
        ("encoder/x", "encoder/dense"),
        ("decoder/code", "decoder/dense"),
    ),
)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    groups = draw(st.lists(st.sampled_from(["", "encoder", "decoder"]), max_size=14))
    boxes = tuple(
        Box(
            f"box_{index}",
            draw(st.text(max_size=60)),
            draw(st.sampled_from(["", "(None, 64)"])),
            draw(st.sampled_from(["input", "layer", "model", "output"])),
            group,
        )
        for index, group in enumerate(groups)
    )
    pairs = [(one.name, other.name) for one, other in combinations(boxes, 2) if one.group == other.group]
    arrows = draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []
    return Drawing(draw(st.text(max_size=100)), boxes, tuple(arrows))


def test_a_chain_is_one_straight_line_from_top_to_bottom() -> None:
    drawing = drawing_of(*chain(6))
    picture = look_at(to_svg(drawing))
    check_that_it_is_readable(drawing, picture)
    assert len({x for points in picture.arrows.values() for x, _ in points}) == 1
    assert len({picture.middle(name) for name in picture.boxes}) == 1


@pytest.mark.parametrize("drawing", [resnet(6), unet(4)], ids=["resnet", "unet"])
def test_skip_connections_run_beside_the_boxes_that_they_skip(drawing: Drawing) -> None:
    picture = look_at(to_svg(drawing))
    check_that_it_is_readable(drawing, picture)
    assert len({picture.middle(name) for name in picture.boxes}) == 1, "the main way stays straight"


def test_the_skips_of_a_unet_are_nested_and_do_not_cross() -> None:
    picture = look_at(to_svg(unet(4)))
    farthest = [max(x for x, _ in picture.arrows[f"down_{level}", f"concatenate_{level}"]) for level in range(4)]
    assert farthest == sorted(farthest, reverse=True) and len(set(farthest)) == 4


def test_branches_are_on_both_sides_of_where_they_meet() -> None:
    branches = [[("x", f"dense_{index}"), (f"dense_{index}", "add")] for index in range(4)]
    drawing = drawing_of(*(arrow for branch in branches for arrow in branch))
    picture = look_at(to_svg(drawing))
    check_that_it_is_readable(drawing, picture)
    middle = sum(picture.middle(f"dense_{index}") for index in range(4)) / 4
    assert picture.middle("x") == pytest.approx(middle, abs=1.5)
    assert picture.middle("add") == pytest.approx(middle, abs=1.5)


def test_two_inputs_a_shared_layer_and_two_outputs() -> None:
    drawing = drawing_of(
        *[("query", "embedding"), ("document", "embedding"), ("embedding", "flatten_1"), ("embedding", "flatten_2")],
        *[("flatten_1", "dot"), ("flatten_2", "dot"), ("dot", "score"), ("dot", "label"), ("query", "label")],
    )
    check_that_it_is_readable(drawing, look_at(to_svg(drawing)))


def test_a_way_round_on_the_left_stays_there() -> None:
    drawing = drawing_of(("x", "add"), ("code", "add"), ("add", "y"), ("x", "y"))
    check_that_it_is_readable(drawing, look_at(to_svg(drawing)))


def test_every_sub_model_has_a_frame_with_its_name_beside_the_main_graph() -> None:
    picture = look_at(to_svg(AUTOENCODER))
    check_that_it_is_readable(AUTOENCODER, picture)
    assert list(picture.frames) == ["encoder", "decoder"]
    labels = [text.text for text in picture.root.iter(f"{SVG}text") if text.attrib["class"] == "label"]
    assert labels == ["encoder", "decoder"]
    assert picture.boxes["x"].right < picture.frames["encoder"].left
    assert picture.boxes["x"].top == picture.boxes["encoder/x"].top


def test_many_sub_models_go_to_the_next_line() -> None:
    boxes = tuple(Box(f"layer_{index}", "Dense(64)", "", "layer", f"expert_{index}") for index in range(30))
    drawing = Drawing("experts", boxes, ())
    picture = look_at(to_svg(drawing))
    check_that_it_is_readable(drawing, picture)
    assert float(picture.root.attrib["width"]) < 1400


@examples(60)
@given(drawings())
def test_any_graph_is_readable(drawing: Drawing) -> None:
    svg = to_svg(drawing)
    check_that_it_is_readable(drawing, look_at(svg))
    assert svg == to_svg(drawing)


@pytest.mark.parametrize(
    "drawing",
    [Drawing("", (), ()), Drawing("one", (Box("x", "x"),), ()), Drawing("apart", (Box("x", ""), Box("y", "y")), ())],
    ids=["nothing", "one box", "no arrows"],
)
def test_there_is_a_picture_of_very_little(drawing: Drawing) -> None:
    check_that_it_is_readable(drawing, look_at(to_svg(drawing)))
    assert to_mermaid(drawing).endswith("```\n")


def test_an_arrow_that_is_given_twice_is_drawn_once() -> None:
    drawing = drawing_of(("x", "add"), ("x", "add"))
    assert to_svg(drawing).count("data-from=") == 1
    assert to_mermaid(drawing).count("-->") == 1


HOSTILE = "<script>alert(\"1\")</script> & 'quoted' \x00\x0b\x1b\ud800\ufffe"
HARMLESS = "<script>alert(\"1\")</script> & 'quoted'"


def test_text_is_shown_as_it_is_and_never_read_as_markup() -> None:
    svg = to_svg(Drawing(HOSTILE, (Box(HOSTILE, HOSTILE, HOSTILE, "layer", HOSTILE),), ()))
    assert "<script" not in svg
    svg.encode()
    shown = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert shown == [HARMLESS] * 4


def test_a_long_title_is_cut_and_whole_in_its_tooltip() -> None:
    title = "Dense(64, relu, kernel_initializer=HeNormal(), kernel_regularizer=L2(1e-3))"
    root = ElementTree.fromstring(to_svg(Drawing("model", (Box("x", title, "(None, 64)"),), ())))
    group = next(root.iter(f"{SVG}g"))
    text, tooltip = group.find(f"{SVG}text"), group.find(f"{SVG}title")
    assert text is not None and text.text is not None and tooltip is not None
    assert text.text.startswith("Dense(64, relu, ") and text.text.endswith("…") and len(text.text) <= 44
    assert tooltip.text == f"{title} (None, 64)"


def test_a_box_is_as_wide_as_its_text_needs() -> None:
    def width(title: str, detail: str = "") -> float:
        place = look_at(to_svg(Drawing("", (Box("x", title, detail),), ()))).boxes["x"]
        return place.right - place.left

    # Measured in DejaVu Sans, the widest of the usual fonts.
    assert width("W" * 30) >= 30 * 0.989 * 13
    assert width("日" * 30) >= 30 * 13
    assert width("Dense(64, relu)") >= 106
    assert width("x", "(None, 128, 128, 64)") > width("x", "(None, 64)") > width("x")
    assert width("i" * 30) < width("m" * 30)


def test_the_picture_stands_alone_and_says_what_it_is() -> None:
    root = ElementTree.fromstring(to_svg(AUTOENCODER))
    assert root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img"
    assert root[0].tag == f"{SVG}title" and root[0].text == "autoencoder"
    svg = to_svg(AUTOENCODER)
    assert "prefers-color-scheme: dark" in svg
    assert "href" not in svg and "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_a_deeper_model_takes_no_more_work_for_each_layer() -> None:
    short, deep = (work_of(lambda count=count: to_svg(drawing_of(*chain(count)))) for count in (100, 500))
    assert deep < 6 * short


def tangle(count: int) -> Drawing:
    """This many boxes, and three times as many random arrows."""
    chosen = random.Random(0)
    names = [f"dense_{index}" for index in range(count)]
    arrows = (sorted(chosen.sample(range(count), 2)) for _ in range(3 * count))
    return Drawing("tangle", tuple(map(Box, names, names)), tuple((names[i], names[j]) for i, j in arrows))


def test_the_work_for_a_tangle_grows_with_the_length_of_its_arrows_and_no_faster() -> None:
    small, large = (work_of(lambda count=count: to_svg(tangle(count))) for count in (50, 200))
    assert large < 40 * small  # four times as many arrows, each four times as long, and their crossings


def test_mermaid_shows_the_same_graph() -> None:
    assert to_mermaid(AUTOENCODER) == """\
# autoencoder

```mermaid
flowchart TD
    n0(["x<br/>(None, 16)"]):::input
    n1[["encoder<br/>(None, 128)"]]:::model
    n2[["decoder<br/>(None, 16)"]]:::model
    n3(["y<br/>(None, 16)"]):::output
    n0 --> n1
    n1 --> n2
    n2 --> n3
    subgraph g1["encoder"]
        n4(["x<br/>(None, 16)"]):::input
        n5["Dense(128, relu)<br/>(None, 128)"]:::layer
        n4 --> n5
    end
    subgraph g2["decoder"]
        n6(["code<br/>(None, 128)"]):::input
        n7["Dense(16, relu)<br/>(None, 16)"]:::layer
        n6 --> n7
    end
    classDef input fill:#dafbe1,stroke:#2da44e,color:#1f2328
    classDef layer fill:#ddf4ff,stroke:#218bff,color:#1f2328
    classDef model fill:#fbefff,stroke:#8250df,color:#1f2328
    classDef output fill:#fff1e5,stroke:#e16f24,color:#1f2328
```
"""


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Dropout(0.5, seed=1), my_dense", "Dropout(0.5, seed=1), my_dense"),
        ('"quoted"', "#34;quoted#34;"),
        ("a[0] {x} <b> | # `code`", "a#91;0#93; #123;x#125; #60;b#62; #124; #35; #96;code#96;"),
        ("#35;", "#35;35#59;"),
        ("1. first", "1#46; first"),
        ("12) twelfth", "12#41; twelfth"),
        ("- item", "#45; item"),
        ("*bold* __init__", "#42;bold#42; #95;#95;init#95;#95;"),
        ("https://keras.io", "https#58;#47;#47;keras#46;io"),
        ("%%{init: {}}%%\nend", "#37;#37;#123;init#58; #123;#125;#125;#37;#37; end"),
        ("日本語 → é\x00", "日本語 → é"),
    ],
)
def test_mermaid_reads_nothing_into_a_label(text: str, label: str) -> None:
    document = to_mermaid(Drawing("model", (Box("x", text),), ()))
    assert f'n0["{label}"]:::layer' in document.splitlines()[4]


@examples(60)
@given(drawings())
def test_no_text_gets_out_of_its_label(drawing: Drawing) -> None:
    document = to_mermaid(drawing)
    document.encode()
    chart = document.split("\n", 1)[1]
    assert chart.count("```") == 2
    for line in chart.splitlines():
        assert line.count('"') in (0, 2)
    assert chart.count("-->") == len(set(drawing.arrows))
    assert document == to_mermaid(drawing)


def test_the_heading_of_the_document_is_plain_text() -> None:
    assert to_mermaid(Drawing("my_model\n<b> `x`", (), ())).startswith("# my\\_model \\<b\\> \\`x\\`\n\n")
