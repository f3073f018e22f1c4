"""What the tests of self-service share: a store, a database, the notes between them, and a site for commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from ivr.adapters.notes import Notes, NotesReader
from ivr.adapters.notes_fold import fold_some
from jietong.database import open_engine, writing
from jietong.running import Ports, RunningSite
from jietong.site import Site
from tests.adapters.valkey_server import PREFIX, ValkeyServer


@dataclass(frozen=True)
class Desk:
    """A store that can be killed, the site's database, and the notes that wait between them."""

    store: ValkeyServer
    notes: Notes
    engine: Engine
    database_url: str

    def waiting(self) -> int:
        """Notes that wait."""
        return int(self.store.ask("XLEN", f"{PREFIX}notes"))

    def fold(self) -> int:
        """Writes what waits into the database; returns how many notes that were."""
        reader = NotesReader(self.store.url, PREFIX, 0.01)
        try:
            return fold_some(reader, self.engine)
        finally:
            reader.close()


@contextmanager
def a_desk(store: ValkeyServer, database_url: str) -> Iterator[Desk]:
    """A desk on a store that nothing waits in; the database may have no tables yet."""
    store.ask("FLUSHALL")
    engine = writing(open_engine(database_url))
    notes = Notes(store.url, PREFIX)
    try:
        yield Desk(store, notes, engine, database_url)
    finally:
        notes.close()
        engine.dispose()


def site_for_commands(var: Path, store_url: str, database_url: str) -> None:
    """What a command finds of a running site in `var`."""
    config = Site.model_validate(
        {
            "hotline": {"number": "10010", "timezone": "Asia/Shanghai"},
            "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}],
            "tiers": {"ordinary": {"answer_within_s": 20, "goal": 0.9}},
            "seats": [{"number": "1001"}],
        }
    )
    RunningSite(
        var=var,
        site=config,
        ports=Ports.of(config.network, 45000),
        store_url=store_url,
        database_url=database_url,
        ami_user="router",
        ami_secret="x",
        seat_passwords={},
        agent_pins={},
        asterisk_argv=("asterisk",),
        socket_dir=var,
    ).save()
