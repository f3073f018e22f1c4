"""What an operator reads once the site runs: how to dial in, accounts, addresses.

Owns those texts; must not start anything.
Contract: design.md section 5; a generated password shows at the first start only, the demo's always.
"""

import json
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from jietong.accounts import Accounts
from jietong.running import RunningSite
from jietong.site_checks import EVERY_ADDRESS

INDENT = " " * 13
IN_FILE = "(site file)"
GENERATED = "(see accounts)"


def ready_sheet(site: RunningSite, accounts: Accounts, is_demo: bool) -> str:
    """Returns the text that `jietong up` prints when everything runs; its first line is `Jietong ready`."""
    shown = set(site.seat_passwords) | set(site.agent_pins) if is_demo else accounts.fresh
    return "\n".join(
        [
            "Jietong ready",
            "",
            *_dial_lines(site, is_demo),
            "",
            *_account_lines(site, shown),
            "",
            f"  Web        http://{_web(site)}/metrics   http://{_web(site)}/healthz",
            f"  Look       jietong status --var {site.var}   jietong calls --var {site.var}",
            f"  Accounts   jietong accounts --var {site.var}",
            f"  Logs       {site.layout.logs}",
            "",
            "Ctrl-C stops everything.",
        ]
    )


def show_accounts(var: Path, as_json: bool) -> int:
    """Prints the password of every seat and the PIN of every agent of the running site in `var`; returns the exit code."""
    site = RunningSite.load(var)
    if as_json:
        text = json.dumps({"seats": site.seat_passwords, "agents": site.agent_pins}, indent=1)
    else:
        text = "\n".join(_account_lines(site, set(site.seat_passwords) | set(site.agent_pins)))
    sys.stdout.write(text + "\n")
    return 0


def _dial_lines(site: RunningSite, is_demo: bool) -> Iterator[str]:
    number = site.site.hotline.number
    yield f"  Hotline    dial sip:{number}@{_sip(site)} (UDP) from a softphone that is not registered and stands at"
    for trunk in site.site.trunks:
        yield f"{INDENT}{', '.join(trunk.match)} (trunk {trunk.name})"
    if is_demo:
        yield f"{INDENT}with 13900000001 to 13900000009 as its own number the caller is VIP, with any other ordinary"


def _account_lines(site: RunningSite, shown: Collection[str]) -> Iterator[str]:
    """Seats with passwords; agents with PINs, beside the seat when their numbers are the same."""
    yield f"  Seats      register a softphone at {_sip(site)} (UDP) with user name and password"
    yield f"{INDENT}{'user':<8}{'password':<18}{'PIN':<14}serves"
    for seat in site.site.seats:
        password = site.seat_passwords[seat.number] if seat.number in shown else IN_FILE if seat.password else GENERATED
        pin = _pin(site, seat.number, shown)
        serves = f"{', '.join(seat.dedicated_to)} first" if seat.dedicated_to else "everyone"
        login = ", ready once registered" if seat.auto_login else ""
        yield f"{INDENT}{seat.number:<8}{password:<18}{pin:<14}{serves}{login}"
    codes = site.site.feature_codes
    yield f"  Agents     dial at a seat: {codes.log_in} log in, {codes.log_out} log out, {codes.pause} pause, {codes.ready} ready, {codes.extend} longer wrap-up"
    for number in site.agent_pins:
        if number not in site.seat_passwords:
            yield f"{INDENT}{number:<8}{'':<18}{_pin(site, number, shown)}"


def _pin(site: RunningSite, number: str, shown: Collection[str]) -> str:
    if number not in site.agent_pins:
        return ""
    if number in shown:
        return site.agent_pins[number]
    return IN_FILE if any(agent.number == number and agent.pin for agent in site.site.agents) else GENERATED


def _sip(site: RunningSite) -> str:
    network = site.site.network
    return _at(network.media_address or network.bind, site.ports.sip)


def _web(site: RunningSite) -> str:
    network = site.site.network
    return _at(
        network.media_address or network.bind if network.bind in EVERY_ADDRESS else network.bind, site.ports.http
    )


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
