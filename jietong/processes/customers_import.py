"""`jietong customers import FILE.csv`: a file of customers into the database, all or nothing.

Owns reading the file and telling the operator. Must not judge a line: ivr/customer_file.py does.
Rules: design.md section 5.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ivr.adapters.customers import Customer, Customers
from ivr.customer_file import CustomerRow, parse_customers
from jietong.processes.csv_import import import_file
from jietong.processes.site_database import ask_database
from jietong.running import RunningSite


def main(var: Path, file: Path) -> int:
    """Imports `file` into the site of folder `var`; returns 0, 1 (file or database unusable) or 2 (mistakes in the file)."""
    return import_into(RunningSite.load(var), file)


def import_into(site: RunningSite, file: Path, *, quiet: bool = False) -> int:
    """The same for a site at hand; `quiet` says nothing when all went well."""
    people = {seat.number for seat in site.site.seats} | {agent.number for agent in site.site.agents}
    tiers, year = tuple(site.site.tiers), datetime.now(UTC).year

    def store(rows: Iterable[CustomerRow]) -> str:
        customers = [
            Customer(r.phone, r.name, r.tier, r.class_, r.representative, r.birth_year, r.language) for r in rows
        ]
        return f"{ask_database(site, lambda engine: Customers(engine).store(customers))} customers imported"

    return import_file(
        file, lambda content: parse_customers(content, file.name, tiers, people, year), store, quiet=quiet
    )
