"""Commands for what callers do by themselves: ratings, subscriptions, cases; and what they are told at once.

Owns what an operator types for it; must not do the work itself. Contract: docs/guide/self-service.md.
"""

from pathlib import Path
from typing import Annotated

import typer

from jietong.cli_words import VAR, FullNumbers, Json, Var, folder, leave, piece

products = typer.Typer(help="Products: what customers order by the month.")
subscriptions = typer.Typer(help="Subscriptions: who has ordered what, and who cancelled.")
cases = typer.Typer(help="Cases: what callers complained of, and how far it is.")
announce = typer.Typer(help="Announcements: what callers are told at once.")
Queue = Annotated[
    str, typer.Option("--queue", metavar="QUEUE", help="Only for callers of this queue; left out: everybody.")
]
File = Annotated[Path, typer.Argument(metavar="FILE.csv")]


def add_to(app: typer.Typer) -> None:
    """Adds every command of this page to the program's."""
    app.command("ratings")(_ratings)
    app.add_typer(products, name="products")
    app.add_typer(subscriptions, name="subscriptions")
    app.add_typer(cases, name="cases")
    app.add_typer(announce, name="announce")


def _ratings(
    var: Var = VAR,
    as_json: Json = False,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="Only the last N days.")] = None,
) -> None:
    """Shows how callers rated each agent."""
    leave(piece("jietong.processes.ratings", "show_ratings")(folder(var), as_json, days))


@products.callback(invoke_without_command=True)
def _products(context: typer.Context, var: Var = VAR, as_json: Json = False) -> None:
    """Lists products, each with how many have it and how many cancelled."""
    if context.invoked_subcommand is None:
        leave(piece("jietong.processes.subscriptions", "show_products")(folder(var), as_json))


@products.command("import")
def _products_import(file: File, var: Var = VAR) -> None:
    """Reads products from a CSV file: all of it, or nothing and every mistake by line."""
    leave(piece("jietong.processes.subscriptions_import", "import_products")(folder(var), file))


@subscriptions.callback(invoke_without_command=True)
def _subscriptions(  # noqa: PLR0917  # typer gives them by name
    context: typer.Context,
    var: Var = VAR,
    as_json: Json = False,
    phone: Annotated[str, typer.Option("--phone", metavar="NUMBER", help="All orders of one number.")] = "",
    cancelled: Annotated[bool, typer.Option("--cancelled", help="Every cancellation, with its call.")] = False,
    full_numbers: FullNumbers = False,
) -> None:
    """Counts who has ordered and cancelled what; or lists the orders of one number, or all cancellations."""
    if context.invoked_subcommand is None:
        show = piece("jietong.processes.subscriptions", "show_subscriptions")
        leave(show(folder(var), as_json, phone, cancelled, full_numbers))


@subscriptions.command("import")
def _subscriptions_import(file: File, var: Var = VAR) -> None:
    """Reads subscriptions from a CSV file: all of it, or nothing and every mistake by line."""
    leave(piece("jietong.processes.subscriptions_import", "import_subscriptions")(folder(var), file))


@cases.callback(invoke_without_command=True)
def _cases(  # noqa: PLR0917  # typer gives them by name
    context: typer.Context,
    var: Var = VAR,
    as_json: Json = False,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="Only open, dispatched, handled, answered or closed ones.")
    ] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose first reply or answer is late.")] = False,
    full_numbers: FullNumbers = False,
) -> None:
    """Lists cases, the oldest first."""
    if context.invoked_subcommand is None:
        leave(piece("jietong.processes.cases", "show_cases")(folder(var), as_json, state, overdue, full_numbers))


@cases.command("set")
def _cases_set(
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    state: Annotated[str, typer.Argument(metavar="STATE", help="open, dispatched, handled, answered or closed.")],
    var: Var = VAR,
) -> None:
    """Sets how far a case is; who did it and when is on record."""
    leave(piece("jietong.processes.cases", "set_case")(folder(var), number, state))


@announce.callback(invoke_without_command=True)
def _announce(context: typer.Context, var: Var = VAR, as_json: Json = False) -> None:
    """Lists what is on."""
    if context.invoked_subcommand is None:
        leave(piece("jietong.processes.announce", "show_announcements")(folder(var), as_json))


@announce.command("on")
def _announce_on(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="Such as announcement-emergency.")],
    var: Var = VAR,
    queue: Queue = "",
    for_: Annotated[str, typer.Option("--for", metavar="SPAN", help="Off again after 90m, 2h, 1d ...")] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="TIME", help='Off again at 18:00, or "2026-11-25 08:00".')
    ] = "",
) -> None:
    """Tells the next caller, in place of what was on before for everybody, or for that queue."""
    leave(piece("jietong.processes.announce", "switch_on")(folder(var), prompt, queue, for_, until))


@announce.command("off")
def _announce_off(var: Var = VAR, queue: Queue = "") -> None:
    """Switches off what everybody, or callers of that queue, are told."""
    leave(piece("jietong.processes.announce", "switch_off")(folder(var), queue))
