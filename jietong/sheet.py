"""What an operator reads once the site runs: how to dial in, accounts, addresses.

Owns those texts; must not start anything. Contract: design.md section 5; passwords show at the first start only, the demo's always.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from jietong.accounts import Accounts
from jietong.running import RunningSite


def ready_sheet(site: RunningSite, accounts: Accounts, is_demo: bool) -> str:
    """Returns the text that `jietong up` prints when everything runs; its first line is `Jietong ready`."""
    config = site.site
    address = config.network.media_address or config.network.bind
    sip = f"{address}:{site.ports.sip}"
    lines = [
        "Jietong ready",
        "",
        f"  Hotline    sip:{config.hotline.number}@{sip} (UDP)",
        "             dial it from a softphone that is not registered, at one of the addresses of a trunk:",
        *(f"             {trunk.name}: {', '.join(trunk.match)}" for trunk in config.trunks),
    ]
    if is_demo:
        lines.append("             callers named 13900000001 to 13900000009 are VIP, every other one is ordinary")
    lines += ["", f"  Seats      register a softphone at {sip} (UDP) with user name and password:"]
    shown = set(accounts.seat_passwords) if is_demo else accounts.fresh
    lines += list(_seat_lines(site, shown))
    lines += _pin_lines(site, shown)
    if not is_demo:
        lines.append(f"             all passwords and PINs: jietong accounts --var {site.var}")
    web = f"http://{config.network.bind}:{site.ports.http}"
    lines += [
        "",
        f"  Web        {web}/metrics   {web}/healthz",
        f"  Look       jietong status --var {site.var}     jietong calls --var {site.var}",
        f"  Logs       {site.layout.logs}",
        "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def show_accounts(var: Path, as_json: bool) -> int:
    """Prints user name and password of every seat and the PIN of every agent of the running site in `var`."""
    site = RunningSite.load(var)
    if as_json:
        json.dump({"seats": site.seat_passwords, "agents": site.agent_pins}, sys.stdout, indent=1)
        sys.stdout.write("\n")
        return 0
    everything = set(site.seat_passwords) | set(site.agent_pins)
    print("\n".join([*_seat_lines(site, everything), *_pin_lines(site, everything)]))
    return 0


def _seat_lines(site: RunningSite, shown: set[str] | frozenset[str]) -> Iterator[str]:
    for seat in site.site.seats:
        password = (
            site.seat_passwords[seat.number]
            if seat.number in shown
            else "as in the site file, or as shown at first start"
        )
        dedicated = f"for {', '.join(seat.dedicated_to)} first" if seat.dedicated_to else "for everyone"
        login = "ready once registered" if seat.auto_login else f"dial {site.site.feature_codes.log_in} to log in"
        yield f"             {seat.number:<6} {password:<18} {dedicated}, {login}"


def _pin_lines(site: RunningSite, shown: set[str] | frozenset[str]) -> list[str]:
    pins = [f"             {number:<6} {pin}" for number, pin in site.agent_pins.items() if number in shown]
    if not pins:
        return []
    codes = site.site.feature_codes
    head = f"  Agents     number and PIN, asked for at a seat ({codes.log_in} log in, {codes.log_out} log out, {codes.pause} pause, {codes.ready} ready):"
    return ["", head, *pins]
