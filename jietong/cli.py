"""The `jietong` command: names, options and exit codes; each command calls one piece.

Owns what an operator types; must not do the work itself. Pieces are imported when called, so that it starts fast.
Contract: design.md section 5. Exit codes: 0 done, 1 it failed, 2 the configuration or the command line is wrong.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from jietong import cli_flow, cli_planning, cli_probe, cli_report, cli_service, cli_simulate, exit_codes
from jietong.cli_words import VAR, FullNumbers, Json, Var, folder, leave, piece

app = typer.Typer(
    name="jietong",
    help="Jietong (接通): the routing brain of a telecom hotline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local values could show numbers and secrets
)
customers = typer.Typer(help="Customers: who a caller is.", no_args_is_help=True)
app.add_typer(customers, name="customers")
agents = typer.Typer(help="Agents: what a supervisor may tell one.", no_args_is_help=True)
app.add_typer(agents, name="agents")

app.add_typer(cli_flow.flow, name="flow")
app.add_typer(cli_probe.probe, name="probe")
cli_report.add_to(app)
cli_service.add_to(app)
cli_planning.add_to(app)
cli_simulate.add_to(app)


@app.command()
def up(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Site file; left out: the demo site.")
    ] = None,
    var: Var = VAR,
    port_base: Annotated[
        int | None,
        typer.Option("--port-base", metavar="N", help="Ports N+60 (SIP), N+73, N+38, N+80 and N+1000..N+8999 (voice)."),
    ] = None,
) -> None:
    """Runs a site in the foreground until Ctrl-C."""
    leave(piece("jietong.up", "up")(config, var, port_base))


@app.command()
def reload(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Site file; left out: the one it was started with.")
    ] = None,
    var: Var = VAR,
) -> None:
    """Lets a running site go on with a changed site file or a new version; nobody is cut off."""
    leave(piece("jietong.reload", "reload")(folder(var), config))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Archive to write, such as jietong.tar.gz.")],
    var: Var = VAR,
    recordings: Annotated[
        bool, typer.Option("--recordings", help="With the audio of messages, not only their list.")
    ] = False,
) -> None:
    """Writes database, configuration and accounts of a running site to one archive."""
    leave(piece("jietong.backup", "backup")(folder(var), file, recordings))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Archive that `jietong backup` wrote.")],
    var: Var = VAR,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Site file that names the database; left out: the backup's."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Over a site that is there; its files are kept.")] = False,
) -> None:
    """Makes a site's folder and database from an archive."""
    leave(piece("jietong.restore", "restore")(folder(var), file, config, replace))


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="Site file.")]) -> None:
    """Tells every mistake of a site file at once."""
    from jietong.site_file import SiteFileError, load_site

    try:
        site = load_site(file)
    except SiteFileError as error:
        typer.echo(error, err=True)
        leave(exit_codes.WRONG_CONFIGURATION)
    typer.echo(f"{file}: no mistakes (hotline {site.hotline.number}, {len(site.seats)} seats, {len(site.tiers)} tiers)")


@app.command()
def status(var: Var = VAR, as_json: Json = False) -> None:
    """Shows waiting calls, agents and the answer rate now."""
    leave(piece("jietong.processes.status", "status")(folder(var), as_json))


@app.command()
def calls(
    var: Var = VAR,
    as_json: Json = False,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only the newest N.")] = None,
    full_numbers: FullNumbers = False,
) -> None:
    """Lists call records, the oldest first."""
    leave(piece("jietong.processes.status", "calls")(folder(var), as_json, last, full_numbers))


callbacks_app = typer.Typer(help="Callbacks: whom the hotline owes a call.")
app.add_typer(callbacks_app, name="callbacks")


@callbacks_app.callback(invoke_without_command=True)
def callbacks(
    context: typer.Context,
    var: Var = VAR,
    as_json: Json = False,
    full_numbers: Annotated[bool, typer.Option("--full-numbers", help="Customers' numbers unmasked.")] = False,
) -> None:
    """Lists open callbacks, the longest waiting first."""
    if context.invoked_subcommand is None:
        leave(piece("jietong.processes.promises", "callbacks")(folder(var), as_json, full_numbers))


