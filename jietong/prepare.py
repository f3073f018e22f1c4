"""What must be true before a site's first process starts: site file checked, ports free, accounts and database there.

Owns that order and what is removed at the end; must not start processes (launch.py names them, up.py runs them).
Contract: design.md section 5 and every mistake is one clear message before anything starts.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jietong.accounts import Accounts, accounts_of
from jietong.database import migrate, open_engine, sqlite_url
from jietong.pins import store_agents
from jietong.ports import taken_ports, wrong_base
from jietong.running import RUNNING_FILE, Layout, Ports, RunningSite
from jietong.site import Site
from jietong.site_file import SiteFileError, load_site
from jietong.valkey import EmbeddedValkey

LONGEST_SOCKET_PATH = 107  # sun_path of Linux, less its final NUL
LONGEST_SOCKET_NAME = len("/asterisk.ctl")
TEMPORARY_PREFIX = "jietong-"
HOST_NAME_WITHIN_S = 2.0


class NotStartedError(Exception):
    """The site cannot start; the text says why and what to change. Nothing runs."""


@dataclass(frozen=True)
class SiteSource:
    """A checked site, the file it came from, and whether it is the demo."""

    site: Site
    path: Path
    is_demo: bool


def site_source(config: Path | None, port_base: int | None) -> SiteSource:
    """Returns the checked site of `config` (None: the demo site); raises SiteFileError, also for a wrong port base."""
    path = config or demo_file("demo.toml")
    site = load_site(path)
    if port_base is not None and (wrong := wrong_base(port_base)):
        raise SiteFileError([wrong])
    return SiteSource(site, path, config is None)


def demo_file(name: str) -> Path:
    """Where a file of the demo site lies."""
    return Path(str(resources.files("jietong") / "demo" / name))


def unfinished_restore(layout: Layout) -> Path:
    """The mark of a restore that has begun to change things and has not ended."""
    return layout.var / "restore-unfinished"


def check_restored(layout: Layout) -> None:
    """Raises NotStartedError on a folder whose restore was cut short."""
    if unfinished_restore(layout).exists():
        raise NotStartedError(
            f"a restore into {layout.var} was cut short: run `jietong restore FILE --replace --var {layout.var}` again"
        )


def check_ports(ports: Ports, bind: str) -> None:
    """Raises NotStartedError with every port that cannot be had."""
    if taken := taken_ports(ports, bind):
        raise NotStartedError("\n".join(taken))


def running_site(
    source: SiteSource, var: Path, ports: Ports, asterisk_argv: tuple[str, ...]
) -> tuple[RunningSite, Accounts]:
    """Returns the site as it will run, with its folders made and its accounts generated; the lock must be held."""
    layout = Layout(var)
    for folder in (layout.run, layout.data, layout.logs, layout.asterisk):
        folder.mkdir(parents=True, exist_ok=True)
    layout.data.chmod(0o700)
    (layout.data / "messages").mkdir(exist_ok=True)
    accounts = accounts_of(source.site, layout.data)
    socket_dir = _socket_dir(layout.run)
    site = RunningSite(
        var=var,
        config=None if source.is_demo else source.path.absolute(),
        site=source.site,
        ports=ports,
        store_url=source.site.store.url or _embedded_store_url(layout, socket_dir),
        database_url=source.site.database.url or sqlite_url(layout.data / "jietong.db"),
        ami_user="jietong",
        ami_secret=secrets.token_urlsafe(24),
        seat_passwords=accounts.seat_passwords,
        agent_pins=accounts.agent_pins,
        asterisk_argv=asterisk_argv,
        socket_dir=socket_dir,
    )
    return site, accounts


def prepare_database(site: RunningSite) -> None:
    """Brings the database to the present tables and the agents of the site file; raises DatabaseError or SQLAlchemy's errors."""
    migrate(site.database_url)
    names = {agent.number: agent.name for agent in site.site.agents}
    agents = {number: (names.get(number, ""), pin) for number, pin in site.agent_pins.items()}
    engine = open_engine(site.database_url)
    try:
        store_agents(engine, agents, site.layout.data / "pin.key")
    finally:
        engine.dispose()


def clear_run_folder(layout: Layout) -> None:
    """Removes what a site leaves in DIR/run (all but the lock), and its temporary folder for sockets if it had one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        socket_dir = Path(json.loads((layout.run / RUNNING_FILE).read_text(encoding="utf-8"))["socket_dir"])
        if socket_dir.name.startswith(TEMPORARY_PREFIX) and socket_dir.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(socket_dir, ignore_errors=True)
    for path in layout.run.iterdir() if layout.run.is_dir() else ():
        if path.name == "lock":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def warn_about_host_name(tell: Callable[[str], None]) -> None:
    """Tells when this machine's own name doesn't resolve: Asterisk asks for it and may block for seconds at each call."""
    name = socket.gethostname()
    resolved = threading.Event()

    def resolve() -> None:
        with contextlib.suppress(OSError):
            socket.getaddrinfo(name, None)
            resolved.set()

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(HOST_NAME_WITHIN_S)
    if not resolved.is_set():
        tell(
            f"warning: the host name {name!r} does not resolve, calls may be slow: add a line `127.0.1.1 {name}` to /etc/hosts"
        )


def _socket_dir(run_folder: Path) -> Path:
    if len(os.fsencode(run_folder)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return run_folder
    return Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))


def _embedded_store_url(layout: Layout, socket_dir: Path) -> str:
    return EmbeddedValkey(data_dir=layout.data / "valkey", socket_dir=socket_dir).url
