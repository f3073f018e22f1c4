"""The queue_log, line by line: what tools that read Asterisk's own find in ours."""

from dataclasses import replace

from metrics.queue_log import QueueLog, file_line
from routing.facts import AgentState, CallAnswered, CallbackPromised, Fact, Outcome
from tests.builders_facts import agent_changed, answered, closed, offered, record

T = 1764000000.25


def lines_of(*facts: Fact, log: QueueLog | None = None) -> list[str]:
    """What the file says of them."""
    log = log or QueueLog(("hotline", "billing"))
    return [file_line(line).rstrip("\n") for line in log.lines(facts)]


def talked(at: float, talk_s: float, reason: str = "caller", call: str = "a", wait_s: float = 12.9) -> Fact:
    """The record of a conversation that was answered at `at`."""
    return replace(record(at + talk_s, Outcome.ANSWERED, call, reason, wait_s, queued_at=at - wait_s), talk_s=talk_s)


def test_a_call_that_is_answered() -> None:
    """It enters, the first seat rings in vain, the second answers, the caller hangs up: whole seconds, milliseconds of ringing."""
    reply: CallAnswered = replace(answered(T + 12.9, wait_s=12.9), leg="1764000009.7")
    assert lines_of(
        offered(T),
        closed(T + 9, "no_answer", agent="1002"),
        closed(T + 12.9, "answered"),
        reply,
        talked(T + 12.9, 61.5),
    ) == [
        "1764000000|a|hotline|NONE|ENTERQUEUE||13912345678|1",
        "1764000009|a|hotline|Agent/1002|RINGNOANSWER|3000",
        "1764000013|a|hotline|Agent/1001|CONNECT|12|1764000009.7|3",
        "1764000074|a|hotline|Agent/1001|COMPLETECALLER|12|61|1",
    ]


def test_who_hung_up_is_told() -> None:
    """An agent's end is COMPLETEAGENT."""
    assert lines_of(offered(T), answered(T + 5), talked(T + 5, 9.0, "agent", wait_s=5.0))[-1].endswith(
        "|Agent/1001|COMPLETEAGENT|5|9|1"
    )


def test_places_in_the_line() -> None:
    """Two callers wait in one queue, one in another; when the first gives up the second moves up; a caller who talks is in no line."""
    gives_up = record(T + 30, Outcome.ABANDONED, "b", "waiting", 28.0, queued_at=T + 2)
    first = record(T + 20, Outcome.ABANDONED, "a", "waiting", 20.0, queued_at=T)
    assert lines_of(
        offered(T, "a"),
        offered(T + 1, "z", queue="billing"),
        offered(T + 2, "b"),
        first,
        gives_up,
        offered(T + 40, "c"),
        answered(T + 41, "c"),
        offered(T + 42, "d"),
    ) == [
        "1764000000|a|hotline|NONE|ENTERQUEUE||13912345678|1",
        "1764000001|z|billing|NONE|ENTERQUEUE||13912345678|1",
        "1764000002|b|hotline|NONE|ENTERQUEUE||13912345678|2",
        "1764000020|a|hotline|NONE|ABANDON|1|1|20",
        "1764000030|b|hotline|NONE|ABANDON|1|2|28",
        "1764000040|c|hotline|NONE|ENTERQUEUE||13912345678|1",
        "1764000041|c|hotline|Agent/1001|CONNECT|5||0",
        "1764000042|d|hotline|NONE|ENTERQUEUE||13912345678|1",
    ]


def test_ways_out_of_the_line() -> None:
    """A callback is left by key 1, voicemail and a number outside by time; a callback that is kept later has no line of its own."""
    promise = CallbackPromised(T + 10, "a", "139", "hotline", "ordinary", "person", "zh-CN", T, T + 3600)
    kept = record(T + 900, Outcome.CALLBACK, "a", "kept", 600.0, queued_at=T)
    message = record(T + 60, Outcome.VOICEMAIL, "b", "message", 31.0, queued_at=T)
    outside = record(T + 99, Outcome.OUTSIDE, "c", "answered", 12.0, queued_at=T)
    assert lines_of(offered(T, "a"), promise, kept, offered(T, "b"), message, offered(T, "c"), outside)[1::2] == [
        "1764000010|a|hotline|NONE|EXITWITHKEY|1|1|1|10",
        "1764000031|b|hotline|NONE|EXITWITHTIMEOUT|1|1|31",
        "1764000012|c|hotline|NONE|EXITWITHTIMEOUT|1|1|12",
    ]


def test_a_transfer_to_a_queue_ends_one_segment_and_begins_the_next() -> None:
    """BLINDTRANSFER names the queue, then the caller enters it."""
    sent_on = talked(T + 5, 30.0, "transferred", wait_s=5.0)
    again = replace(offered(T + 35, queue="billing"), segment=2, entered_at=T + 35, queued_at=T)
    assert lines_of(offered(T), answered(T + 5), sent_on, again)[2:] == [
        "1764000035|a|hotline|Agent/1001|BLINDTRANSFER|billing|jietong|5|30|1",
        "1764000035|a|billing|NONE|ENTERQUEUE||13912345678|1",
    ]


def test_agents_come_pause_and_go() -> None:
    """In each queue that they serve; a pause names its reason; one that let a call ring in vain is paused too."""
    assert lines_of(
        replace(agent_changed(T, state=AgentState.READY), queues=("billing",)),
        agent_changed(T + 1, state=AgentState.NOT_READY, reason="lunch"),
        agent_changed(T + 2, state=AgentState.READY),
        agent_changed(T + 3, state=AgentState.TALKING),
        agent_changed(T + 4, state=AgentState.MISSED, reason="no_answer"),
        replace(agent_changed(T + 5, state=AgentState.LOGGED_OUT), queues=("billing",)),
    ) == [
        "1764000000|MANAGER|billing|Agent/1001|ADDMEMBER|",
        "1764000001|NONE|NONE|Agent/1001|PAUSEALL|lunch",
        "1764000001|NONE|hotline|Agent/1001|PAUSE|lunch",
        "1764000001|NONE|billing|Agent/1001|PAUSE|lunch",
        "1764000002|NONE|NONE|Agent/1001|UNPAUSEALL|",
        "1764000002|NONE|hotline|Agent/1001|UNPAUSE|",
        "1764000002|NONE|billing|Agent/1001|UNPAUSE|",
        "1764000004|NONE|NONE|Agent/1001|PAUSEALL|no_answer",
        "1764000004|NONE|hotline|Agent/1001|PAUSE|no_answer",
        "1764000004|NONE|billing|Agent/1001|PAUSE|no_answer",
        "1764000005|MANAGER|billing|Agent/1001|REMOVEMEMBER|",
    ]


def test_test_calls_have_no_lines() -> None:
    """What reads the log counts customers only."""
    probe = [replace(fact, is_probe=True) for fact in (offered(T), closed(T + 1, "no_answer"), answered(T + 5))]  # type: ignore[type-var,call-arg]
    assert lines_of(*probe, replace(talked(T + 5, 9.0), is_probe=True)) == []  # type: ignore[type-var,call-arg]


def test_a_word_cannot_make_a_second_line() -> None:
    """A caller id with a bar or a line's end is one word."""
    hostile = replace(offered(T), caller="1|2\n3")
    assert lines_of(hostile) == ["1764000000|a|hotline|NONE|ENTERQUEUE||123|1"]
