"""Commands for what callers do by themselves: ratings.

Owns what an operator types for it; must not do the work itself. Contract: docs/guide/self-service.md.
"""

from typing import Annotated

import typer

from jietong.cli_words import VAR, Json, Var, folder, leave, piece


def add_to(app: typer.Typer) -> None:
    """Adds every command of this page to the program's."""
    app.command("ratings")(_ratings)


def _ratings(
    var: Var = VAR,
    as_json: Json = False,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="Only the last N days.")] = None,
) -> None:
    """Shows how callers rated each agent."""
    leave(piece("jietong.processes.ratings", "show_ratings")(folder(var), as_json, days))
