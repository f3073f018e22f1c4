"""Writes docs/states.md: the call and agent tables as pictures (Mermaid) and as tables, from routing/transitions.py.

Run: python docs/make_states.py. A test says whether the page is up to date. Owns nothing of the tables themselves.
"""

from enum import Enum
from pathlib import Path

from routing.transitions import AGENT, CALL

PAGE = Path(__file__).resolve().with_name("states.md")


def picture(table: "dict[tuple[Enum, Enum], Enum]", start: str) -> str:
    """A Mermaid state diagram and the table of the same transitions."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, step), to in table.items():
        arrows.setdefault((state.value, to.value), []).append(step.value)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start}"]
    lines += [f"    {a} --> {b}: {', '.join(steps)}" for (a, b), steps in arrows.items()]
    lines += ["```", "", "| in state | when | goes to |", "|---|---|---|"]
    lines += [f"| {a} | {', '.join(steps)} | {b} |" for (a, b), steps in arrows.items()]
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    return (
        "# States of a call and of an agent\n\nMade from `routing/transitions.py` by `python docs/make_states.py`. "
        "What is not here does not happen: a late event is ignored and put on record.\n\n"
        f"## Call\n\n{picture(CALL, 'menu')}\n\n## Agent\n\n{picture(AGENT, 'logged_out')}\n"  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
