"""Which processes a site has, and how each is run.

Owns their command lines, order and signs of readiness; must not start them (supervisor.py does).
Contract: design.md section 2; asterisk.md for Asterisk's own readiness.
"""

import asyncio
import contextlib
import resource
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from asterisk_conf.render import conf_file, render
from asterisk_conf.settings import AsteriskSettings, FeatureCodeSettings, SeatSettings, TrunkSettings
from jietong import asterisk_log
from jietong.child import ChildPlan
from jietong.prompt_folder import prompts_of
from jietong.provision.programs import Program, asterisk_data_dir, asterisk_module_dir
from jietong.recordings import SHIPPED
from jietong.running import RunningSite
from jietong.spoken_folder import spoken_of
from jietong.valkey import EmbeddedValkey, valkey_command

PACKAGE_ROOT = Path(__file__).resolve().parents[1]
PROMPTS = SHIPPED
MUSIC = PROMPTS / "music"
PORTS_OF_A_CALL = 4  # two legs, RTP and RTCP each
FILES_OF_A_CALL = 8  # two legs: sockets of voice, timers, a menu's connection
OTHER_FILES = 1024
FILES_OF_ASTERISK = 256  # without any call
MAX_FILES = 1_048_576
SILENT_S = 15.0  # a process that hangs so long is started anew
WORKER_SILENT_S = 2.0  # callers in the menu hear nothing meanwhile


def plans(site: RunningSite, program: Program) -> list[ChildPlan]:
    """Writes the configuration of Valkey and Asterisk and returns every child of the site."""
    render(asterisk_settings(site, program), site.layout.asterisk)
    store = [] if site.site.store.url else [_valkey(site)]
    after_store = tuple(plan.name for plan in store)
    workers = [_own(site, "agi", f"agi-{n}", after_store, WORKER_SILENT_S) for n in range(1, site.site.agi.workers + 1)]
    return [
        *store,
        _asterisk(site, program),
        *workers,
        _own(site, "records", "records", after_store),
        _own(site, "metrics", "metrics", after_store),
        *([_own(site, "prober", "prober", ("asterisk",))] if site.site.probe and site.site.probe.is_scheduled else []),
        *(_own(site, "router", name, (*after_store, "asterisk")) for name in router_names(site)),
    ]


def router_names(site: RunningSite) -> list[str]:
    """Names of the router processes: which of them leads is decided among them."""
    return ["router", *(f"router-{n + 1}" for n in range(1, site.site.router.standbys + 1))]


def asterisk_settings(site: RunningSite, program: Program) -> AsteriskSettings:
    """Returns the site as Asterisk's configuration needs it."""
    config, ports = site.site, site.ports
    carried = _carried(ports.rtp_end - ports.rtp_start + 1)
    max_calls = min(config.admission.max_calls or carried, carried)
    return AsteriskSettings(
        hotline_number=config.hotline.number,
        trunks=tuple(
            TrunkSettings(trunk.name, tuple(trunk.match), trunk.host or "", trunk.caller_id or "")
            for trunk in config.trunks
        ),
        seats=tuple(
            SeatSettings(seat.number, site.seat_passwords[seat.number], seat.auto_answer, tuple(seat.dedicated_to))
            for seat in config.seats
        ),
        sip_port=ports.sip,
        rtp_start=ports.rtp_start,
        rtp_end=ports.rtp_end,
        ami_port=ports.ami,
        ami_user=site.ami_user,
        ami_secret=site.ami_secret,
        agi_port=ports.agi,
        module_dir=asterisk_module_dir(program),
        data_dir=asterisk_data_dir(program),
        prompts_dir=prompts_of(site),
        music_dir=MUSIC if MUSIC.is_dir() else asterisk_data_dir(program) / "moh",
        run_dir=site.socket_dir,
        bind_address=config.network.bind,
        media_address=config.network.media_address,
        language=config.hotline.language,
        feature_codes=FeatureCodeSettings(**config.feature_codes.model_dump()),
        tiers=tuple(config.tiers),
        fallback_after_s=config.router.fallback_after_s,
        transfer_codes=tuple((queue.code, queue.name) for queue in config.queues if queue.code),
        ring_s=config.routing.ring_s,
        qualify_s=config.network.qualify_s,
        max_calls=max_calls,
        max_new_per_s=config.admission.max_new_per_s,
        max_load=config.admission.max_load,
        max_files=_max_files(max_calls),
        version=_version(program),
        outside_numbers=tuple(dict.fromkeys(config.outside.numbers.values())),
        outside_ring_s=config.outside.ring_s,
        callback_patterns=tuple(config.callback.allowed) if config.callback is not None else (),
        callback_ring_s=config.callback.ring_s if config.callback is not None else 30,
        messages_dir=site.layout.data / "messages",
        message_max_s=config.voicemail.max_s,
        message_silence_s=config.voicemail.silence_s,
        survey=config.hotline.survey,
        spoken_dir=spoken_of(site),
        announces_agent=config.hotline.announce_agent,
        whispers=config.hotline.whisper,
    )


def _valkey(site: RunningSite) -> ChildPlan:
    valkey = EmbeddedValkey(data_dir=site.layout.data / "valkey", socket_dir=site.socket_dir)
    return ChildPlan("valkey", tuple(valkey_command(valkey)), ready_line="Ready to accept connections", stop_within_s=2)


def _asterisk(site: RunningSite, program: Program) -> ChildPlan:
    return ChildPlan(
        "asterisk",
        (*program.argv, "-C", str(conf_file(site.layout.asterisk)), "-f", "-n"),
        ready_line="Asterisk Ready.",
        answers=_greets("127.0.0.1", site.ports.ami, b"Asterisk Call Manager"),
        ready_within_s=60,  # 0.3 s usually; a loaded machine that reads the modules for the first time takes longer
        stop_within_s=3,
        kept_line=asterisk_log.kept,
    )


def _own(site: RunningSite, command: str, name: str, after: tuple[str, ...], silent_s: float = SILENT_S) -> ChildPlan:
    """A process of ours. -P: a folder `routing` where the operator happens to stand must not be taken for ours."""
    environment = {"PYTHONUNBUFFERED": "1"}
    if (PACKAGE_ROOT / "pyproject.toml").exists():  # run from a checkout, perhaps not installed
        environment["PYTHONPATH"] = str(PACKAGE_ROOT)
    return ChildPlan(
        name,
        (sys.executable, "-P", "-m", "jietong", command, "--var", str(site.var)),
        after=after,
        ready_within_s=30,
        stop_within_s=4,
        environment=environment,
        silent_s=silent_s,
    )


def _greets(host: str, port: int, greeting: bytes) -> Callable[[], Awaitable[bool]]:
    """A probe: whether the port answers with `greeting`."""

    async def probe() -> bool:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(host, port)
                try:
                    return greeting in await reader.read(100)
                finally:
                    writer.close()
        return False

    return probe


def _version(program: Program) -> tuple[int, int]:
    major, minor, *_ = program.version.split(".")
    return int(major), int(minor)


def _carried(voice_ports: int) -> int:
    """Callers at once that voice ports and open files carry."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    by_ports = voice_ports // PORTS_OF_A_CALL
    by_files = by_ports if hard == resource.RLIM_INFINITY else (hard - FILES_OF_ASTERISK) // FILES_OF_A_CALL
    return max(1, min(by_ports, by_files))


def _max_files(max_calls: int) -> int:
    """What the calls need, within what the system allows us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(max_calls * FILES_OF_A_CALL + OTHER_FILES, MAX_FILES)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
