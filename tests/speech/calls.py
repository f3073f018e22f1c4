"""Calls a running site and records what a caller hears; one recording for each prompt and each way.

Owns the site, the calls and the cutting of recordings. Must not know what is understood.
Rules: everything goes through SIP, Asterisk, the menu's worker and a-law, as a caller has it.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jietong.processes.customers_import import import_into
from jietong.processes.subscriptions_import import import_products_into, import_subscriptions_into
from jietong.prompt_build.texts import LANGUAGES
from jietong.running import RunningSite
from softphone.hearing import HOP, RATE, SILENCE_RMS, Samples, is_silent, read_wav
from tests.adapters.up_fixture import jietong_up
from tests.robots.audio import write_wav
from tests.robots.ear import so_far
from tests.robots.people import Caller
from tests.speech.script import (
    OVER_S,
    READ_OUT_KEY,
    Batch,
    Parts,
    Way,
    flow_files,
    gap_wav,
    length_s,
    parts_of,
)

AT_ONCE = 6
GAP_LEAST_S = 1.1  # a silence this long stands between two prompts; some have one of 0.8 s inside
LENGTH_WITHIN_S = 0.6  # of a piece and its prompt, which has silence at its ends
PAD_S = 0.5
LINE_S = 5.0  # for answering and the first words
CALLERS = dict(zip(LANGUAGES, ("13500000001", "13500000002"), strict=True))
SITE = """
[hotline]
number = "10010"
flows = "menus"
[[trunks]]
name = "carrier"
match = ["127.0.0.1"]
[prompts]
folder = "recordings"
[[seats]]
number = "1001"
password = "secret-1001"
"""


@dataclass(frozen=True)
class Recorded:
    """What was recorded, and what ought to be heard in it."""

    kind: str
    name: str
    language: str
    steps: tuple[tuple[Parts, float], ...]  # what is said before each key, and the second at which it is over
    file: str

    def row(self) -> dict[str, Any]:
        """For the plan of the listener."""
        return asdict(self)


@contextmanager
def a_site(folder: Path, port_base: str) -> Iterator[RunningSite]:
    """A running site whose main menu has a key more, and two customers with subscriptions."""
    for name, text in flow_files().items():
        _write(folder / "menus" / name, text.encode())
    for language in LANGUAGES:
        _write(folder / "recordings" / language / "own-gap.wav", gap_wav())
    _write(folder / "site.toml", SITE.encode())
    customers = "".join(f"{number},,ordinary,,,,{language}\n" for language, number in CALLERS.items())
    _write(folder / "customers.csv", f"phone,name,tier,class,representative,birth_year,language\n{customers}".encode())
    _write(
        folder / "products.csv",
        "code,name_zh,name_en,prompt,monthly_fee_fen\nflow-bag,流量包,Data,product-flow-bag,1000\nnews,手机报,News,product-news,350\n".encode(),
    )
    had = "".join(
        f"{n},{code},2026-01-0{day}\n" for n in CALLERS.values() for day, code in ((1, "flow-bag"), (2, "news"))
    )
    _write(folder / "subscriptions.csv", f"phone,product,since\n{had}".encode())
    with jietong_up("--config", str(folder / "site.toml"), "--port-base", port_base) as up:
        up.wait_ready()
        site = RunningSite.load(up.var)
        assert import_into(site, folder / "customers.csv") == 0
        assert import_products_into(site, folder / "products.csv") == 0
        assert import_subscriptions_into(site, folder / "subscriptions.csv") == 0
        yield site


async def record_all(site: RunningSite, folder: Path, batches: list[Batch], ways: list[Way]) -> list[Recorded]:
    """Everything, some calls at once; in the order of the lists."""
    room = asyncio.Semaphore(AT_ONCE)
    server = f"127.0.0.1:{site.ports.sip}"

    async def in_turn(one: Batch | Way) -> list[Recorded]:
        async with room:
            return await (_batch(server, folder, one) if isinstance(one, Batch) else _go(server, folder, one))

    # the longest first, so that none is left over at the end
    found = await asyncio.gather(*(in_turn(one) for one in (*batches, *ways)))
    return [recorded for rows in found for recorded in rows]


async def _batch(server: str, folder: Path, batch: Batch) -> list[Recorded]:
    recording = folder / f"batch-{batch.digits}.wav"
    lasts_s = sum(length_s(batch.language, name) + 2.5 for name in batch.prompts) + 20
    async with Caller(server, CALLERS[batch.language], record=recording) as caller:
        await caller.is_answered()
        await caller.phone.wait_for("media")
        caller.press(f"{READ_OUT_KEY}{batch.digits}")
        await caller.is_over(lasts_s)
        await caller.phone.wait_for("recorded")
    pieces = cut(read_wav(recording))[-len(batch.prompts) - 1 : -1]  # the goodbye comes last, bits of the menu first
    lengths = [
        abs(len(piece) / RATE - length_s(batch.language, name))
        for piece, name in zip(pieces, batch.prompts, strict=False)
    ]
    if len(pieces) != len(batch.prompts) or max(lengths) > LENGTH_WITHIN_S:
        raise AssertionError(f"{recording}: {len(pieces)} of {len(batch.prompts)} prompts were heard")
    return [
        keep(folder, "prompt", name, batch.language, [(parts_of(batch.language, (name,)), piece)])
        for name, piece in zip(batch.prompts, pieces, strict=True)
    ]


async def _go(server: str, folder: Path, way: Way) -> list[Recorded]:
    recording = folder / f"way-{way.language}-{way.title.replace(' ', '-')}.whole.wav"
    async with Caller(server, CALLERS[way.language], record=recording) as caller:
        await caller.is_answered()
        await caller.phone.wait_for("media")
        over = [0]  # samples of the recording, before the first step and at the end of each
        for names, key in way.heard:
            over.append(await _is_said(recording, over[-1], sum(length_s(way.language, name) for name in names)))
            if key:
                caller.press(key)
        caller.hang_up()
        await caller.phone.wait_for("recorded")
    pieces = np.split(read_wav(recording), over[1:-1])
    return [keep(folder, "way", way.title, way.language, list(zip(way.steps, pieces, strict=True)))]


async def _is_said(recording: Path, start: int, lasts_s: float) -> int:
    """Waits until what lasts so long was said in a recording that grows, from sample `start` on; returns how long the recording is by then."""
    deadline = time.monotonic() + lasts_s * 1.5 + LINE_S
    while True:
        samples = so_far(recording)
        new_s, tail = (len(samples) - start) / RATE, samples[-int(OVER_S * RATE) :]
        if new_s > lasts_s + OVER_S - LENGTH_WITHIN_S and is_silent(tail):
            return len(samples)
        assert time.monotonic() < deadline, f"{recording}: after {new_s:.1f} s what lasts {lasts_s:.1f} s is not over"
        await asyncio.sleep(0.1)


def cut(samples: Samples) -> list[Samples]:
    """The stretches between silences of GAP_LEAST_S."""
    loud = np.sqrt((samples[: len(samples) // HOP * HOP].reshape(-1, HOP) ** 2).mean(axis=1)) >= SILENCE_RMS
    at = np.flatnonzero(loud)
    if not at.size:
        return []
    breaks = np.flatnonzero(np.diff(at) * HOP / RATE > GAP_LEAST_S)
    firsts = [at[0], *at[breaks + 1]]
    lasts = [*at[breaks], at[-1]]
    return [samples[first * HOP : (last + 1) * HOP] for first, last in zip(firsts, lasts, strict=True)]


def keep(folder: Path, kind: str, name: str, language: str, said: list[tuple[Parts, Samples]]) -> Recorded:
    """Writes a recording, all steps one after another, with some silence around it."""
    quiet = np.zeros(int(PAD_S * RATE))
    pieces = [quiet, *(samples for _, samples in said), quiet]
    file = write_wav(folder / f"{kind}-{language}-{name.replace(' ', '-')}.wav", np.concatenate(pieces))
    over = np.cumsum([len(piece) for piece in pieces])[1:-1]
    over[-1] += len(quiet)
    steps = tuple((parts, float(end / RATE)) for (parts, _), end in zip(said, over, strict=True))
    return Recorded(kind, name, language, steps, str(file))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
