"""A flow as a picture: a box for each node, with a row for each key or outcome and where it leads.

Owns where boxes stand and the SVG. Must not judge a flow. Rules: columns by distance from the first node; a row that leads to the right
has a line, one that leads back or out of the flow says where, so that lines never run against the reading direction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from ivr.flow import (
    PERSON,
    PERSON_KEY,
    PROMPT,
    TARGETS,
    TO_FLOW,
    Choose,
    Digits,
    Flow,
    Menu,
    Node,
    SubFlow,
    speech_of,
    targets_of,
)

COLUMN, WIDTH, GAP = 380, 290, 26
HEAD, LINE, ROW, MARGIN = 30, 18, 22, 24
UNBROKEN = re.compile(r" *(?:‹[^›]{1,40}›|\[[^]]{1,40}\]|[!-~]{1,40}|[^ ])[，。；、：？！]*")
CHARACTERS, LINES = 44, 3  # of a line of a box, a Chinese one counts twice; lines of what is said
COLOURS = {"menu": "#dbeafe", "choose": "#dbeafe", "digits": "#e0e7ff", "say": "#f1f5f9", "test": "#fef3c7", "look_up": "#fde68a",
           "record": "#fce7f3", "leaves": "#dcfce7", "other": "#f1f5f9"}  # fmt: skip
KINDS = {
    "ToQueue": "queue",
    "CallBack": "callback",
    "HangUp": "hang_up",
    "LookUp": "look_up",
    "SubFlow": "flow",
    "Speak": "language",
}
LEAVING = ("queue", "callback", "message", "transfer", "hang_up", "return")


@dataclass(frozen=True, slots=True)
class Box:
    """A node in the picture: its place, its words, and its rows (label, target)."""

    name: str
    kind: str
    lines: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    column: int
    x: int
    y: int

    @property
    def height(self) -> int:
        """Of the whole box."""
        return HEAD + LINE * len(self.lines) + ROW * len(self.rows) + 8

    def row_y(self, at: int) -> int:
        """The middle of a row."""
        return self.y + HEAD + LINE * len(self.lines) + ROW * at + ROW // 2


def picture_of(flow: Flow, texts: Mapping[str, str]) -> str:
    """The flow as SVG; `texts` are the prompts' words, those without any are shown by name."""
    boxes = _boxes(flow, texts)
    width = max(box.x for box in boxes.values()) + WIDTH + MARGIN
    height = max(box.y + box.height for box in boxes.values()) + MARGIN
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="Noto Sans CJK SC, Noto Sans SC, WenQuanYi Zen Hei, sans-serif" font-size="13">'
        ),
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 2}" font-size="18" font-weight="bold">{escape(flow.name)}</text>',
    ]
    for box in boxes.values():
        for at, (_, target) in enumerate(box.rows):
            to = boxes.get(target)
            if to is not None and to.column > box.column:
                parts.append(_line(box.x + WIDTH, box.row_y(at), to.x, to.y + HEAD // 2))
    parts += [part for box in boxes.values() for part in _drawn(box, boxes)]
    return "\n".join([*parts, "</svg>", ""])


def _boxes(flow: Flow, texts: Mapping[str, str]) -> dict[str, Box]:
    columns = _columns(flow)
    below = dict.fromkeys(range(len(flow.nodes) + 1), MARGIN + 24)
    boxes = {}
    for name, column in sorted(columns.items(), key=lambda found: found[1]):
        node = flow.nodes[name]
        box = Box(name, _kind(node), _words(node, texts), _rows(node), column, MARGIN + COLUMN * column, below[column])
        boxes[name] = box
        below[column] += box.height + GAP
    return boxes


def _columns(flow: Flow) -> dict[str, int]:
    """Steps from the first node, in the order in which they lead on; nodes that nobody reaches come last, in the first column."""
    columns = {flow.start: 0} if flow.start in flow.nodes else {}
    waiting = list(columns)
    for name in waiting:
        for _, target in targets_of(flow.nodes[name]):
            if target in flow.nodes and target not in columns:
                columns[target] = columns[name] + 1
                waiting.append(target)
    return columns | {name: 0 for name in flow.nodes if name not in columns}


def _kind(node: Node) -> str:
    name = type(node).__name__
    return KINDS.get(name, name.lower())


def _rows(node: Node) -> tuple[tuple[str, str], ...]:
    rows = tuple((label.partition(".")[2] or label, target) for label, target in targets_of(node))
    if isinstance(node, SubFlow):
        return tuple(row for row in rows if row[0] != "flow")
    asks = isinstance(node, Menu | Choose | Digits)
    return (*rows, (PERSON_KEY, PERSON)) if asks and PERSON_KEY not in dict(rows) else rows


def _words(node: Node, texts: Mapping[str, str]) -> tuple[str, ...]:
    said = ""
    for words in speech_of(node):
        part = texts.get(words.text, f"[{words.text}]") if words.kind == PROMPT else f"‹{words.text}›"
        said += " " * bool(said and (said[-1].isascii() or part[0].isascii())) + part
    about = {"LookUp": "door", "Test": "value", "ToQueue": "service", "SubFlow": "flow", "Announce": "service", "Speak": "language",
             "Message": "service", "CallBack": "service", "Transfer": "number"}.get(type(node).__name__)  # fmt: skip
    if about is not None:
        said = getattr(node, about) or "everybody"
    return _wrapped(said)


def _wrapped(text: str) -> tuple[str, ...]:
    """Lines of at most CHARACTERS. A value, a number and a Latin word stay whole, and no line begins with a stop."""
    lines, line, size = [], "", 0
    for word in UNBROKEN.findall(text):
        wide = sum(2 if ord(c) > 0x2E80 else 1 for c in word)
        if size + wide > CHARACTERS and line:
            lines.append(line)
            line, size = "", 0
        line, size = line + (word if line else word.lstrip()), size + wide
    lines += [line] if line else []
    return (*lines[: LINES - 1], lines[LINES - 1][:-1] + "…") if len(lines) > LINES else tuple(lines)


def _drawn(box: Box, boxes: Mapping[str, Box]) -> list[str]:
    colour = COLOURS.get(box.kind, COLOURS["leaves"] if box.kind in LEAVING else COLOURS["other"])
    parts = [
        f'<rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{box.height}" rx="6" fill="{colour}" stroke="#475569"/>',
        f'<text x="{box.x + 10}" y="{box.y + 20}" font-weight="bold">{escape(box.name)}</text>',
        f'<text x="{box.x + WIDTH - 10}" y="{box.y + 20}" text-anchor="end" fill="#64748b">{box.kind}</text>',
    ]
    for at, line in enumerate(box.lines):
        parts.append(
            f'<text x="{box.x + 10}" y="{box.y + HEAD + 12 + LINE * at}" font-size="12" fill="#334155">{escape(line)}</text>'
        )
    for at, (label, target) in enumerate(box.rows):
        y = box.row_y(at)
        parts.append(
            f'<line x1="{box.x}" y1="{y - ROW // 2}" x2="{box.x + WIDTH}" y2="{y - ROW // 2}" stroke="#cbd5e1"/>'
        )
        parts.append(f'<text x="{box.x + 10}" y="{y + 5}" font-family="monospace">{escape(label)}</text>')
        parts.append(
            f'<text x="{box.x + WIDTH - 10}" y="{y + 5}" text-anchor="end">{escape(_named(box, target, boxes))}</text>'
        )
    return parts


def _named(box: Box, target: str, boxes: Mapping[str, Box]) -> str:
    """Where a row leads: forward by its line, back and out by a sign."""
    to = boxes.get(target)
    if to is not None:
        if to.column > box.column:
            return f"{target} →"
        return f"↓ {target}" if to.column == box.column and to.y > box.y else f"↑ {target}"
    if target.startswith(TO_FLOW):
        return f"▶ {target.removeprefix(TO_FLOW)}"
    return {PERSON: "☎ person"}.get(target, f"■ {target}" if target in TARGETS else f"? {target}")


def _line(x1: int, y1: int, x2: int, y2: int) -> str:
    half = (x2 - x1) // 2
    return f'<path d="M {x1} {y1} C {x1 + half} {y1}, {x2 - half} {y2}, {x2} {y2}" fill="none" stroke="#64748b"/>'
