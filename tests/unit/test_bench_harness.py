"""What the benchmarks' harness makes of its sides: turns, ratios, limits, and no figure where one would be wrong."""

import argparse
import asyncio
import csv
import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench import idle_to_ring, pages, waiting_cost
from bench.__main__ import COMMANDS, arguments_of
from bench.__main__ import main as run_all
from bench.idle_to_ring import Case, cases_of, missed_of, rows_of
from bench.meter import ASTERISK, OURS, STORE, Cost, cpu_times, read_process, spent, stolen
from bench.sides import LEASTRECENT, QUEUES, RRMEMORY, ours_dialplan, peer_dialplan, peer_queues, prompts_in, word_of
from bench.sip_seat import Habit
from bench.stage import PORT_BASE, VOICE_PORTS, ports_of, refuse
from bench.turns import NoFigure, Turn, growth_exponent, in_turns, median_of, or_no_figure, quantile, ratio, shown
from jietong.provision.private_copy import ProvisionError
from tests.unit.test_robots_sip_seat import Stage

CASE = Case(50, 150, 5.0, 40.0)
POLLED_S = 0.5  # what a queue that looks once a second needs, on average


def gaps_ms(router_s: float, count: int = 30) -> list[float]:
    """A seat that talks and hangs up, whom a router rings again `router_s` later; as the seat itself measures it."""
    stage = Stage(Habit(talk_s=2.0))
    for number in range(count):
        call = f"c{number}"
        stage.gets("INVITE", call)
        stage.wait(0.0)  # it answers at once
        stage.gets("ACK", call)
        stage.wait(2.0)
        stage.is_answered(200)
        stage.wait(router_s)
    stage.gets("INVITE", "last")
    return [gap.gap_ms for gap in stage.seat.gaps]


def turns_of(router_s: float, rounds: int = 2) -> list[Turn]:
    """Both sides through the harness: our router needs `router_s`, app_queue its half second."""

    async def measure(side: str, number: int) -> Turn:
        gaps = gaps_ms(router_s if side == idle_to_ring.OURS else POLLED_S)
        figures = {name: quantile(gaps, share) for name, share in idle_to_ring.SHARES.items()}
        return Turn(side, number, figures, [(gap,) for gap in gaps])

    return asyncio.run(in_turns(idle_to_ring.SIDES, rounds, measure, lambda _: None))


def test_a_router_slowed_by_20_ms_is_noticed() -> None:
    """Whoever makes the router 20 ms slower is told so by three limits at once, and by the ratio in the table."""
    swift, slowed = turns_of(0.003), turns_of(0.023)
    assert missed_of(CASE, swift) == []
    missed = missed_of(CASE, slowed)
    assert "p99 23.0 ms, limit 15 ms" in missed[0]
    assert any("p50 of app_queue leastrecent is 21.7 times ours, limit 100" in line for line in missed)
    assert any("p99 of app_queue rrmemory is 21.7 times ours, limit 50" in line for line in missed)
    assert "| 500.0 = 167 (167-167) x |" in rows_of(CASE, swift)[1]
    assert "| 500.0 = 21.7 (21.7-21.7) x |" in rows_of(CASE, slowed)[1]


def test_sides_take_turns_in_turned_order() -> None:
    """No side always has the quiet half of a round: the second round runs backwards."""
    order = []

    async def measure(side: str, number: int) -> Turn:
        order.append((number, side))
        return Turn(side, number, {"x": 1.0})

    asyncio.run(in_turns(("a", "b", "c"), 2, measure, lambda _: None))
    assert order == [(1, "a"), (1, "b"), (1, "c"), (2, "c"), (2, "b"), (2, "a")]


@pytest.mark.parametrize(
    "error",
    [RuntimeError("Asterisk has died"), TimeoutError(), ProcessLookupError("gone"), NoFigure("b, round 2: failed")],
)
def test_a_side_that_fails_in_the_middle_gives_no_figure(error: Exception) -> None:
    """Half a comparison is none: the side, the round and the reason are told instead."""

    async def measure(side: str, number: int) -> Turn:
        if (side, number) == ("b", 2):
            raise error
        return Turn(side, number, {"x": 1.0})

    with pytest.raises(NoFigure, match="b, round 2"):
        asyncio.run(in_turns(("a", "b"), 3, measure, lambda _: None))


def test_a_side_without_a_value_gives_no_figure() -> None:
    """A side that measured nothing is no side that needed no time."""

    async def measure(side: str, number: int) -> Turn:
        return Turn(side, number, {"p50": quantile([], 0.5)})

    with pytest.raises(NoFigure, match="ours, round 1: no value for p50"):
        asyncio.run(in_turns(("ours",), 1, measure, lambda _: None))


