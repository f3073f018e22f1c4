"""Commands that answer "what if": the router in virtual time.

Owns what an operator types for it; must not do the work itself. Contract: docs/simulation.md.
"""

from pathlib import Path
from typing import Annotated

import typer

from jietong.cli_words import Json, leave, piece

Traffic = Annotated[
    Path,
    typer.Option(
        "--traffic",
        metavar="FILE",
        help="A model (.toml), a trace (.csv), a call log (.tsv.gz), a database of records, or a site's folder.",
    ),
]
Shifts = Annotated[
    Path | None, typer.Option("--shifts", metavar="FILE.csv", help="Who sits where when; left out: every seat, always.")
]
Seats = Annotated[
    str, typer.Option("--seats", metavar="COUNTS", help="In place of the site's own, such as shared=28,vip=7.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="The same seed gives the same calls.")]
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, max=3660, help="How many days of a model.")]
First = Annotated[
    str, typer.Option("--from", metavar="DAY", help="First day of a model; left out: 2026-01-05, a Monday.")
]
Replications = Annotated[
    int, typer.Option("--replications", metavar="N", min=1, max=10_000, help="Runs with other luck, side by side.")
]
Site = Annotated[Path, typer.Option("--site", metavar="FILE", help="Site file.")]


def add_to(app: typer.Typer) -> None:
    """Adds every command of this page to the program's."""
    app.command("simulate")(_simulate)
    app.command("whatif")(_whatif)


def _simulate(  # noqa: PLR0917  # typer gives them by name
    site: Site,
    traffic: Traffic,
    shifts: Shifts = None,
    seats: Seats = "",
    seed: Seed = 1,
    days: Days = 1,
    first: First = "",
    replications: Replications = 1,
    records: Annotated[
        Path | None,
        typer.Option("--records", metavar="FILE", help="New file for the call records: .csv, else a SQLite database."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tells what callers would meet: this site in virtual time."""
    from jietong.processes.simulate import Options

    options = Options(traffic, shifts, seats, seed, days, first, replications, records, as_json)
    leave(piece("jietong.processes.simulate", "simulate")(site, options))


def _whatif(  # noqa: PLR0917  # typer gives them by name
    site_a: Annotated[Path, typer.Argument(metavar="SITE_A", help="Site file as it is.")],
    site_b: Annotated[Path, typer.Argument(metavar="SITE_B", help="Site file as it might be.")],
    traffic: Traffic,
    shifts: Shifts = None,
    seed: Seed = 1,
    days: Days = 1,
    first: First = "",
    replications: Replications = 1,
    as_json: Json = False,
) -> None:
    """Tells what another site file would change, on the very same calls."""
    from jietong.processes.simulate import Options

    options = Options(traffic, shifts, "", seed, days, first, replications, None, as_json)
    leave(piece("jietong.processes.simulate", "whatif")(site_a, site_b, options))
