"""The ground on which sides take turns: our whole product as `jietong up` runs it, and beside it a bare Asterisk of the same build for the peers.

Owns the life of both, what is refused before they start, and what the meter counts for a side. Must not measure.
The peers' Asterisk has our modules, phones and music, and no manager interface: nothing of ours costs them anything. Both idle while the other has its turn.
"""

import dataclasses
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asterisk_conf.render import conf_file, render
from bench.meter import Meter
from bench.sides import (
    MENU_OURS,
    OURS,
    OURS_SIDES,
    SILENT_CLASS,
    ours_dialplan,
    peer_dialplan,
    peer_queues,
    prompts_in,
    word_of,
)
from bench.turns import NoFigure
from jietong.launch import asterisk_settings
from jietong.ports import taken_ports, wrong_base
from jietong.provision.programs import Program, ProvisionError, ensure_asterisk, ensure_sipp
from jietong.running import Ports, RunningSite
from jietong.site import Network
from tests.adapters.up_fixture import ENDS_WITH_US, jietong_up, until

PORT_BASE = int(os.environ.get("JIETONG_BENCH_PORT_BASE", "23000"))
PEER_OFFSET = 5  # of the peers' SIP port from ours
VOICE_PORTS = 11_000  # 2,750 callers at once, on each side
RING_S = 8
FIRST_SEAT = 2000
MOST_SEATS, MOST_WAITING = 1000, 2500
CLI_WITHIN_S = 20
READY_WITHIN_S = 60.0
READY_LINE = "Asterisk Ready."
NOT_ANNOUNCED = "[announcements]\nevery_s = 0\n"  # the peers announce nothing either; what it costs is measured apart


@dataclass(frozen=True)
class Ground:
    """One Asterisk and what belongs to it: where SIP goes, its command line, the meter of all its processes."""

    sip: str
    conf: Path
    argv: tuple[str, ...]
    meter: Meter

    def cli(self, command: str) -> str:
        """What Asterisk's command line says."""
        argv = [*self.argv, "-C", str(self.conf), "-rx", command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=CLI_WITHIN_S, check=True).stdout


@dataclass(frozen=True)
class Stage:
    """Both grounds and the seats' numbers; seats and callers are the same on both."""

    site: RunningSite
    seats: tuple[str, ...]
    ours: Ground
    peers: Ground

    @property
    def passwords(self) -> dict[str, str]:
        """Seat -> password."""
        return {seat: f"secret-{seat}" for seat in self.seats}

    def ground(self, side: str) -> Ground:
        """Where that side is."""
        return self.ours if side in OURS_SIDES else self.peers

    def switch(self, side: str) -> Ground:
        """Callers of the hotline's number meet that side from now on; returns its ground."""
        ground = self.ground(side)
        ground.cli(f"dialplan set global BENCH_SIDE {word_of(side)}")
        return ground


def refuse(agents: int, waiting: int = 0, rounds: int = 1, seconds: float = 1.0, port_base: int = PORT_BASE) -> None:
    """Raises NoFigure with every reason why a benchmark of that size cannot begin here."""
    wrong = []
    if not 1 <= agents <= MOST_SEATS:
        wrong.append(f"agents {agents}: from 1 to {MOST_SEATS}")
    if not 0 <= waiting <= MOST_WAITING:
        wrong.append(f"waiting {waiting}: from 0 to {MOST_WAITING}")
    if rounds < 1:
        wrong.append(f"rounds {rounds}: 1 or more")
    if not seconds > 0:
        wrong.append(f"seconds {seconds:g}: more than 0")
    if (base := wrong_base(port_base)) is not None:
        wrong.append(base)
    else:
        wrong += taken_ports(ports_of(port_base), "127.0.0.1")
    try:
        ensure_sipp()
    except ProvisionError as error:
        wrong.append(f"no SIPp: {error}")
    if shutil.which(ENDS_WITH_US[0]) is None:
        wrong.append(
            f"no {ENDS_WITH_US[0]} (Debian package util-linux): a killed benchmark would leave its site behind"
        )
    if wrong:
        raise NoFigure("this benchmark cannot begin: " + "; ".join(wrong))


def ports_of(port_base: int, voice: int = VOICE_PORTS) -> Ports:
    """The ports of a stage: as with `--port-base`, with `voice` ports for our side; the peers have as many above them."""
    usual = Ports.of(Network(), port_base)
    return usual.model_copy(update={"rtp_end": usual.rtp_start + voice - 1})


@contextmanager
def a_stage(
    agents: int, music: bool = True, more: str = "", tiers: bool = False, ports: Ports | None = None
) -> Iterator[Stage]:
    """Starts the site and the peers' Asterisk with that many seats; ends both afterwards.

    music  False: nobody hears anything while waiting, on any side
    more   further tables of the site file; without any, nothing is announced
    tiers  callers whose number begins with 139 are VIP on either side
    ports  where several stages run at once
    raises NoFigure when one of them does not come up
    """
    seats = tuple(str(FIRST_SEAT + n) for n in range(agents))
    with tempfile.TemporaryDirectory(prefix="jt-bench-") as name:
        file = write_site(Path(name), seats, ports or ports_of(PORT_BASE), more or NOT_ANNOUNCED)
        try:
            with jietong_up("--config", str(file)) as up:
                up.wait_ready()
                site = RunningSite.load(up.var)
                with peers_asterisk(site, Path(name) / "peers", music, tiers) as peers:
                    yield Stage(site, seats, _our_ground(site, music, tiers), peers)
        except AssertionError as error:
            raise NoFigure(f"the site did not start or did not stay: {error}") from error