@pytest.mark.parametrize(("sides", "rounds"), [((), 1), (("a", "a"), 1), (("a",), 0)])
def test_wrong_turns_are_refused(sides: tuple[str, ...], rounds: int) -> None:
    """A comparison needs sides with names, and a round."""

    async def measure(side: str, number: int) -> Turn:
        return Turn(side, number, {})

    with pytest.raises(ValueError, match="must be"):
        asyncio.run(in_turns(sides, rounds, measure))


def test_ratio_is_taken_within_rounds() -> None:
    """A round in which everything was slow doesn't change the ratio: only what ran side by side is compared."""
    turns = [
        Turn("a", 1, {"x": 10.0}),
        Turn("b", 1, {"x": 1.0}),
        Turn("a", 2, {"x": 90.0}),
        Turn("b", 2, {"x": 10.0}),
        Turn("b", 3, {"x": 2.0}),
        Turn("a", 3, {"x": 16.0}),
    ]
    of = ratio(turns, "a", "b", "x")
    assert (of.rounds, of.median, of.low, of.high) == ((10.0, 9.0, 8.0), 9.0, 8.0, 10.0)
    assert str(of) == "9.00 (8.00-10.0)"
    with pytest.raises(NoFigure, match="a has 3 rounds, c has 0"):
        ratio(turns, "a", "c", "x")
    with pytest.raises(NoFigure, match="no round gave y"):
        median_of([], "a", "y")
    with pytest.raises(NoFigure, match="was 0"):
        ratio([Turn("a", 1, {"x": 1.0}), Turn("b", 1, {"x": 0.0})], "a", "b", "x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (1.0, "1.00"),
        (21.74, "21.7"),
        (166.7, "167"),
        (12345.6, "12,346"),
        (-3.14159, "-3.14"),
    ],
)
def test_three_figures_are_shown(value: float, text: str) -> None:
    """Nobody reads more into a measured ratio than is in it."""
    assert shown(value) == text


@pytest.mark.parametrize(("power", "sizes"), [(0.0, (100, 1000, 10_000)), (1.0, (100, 1000)), (2.0, (10, 100, 1000))])
def test_growth_exponent(power: float, sizes: tuple[int, ...]) -> None:
    """Constant, linear and quadratic cost are told apart."""
    assert growth_exponent(sizes, [7 * size**power for size in sizes]) == pytest.approx(power)
    with pytest.raises(ValueError, match="two sizes"):
        growth_exponent([10], [1])
    with pytest.raises(ValueError, match="positive"):
        growth_exponent([10, 20], [0, 1])


