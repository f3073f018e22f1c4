"""`jietong up`: one site in the foreground, from the checked site file to the last process ended.

Owns the order of a start and what the exit code says; must not know how a process is run (launch.py) or kept
(supervisor.py). Contract: design.md section 5. Exit codes: 0 stopped as asked, 1 it failed, 2 the site file is wrong,
130 stopped before it was ready.
"""

import asyncio
import contextlib
import json
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from asterisk_conf.settings import UnsafeSetting
from jietong import exit_codes
from jietong.accounts import AccountsUnreadableError
from jietong.child import ChildFailedError, ChildPlan
from jietong.database import DatabaseError
from jietong.launch import plans
from jietong.log_file import LogFile
from jietong.prepare import (
    NotStartedError,
    SiteSource,
    check_ports,
    check_restored,
    clear_run_folder,
    demo_file,
    prepare_database,
    running_site,
    site_source,
    warn_about_host_name,
)
from jietong.processes.customers_import import import_into
from jietong.processes.subscriptions_import import import_products_into, import_subscriptions_into
from jietong.prompt_folder import prepare_prompts
from jietong.provision.private_copy import ProvisionError
from jietong.provision.programs import ensure_asterisk
from jietong.reload import RENEW, renewal_order, renewed
from jietong.running import Layout, Ports
from jietong.service_manager import ServiceManager
from jietong.sheet import ready_sheet
from jietong.site_file import SiteFileError
from jietong.site_lock import AlreadyRunningError, SiteLock
from jietong.spoken_folder import prepare_spoken
from jietong.supervisor import Supervisor
from jietong.valkey import ValkeyError

EXPECTED = (
    AccountsUnreadableError,
    AlreadyRunningError,
    DatabaseError,
    NotStartedError,
    ProvisionError,
    SQLAlchemyError,
    UnsafeSetting,
    ValkeyError,
)


def up(config: Path | None, var: Path, port_base: int | None) -> int:
    """Runs the site of `config` (None: the demo site) in folder `var` until a signal ends it; returns the exit code."""
    var = var.expanduser().absolute()
    # A Ctrl-C while a connection is being closed is ours to tell; the library would print a traceback beside it.
    logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
    lock = SiteLock(Layout(var).run)
    signal.signal(RENEW, signal.SIG_IGN)  # a reload has to wait until there is something to renew
    for number in _stop_signals():  # until the event loop takes over, each of them stops the start as Ctrl-C does
        signal.signal(number, signal.default_int_handler)
    try:
        source = site_source(config, port_base)
        lock.acquire()
        check_restored(Layout(var))
        clear_run_folder(Layout(var))  # a start that was killed may have left something
        return _start_and_run(source, var, port_base)
    except SiteFileError as error:
        return _refuse(str(error), exit_codes.WRONG_CONFIGURATION)
    except EXPECTED as error:
        return _refuse(str(error), exit_codes.FAILED)
    except OSError as error:
        return _refuse(f"cannot start: {error}", exit_codes.FAILED)
    except KeyboardInterrupt:
        return _refuse("stopped before it was ready", exit_codes.INTERRUPTED)
    finally:
        if lock.is_held:
            clear_run_folder(Layout(var))
            lock.release()


def run_children(plans: Sequence[ChildPlan], layout: Layout, ready_text: str) -> int:
    """Starts the children, prints `ready_text` once all are ready, keeps them until a signal; returns the exit code."""
    return asyncio.run(_run_children(plans, layout, ready_text))


async def _renew_on_request(supervisor: Supervisor, layout: Layout, teller: "_Teller", request: asyncio.Event) -> None:
    """Renews our processes one after the other each time `jietong reload` asks for it."""
    while True:
        await request.wait()
        request.clear()
        said = "done"
        try:
            for name in renewal_order(layout, supervisor.pids()):
                await supervisor.renew(name)
        except ChildFailedError as error:
            said = f"{error}; see {layout.logs}"
        except KeyError as error:
            said = f"{error.args[0]} is not running now"
        teller.note(f"reload: {said}")
        renewed(layout, said)


async def _run_children(plans: Sequence[ChildPlan], layout: Layout, ready_text: str) -> int:
    logs = layout.logs
    teller = _Teller(logs)
    supervisor = Supervisor(plans, logs, teller.tell)
    manager = ServiceManager()
    signs = asyncio.create_task(manager.give_signs())
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            supervisor.hurry()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in _stop_signals():
        loop.add_signal_handler(number, on_signal)
    request = asyncio.Event()
    loop.add_signal_handler(RENEW, request.set)
    renewing = asyncio.create_task(_renew_on_request(supervisor, layout, teller, request))
    stopping = asyncio.create_task(stop.wait())
    work = asyncio.create_task(supervisor.start())
    code = exit_codes.INTERRUPTED
    try:
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and not stop.is_set():
            work.result()
            code = exit_codes.DONE
            teller.note("ready: " + ", ".join(f"{name} {pid}" for name, pid in supervisor.pids().items()))
            _write(sys.stdout, ready_text)
            manager.tell_ready()
            work = asyncio.create_task(supervisor.wait_broken())
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
    except ChildFailedError as error:
        code = exit_codes.FAILED
        teller.tell("\n".join([f"cannot start: {error}", *(f"  | {line}" for line in error.tail), f"  logs: {logs}"]))
    finally:
        manager.tell_stopping()
        work.cancel()
        renewing.cancel()
        if stop.is_set():
            teller.tell("stopping (Ctrl-C again to hurry)")
        await supervisor.stop()
        teller.note("stopped")
        stopping.cancel()
        signs.cancel()
        teller.close()
    return code


def _stop_signals() -> list[signal.Signals]:
    """What ends a site; a closed terminal does not when `nohup` asked for that."""
    signals = [signal.SIGINT, signal.SIGTERM]
    return signals if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [*signals, signal.SIGHUP]


def _start_and_run(source: SiteSource, var: Path, port_base: int | None) -> int:
    """Everything between the lock and the end."""
    ports = Ports.of(source.site.network, port_base)
    check_ports(ports, source.site.network.bind)
    program = ensure_asterisk()
    warn_about_host_name(_say)
    site, accounts = running_site(source, var, ports, program.argv)
    prepare_prompts(site)
    prepare_spoken(site)
    prepare_database(site)
    site.save()
    if source.is_demo:
        import_into(site, demo_file("customers.csv"), quiet=True)
        import_products_into(site, demo_file("products.csv"), quiet=True)
        import_subscriptions_into(site, demo_file("subscriptions.csv"), quiet=True)
    return run_children(plans(site, program), site.layout, ready_sheet(site, accounts, source.is_demo))


class _Teller:
    """Tells people on the terminal, and keeps the same lines as JSON in supervisor.log."""

    def __init__(self, logs: Path) -> None:
        self._log = LogFile(logs / "supervisor.log")

    def tell(self, text: str) -> None:
        _say(text)
        self.note(text)

    def note(self, text: str) -> None:
        line = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "process": "supervisor", "event": text}
        self._log.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._log.close()


def _say(text: str) -> None:
    _write(sys.stderr, f"jietong: {text}")


def _refuse(text: str, code: int) -> int:
    _write(sys.stderr, text if code == exit_codes.WRONG_CONFIGURATION else f"jietong: {text}")
    return code


def _write(stream: TextIO, text: str) -> None:
    """A terminal that is gone must not keep the site from stopping."""
    with contextlib.suppress(OSError):
        stream.write(text + "\n")
        stream.flush()
