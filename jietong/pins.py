"""The agents of the site file in the database, with their PINs hashed.

Owns hashing and the check whether a PIN changed; must not log a PIN. Who logs in is verified by the AGI scripts
against `pin_hash`.
Rules: argon2id with 19 MiB and two passes (OWASP's second recommendation): a PIN of few digits gains nothing from a
dearer hash,
and a morning's log-ins must not wait for one another.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import Engine, delete, insert, select

from jietong.database import writing
from routing.adapters.tables import agents as agents_table

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
KEY_BYTES = 32


def store_agents(engine: Engine, agents: Mapping[str, tuple[str, str]], key_file: Path) -> int:
    """Makes the agents table hold exactly `agents` (number -> name, PIN) and returns how many PINs had to be hashed.

    A PIN is hashed only when it is new or changed; that shows by its mark, an HMAC with the site's own random key,
    which is made in
    `key_file` (mode 0600) when absent. Hashes several at once. Raises SQLAlchemy's errors; then nothing is changed.
    """
    key = _key(key_file)
    marks = {number: _mark(key, number, pin) for number, (_, pin) in agents.items()}
    with engine.connect() as connection:
        rows = connection.execute(select(agents_table)).mappings()
        hashes = {row["number"]: row["pin_hash"] for row in rows if marks.get(row["number"]) == row["pin_mark"]}
    changed = [number for number in agents if number not in hashes]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # argon2 works outside the interpreter's lock
        hashes.update(zip(changed, pool.map(lambda number: HASHER.hash(agents[number][1]), changed), strict=True))
    wanted = [
        {"number": number, "name": name, "pin_hash": hashes[number], "pin_mark": marks[number]}
        for number, (name, _) in agents.items()
    ]
    with writing(engine).begin() as connection:
        connection.execute(delete(agents_table))
        if wanted:
            connection.execute(insert(agents_table), wanted)
    return len(changed)


def _mark(key: bytes, number: str, pin: str) -> str:
    return hmac.new(key, f"{number}:{pin}".encode(), "sha256").hexdigest()


def _key(path: Path) -> bytes:
    """The key in `path`; another than before only means that every PIN is hashed again."""
    try:
        kept = path.read_bytes()
        if len(kept) == KEY_BYTES:
            return kept
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(KEY_BYTES)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    return key
