"""Passwords of seats and PINs of agents: those of the site file, and generated ones for the rest.

Owns DIR/data/accounts.json (mode 0600); must not print anything.
Contract: design.md section 5 (generated at first start, kept in DIR); an auto_login seat has an agent of its number.
"""

import json
import os
import secrets
import string
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jietong.rules_of_site import agent_numbers
from jietong.site import Site

FILE = "accounts.json"
PASSWORD_CHARACTERS = string.ascii_letters + string.digits  # nothing that a softphone or a shell could take amiss
PASSWORD_LENGTH = 16  # 95 bits
PIN_LENGTH = 6


class AccountsUnreadableError(Exception):
    """DIR/data/accounts.json is not what we wrote: correct it, or remove it to get new passwords and PINs."""


@dataclass(frozen=True)
class Accounts:
    """All accounts of a site. `fresh`: numbers whose password or PIN was generated just now."""

    seat_passwords: dict[str, str] = field(repr=False)
    agent_pins: dict[str, str] = field(repr=False)
    fresh: frozenset[str] = frozenset()


def accounts_of(site: Site, folder: Path) -> Accounts:
    """Returns every account of `site`; what the site file leaves out is read from `folder` or generated and kept there.

    A number that left the site file keeps its entry, so that it has its old password when it comes back.
    raises   AccountsUnreadableError
    """
    path = folder / FILE
    kept_seats, kept_agents = _read(path)
    given_seats = {seat.number: seat.password for seat in site.seats}
    given_agents: dict[str, str | None] = dict.fromkeys(agent_numbers(site))
    given_agents |= {agent.number: agent.pin for agent in site.agents}
    fresh = {number for number, secret in given_seats.items() if secret is None and number not in kept_seats}
    fresh |= {number for number, secret in given_agents.items() if secret is None and number not in kept_agents}
    seats = {number: secret or kept_seats.get(number) or _password() for number, secret in given_seats.items()}
    agents = {number: secret or kept_agents.get(number) or _pin() for number, secret in given_agents.items()}
    if fresh:
        generated_seats = {n: s for n, s in seats.items() if given_seats[n] is None}
        generated_agents = {n: s for n, s in agents.items() if given_agents[n] is None}
        _write(path, {"seats": kept_seats | generated_seats, "agents": kept_agents | generated_agents})
    return Accounts(seats, agents, frozenset(fresh))


def _password() -> str:
    return "".join(secrets.choice(PASSWORD_CHARACTERS) for _ in range(PASSWORD_LENGTH))


def _pin() -> str:
    return "".join(secrets.choice(string.digits) for _ in range(PIN_LENGTH))


def _read(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return _entries(kept["seats"]), _entries(kept["agents"])
    except FileNotFoundError:
        return {}, {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AccountsUnreadableError(
            f"{path} is unreadable ({type(error).__name__}): correct it, or remove it to get new passwords and PINs"
        ) from None


def _entries(table: Any) -> dict[str, str]:
    entries = dict(table.items())
    if not all(isinstance(value, str) for value in entries.values()):
        raise TypeError("a password is no text")
    return entries


def _write(path: Path, accounts: dict[str, dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=FILE)  # mkstemp gives mode 0600
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(accounts, file, indent=1)
    Path(name).replace(path)
