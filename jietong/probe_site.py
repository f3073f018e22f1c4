"""What a test call needs of the running site: where to dial, what to hear, the call's channel and its records.

Owns these look-ups. Must not know the course of a test. Rules: docs/probe.md.
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import os
import socket
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from asterisk_conf import names
from ivr.flow_visit import Flows
from ivr.say import prompts_for
from jietong.database import open_engine
from jietong.flow_files import read_flows
from jietong.launch import PACKAGE_ROOT
from jietong.recordings import LANGUAGES
from jietong.running import RunningSite
from jietong.site_probe import Probe
from jietong.spoken_folder import spoken_of
from routing.adapters.ami import AmiAddress, AmiError, connect
from routing.adapters.records import DatabaseAway, records_of_probe
from routing.facts import CallRecord

RECORD_S = 15.0  # until the record of the call is written
CLOCKS_S = 2.0  # by which our clock and the router's may differ
LOOK_S = 0.2


class NotSentError(Exception):
    """The test call could not be sent on; the text says why."""


class ProbeBusyError(Exception):
    """Another test call is being made: wait until it is over."""


async def records_of(site: RunningSite, probe: Probe, since: float) -> list[CallRecord]:
    """The records of the test call by segment, once they are written; empty when none is within RECORD_S."""
    engine: Engine = open_engine(site.database_url)
    until = time.monotonic() + RECORD_S
    try:
        while True:
            with contextlib.suppress(DatabaseAway, SQLAlchemyError):
                found = await asyncio.to_thread(records_of_probe, engine, since - CLOCKS_S)
                of_call = [record for record in found if record.caller.endswith(probe.number)]
                if of_call and all(record.reason != "transferred" for record in of_call[-1:]):
                    return of_call
            if time.monotonic() > until:
                return []
            await asyncio.sleep(LOOK_S)
    finally:
        engine.dispose()


def flows_of(site: RunningSite) -> Flows:
    """The flows that the site's callers meet."""
    own = site.site.hotline.flows
    flows, _ = read_flows(Path(own) if own else None)
    return Flows(flows, LANGUAGES, prompts_for)


def program_of(probe: Probe) -> list[str]:
    """The command line of the test caller: the site file's, what `make setup-probe` made, or this interpreter."""
    if probe.program is not None:
        return list(probe.program)
    own = PACKAGE_ROOT / ".venv-probe" / "bin" / "python"
    return [str(own if own.exists() else sys.executable), "-m", "softphone"]


def own_address(site: RunningSite) -> str:
    """Where this site takes calls."""
    bind = site.site.network.bind
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 compared, not bound
    return f"{f'[{host}]' if ':' in host else host}:{site.ports.sip}"


def address_towards(server: str) -> str:
    """The address of this machine from which `server` is reached."""
    host, _, port = server.rpartition(":")
    address = ipaddress.ip_address(host.strip("[]"))
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((str(address), int(port)))
        return str(probe.getsockname()[0])


def length_s(file: Path) -> float:
    """How long a sound file plays; 0.0 for one that is not there."""
    try:
        with wave.open(str(file), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0


def told_at_pick_up(site: RunningSite, seat: str) -> tuple[Path | None, float]:
    """What the test caller hears when the agent at `seat` has picked up (None: nothing), and how long it takes until both can talk."""
    folder, language = spoken_of(site), site.site.hotline.language
    if folder is None:
        return None, 0.0
    own = folder / "agent" / language / f"{seat}.wav"
    announced = own if site.site.hotline.announce_agent and own.exists() else None
    whispers = (folder / "whisper").glob(f"{site.site.hotline.default_tier}+*.wav") if site.site.hotline.whisper else ()
    return announced, max([length_s(file) for file in (*whispers, *([announced] if announced else []))], default=0.0)


async def send_on(site: RunningSite, call: str, code: str) -> None:
    """Sends the caller of `call` where an agent's transfer to `code` leads; raises NotSentError."""
    address = AmiAddress("127.0.0.1", site.ports.ami, site.ami_user, site.ami_secret)
    try:
        connection = await connect(address, lambda _: None)
        try:
            channels = await connection.listing("Status", {})
            found = [channel.get("Channel") for channel in channels if call and channel.get("Uniqueid") == call]
            if not found:
                raise NotSentError("Asterisk does not show its channel")
            target = {"Channel": found[0], "Context": names.TRANSFER, "Exten": code, "Priority": "1"}
            await connection.request("Redirect", target)
        finally:
            connection.close()
    except (OSError, AmiError, TimeoutError) as error:
        raise NotSentError(f"Asterisk does not do it: {error}") from error


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds the lock `path`; raises ProbeBusyError when another test does."""
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProbeBusyError("another test call is being made: wait until it is over") from None
        yield
    finally:
        os.close(number)
