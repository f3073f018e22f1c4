"""A FastAGI worker process: the scripts, their doors and the server put together.

Owns the order in which one worker starts and stops. Must not know a script's work.
Rules: design.md section 2.
"""

import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog

from agi_scripts.answer_call import answer_call
from agi_scripts.ask_survey import ask_survey
from agi_scripts.choose_service import choose_service
from agi_scripts.context import ScriptContext
from agi_scripts.extend_wrap_up import extend_wrap_up
from agi_scripts.log_in_agent import log_in_agent
from agi_scripts.log_out_agent import log_out_agent
from agi_scripts.note_unheard_call import note_unheard_call
from agi_scripts.pause_agent import pause_agent
from agi_scripts.ready_agent import ready_agent
from ivr.adapters.agi_channel import AgiChannel
from ivr.adapters.customers import Customers
from ivr.adapters.fastagi_server import FastAgiServer, Script
from ivr.adapters.known_customers import KnownCustomers
from ivr.flow_visit import Flows
from ivr.say import prompts_for
from jietong import exit_codes
from jietong.database import open_engine
from jietong.flow_files import read_flows
from jietong.life import Signs
from jietong.logs import configure
from jietong.opening_hours import OpeningHours, closed_queues_of, message_queues_of
from jietong.processes.doors import doors_of
from jietong.prompt_folder import prompts_of
from jietong.running import RunningSite
from routing.adapters.agents_table import AgentPins
from routing.adapters.inbox_client import InboxClient
from routing.adapters.last_agent import LastAgents
from routing.adapters.redis_clients import prefix_of
from routing.adapters.unheard_calls import note_unheard

HOST = "127.0.0.1"  # Asterisk is on this machine
LANGUAGES = ("zh-CN", "en")  # in the order in which a key goes round
DRAIN_S = 3.0  # menus that take longer end at once, and the dialplan leads the caller to a person

log = structlog.get_logger("agi")
ScriptWork = Callable[[AgiChannel, ScriptContext], str]
SCRIPTS: dict[str, ScriptWork] = {
    "answer_call": answer_call,
    "ask_survey": ask_survey,
    "choose_service": choose_service,
    "log_in_agent": log_in_agent,
    "note_unheard_call": note_unheard_call,
    "log_out_agent": log_out_agent,
    "pause_agent": pause_agent,
    "ready_agent": ready_agent,
    "extend_wrap_up": extend_wrap_up,
}


def main(var: Path) -> int:
    """Serves AGI for the site in folder `var` until SIGTERM; returns the exit code."""
    configure("agi")
    site = RunningSite.load(var)
    context = context_of(site)
    scripts = {name: bound(work, context) for name, work in SCRIPTS.items()}
    try:
        server = FastAgiServer(HOST, site.ports.agi, scripts, site.site.agi.calls_per_worker)
    except OSError as error:
        sys.stderr.write(f"jietong: FastAGI cannot listen on {HOST}:{site.ports.agi}: {error.strerror or error}\n")
        return exit_codes.FAILED
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    accepting = threading.Thread(target=server.serve, name="accept")
    accepting.start()
    Signs().give_by_thread(accepting.is_alive)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    stop.wait()
    server.drain(DRAIN_S)
    accepting.join()
    return 0


def bound(work: ScriptWork, context: ScriptContext) -> Script:
    """A script as the server runs it."""
    return lambda channel: work(channel, context)


def context_of(site: RunningSite) -> ScriptContext:
    """The scripts' bundle for a running site."""
    engine, hours = open_engine(site.database_url), OpeningHours(site.site)
    customers = Customers(engine)
    known = KnownCustomers(customers, site.site.hotline.default_tier)
    known.refresh_by_thread()
    queues: dict[str, str] = {name: service.queue for name, service in site.site.services.items() if service.queue}
    own = site.site.hotline.flows
    flows, mistakes = read_flows(Path(own) if own else None)
    for mistake in mistakes:
        log.error("a flow is not as it should be, callers meet the rest", mistake=mistake)
    return ScriptContext(
        language=site.site.hotline.language,
        queue=site.site.hotline.queue,
        default_tier=site.site.hotline.default_tier,
        tiers=frozenset(site.site.tiers),
        prompts=prompts_of(site),
        customers=customers,
        remembered=known,
        pins=AgentPins(engine),
        last_agents=LastAgents(engine),
        queues=queues,
        flows=Flows(flows, LANGUAGES, prompts_for),
        doors=doors_of(site, engine, hours, queues),
        recordings=site.layout.data / "messages",
        first_contact_days=site.site.routing.first_contact_days,
        hours=hours,
        note_unheard=partial(note_unheard, site.store_url, prefix_of(site.site.hotline.number)),
        closed_queues=closed_queues_of(site.site, hours),
        message_queues=message_queues_of(site.site, hours),
        router=InboxClient(site.store_url, prefix_of(site.site.hotline.number)),
    )
