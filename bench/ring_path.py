"""Where the time from an agent's hanging up to the next ring goes: what Asterisk, the router and Asterisk again need of it.

Run: python -m bench.ring_path [--size 50x150] [--talk 5] [--seconds 30] [--rounds 2] [--no-music]
The loopback's packets tell, with the kernel's times, so that nothing in either program is touched. Beside it a plain Dial, which has no router: from a caller's INVITE to its
seat's, at the rate at which the agents of ours hang up.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from itertools import pairwise

from bench.callers import callers_of, clean
from bench.idle_to_ring import Case, cases_of, refuse_case
from bench.idle_to_ring import measure as measure_gaps
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import DIAL_UNANSWERED, OURS
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import Stage, a_stage
from bench.turns import NoFigure, Turn, in_turns, median_of, quantile
from bench.wire_tap import TCP, UDP, Packet, WireTap
from tests.robots.sipp.run import SippRun

SIDES = (OURS, DIAL_UNANSWERED)
BYE, TAKEN, HEARD, ORDERED, RINGS = STEPS = ("BYE", "200 OK", "HangupRequest", "Redirect", "INVITE")
WORDS = {
    TAKEN: "Asterisk answers the agent's BYE",
    HEARD: "Asterisk tells its manager's listeners (`HangupRequest`)",
    ORDERED: "the router reads, decides and orders (`Redirect`)",
    RINGS: "Asterisk moves the caller, dials, and sends the seat its INVITE",
}
QUICK = Habit(answer_after_s=0.5, talk_s=1.0)
MIN_PATHS = 20
SHARES = {"p50": 0.5, "p90": 0.9}
_SEAT = re.compile(rb"^From: [^\r\n]*?sip:(\d+)@", re.MULTILINE | re.IGNORECASE)
_HUNG_UP = re.compile(rb"Event: HangupRequest\r\n(?:[^\r\n]+\r\n)*?Channel: PJSIP/(\d+)-")
_ORDERED = re.compile(rb"Action: Redirect\r\n(?:[^\r\n]+\r\n)*?Exten: (\d+)")
_INVITED = re.compile(rb"INVITE sip:(\d+)@")


def paths_of(packets: Sequence[Packet], seats: Sequence[str], ami_port: int) -> list[dict[str, float]]:
    """Of each gap between two calls of a seat when every step was taken, epoch seconds; oldest first.

    Only the session of the router that gives orders counts: a standby hears the same, at other times.
    """
    leader = next((p.source for p in packets if p.protocol == TCP and _ORDERED.search(p.payload)), 0)
    known, paths = {seat.encode() for seat in seats}, []
    open_: dict[bytes, dict[str, float]] = {}
    for packet in packets:
        for step, seat in _steps_in(packet, leader, ami_port):
            if seat not in known:
                continue
            if step == BYE:
                open_[seat] = {BYE: packet.at}
            elif seat in open_:
                open_[seat].setdefault(step, packet.at)
                if step == RINGS:
                    path = open_.pop(seat)
                    if tuple(path) == STEPS:
                        paths.append(path)
    return paths


def _steps_in(packet: Packet, leader: int, ami_port: int) -> list[tuple[str, bytes]]:
    text = packet.payload
    if packet.protocol == TCP:
        if packet.source == ami_port and packet.target == leader:
            return [(HEARD, seat) for seat in _HUNG_UP.findall(text)]
        return [(ORDERED, seat) for seat in _ORDERED.findall(text)] if packet.source == leader else []
    if (invited := _INVITED.match(text)) is not None:
        return [(RINGS, invited[1])]
    is_taken = text.startswith(b"SIP/2.0 200") and b" BYE\r\n" in text
    sender = _SEAT.search(text) if is_taken or text.startswith(b"BYE ") else None
    return [(TAKEN if is_taken else BYE, sender[1])] if sender is not None else []


def dials_of(packets: Sequence[Packet], seats: Sequence[str]) -> list[float]:
    """Seconds from each caller's INVITE to the one of the seat that its number's end names, oldest first."""
    began: dict[str, float] = {}
    found = []
    for packet in packets:
        invited = _INVITED.match(packet.payload) if packet.protocol == UDP else None
        if invited is None:
            continue
        called, caller = invited[1].decode(), _SEAT.search(packet.payload)
        if called in began:
            found.append(packet.at - began.pop(called))
        elif called not in seats and caller is not None:
            began.setdefault(caller[1][-4:].decode(), packet.at)
    return found


async def measure(stage: Stage, case: Case, side: str, number: int) -> Turn:
    """One side with the tap open while gaps are taken."""
    ports = {stage.site.ports.ami, *(int(ground.sip.rpartition(":")[2]) for ground in (stage.ours, stage.peers))}
    tap = WireTap(ports)
    if side == OURS:
        await measure_gaps(stage, case, side, number, tap)
    else:
        await _dial(stage, case, tap)
    if side != OURS:
        spans = {"all": [1000 * span for span in dials_of(tap.packets, stage.seats)]}
    else:
        paths = paths_of(tap.packets, stage.seats, stage.site.ports.ami)
        spans = {step: [1000 * (path[step] - path[before]) for path in paths] for before, step in pairwise(STEPS)}
        spans["all"] = [1000 * (path[RINGS] - path[BYE]) for path in paths]
    if len(spans["all"]) < MIN_PATHS:
        raise NoFigure(f"{side}, round {number}: only {len(spans['all'])} whole ways were seen: measure for longer")
    figures = {f"{step} {name}": quantile(ms, share) for step, ms in spans.items() for name, share in SHARES.items()}
    raw = [(side, number, step, f"{ms:.3f}") for step, each in spans.items() for ms in each]
    return Turn(side, number, figures, raw)


async def _dial(stage: Stage, case: Case, tap: WireTap) -> None:
    ground = stage.switch(DIAL_UNANSWERED)
    rate = case.agents / case.talk_s
    async with (
        SipAgents(ground.sip, stage.passwords, QUICK),
        SippRun.callers(
            ground.sip,
            callers_of(stage.seats, 40 * len(stage.seats)),
            calls=int(rate * case.seconds),
            rate=rate,
            timeout_s=case.seconds + 120,
        ) as run,
        tap,
    ):
        clean((await run.finished()).counts, DIAL_UNANSWERED, case.retransmitted)


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:22s} "
        + "  ".join(f"{name} {value:.2f}" for name, value in turn.figures.items()),
        flush=True,
    )


def table(turns: Sequence[Turn]) -> list[str]:
    """A row a step, then the whole and the plain Dial."""
    rows = [(WORDS[step], OURS, step) for step in STEPS[1:]]
    rows += [
        ("all: from the agent's BYE to the seat's INVITE", OURS, "all"),
        ("plain Dial: from a caller's INVITE to its seat's", DIAL_UNANSWERED, "all"),
    ]
    lines = ["| step | " + " | ".join(f"{name} ms" for name in SHARES) + " |", "|---|" + "---|" * len(SHARES)]
    for words, side, step in rows:
        cells = [f"{median_of(turns, side, f'{step} {name}'):.2f}" for name in SHARES]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return lines


def run(options: argparse.Namespace) -> Report:
    """Starts the site and measures; raises NoFigure."""
    cases = cases_of(argparse.Namespace(sizes=options.size, talks=f"{options.talk:g}", seconds=options.seconds))
    if len(cases) != 1:
        raise NoFigure(f"size {options.size!r}: one, such as 50x150")
    [case] = cases
    refuse_case(case, options.rounds)
    with a_stage(case.agents, music=not options.no_music) as stage:
        turns = asyncio.run(
            in_turns(SIDES, options.rounds, lambda side, number: measure(stage, case, side, number), show)
        )
    raw = [row for turn in turns for row in turn.raw]
    return Report("ring-path", command_of(__spec__, options), table(turns), ("side", "round", "step", "ms"), raw)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; exit code 2 without a figure."""
    parser = parser_of(__doc__)
    parser.add_argument("--size", default="50x150")
    parser.add_argument("--talk", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--no-music", action="store_true", help="callers hear nothing while they wait")
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