@pytest.mark.parametrize(
    ("agents", "waiting", "rounds", "seconds", "words"),
    [
        (0, 0, 1, 1, ["agents 0"]),
        (5000, 9000, 0, 0, ["agents 5000", "waiting 9000", "rounds 0", "seconds 0"]),
        (1, -1, 1, 1, ["waiting -1"]),
    ],
)
def test_wrong_sizes_are_all_told_before_anything_starts(
    agents: int, waiting: int, rounds: int, seconds: float, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong size is named with what is allowed, all at once."""
    monkeypatch.setattr("bench.stage.ensure_sipp", lambda: None)
    with pytest.raises(NoFigure) as refused:
        refuse(agents, waiting, rounds, seconds)
    assert all(word in str(refused.value) for word in words)


def test_missing_sipp_and_a_port_in_use_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SIPp, or beside a program on our port, there is no benchmark, and the reason is named."""

    def no_sipp() -> None:
        raise ProvisionError("apt cannot be reached")

    monkeypatch.setattr("bench.stage.ensure_sipp", no_sipp)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        base = other.getsockname()[1] - 60
        with pytest.raises(NoFigure) as refused:
            refuse(10, port_base=base)
    assert "no SIPp: apt cannot be reached" in str(refused.value)
    assert f"UDP port {base + 60} on 127.0.0.1 (SIP) is in use" in str(refused.value) or "--port-base" in str(
        refused.value
    )
    with pytest.raises(NoFigure, match="--port-base 99 is out of range"):
        refuse(10, port_base=99)


@pytest.mark.parametrize(
    ("sizes", "talks"), [("50", "5"), ("50x", "5"), ("axb", "5"), ("50x150", "long"), ("50x150", "0"), ("", "5")]
)
def test_sizes_that_are_no_sizes_are_told(sizes: str, talks: str) -> None:
    """A slip in the command line says how sizes are written."""
    with pytest.raises(NoFigure, match="write 10x30,50x150 and 2,20"):
        cases_of(argparse.Namespace(sizes=sizes, talks=talks, seconds=1.0))


def test_the_command_gives_no_figure_for_wrong_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2 and no table is printed."""
    assert idle_to_ring.main(["--sizes", "0x10"]) == 2
    said = capsys.readouterr()
    assert "no figure: this benchmark cannot begin: agents 0" in said.err
    assert said.out == ""


def test_agents_too_quick_for_the_callers_give_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    """Where more callers are served than come there is no line: said at once, not after a minute of filling it."""
    assert idle_to_ring.main(["--sizes", "200x800", "--talks", "2"]) == 2
    assert (
        "take 100 callers a second, and 50 come: there would be no line; take longer talks" in capsys.readouterr().err
    )


PRODUCT = """[enter]
exten => 10010,1,NoOp(enter)
 same => n,Answer()
 same => n,Goto(menu,s,1)

[menu]
exten => s,1,AGI(x)
exten => hold,1,StartMusicOnHold(jietong)
 same => n,Playback(/prompts/zh-CN/callers-busy,noanswer)
 same => n,Dial(PJSIP/${EXTEN},8,gim(jietong))
"""


def test_our_side_is_the_product_itself() -> None:
    """Nothing of the product's dialplan is left out but the menu, and that only where the peer has none."""
    made = ours_dialplan(PRODUCT, "10010", music=True)
    assert "exten => side-ours,1,Goto(waiting,s,1)" in made
    assert "exten => side-ours-with-menu,1,Goto(menu,s,1)" in made
    assert [line for line in PRODUCT.splitlines() if line not in made.splitlines()] == [" same => n,Goto(menu,s,1)"]
    silent = ours_dialplan(PRODUCT, "10010", music=False)
    assert "jietong" not in silent
    with pytest.raises(NoFigure, match="has changed"):
        ours_dialplan(PRODUCT.replace("Goto(menu", "Gosub(menu"), "10010", music=True)


def test_peers_have_their_best_settings() -> None:
    """app_queue is given what makes it fastest, with every seat in each queue."""
    text = peer_queues(["2000", "2001"], 8, "jietong", "/prompts")
    for setting in ("autofill=yes", "ringinuse=no", "retry=1", "wrapuptime=0", "announce-frequency=0"):
        assert text.count(setting) >= 2
    assert text.count("member => PJSIP/2001") == text.count("[bench-") == len(QUEUES)
    assert {"strategy=leastrecent", "strategy=rrmemory"} <= set(text.splitlines())
    plan = peer_dialplan("10010", 8, prompts_in(PRODUCT), music=False)
    assert f"side-{LEASTRECENT.replace(' ', '-')}" in plan
    assert f"side-{RRMEMORY.replace(' ', '-')}" in plan
    assert "Background(/prompts/zh-CN/main-menu)" in plan
    entries = {line.split(",")[0].removeprefix("exten => side-") for line in plan.splitlines() if "=> side-" in line}
    assert entries >= {word_of(side) for side in QUEUES}, "callers of a side whose name has a comma were declined"
    assert "jietong" not in plan


def test_cpu_time_is_counted_by_group() -> None:
    """What each group used between two looks, and all together."""
    before = {ASTERISK: Cost(1.0), OURS: Cost(2.0), STORE: Cost(0.5)}
    after = {ASTERISK: Cost(1.5), OURS: Cost(2.25), STORE: Cost(0.5)}
    assert spent(before, after) == {ASTERISK: 0.5, OURS: 0.25, STORE: 0.0, "all": 0.75}


def test_a_process_that_ends_while_it_is_measured_is_told() -> None:
    """The cost of a site that lost a process is no cost."""
    with pytest.raises(ProcessLookupError, match="has ended"):
        read_process(2**22 + 1)


def test_a_table_is_written_with_its_raw_data_and_its_plot(tmp_path: Path) -> None:
    """What was measured stands on the page between its marks, with command, machine and load; raw data and plot lie beside it."""
    page = tmp_path / "benchmarks.md"
    page.write_text("# Head\n<!-- x: begin -->\nold\n<!-- x: end -->\ntail\n", encoding="utf-8")
    report = pages.Report(
        "x",
        "python -m bench.x",
        ["| a |", "|---|", "| 1 |"],
        ("side", "ms"),
        [("ours", "1.0")],
        {"ours": [(1, 2), (2, 3)]},
        ("size", "ms"),
        missed=["p99 is 99 ms, limit 15 ms"],
    )
    assert pages.publish(report, argparse.Namespace(write=page, note="Nothing else ran.")) == 1
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Head\n<!-- x: begin -->\n`python -m bench.x`. ")
    assert text.endswith("<!-- x: end -->\ntail\n")
    for words in (
        "load average",
        "Nothing else ran.",
        "| 1 |",
        "Not reached: p99 is 99 ms",
        "(benchmarks/x.csv)",
        "(benchmarks/x.svg)",
    ):
        assert words in text
    assert "old" not in text
    with (tmp_path / "benchmarks" / "x.csv").open(encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["side", "ms"], ["ours", "1.0"]]
    assert (tmp_path / "benchmarks" / "x.svg").read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_what_other_machines_took_is_told() -> None:
    """Who reads a table sees how much of the machine was not there while it was made."""
    before = cpu_times("cpu  100 10 50 9000 7 5 5 30 0 0\ncpu0 1 2 3 4\n")
    after = cpu_times("cpu  160 10 70 9900 9 10 10 40 0 0\ncpu0 1 2 3 4\n")
    assert before == (170.0, 30.0)
    assert stolen(before, after) == pytest.approx(10 / 100)
    assert stolen(after, after) == 0.0
    assert "stolen by the hypervisor" in pages.machine()


def test_the_command_is_told_as_it_was_given() -> None:
    """Anyone can run it again: every option stands there, but not where it was written to."""
    options = argparse.Namespace(sizes="50x150", no_music=True, quick=False, write=Path("x"), note="n")
    assert pages.command_of(idle_to_ring.__spec__, options) == "python -m bench.idle_to_ring --sizes 50x150 --no-music"


def test_the_ports_of_both_sides_are_apart() -> None:
    """Voice of both sides stays above the ports of signalling and below the highest port."""
    ports = ports_of(PORT_BASE)
    assert ports.http < ports.rtp_start < ports.rtp_end
    assert ports.rtp_end + VOICE_PORTS < 65_536


def test_tiers_are_told_by_number_on_both_sides() -> None:
    """A VIP caller of a comparison is one on either side, by the same number."""
    ours = ours_dialplan(PRODUCT, "10010", music=True, tiers=True)
    assert "n(vip),Set(JT_TIER=vip)" in ours
    peers = peer_dialplan("10010", 8, "/prompts", music=True, tiers=True)
    assert (
        peers.count("n(vip),Set(QUEUE_PRIO=10)") == peers.count("side-") - 1
    )  # each side once; one more is the way in


def test_waiting_that_costs_more_than_the_peers_is_told() -> None:
    """Each size at which ours is above app_queue is named with its ratio; the others are not."""
    turns = [
        Turn(side, 1, {f"cpu {size}": value for size, value in figures.items()})
        for side, figures in (
            (waiting_cost.OURS, {0: 0.03, 250: 0.05, 500: 0.05}),
            (LEASTRECENT, {0: 0.01, 250: 0.04, 500: 0.05}),
        )
    ]
    assert waiting_cost.missed_of(turns, [0, 250, 500]) == [
        "0 waiting: 3.00 times app_queue's, limit 1",
        "250 waiting: 1.25 times app_queue's, limit 1",
    ]


@pytest.mark.parametrize("error", [NoFigure("a side failed"), ProcessLookupError("process 7 of the site has ended")])
def test_a_benchmark_that_breaks_down_gives_no_figure(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused or broken on the way: exit code 2 with the reason, not the 1 of a limit that does not hold."""

    def benchmark() -> int:
        raise error

    assert or_no_figure(benchmark) == 2
    assert f"{error}" in capsys.readouterr().err.splitlines()[-1]
    assert or_no_figure(lambda: 1) == 1


def test_each_benchmark_of_the_list_is_there() -> None:
    """`make bench` and `make bench-full` name commands that exist, and each table has its place on the page."""
    page = Path("docs/benchmarks.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert find_spec(f"bench.{command.module}") is not None
        if command.writes:
            assert f"<!-- {command.module.replace('_', '-')}" in page
    assert arguments_of(COMMANDS[0], "short", write=True)[-1] == "--write"  # type: ignore[index]
    assert all(arguments_of(command, "full", write=False) for command in COMMANDS if command.full is not None)


def test_an_unknown_benchmark_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in --only names what there is."""
    with pytest.raises(SystemExit):
        run_all(["short", "--only", "idle_to_rang"])
    assert "no benchmark idle_to_rang: there are router_alone" in capsys.readouterr().err
