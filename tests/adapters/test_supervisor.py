"""The supervisor with real child processes: ready, dying, stubborn, orphaned."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from jietong.child import ChildFailedError, ChildPlan
from jietong.supervisor import BackOff, Supervisor

READY = "print('ready', flush=True)\n"
FOREVER = READY + "import time\nwhile True: time.sleep(60)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOREVER
FAST = BackOff(first_s=0.05, longest_s=0.2, stable_s=30)
WITHIN_S = 20.0


def a_child(name: str, code: str = FOREVER, **changes: object) -> ChildPlan:
    """A child that runs this Python code."""
    return ChildPlan(name, (sys.executable, "-c", code), **changes)  # type: ignore[arg-type]


async def until(is_true: Callable[[], bool], otherwise: str) -> None:
    """Waits for a condition, with a deadline."""
    deadline = time.monotonic() + WITHIN_S
    while not is_true():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie doesn't)."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


class Told(list[str]):
    """What an operator was told."""

    def has(self, text: str) -> bool:
        """Whether one line holds `text`."""
        return any(text in line for line in self)


@contextlib.asynccontextmanager
async def supervised(
    tmp_path: Path, *plans: ChildPlan, back_off: BackOff = FAST
) -> AsyncIterator[tuple[Supervisor, Told]]:
    """A supervisor that is stopped afterwards."""
    told = Told()
    supervisor = Supervisor(plans, tmp_path, told.append, back_off)
    try:
        yield supervisor, told
    finally:
        await supervisor.stop()


async def test_children_start_in_order_and_all_end(tmp_path: Path) -> None:
    """The operator's site starts its store before the rest, and nothing of it is left at the end."""
    order = tmp_path / "order"
    note = f"open({str(order)!r}, 'a').write('%s ')\n"
    slow = "import time; time.sleep(0.3)\n" + note % "store" + FOREVER
    async with supervised(
        tmp_path, a_child("router", note % "router" + FOREVER, after=("store",)), a_child("store", slow)
    ) as (supervisor, told):
        await supervisor.start()
        pids = supervisor.pids()
        assert set(pids) == {"router", "store"}
        assert order.read_text() == "store router "
    assert not any(is_alive(pid) for pid in pids.values())
    assert told == []


async def test_a_child_that_dies_comes_back_and_the_operator_is_told(tmp_path: Path) -> None:
    """A router that crashes runs again by itself, with a loud line that names its log."""
    async with supervised(tmp_path, a_child("router")) as (supervisor, told):
        await supervisor.start()
        first = supervisor.pids()["router"]
        os.kill(first, signal.SIGKILL)
        await until(lambda: supervisor.pids().get("router", first) != first, "no new process")
        await until(lambda: told.has("router runs again"), "nobody was told")
        assert told.has(f"router ended (SIGKILL): starting it again in 0.05 s; see {tmp_path}/router.log")
        assert not is_alive(first)


async def test_a_child_that_keeps_dying_is_started_ever_more_rarely(tmp_path: Path) -> None:
    """A process that cannot live does not eat the machine: pauses double up to a bound."""
    async with supervised(tmp_path, a_child("records", READY + "raise SystemExit(3)")) as (supervisor, told):
        await supervisor.start()
        await until(lambda: supervisor.restarts["records"] >= 4, "not restarted")
    pauses = [line.split("again in ")[1].split(" s")[0] for line in told if "exit code 3" in line]
    assert pauses[:4] == ["0.05", "0.1", "0.2", "0.2"]


