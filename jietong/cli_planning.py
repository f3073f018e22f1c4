"""Commands for planning: how many agents, by formula and from history.

Owns what an operator types for it; must not do the work itself. Contract: docs/simulation.md.
"""

from pathlib import Path
from typing import Annotated

import typer

from jietong.cli_words import Json, leave, piece


def add_to(app: typer.Typer) -> None:
    """Adds every command of this page to the program's."""
    app.command("erlang")(_erlang)
    app.command("forecast")(_forecast)
    app.command("plan")(_plan)


def _erlang(  # noqa: PLR0917  # typer gives them by name
    calls_per_hour: Annotated[
        float, typer.Option("--calls-per-hour", metavar="N", help="Calls that ask for a person.")
    ],
    handling_s: Annotated[float, typer.Option("--handling-s", metavar="S", help="Talk and wrap-up of one call, mean.")],
    patience_s: Annotated[
        float | None,
        typer.Option("--patience-s", metavar="S", help="Mean wait until a caller hangs up; left out: never."),
    ] = None,
    within_s: Annotated[float, typer.Option("--within-s", metavar="S", help="Target.")] = 20,
    goal: Annotated[
        float, typer.Option("--goal", metavar="SHARE", help="Share to be answered within the target.")
    ] = 0.9,
    variant: Annotated[
        str, typer.Option("--variant", metavar="F1..F5", help="Formula of the goal; F3: of all callers.")
    ] = "F3",
    agents: Annotated[
        int | None, typer.Option("--agents", metavar="N", help="Left out: as many as the goal needs.")
    ] = None,
    waits: Annotated[
        bool, typer.Option("--waits", help="With what has become of callers after 5, 10, 20 s ...")
    ] = False,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draws both as a picture.")] = None,
    blocked: Annotated[
        float | None,
        typer.Option(
            "--blocked", metavar="SHARE", help="Lines instead of agents: so many may find all busy (Erlang-B)."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tells by formula (Erlang-A, -C, -B) how many agents or lines a load needs, and what callers then meet."""
    if blocked is not None:
        leave(piece("jietong.outlook_table", "show_blocking")(calls_per_hour, handling_s, blocked, as_json))
    from jietong.outlook_table import Asked

    asked = Asked(calls_per_hour, handling_s, patience_s, within_s, goal, variant, agents, waits, plot)
    leave(piece("jietong.outlook_table", "show_outlook")(asked, as_json))


def _forecast(  # noqa: PLR0917  # typer gives them by name
    history: Annotated[
        Path,
        typer.Option("--history", metavar="FILE", help="Counts, call records or a call log, packed by gzip or not."),
    ],
    day: Annotated[
        str, typer.Option("--day", metavar="DATE", help="First day; left out: the one after the history.")
    ] = "",
    days: Annotated[int, typer.Option("--days", metavar="N", help="So many days.")] = 1,
    holidays: Annotated[
        str, typer.Option("--holidays", metavar="COUNTRY", help="Whose public holidays count, such as CN; empty: none.")
    ] = "CN",
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="NAME", help="Of the epoch seconds in records.")
    ] = "Asia/Shanghai",
    backtest: Annotated[
        bool, typer.Option("--backtest", help='Tests the forecast on the history itself, beside "same day last week".')
    ] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="First day tested; left out: after four weeks.")
    ] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Writes half hours as counts.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draws it as a picture.")] = None,
    as_json: Json = False,
) -> None:
    """Tells from past days how many calls the next ones bring, half hour by half hour."""
    from jietong.processes.forecast import Options

    asked = Options(history, day, days, holidays, timezone, backtest, since, out, plot, as_json)
    leave(piece("jietong.processes.forecast", "forecast")(asked))


def _plan(  # noqa: PLR0917  # typer gives them by name
    traffic: Annotated[
        Path,
        typer.Option("--traffic", metavar="FILE", help="A model of traffic (.toml), or a history to forecast from."),
    ],
    site: Annotated[Path, typer.Option("--site", metavar="FILE", help="Site file.")],
    day: Annotated[str, typer.Option("--day", metavar="DATE", help="Left out: the one after the history.")] = "",
    holidays: Annotated[str, typer.Option("--holidays", metavar="COUNTRY", help="Such as CN; empty: none.")] = "CN",
    sure: Annotated[
        float, typer.Option("--sure", metavar="SHARE", help="On which share of such days the plan is enough.")
    ] = 0.8,
    peak_goal: Annotated[
        float, typer.Option("--peak-goal", metavar="SHARE", help="The last tier's goal in the busiest hour, if lower.")
    ] = 0.85,
    shrinkage: Annotated[
        float,
        typer.Option("--shrinkage", metavar="SHARE", help="Of agents on the roster: on a break, in training, ill."),
    ] = 0.0,
    talk_s: Annotated[
        float | None, typer.Option("--talk-s", metavar="S", help="Mean talk, where the history does not tell.")
    ] = None,
    patience_s: Annotated[
        float | None, typer.Option("--patience-s", metavar="S", help="Mean patience, likewise.")
    ] = None,
    first_share: Annotated[
        float | None,
        typer.Option(
            "--first-share", metavar="SHARE", help="Of the first tier's callers (VIP), where counts have no tiers."
        ),
    ] = None,
    pick_up_s: Annotated[
        float | None,
        typer.Option(
            "--pick-up-s", metavar="S", help="From ringing to the agent's answer, mean; left out: as records tell."
        ),
    ] = None,
    formula_only: Annotated[bool, typer.Option("--formula-only", help="Without trials in the simulator.")] = False,
    effects: Annotated[
        bool, typer.Option("--effects", help="With what other dedicated seats and another reserve would do.")
    ] = False,
    calls: Annotated[
        int, typer.Option("--calls", metavar="N", min=100, max=10_000_000, help="Simulated in each trial, at least.")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="The same seed gives the same plan.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Writes the half hours.")] = None,
    shifts: Annotated[
        Path | None,
        typer.Option("--shifts-out", metavar="FILE.csv", help="Writes who sits where, for simulate --shifts."),
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draws it as a picture.")] = None,
    explain_day: Annotated[
        str, typer.Option("--explain-day", metavar="DATE", help="No plan: was that day bad luck or bad staffing?")
    ] = "",
    who: Annotated[
        Path | None,
        typer.Option("--shifts", metavar="FILE.csv", help="Who was there on that day; left out: as far as calls show."),
    ] = None,
    trial_days: Annotated[int, typer.Option("--trial-days", metavar="N", help="Simulated for that.")] = 60,
    as_json: Json = False,
) -> None:
    """Tells how many agents each half hour of a day needs for the site's goals."""
    from jietong.demand_of_history import Known

    known = Known(talk_s, patience_s, first_share, pick_up_s)
    if explain_day:
        from jietong.processes import explain_day as day_explained

        told = day_explained.Options(site, traffic, explain_day, known, holidays, who, trial_days, seed, plot, as_json)
        leave(piece("jietong.processes.plan", "explain")(told))
    from jietong.processes.plan import Options

    asked = Options(
        site,
        traffic,
        known,
        day,
        holidays,
        sure,
        peak_goal,
        shrinkage,
        formula_only,
        effects,
        calls,
        seed,
        out,
        shifts,
        plot,
        as_json,
    )
    leave(piece("jietong.processes.plan", "plan")(asked))
