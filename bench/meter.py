"""What processes of a site cost: CPU time, memory, threads, read from /proc; beside it what the machine had to give.

Owns the reading and the grouping into Asterisk, ours and the store; must not start or end anything.
Source: proc(5): stat fields 14 and 15 (user and system time of all threads, in clock ticks), status VmRSS and Threads.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tests.adapters.up_fixture import processes_of

CPU_TIMES = Path("/proc/stat")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ASTERISK, STORE, OURS = "asterisk", "store", "ours"


@dataclass(frozen=True)
class Cost:
    """Of one group of processes: CPU seconds so far, resident MB, threads."""

    cpu_s: float = 0.0
    memory_mb: float = 0.0
    threads: int = 0


class Meter:
    """Knows the processes of the site in folder `var` as they are now."""

    def __init__(self, var: Path) -> None:
        self._of: dict[int, str] = {}
        self._names: dict[int, str] = {}
        for pid, line in processes_of(var).items():
            program = line.split(" ", 1)[0]
            is_asterisk = "/asterisk.conf -f -n" in line and not program.endswith(("python", "python3", "setpriv"))
            self._of[pid] = STORE if "valkey" in program else ASTERISK if is_asterisk else OURS
            own = re.search(r"-m jietong (\w+)", line)
            self._names[pid] = own[1] if own is not None and self._of[pid] == OURS else self._of[pid]

    def read(self) -> dict[str, Cost]:
        """The cost of each group now; raises ProcessLookupError when one of the processes has ended."""
        found = {ASTERISK: Cost(), STORE: Cost(), OURS: Cost()}
        for pid, group in self._of.items():
            one, before = read_process(pid), found[group]
            found[group] = Cost(
                before.cpu_s + one.cpu_s, before.memory_mb + one.memory_mb, before.threads + one.threads
            )
        return found

    def cpu_by_process(self) -> dict[tuple[str, int], float]:
        """(name, process id) -> CPU seconds so far; `ours` is what only starts and watches the others. Raises ProcessLookupError."""
        return {(name, pid): read_process(pid).cpu_s for pid, name in self._names.items()}

    @property
    def groups(self) -> dict[int, str]:
        """Process id -> group."""
        return dict(self._of)


def read_process(pid: int) -> Cost:
    """One process; raises ProcessLookupError when it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise ProcessLookupError(f"process {pid} of the site has ended while it was measured") from None
    words = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    cpu_s = (int(stat[11]) + int(stat[12])) / TICKS_PER_S
    return Cost(cpu_s, int(words.get("VmRSS", "0 kB").split()[0]) / 1024, int(words.get("Threads", "0")))


def spent(before: dict[str, Cost], after: dict[str, Cost]) -> dict[str, float]:
    """CPU seconds that each group used between two readings, and all together as `all`."""
    used = {group: after[group].cpu_s - before[group].cpu_s for group in after}
    return {**used, "all": sum(used.values())}


def cpu_times(text: str | None = None) -> tuple[float, float]:
    """CPU ticks of all cores since the machine began: at work, and stolen by the hypervisor for other machines while there was work here.

    text    what /proc/stat holds; None: as it is now
    Source: proc_stat(5), first line: user, nice, system, idle, iowait, irq, softirq, steal.
    """
    text = text or CPU_TIMES.read_text(encoding="utf-8")
    user, nice, system, _, _, irq, softirq, steal = (float(word) for word in text.split(None, 9)[1:9])
    return user + nice + system + irq + softirq, steal


def stolen(before: tuple[float, float], after: tuple[float, float]) -> float:
    """Share of the CPU time that was wanted between two readings and went to other machines, 0 to 1."""
    worked, gone = after[0] - before[0], after[1] - before[1]
    return gone / (worked + gone) if worked + gone > 0 else 0.0
