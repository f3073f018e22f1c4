"""A site as it runs: the checked site file plus what was decided at start (ports, addresses, generated secrets).

Owns the file DIR/run/running.json that `jietong up` writes (mode 0600) and every other process and command reads.
Must not start anything. Contract: design.md section 5 (default ports, `--port-base`).
"""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from jietong.site import Network, Site

RUNNING_FILE = "running.json"


class NoRunningSite(Exception):
    """There is no running site in the folder: start one with `jietong up --var DIR`, or name its folder with --var."""


class Ports(BaseModel):
    """Every port of one site."""

    model_config = ConfigDict(frozen=True)
    sip: int
    agi: int
    ami: int
    http: int
    rtp_start: int
    rtp_end: int

    @classmethod
    def of(cls, network: Network, port_base: int | None) -> "Ports":
        """The configured ports, or those of a port base N.

        N+60 SIP, N+73 FastAGI, N+38 AMI, N+80 HTTP, N+1000..N+8999 RTP (design.md section 5)
        """
        if port_base is None:
            return cls(
                sip=network.sip_port,
                agi=network.agi_port,
                ami=network.ami_port,
                http=network.http_port,
                rtp_start=network.rtp_start,
                rtp_end=network.rtp_end,
            )
        n = port_base
        return cls(sip=n + 60, agi=n + 73, ami=n + 38, http=n + 80, rtp_start=n + 1000, rtp_end=n + 8999)


@dataclass(frozen=True)
class Layout:
    """Where things are under a site's folder DIR."""

    var: Path

    @property
    def run(self) -> Path:
        """Files that only matter while the site runs: running.json, lock, pids."""
        return self.var / "run"

    @property
    def asterisk(self) -> Path:
        """Asterisk's rendered configuration (etc), spool, logs and run folder."""
        return self.var / "asterisk"

    @property
    def data(self) -> Path:
        """What must survive: database, Valkey's files, accounts."""
        return self.var / "data"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.var / "logs"


class RunningSite(BaseModel):
    """What a process of the site needs to know."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)
    var: Path
    config: Path | None = None  # the site file it was started with; None: the demo site
    site: Site
    ports: Ports
    store_url: Annotated[str, Field(repr=False)]
    database_url: Annotated[str, Field(repr=False)]
    ami_user: str
    ami_secret: Annotated[str, Field(repr=False)]
    seat_passwords: Annotated[dict[str, str], Field(repr=False)]
    agent_pins: Annotated[dict[str, str], Field(repr=False)]
    asterisk_argv: tuple[str, ...]  # prefix that runs the asterisk program
    socket_dir: Path  # short folder for unix sockets (they must stay under 108 characters)

    @property
    def layout(self) -> Layout:
        """Folders of this site."""
        return Layout(self.var)

    def save(self) -> None:
        """Writes DIR/run/running.json whole or not at all, readable by the owner only."""
        self.layout.run.mkdir(parents=True, exist_ok=True)
        fd, name = tempfile.mkstemp(dir=self.layout.run, prefix=RUNNING_FILE)  # mkstemp gives mode 0600
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=1))
        Path(name).replace(self.layout.run / RUNNING_FILE)

    @classmethod
    def load(cls, var: Path) -> "RunningSite":
        """Reads the running site of folder `var`; raises NoRunningSite with the way out."""
        path = var / "run" / RUNNING_FILE
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            raise NoRunningSite(
                f"no running site in {var}: start one with `jietong up --var {var}`, or name its folder with --var"
            ) from None
        except ValueError as error:
            raise NoRunningSite(f"{path} is unreadable ({type(error).__name__}): restart the site") from error
