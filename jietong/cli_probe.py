"""Commands for test calls of ours.

Owns what an operator types for it; must not do the work itself. Contract: docs/probe.md.
"""

from typing import Annotated

import typer

from jietong.cli_words import VAR, Json, Var, folder, leave, piece

probe = typer.Typer(help="Test calls: the hotline calls itself as a customer would.", no_args_is_help=True)
Condition = Annotated[str, typer.Argument(metavar="CONDITION", help="random, transfer or other.")]
PIECE = "jietong.processes.probe"


@probe.command("run")
def _run(condition: Condition = "random", var: Var = VAR, as_json: Json = False) -> None:
    """Makes one test call now; exit code 1 when it does not pass."""
    leave(piece(PIECE, "run")(folder(var), condition, as_json))


@probe.command("list")
def _list(
    var: Var = VAR,
    as_json: Json = False,
    days: Annotated[int, typer.Option("--days", metavar="N", min=1, help="Of the last N days.")] = 30,
) -> None:
    """Lists test calls, the oldest first: date, tester, condition, result, remark."""
    leave(piece(PIECE, "show")(folder(var), as_json, days))


@probe.command("weeks")
def _weeks(
    var: Var = VAR,
    as_json: Json = False,
    weeks: Annotated[int, typer.Option("--last", metavar="N", min=1, help="The last N weeks.")] = 8,
) -> None:
    """Counts test calls by week, and says where cause and measure must be written down."""
    leave(piece(PIECE, "show_weeks")(folder(var), as_json, weeks))


@probe.command("note")
def _note(
    condition: Condition,
    passed: Annotated[bool, typer.Option("--passed/--failed", help="How it went.")],
    remark: Annotated[str, typer.Option("--remark", metavar="TEXT", help="What was found; a failure's reason.")] = "",
    tester: Annotated[str, typer.Option("--tester", metavar="NAME", help="Left out: your login.")] = "",
    var: Var = VAR,
) -> None:
    """Writes down a test call that a person made by telephone."""
    leave(piece(PIECE, "note")(folder(var), condition, passed, remark, tester))
