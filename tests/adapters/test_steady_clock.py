"""The machine's clock is set while callers wait: their waits and deadlines stay as they were."""

from pathlib import Path

import pytest

from routing.adapters.ami import AmiAddress
from routing.adapters.ami_wire import Message
from routing.adapters.asterisk_link import AsteriskLink
from routing.adapters.router_loop import RouterLoop
from routing.adapters.steady_clock import clock_of
from routing.facts import CallOffered
from tests.adapters.test_router_desk import Kept
from tests.builders import a_state

STEPS = pytest.mark.parametrize("step_s", [3600.0, -3600.0, 0.2, -7 * 86400.0])


class Machine:
    """A machine whose wall clock can be set."""

    def __init__(self) -> None:
        self.wall_at, self.up_s = 1_800_000_000.0, 500.0

    def passes(self, seconds: float) -> None:
        """Time goes by."""
        self.wall_at += seconds
        self.up_s += seconds

    def wall(self) -> float:
        """What Asterisk and the records' readers see."""
        return self.wall_at

    def steady(self) -> float:
        """Seconds since boot."""
        return self.up_s


@STEPS
def test_a_router_that_takes_over_after_a_step_counts_on(tmp_path: Path, step_s: float) -> None:
    """The clock is set, then the router dies: for its successor the callers have waited as long as they have."""
    machine, file = Machine(), tmp_path / "clock"
    first = clock_of(file, begin_anew=True, wall=machine.wall, steady=machine.steady)
    queued_at = first()
    machine.wall_at += step_s
    machine.passes(7)
    second = clock_of(file, wall=machine.wall, steady=machine.steady)
    assert second() - queued_at == pytest.approx(7)
    assert first() - queued_at == pytest.approx(7)


@STEPS
def test_a_quiet_hotline_takes_the_new_wall_time(tmp_path: Path, step_s: float) -> None:
    """With no call open a router that begins reads the wall clock, so that records are right from then on."""
    machine, file = Machine(), tmp_path / "clock"
    clock_of(file, begin_anew=True, wall=machine.wall, steady=machine.steady)
    machine.wall_at += step_s
    anew = clock_of(file, begin_anew=True, wall=machine.wall, steady=machine.steady)
    assert anew() == pytest.approx(machine.wall_at)


@pytest.mark.parametrize("kept", ["", "{}", "[]", '{"boot": "another", "offset_s": 1}', '{"boot": 1}', "\x00"])
def test_a_clock_file_that_says_nothing_is_not_used(tmp_path: Path, kept: str) -> None:
    """A file of another boot, or rubbish, is as good as none."""
    machine, file = Machine(), tmp_path / "clock"
    file.write_text(kept)
    assert clock_of(file, wall=machine.wall, steady=machine.steady)() == machine.wall_at


@STEPS
async def test_callers_before_and_after_a_step_keep_their_order(tmp_path: Path, step_s: float) -> None:
    """One caller waits, the clock is set, another one comes: the first has waited 5 s, the second none at all."""
    machine = Machine()
    clock = clock_of(tmp_path / "clock", wall=machine.wall, steady=machine.steady)
    kept = Kept()
    router = RouterLoop(a_state(), kept, clock)

    async def nothing() -> None:
        """Nothing waits for it."""

    link = AsteriskLink(AmiAddress("", 0, "", ""), router, nothing, from_wall=clock.from_wall)

    def queues(call: str) -> None:
        link.on_event(
            Message(
                [
                    ("Event", "UserEvent"),
                    ("UserEvent", "JtWaiting"),
                    ("Linkedid", call),
                    ("Channel", f"PJSIP/carrier-{call}"),
                    ("JtQueuedAt", f"{machine.wall_at:.3f}"),
                ]
            )
        )

    queues("1.1")
    machine.wall_at += step_s
    machine.passes(5)
    queues("1.2")
    offered = [fact for _, facts in kept.entries for fact in facts if isinstance(fact, CallOffered)]
    waits = [clock() - fact.queued_at for fact in offered]
    assert waits == pytest.approx([5, 0], abs=0.3)
    router.stop()
