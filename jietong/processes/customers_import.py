"""`jietong customers import FILE.csv`: a file of customers into the database, all or nothing.

Owns reading the file and telling the operator. Must not judge a line: ivr/customer_file.py does.
Rules: design.md section 5.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ivr.adapters.customers import Customer, Customers
from ivr.customer_file import CustomerFileError, parse_customers
from jietong.database import DatabaseError, open_engine
from jietong.running import RunningSite

MAX_BYTES = 512 * 1024 * 1024
SHOWN = 50


def main(var: Path, file: Path) -> int:
    """Imports `file` into the site of folder `var`; returns 0, 1 (file or database unusable) or 2 (mistakes in the file)."""
    return import_into(RunningSite.load(var), file)


def import_into(site: RunningSite, file: Path, *, quiet: bool = False) -> int:
    """The same for a site at hand; `quiet` says nothing when all went well."""
    try:
        if file.stat().st_size > MAX_BYTES:
            return _fail(f"{file}: larger than {MAX_BYTES >> 20} MiB: split it")
        content = file.read_bytes()
    except OSError as error:
        return _fail(f"{file}: {error.strerror or error}")
    people = {seat.number for seat in site.site.seats} | {agent.number for agent in site.site.agents}
    try:
        rows = parse_customers(content, file.name, tuple(site.site.tiers), people, datetime.now(UTC).year)
    except CustomerFileError as error:
        for mistake in error.mistakes[:SHOWN]:
            sys.stderr.write(f"{mistake}\n")
        if len(error.mistakes) > SHOWN:
            sys.stderr.write(f"... and {len(error.mistakes) - SHOWN} more\n")
        count = len(error.mistakes)
        sys.stderr.write(f"{count} mistake{'s' if count != 1 else ''}, nothing imported\n")
        return 2
    try:
        engine = open_engine(site.database_url)
    except DatabaseError as error:
        return _fail(f"{error}: nothing imported")
    try:
        count = Customers(engine).store(
            Customer(r.phone, r.name, r.tier, r.class_, r.representative, r.birth_year, r.language) for r in rows
        )
    except SQLAlchemyError as error:
        return _fail(f"the database does not take them ({type(error).__name__}): nothing imported, try again")
    finally:
        engine.dispose()
    if not quiet:
        sys.stdout.write(f"{count} customers imported\n")
    return 0


def _fail(text: str) -> int:
    sys.stderr.write(f"jietong: {text}\n")
    return 1
