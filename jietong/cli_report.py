"""Commands for what the hotline did: reports.

Owns what an operator types for it; must not do the work itself. Contract: docs/reports.md.
"""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from jietong.cli_words import VAR, Var, folder, leave, piece


class Kind(Enum):
    """How long the span is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Form(Enum):
    """What the report is written as."""

    TEXT = "text"
    HTML = "html"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Adds every command of this page to the program's."""
    app.command("report")(_report)


def _report(  # typer gives them by name
    kind: Annotated[Kind, typer.Argument(metavar="day|week|month|year")],
    which: Annotated[
        str,
        typer.Argument(metavar="[DATE|last]", help="A date in it; `last`: the one before; left out: the present one."),
    ] = "",
    var: Var = VAR,
    form: Annotated[Form, typer.Option("--format", help="text, html (one page with plots) or csv.")] = Form.TEXT,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Left out: the terminal.")] = None,
) -> None:
    """Reports answer rate, service level, worst half-hours with their causes, agents, topics and test calls."""
    show = piece("jietong.processes.report", "show_report")
    leave(show(folder(var), kind.value, which, form.value, out))
