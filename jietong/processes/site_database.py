"""A command's way to the database of a running site, and its one line when that fails.

Owns opening, closing and the line. Must not know what is asked. Rules: exit codes of jietong/exit_codes.py.
"""

import sys
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from jietong import exit_codes
from jietong.database import DatabaseError, open_engine
from jietong.running import RunningSite

T = TypeVar("T")


class DatabaseSilent(OSError):
    """The database does not answer: see [database] in the site file. (An OSError, which the command tells in one line.)"""


def ask_database(site: RunningSite, question: Callable[[Engine], T]) -> T:
    """What `question` returns of the site's database; raises DatabaseSilent."""
    try:
        engine = open_engine(site.database_url)
    except DatabaseError as error:
        raise DatabaseSilent(str(error)) from error
    try:
        return question(engine)
    except SQLAlchemyError as error:
        raise DatabaseSilent(
            f"the database does not answer ({type(error).__name__}): see [database] in the site file"
        ) from error
    finally:
        engine.dispose()


def fail(text: str) -> int:
    """Tells why a command failed; returns its exit code."""
    sys.stderr.write(f"jietong: {text}\n")
    return exit_codes.FAILED