async def test_a_restarted_child_that_cannot_start_is_tried_again(tmp_path: Path) -> None:
    """When the disk was full for a while, the process comes back once it can."""
    flag = tmp_path / "broken"
    code = f"import os\nif os.path.exists({str(flag)!r}): raise SystemExit('no space left')\n" + FOREVER
    async with supervised(tmp_path, a_child("records", code)) as (supervisor, told):
        await supervisor.start()
        flag.touch()
        os.kill(supervisor.pids()["records"], signal.SIGKILL)
        await until(lambda: told.has("ended before it was ready (exit code 1)"), "not told")
        flag.unlink()
        await until(lambda: told.has("records runs again"), "not back")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit('the disk is full')", "ended before it was ready (exit code 1)"),
        ("print('the disk is full', flush=True)\nimport time; time.sleep(60)", "was not ready within 0.5 s"),
    ],
)
async def test_a_first_start_that_fails_says_why(tmp_path: Path, code: str, reason: str) -> None:
    """The operator reads which process failed, how, and its last log lines; nothing else goes on running."""
    async with supervised(tmp_path, a_child("store"), a_child("router", code, ready_within_s=0.5)) as (supervisor, _):
        with pytest.raises(ChildFailedError) as caught:
            await supervisor.start()
        pids = supervisor.pids()
    assert str(caught.value) == f"router {reason}"
    assert "the disk is full" in caught.value.tail
    assert not any(is_alive(pid) for pid in pids.values())


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The operator reads which program is missing."""
    async with supervised(tmp_path, ChildPlan("asterisk", ("/nowhere/asterisk",))) as (supervisor, _):
        with pytest.raises(ChildFailedError, match="asterisk cannot be run: /nowhere/asterisk: No such file"):
            await supervisor.start()


async def test_a_stubborn_child_is_killed_in_time(tmp_path: Path) -> None:
    """A process that ignores SIGTERM does not hold up the end."""
    async with supervised(tmp_path, a_child("router", STUBBORN, stop_within_s=0.3)) as (supervisor, _):
        await supervisor.start()
        pid = supervisor.pids()["router"]
        began = time.monotonic()
    assert not is_alive(pid)
    assert time.monotonic() - began < 5


async def test_three_waves_of_stubborn_children_end_within_ten_seconds(tmp_path: Path) -> None:
    """Whatever hangs, Ctrl-C gives the terminal back within 10 s."""
    plans = [
        a_child("store", STUBBORN, stop_within_s=60),
        a_child("asterisk", STUBBORN, stop_within_s=60, after=("store",)),
        a_child("router", STUBBORN, stop_within_s=60, after=("asterisk",)),
    ]
    async with supervised(tmp_path, *plans) as (supervisor, _):
        await supervisor.start()
        pids = supervisor.pids()
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert not any(is_alive(pid) for pid in pids.values())


async def test_a_second_ctrl_c_hurries(tmp_path: Path) -> None:
    """An operator who presses Ctrl-C again doesn't wait for a hanging process."""
    async with supervised(tmp_path, a_child("router", STUBBORN, stop_within_s=8)) as (supervisor, _):
        await supervisor.start()
        began = time.monotonic()
        stopping = asyncio.create_task(supervisor.stop())
        await asyncio.sleep(0.1)
        supervisor.hurry()
        await stopping
        assert time.monotonic() - began < 4


async def test_what_a_child_left_behind_ends_with_it(tmp_path: Path) -> None:
    """A grandchild that outlives its parent is ended, too."""
    note = tmp_path / "pid"
    code = f"""
        import subprocess, sys
        p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
        open({str(note)!r}, 'w').write(str(p.pid))
        """
    async with supervised(tmp_path, a_child("agi", textwrap.dedent(code) + FOREVER)) as (supervisor, _):
        await supervisor.start()
        grandchild = int(note.read_text())
        assert is_alive(grandchild)
    await until(lambda: not is_alive(grandchild), "the grandchild lives on")


async def test_a_flood_of_output_stays_bounded_and_blocks_nobody(tmp_path: Path) -> None:
    """A process that logs without end fills neither the disk nor its own pipe."""
    flood = "import sys\nfor i in range(400): sys.stderr.write('x' * 100_000)\n" + FOREVER  # 40 MB, no line end
    async with supervised(tmp_path, a_child("agi", flood)) as (supervisor, _):
        await supervisor.start()
    sizes = [path.stat().st_size for path in tmp_path.glob("agi.log*")]
    assert len(sizes) == 4
    assert max(sizes) <= 10_000_000


