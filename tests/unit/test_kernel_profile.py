"""What the kernel's profiler tells is read as it is: who ran where, who stood in line, and behind whom."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import asterisk_cpu, run_queue
from bench.asterisk_cpu import MIN_SAMPLES, UNLISTED, Threads, shares_of
from bench.perf_trace import SAMPLES, Perf, Sample, Wait, samples_in, waits_in
from bench.run_queue import CALLERS, NOBODY, OTHERS, children_of, in_front
from bench.turns import NoFigure

ASTERISK, SIPP, STRANGER = 500, 700, 900
LOOKS = """\
  500/501       7f773d47911d [unknown] (/cache/usr/sbin/asterisk)
  500/502   ffffffff822010c9 _raw_spin_unlock_irqrestore ([kernel.kallsyms])
    0/0     ffffffff821f2c2b pv_native_safe_halt ([kernel.kallsyms])
  700/700       7fced79efdcc std::__cxx11::foo(int, char) (/usr/lib/a b/libstdc++.so.6)
 -1/-1          7fced79efdcc gone ([unknown])
no sample at all
"""


def test_samples_are_read_and_idle_cores_left_out() -> None:
    """Process, thread, file and function of each look; the kernel is one place, whatever its file is called."""
    assert list(samples_in(LOOKS.splitlines())) == [
        Sample(500, 501, "asterisk", "[unknown]"),
        Sample(500, 502, "kernel", "_raw_spin_unlock_irqrestore"),
        Sample(700, 700, "libstdc++.so.6", "std::__cxx11::foo(int, char)"),
    ]


def switch(runs: int, core: int, at: float, after: int, process: int | None = None) -> str:
    """A core goes from one thread to another."""
    return (
        f"{process or runs}/{runs} [{core:03d}] {at:.9f}:       sched:sched_switch: prev_comm=x prev_pid={runs} prev_prio=120 prev_state=S ==> "
        f"next_comm=ld-linux x86 next_pid={after} next_prio=120"
    )


def wake(by: int, core: int, at: float, thread: int, process: int | None = None) -> str:
    """Somebody wakes a thread."""
    return (
        f"{process or by}/{by} [{core:03d}] {at:.9f}: sched:sched_wakeup: comm=a b pid={thread} prio=120 target_cpu=001"
    )


WAITS = {
    "behind one that runs on": (
        [switch(0, 1, 1.0, 700), wake(700, 1, 1.002, 501), switch(700, 1, 1.005, 501), switch(501, 1, 1.006, 0, 500)],
        [(500, 0.003, ((700, 0.003),))],
    ),
    "behind two, of which the first ran before": (
        [
            switch(0, 1, 1.0, 700),
            wake(700, 1, 1.002, 501),
            switch(700, 1, 1.003, 900),
            switch(900, 1, 1.005, 501),
            switch(501, 1, 1.006, 0, 500),
        ],
        [(500, 0.003, ((700, 0.001), (900, 0.002)))],
    ),
    "a free core that had to wake up itself": (
        [switch(700, 1, 1.0, 0), wake(900, 0, 1.002, 501), switch(0, 1, 1.0025, 501), switch(501, 1, 1.006, 0, 500)],
        [(500, 0.0005, ((0, 0.0005),))],
    ),
    "woken twice counts from the first": (
        [
            switch(0, 1, 1.0, 700),
            wake(700, 1, 1.002, 501),
            wake(900, 0, 1.003, 501),
            switch(700, 1, 1.005, 501),
            switch(501, 1, 1.006, 0, 500),
        ],
        [(500, 0.003, ((700, 0.003),))],
    ),
    "put off the core while it still had work: no waking, no wait": (
        [switch(501, 1, 1.0, 700, 500), switch(700, 1, 1.005, 501), switch(501, 1, 1.006, 0, 500)],
        [],
    ),
    "words that are none": (
        ["", "lost 5 events", "1/1 [000] 1.0: sched:sched_stat_runtime: comm=a pid=1 runtime=3 [ns]"],
        [],
    ),
}


@pytest.mark.parametrize("title", WAITS)
def test_a_wait_is_from_waking_to_the_first_run(title: str) -> None:
    """Each wait with the process that it belongs to, how long it was, and who had the core meanwhile."""
    lines, expected = WAITS[title]
    found = [
        (wait.process, round(wait.seconds, 6), tuple((process, round(seconds, 6)) for process, seconds in wait.behind))
        for wait in waits_in(lines)
    ]
    assert found == expected


def test_shares_tell_who_was_in_front() -> None:
    """Known processes by their group, unknown ones as others, a free core as nobody; together all of the time."""
    waits = [Wait(ASTERISK, 0.004, ((0, 0.001), (SIPP, 0.003))), Wait(ASTERISK, 0.004, ((STRANGER, 0.004),))]
    found = in_front(waits, {SIPP: CALLERS})
    assert found[NOBODY] == pytest.approx(0.125)
    assert found[CALLERS] == pytest.approx(0.375)
    assert found[OTHERS] == pytest.approx(0.5)
    assert sum(found.values()) == pytest.approx(1)


def test_shares_of_asterisk_are_by_thread_and_by_code() -> None:
    """A thread is what Asterisk says it began as; one it does not list is told as such; other programs do not count."""
    threads = Threads()
    threads.hear(
        "0x7f2 501 pbx_thread  started at [ 4000] pbx.c ast_pbx_start()\n"
        "0x7f3 502 logger_thread started at [ 1] logger.c init_logger()\n2 threads listed.\n"
    )
    looks = [Sample(500, 501, "kernel", "a")] * 600 + [Sample(500, 502, "app_x.so", "b")] * 300
    looks += [Sample(500, 503, "asterisk", "c")] * 100 + [Sample(700, 700, "sipp", "d")] * 9000
    kinds, codes = shares_of(looks, ASTERISK, threads)
    assert kinds == {"callers: dialplan, voice, music": 0.6, "others": 0.3, UNLISTED: 0.1}
    assert codes == {"kernel": 0.6, "others": 0.3, "Asterisk's core": 0.1}
    with pytest.raises(NoFigure, match="measure for longer"):
        shares_of(looks[: MIN_SAMPLES - 1], ASTERISK, threads)


def test_without_perf_there_is_no_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the profiler is told which package has it."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(NoFigure, match="linux-perf"):
        Perf(tmp_path / "x", SAMPLES)


async def test_perf_that_may_not_look_gives_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not root is told so, not to measure for longer: perf leaves an empty file and ends."""
    program = tmp_path / "perf"
    program.write_text(f"#!/bin/sh\n: > {tmp_path}/x.data\necho Access is limited. >&2\nexit 255\n")
    program.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _: str(program))
    perf = Perf(tmp_path / "x.data", SAMPLES)
    await perf.__aenter__()
    assert perf.recording is not None
    await perf.recording.wait()
    with pytest.raises(NoFigure, match=r"takes root\): Access is limited"):
        await perf.__aexit__()


@pytest.mark.parametrize(
    ("main", "words", "said"),
    [
        (run_queue.main, ["--size", "10x30,50x150"], "one, such as 50x150"),
        (run_queue.main, ["--size", "200x800", "--talk", "2"], "there would be no line"),
        (asterisk_cpu.main, ["--rate", "0"], "from 0 to 500"),
        (asterisk_cpu.main, ["--agents", "10"], "without a line"),
    ],
)
def test_wrong_sizes_give_no_figure(
    main: object, words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip in the command line is one sentence, and nothing is started."""
    assert callable(main)
    assert main(list(words)) == 2
    assert said in capsys.readouterr().err


def test_the_programs_that_a_benchmark_started_are_found() -> None:
    """SIPp is known by who started it."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        assert child.pid in children_of(os.getpid())
        assert child.pid not in children_of(child.pid)
