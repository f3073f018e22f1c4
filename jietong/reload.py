"""`jietong reload`: a running site goes on with a changed site file, or with a new version of the program.

Owns the order: check everything, write the new configuration, tell Asterisk, let `jietong up` renew its processes one
by one. Must not know how a process is kept (supervisor.py). Rules: what is wrong is refused and the site runs on as it
was; callers and conversations notice nothing.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from asterisk_conf.render import conf_file, render
from asterisk_conf.settings import UnsafeSetting
from jietong import exit_codes
from jietong.accounts import AccountsUnreadableError, accounts_of
from jietong.launch import asterisk_settings
from jietong.prepare import prepare_database, site_source
from jietong.prompt_folder import prepare_prompts
from jietong.provision.programs import ensure_asterisk
from jietong.running import Layout, RunningSite
from jietong.site import Site
from jietong.site_file import SiteFileError
from jietong.spoken_folder import prepare_spoken
from routing.adapters.leader_file import LeaderFile

RENEWED_FILE = "renewed"  # DIR/run: what `jietong up` says once all processes are renewed; "done", or what failed
RENEW = signal.SIGUSR1
WITHIN_S = 120.0
LOOK_S = 0.05
COMMAND_S = 10.0
ASTERISK_COMMANDS = ("module reload res_pjsip.so", "dialplan reload")
NEED_RESTART = (
    "hotline.number",
    "network",
    "store",
    "database",
    "agi",
    "router",
    "trunks",
)  # ports, addresses, number of processes, and devices that Asterisk cannot take away from under their calls


class NotReloadedError(Exception):
    """The site runs on as before; the text says why and what to do."""


def reload(var: Path, config: Path | None) -> int:
    """Reloads the site of folder `var` from `config` (None: the file it was started with); returns the exit code."""
    running = RunningSite.load(var)
    try:
        source = site_source(config or running.config, None)
        _reload(running, source.site, source.path.absolute() if config else running.config)
    except SiteFileError as error:
        sys.stderr.write(f"{error}\njietong: nothing was changed\n")
        return exit_codes.WRONG_CONFIGURATION
    except (NotReloadedError, AccountsUnreadableError, UnsafeSetting) as error:
        sys.stderr.write(f"jietong: not reloaded: {error}\n")
        return exit_codes.FAILED
    sys.stdout.write("reloaded\n")
    return exit_codes.DONE


def needs_restart(old: Site, new: Site) -> list[str]:
    """Names of tables and keys that differ and that only a restart of the site changes."""
    changed = [name for name in NEED_RESTART if _value(old, name) != _value(new, name)]
    tests = [site.probe is not None and site.probe.is_scheduled for site in (old, new)]
    return changed if tests[0] == tests[1] else [*changed, "the schedule of probe"]


def renewal_order(layout: Layout, pids: dict[str, int]) -> list[str]:
    """Children of ours in the order of their renewal: the router that leads is the last, so that a new one takes over."""
    try:
        leader = int(LeaderFile(layout.run / "leader").owner().split(":")[-2])
    except (OSError, ValueError, IndexError):
        leader = 0
    ours = [name for name in pids if name.startswith(("metrics", "records", "agi-", "prober", "router"))]
    return sorted(ours, key=lambda name: (pids[name] == leader, name.startswith("router"), name))


def renewed(layout: Layout, said: str) -> None:
    """Tells the waiting command how it went."""
    fresh = layout.run / f"{RENEWED_FILE}.new"
    fresh.write_text(said, encoding="utf-8")
    fresh.replace(layout.run / RENEWED_FILE)


def _reload(running: RunningSite, site: Site, config: Path | None) -> None:
    if changed := needs_restart(running.site, site):
        raise NotReloadedError(f"{', '.join(changed)} changed: that needs a restart (Ctrl-C and `jietong up`)")
    accounts = accounts_of(site, running.layout.data)
    fresh = running.model_copy(
        update={
            "site": site,
            "config": config,
            "seat_passwords": accounts.seat_passwords,
            "agent_pins": accounts.agent_pins,
        }
    )
    program = ensure_asterisk()
    prepare_prompts(fresh)
    prepare_spoken(fresh)
    render(asterisk_settings(fresh, program), fresh.layout.asterisk)  # writes nothing when a value is unsafe
    try:
        prepare_database(fresh)
        _tell_asterisk(fresh)
        fresh.save()
        _renew_processes(fresh)
    except (NotReloadedError, OSError) as error:
        running.save()
        with contextlib.suppress(SiteFileError):
            prepare_prompts(running)
            prepare_spoken(running)
        render(asterisk_settings(running, program), running.layout.asterisk)
        with contextlib.suppress(NotReloadedError):
            _tell_asterisk(running)
            _renew_processes(running)
        raise NotReloadedError(f"{error}; the old configuration is back in force") from error


def _tell_asterisk(site: RunningSite) -> None:
    for command in ASTERISK_COMMANDS:
        argv = [*site.asterisk_argv, "-C", str(conf_file(site.layout.asterisk)), "-rx", command]
        try:
            subprocess.run(argv, check=True, capture_output=True, timeout=COMMAND_S)
        except (subprocess.SubprocessError, OSError) as error:
            raise NotReloadedError(f"Asterisk did not take `{command}`: {type(error).__name__}") from error


def _renew_processes(site: RunningSite) -> None:
    answer = site.layout.run / RENEWED_FILE
    answer.unlink(missing_ok=True)
    try:
        os.kill(int((site.layout.run / "lock").read_text(encoding="ascii")), RENEW)
    except (OSError, ValueError) as error:
        raise NotReloadedError("`jietong up` cannot be reached: is it another user's?") from error
    deadline = time.monotonic() + WITHIN_S
    while not answer.exists():
        if time.monotonic() > deadline:
            raise NotReloadedError(f"processes were not renewed within {WITHIN_S:g} s, see supervisor.log")
        time.sleep(LOOK_S)
    if (said := answer.read_text(encoding="utf-8")) != "done":
        raise NotReloadedError(said)


def _value(site: Site, name: str) -> object:
    value: object = site
    for part in name.split("."):
        value = getattr(value, part)
    return value
