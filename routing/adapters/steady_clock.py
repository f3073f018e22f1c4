"""Time that never jumps: the same for every process of a site's folder, whatever is done to the machine's clock.

Owns DIR/run/clock (which wall time belongs to which moment since boot). Must not know what is timed.
Rules: deadlines and waits follow the seconds since boot; the wall clock is read once, when nothing is under way.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

CLOCK_FILE = "clock"  # under DIR/run
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
STEP_S = 1.0  # a smaller difference is the slow correction of NTP, or the time between two readings

Source = Callable[[], float]


def since_boot_s() -> float:
    """Seconds since this machine started; they go on while it sleeps and no one can set them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyClock:
    """Epoch seconds: what the wall clock said at one moment, and the seconds since boot from there.

    wall, steady   where both come from (tests step the first)
    offset_s       wall time of the moment of boot; left out: by the wall clock now
    """

    def __init__(self, wall: Source = time.time, steady: Source = since_boot_s, offset_s: float | None = None) -> None:
        self._wall = wall
        self._steady = steady
        self.offset_s = wall() - steady() if offset_s is None else offset_s

    def __call__(self) -> float:
        return self._steady() + self.offset_s

    def from_wall(self, wall_at: float) -> float:
        """A time that Asterisk read from the wall clock a moment ago, as this clock tells it; 0.0 (unknown) stays so."""
        step_s = self() - self._wall()
        return wall_at + step_s if wall_at > 0 and abs(step_s) > STEP_S else wall_at


def clock_of(
    file: Path, *, begin_anew: bool = False, wall: Source = time.time, steady: Source = since_boot_s
) -> SteadyClock:
    """The clock that all processes of the folder share. `begin_anew`: nothing is timed now, so it is set by the wall
    clock; so it is where there is none of this boot, or it cannot be read.
    """
    boot = _boot_id()
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["boot"] == boot and not begin_anew:
            return SteadyClock(wall, steady, float(kept["offset_s"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    clock = SteadyClock(wall, steady)
    if begin_anew:
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(json.dumps({"boot": boot, "offset_s": clock.offset_s}), encoding="utf-8")
        fresh.replace(file)
    return clock


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