async def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    """After kill -9 of `jietong up` no process of the site is left, not even one that ignores signals."""
    script = f"""
        import asyncio, sys
        from pathlib import Path
        from jietong.child import ChildPlan
        from jietong.supervisor import Supervisor
        async def run():
            s = Supervisor([ChildPlan('router', (sys.executable, '-c', {STUBBORN!r}))], Path({str(tmp_path)!r}), print)
            await s.start()
            print(s.pids()['router'], flush=True)
            await asyncio.sleep(600)
        asyncio.run(run())
        """
    supervisor = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    with supervisor:
        assert supervisor.stdout is not None
        child = int(await asyncio.to_thread(supervisor.stdout.readline))
        assert is_alive(child)
        supervisor.kill()
        supervisor.wait()
    await until(lambda: not is_alive(child), "the child lives on")


async def test_a_stop_in_the_middle_of_a_start_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while processes are still starting ends those that run and starts no more."""
    silent = "import time\nwhile True: time.sleep(60)\n"
    async with supervised(
        tmp_path,
        a_child("store"),
        a_child("asterisk", silent, after=("store",)),
        a_child("router", after=("asterisk",)),
    ) as (supervisor, _):
        starting = asyncio.create_task(supervisor.start())
        await until(lambda: set(supervisor.pids()) == {"store", "asterisk"}, "did not begin")
        pids = supervisor.pids()
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    assert not any(is_alive(pid) for pid in pids.values())
    assert "router" not in supervisor.pids()


async def test_a_renewed_child_is_no_accident(tmp_path: Path) -> None:
    """At a reload a process ends in order and runs again at once: no pause, no alarm; one that cannot start is told."""
    flag = tmp_path / "broken"
    code = f"import os\nif os.path.exists({str(flag)!r}): raise SystemExit('new version is broken')\n" + FOREVER
    slow = BackOff(first_s=30, longest_s=30)
    async with supervised(tmp_path, a_child("router", code), back_off=slow) as (supervisor, told):
        await supervisor.start()
        first = supervisor.pids()["router"]
        await asyncio.wait_for(supervisor.renew("router"), 10)
        assert supervisor.pids()["router"] != first
        assert told == [] and supervisor.restarts["router"] == 0
        flag.touch()
        with pytest.raises(ChildFailedError, match="ended before it was ready"):
            await asyncio.wait_for(supervisor.renew("router"), 10)


LIVING = (
    READY
    + "import time\nfrom jietong.life import Signs\nSigns().give_by_thread(lambda: True)\nwhile True: time.sleep(60)\n"
)


async def test_a_child_that_hangs_is_ended_and_started_again(tmp_path: Path) -> None:
    """A worker that stands still is found within its time and replaced, and the operator is told; one that lives is left alone."""
    plans = (a_child("agi-1", LIVING, silent_s=1.0), a_child("agi-2", LIVING, silent_s=1.0))
    async with supervised(tmp_path, *plans) as (supervisor, told):
        await supervisor.start()
        before = supervisor.pids()
        os.kill(before["agi-1"], signal.SIGSTOP)
        await until(lambda: told.has("agi-1 runs again"), "the worker that hangs is not replaced")
        after = supervisor.pids()
        assert told.has("agi-1 gave no sign of life for 1 s and was ended")
        assert after["agi-1"] != before["agi-1"] and not is_alive(before["agi-1"])
        assert after["agi-2"] == before["agi-2"]


async def test_a_supervisor_that_stood_still_blames_nobody(tmp_path: Path) -> None:
    """The machine halts the supervisor for longer than its children may be silent: no child is ended for that."""
    async with supervised(tmp_path, a_child("agi-1", LIVING, silent_s=0.6)) as (supervisor, told):
        await supervisor.start()
        time.sleep(1.5)  # noqa: ASYNC251 the event loop stands still, as a halted process would
        await asyncio.sleep(1.0)
        assert not told and is_alive(supervisor.pids()["agi-1"])
