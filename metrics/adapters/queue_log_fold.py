"""The queue_log in the database, written in the transaction of the call records.

Owns its rows and the open calls beside them. Must not know which fact gives which line: metrics/queue_log.py does.
Rules: docs/queue-log.md. Comes before the fold that keeps agents' states: it needs those of before.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy import func as sql

from ivr.adapters.plain_text import plain
from metrics.adapters.work_tables import agent_now, queue_log, queue_log_open
from metrics.queue_log import Line, OpenCall, QueueLog
from routing.facts import AgentChanged, AgentState, Fact

DATA = 5
FORGET_S = 24 * 3600.0  # a call that is open for longer has lost its end


class QueueLogFold:
    """Writes the lines of each batch. `queues`: all of the site; `zone`: of the column `time`."""

    def __init__(self, queues: tuple[str, ...], zone: ZoneInfo) -> None:
        self._queues, self._zone = queues, zone

    def __call__(self, connection: Connection, facts: Sequence[Fact]) -> None:
        """Adds one batch. Raises SQLAlchemy's errors."""
        newest_at = max((fact.at for fact in facts), default=0.0)
        connection.execute(delete(queue_log_open).where(queue_log_open.c.entered_at < newest_at - FORGET_S))
        log = QueueLog(self._queues, _open_calls(connection), _agents(connection, facts))
        before = {call: _plain(call, known) for call, known in log.calls.items()}
        lines = list(log.lines(facts))
        if not lines:
            return
        first = (connection.scalar(select(sql.max(queue_log.c.id))) or 0) + 1
        connection.execute(insert(queue_log), [self._row(first + n, line) for n, line in enumerate(lines)])
        after = {call: _plain(call, known) for call, known in log.calls.items()}
        changed = [call for call, row in before.items() if after.get(call) != row]
        if changed:
            connection.execute(delete(queue_log_open).where(queue_log_open.c.call.in_(changed)))
        fresh = [row for call, row in after.items() if before.get(call) != row]
        if fresh:
            connection.execute(insert(queue_log_open), fresh)

    def _row(self, number: int, line: Line) -> dict[str, object]:
        data = [plain(word) for word in line.data] + [""] * (DATA - len(line.data))
        return {
            "id": number,
            "at": line.at,
            "time": f"{datetime.fromtimestamp(line.at, self._zone):%Y-%m-%d %H:%M:%S.%f}",
            "callid": plain(line.call),
            "queuename": plain(line.queue),
            "agent": plain(line.agent),
            "event": line.event,
            **{f"data{n}": word for n, word in enumerate(data, 1)},
        }


def _open_calls(connection: Connection) -> dict[str, OpenCall]:
    rows = connection.execute(select(queue_log_open).order_by(queue_log_open.c.entered_at, queue_log_open.c.position))
    return {row.call: OpenCall(row.queue, row.entered_at, row.position, row.ring_s, row.is_connected) for row in rows}


def _plain(call: str, known: OpenCall) -> dict[str, object]:
    return {
        "call": plain(call),
        "queue": plain(known.queue),
        "entered_at": known.entered_at,
        "position": known.position,
        "ring_s": known.ring_s,
        "is_connected": known.is_connected,
    }


def _agents(connection: Connection, facts: Sequence[Fact]) -> dict[str, AgentState]:
    agents = {plain(fact.agent) for fact in facts if isinstance(fact, AgentChanged)}
    if not agents:
        return {}
    rows = connection.execute(select(agent_now).where(agent_now.c.agent.in_(agents)))
    return {row.agent: AgentState(row.state) for row in rows}
