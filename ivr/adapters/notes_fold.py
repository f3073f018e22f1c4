"""Carries notes from the store into the database, each once, for as long as the process lives.

Owns the transaction of a batch and the tries while store or database are away. Must not know what a note means.
Rules: design.md section 4. First the database, then the store: whoever dies in between reads the notes again, and
their keys tell.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr.adapters.case_rows import write_case
from ivr.adapters.notes import Note, NotesReader
from ivr.adapters.ratings import write_rating
from ivr.case import Case
from ivr.rating import Rating
from routing.adapters.records import is_refusal
from routing.adapters.redis_clients import StoreAway

BLOCK_S = 0.5  # how soon a stop is seen
COUNT = 500  # notes a transaction
BACK_OFF_S = (0.1, 2.0)  # first and longest pause between tries
WRITERS: dict[type[Note], Callable[[Connection, Any], object]] = {Rating: write_rating, Case: write_case}
log = structlog.get_logger("notes")


def fold_notes(url: str, prefix: str, engine: Engine, stop: threading.Event) -> None:
    """Writes notes until `stop` is set; a store or database that is away is waited for."""
    reader = NotesReader(url, prefix, BLOCK_S)
    pause_s, is_away = BACK_OFF_S[0], False
    try:
        while not stop.is_set():
            try:
                fold_some(reader, engine)
            except (StoreAway, SQLAlchemyError) as error:
                if not is_away:
                    log.error("store or database away, notes wait", error=type(error).__name__)
                is_away = True
                stop.wait(pause_s)
                pause_s = min(pause_s * 2, BACK_OFF_S[1])
                continue
            if is_away:
                log.warning("notes can be written again")
            pause_s, is_away = BACK_OFF_S[0], False
    finally:
        reader.close()


def fold_some(reader: NotesReader, engine: Engine) -> int:
    """Writes the oldest notes that wait and takes them out of the store; returns how many there were. Raises StoreAway, SQLAlchemy's errors."""
    waiting = reader.waiting(COUNT)
    if waiting:
        write_notes(engine, [found.note for found in waiting if found.note is not None])
        reader.done(waiting)
    return len(waiting)


def write_notes(engine: Engine, notes: Sequence[Note]) -> None:
    """Writes all of `notes` in one transaction; one that the database refuses whatever happens is left out alone (logged).

    raises   SQLAlchemy's errors when the database is away; then nothing is written, or what is written is so for good
    """
    try:
        with engine.begin() as connection:
            for note in notes:
                WRITERS[type(note)](connection, note)
    except (SQLAlchemyError, ArithmeticError, TypeError, ValueError) as error:  # sqlite3 raises OverflowError bare
        if isinstance(error, SQLAlchemyError) and not is_refusal(error):
            raise
        if len(notes) > 1:
            for note in notes:
                write_notes(engine, [note])
            return
        log.error("note is not recorded", kind=type(notes[0]).__name__, error=type(error).__name__)