@callbacks_app.command("cancel")
def callbacks_cancel(call_id: Annotated[str, typer.Argument(metavar="CALL_ID")], var: Var = VAR) -> None:
    """Takes a callback out of the line."""
    leave(piece("jietong.processes.promises", "cancel")(folder(var), call_id))


@app.command()
def messages(
    var: Var = VAR,
    as_json: Json = False,
    full_numbers: FullNumbers = False,
) -> None:
    """Lists the messages that callers left, the oldest first."""
    leave(piece("jietong.processes.promises", "messages")(folder(var), as_json, full_numbers))


@app.command()
def explain(call_id: Annotated[str, typer.Argument(metavar="CALL_ID")], var: Var = VAR, as_json: Json = False) -> None:
    """Tells why a call waited and who was passed over."""
    leave(piece("jietong.processes.status", "explain")(folder(var), call_id, as_json))


@customers.command("import")
def customers_import(file: Annotated[Path, typer.Argument(metavar="FILE.csv")], var: Var = VAR) -> None:
    """Reads customers from a CSV file: all of it, or nothing and every mistake by line."""
    leave(piece("jietong.processes.customers_import", "main")(folder(var), file))


def _agent_command(word: str, what: str) -> None:
    @agents.command(word, help=what)
    def run(number: Annotated[str, typer.Argument(metavar="NUMBER", help="Agent number.")], var: Var = VAR) -> None:
        leave(piece("jietong.processes.agent_command", "main")(folder(var), word, number))


_agent_command("ready", "Ready for calls again, such as after one that was not answered.")
_agent_command("pause", "Not ready, after the present call if there is one.")
_agent_command("extend", "Longer in after-call work, within the limit of the site file.")
_agent_command("log-out", "Logged out, after the present call if there is one.")


@app.command()
def accounts(var: Var = VAR, as_json: Json = False) -> None:
    """Shows SIP passwords of seats and PINs of agents."""
    leave(piece("jietong.sheet", "show_accounts")(folder(var), as_json))


@app.command()
def monitoring(
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files are written.")],
    var: Var = VAR,
    prometheus: Annotated[
        str, typer.Option("--prometheus", metavar="URL", help="Of Prometheus, as Grafana reaches it.")
    ] = "http://127.0.0.1:9090",
    runbook: Annotated[
        str, typer.Option("--runbook", metavar="URL", help="Of the runbook, for the alerts; left out: its name.")
    ] = "",
) -> None:
    """Writes Prometheus' configuration with rules and alerts, and Grafana's dashboards, for a site."""
    leave(piece("jietong.processes.monitoring", "write")(folder(var), to, prometheus, runbook))


@app.command()
def schema() -> None:
    """Prints the JSON Schema of the site file."""
    from jietong.site_schema import schema_text

    typer.echo(schema_text(), nl=False)


@app.command()
def hours(
    var: Var = VAR,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help='Left out: now; such as "2026-10-01 09:00", the site\'s time unless it ends in an offset such as +08:00.',
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tells for each queue whether it is open, and when that changes."""
    leave(piece("jietong.processes.hours", "show_hours")(folder(var), at, as_json))


def _process_command(name: str, what: str) -> None:
    """Adds a hidden command that runs one process of the site; `jietong up` starts these."""

    @app.command(name, hidden=True, help=what)
    def run(var: Var = VAR) -> None:
        leave(piece(f"jietong.processes.{name}", "main")(folder(var)))


_process_command("agi", "FastAGI worker: menus and feature codes.")
_process_command("router", "Decides which agent gets which call.")
_process_command("records", "Writes call records from the journal.")
_process_command("metrics", "Serves /metrics and /healthz.")
_process_command("prober", "Makes test calls at random times.")


def main() -> None:
    """Entry point of the command; one line for every error that an operator can do something about."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(exit_codes.INTERRUPTED)
    except BrokenPipeError:  # `jietong calls | head`
        sys.stderr.close()
        sys.exit(exit_codes.FAILED)