def _our_ground(site: RunningSite, music: bool, tiers: bool) -> Ground:
    """The product's own dialplan, with a way around the menu."""
    conf = conf_file(site.layout.asterisk)
    plan = conf.parent / "extensions.conf"
    text = ours_dialplan(plan.read_text(encoding="utf-8"), site.site.hotline.number, music, tiers)
    plan.write_text(text, encoding="utf-8")
    ground = Ground(f"127.0.0.1:{site.ports.sip}", conf, site.asterisk_argv, Meter(site.var))
    if not music:
        _hush(conf.parent)
        ground.cli("logger reload")
    _reload(ground, MENU_OURS)
    ground.cli(f"dialplan set global BENCH_SIDE {OURS}")
    return ground


@contextmanager
def peers_asterisk(site: RunningSite, folder: Path, music: bool, tiers: bool) -> Iterator[Ground]:
    """A bare Asterisk with the peers' dialplan and queues; nothing of ours runs with it."""
    program = ensure_asterisk()
    run_dir = Path(tempfile.mkdtemp(prefix="jtp-"))
    try:
        conf, sip_port = _write_peers(site, program, folder, run_dir, music, tiers)
        out = folder / "out.txt"
        with out.open("wb") as screen:
            process = subprocess.Popen(
                [*ENDS_WITH_US, *program.argv, "-C", str(conf), "-f", "-n"],
                stdin=subprocess.DEVNULL, stdout=screen, stderr=screen, start_new_session=True,
            )  # fmt: skip
        try:
            _wait_ready(process, out)
            ground = Ground(f"127.0.0.1:{sip_port}", conf, site.asterisk_argv, Meter(folder))
            _reload(ground, "app_queue")
            yield ground
        finally:
            _end(process)
    finally:
        shutil.rmtree(run_dir, ignore_errors=True)


def _write_peers(
    site: RunningSite, program: Program, folder: Path, run_dir: Path, music: bool, tiers: bool
) -> tuple[Path, int]:
    """Our configuration with other ports, and the peers' own dialplan and queues; returns asterisk.conf and the SIP port."""
    ours = asterisk_settings(site, program)
    voice = ours.rtp_end - ours.rtp_start + 1
    settings = dataclasses.replace(
        ours,
        sip_port=ours.sip_port + PEER_OFFSET,
        rtp_start=ours.rtp_end + 1,
        rtp_end=ours.rtp_end + voice,
        run_dir=run_dir,
        fallback_after_s=1,
    )
    render(settings, folder)
    conf = conf_file(folder)
    etc = conf.parent
    plan = etc / "extensions.conf"
    prompts = prompts_in(plan.read_text(encoding="utf-8"))
    plan.write_text(peer_dialplan(site.site.hotline.number, RING_S, prompts, music, tiers), encoding="utf-8")
    numbers = [seat.number for seat in site.site.seats]
    queues = peer_queues(numbers, RING_S, "jietong" if music else SILENT_CLASS, prompts)
    (etc / "queues.conf").write_text(queues, encoding="utf-8")
    (etc / "manager.conf").write_text("[general]\nenabled = no\n", encoding="utf-8")
    if not music:
        _hush(etc)
    return conf, settings.sip_port


def _hush(etc: Path) -> None:
    """Without the warning that comes with each call that is to hear nothing: the class that means silence is not there."""
    file = etc / "logger.conf"
    file.write_text(file.read_text(encoding="utf-8").replace(",warning", ""), encoding="utf-8")


def _wait_ready(process: "subprocess.Popen[bytes]", out: Path) -> None:
    def is_ready() -> bool:
        return READY_LINE in out.read_text(errors="replace") or process.poll() is not None

    until(is_ready, READY_WITHIN_S, "the peers' Asterisk is not ready")
    if process.poll() is not None:
        raise NoFigure(f"the peers' Asterisk did not start: {out.read_text(errors='replace')[-500:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _reload(ground: Ground, expected: str) -> None:
    said = ground.cli("dialplan reload")
    shown = ground.cli("dialplan show enter")
    if word_of(expected) not in shown:
        raise NoFigure(f"Asterisk did not take the sides of this benchmark: {said}{shown}")


def write_site(folder: Path, seats: Sequence[str], ports: Ports, more: str) -> Path:
    """A site file with these shared seats, no wrap-up, no admission limit in the way, and nothing that asks the seats' devices in between."""
    network: Mapping[str, int] = {
        "qualify_s": 0, "sip_port": ports.sip, "agi_port": ports.agi, "ami_port": ports.ami, "http_port": ports.http,
        "rtp_start": ports.rtp_start, "rtp_end": ports.rtp_end,
    }  # fmt: skip
    text = (
        '[hotline]\nnumber = "10010"\nannounce_agent = false\nwhisper = false\n[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\n'
        f"[routing]\nvip_reserve = 0\nring_s = {RING_S}\nwrap_up_s = 0\n[admission]\nmax_new_per_s = 1000\n"
        "[network]\n" + "".join(f"{key} = {value}\n" for key, value in network.items()) + more
        + "".join(f'[[seats]]\nnumber = "{seat}"\npassword = "secret-{seat}"\nauto_login = true\n' for seat in seats)
    )  # fmt: skip
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path
