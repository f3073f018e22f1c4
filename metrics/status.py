"""The status of a hotline as one table for JSON: who waits, what agents do, the answer rate now.

Owns the keys that tools read. Must not know HTTP.
Rules: design.md section 5 (`jietong status --json`); callers are masked (domain.md C3) by the function that is handed in.
"""

from collections.abc import Callable
from typing import Any

from metrics.tally import Tally
from metrics.view import LiveView, shown_state


def status_of(hotline: str, view: LiveView, tally: Tally, now: float, mask: Callable[[str], str]) -> dict[str, Any]:
    """Waiting calls (longest first), test calls of ours, agents (by number), calls by state, and the answer rate of each window (None: no call counts)."""
    states = [call.state for call in view.calls.values()]
    return {
        "hotline": hotline,
        "at": now,
        "waiting": [
            {
                "call_id": call.call,
                "caller": mask(call.caller),
                "queue": call.queue,
                "tier": call.tier,
                "service": call.service,
                "state": call.state,
                "queued_at": call.queued_at,
                "waited_s": round(max(0.0, now - (call.queued_at or call.since)), 3),
                "agent": call.agent,
                "seat": call.seat,
                "is_probe": call.is_probe,
            }
            for call in view.waiting()
        ],
        "test_calls": [
            {"call_id": call.call, "state": call.state, "since": call.since, "agent": call.agent, "seat": call.seat}
            for call in view.calls.values()
            if call.is_probe
        ],
        "agents": [
            {
                "agent": agent.agent,
                "seat": agent.seat,
                "state": shown_state(agent),
                "reason": agent.reason,
                "since_s": round(max(0.0, now - agent.since), 3) if agent.since else None,
                "reachable": agent.reachable,
                "dedicated_to": agent.tiers,
                "queues": agent.queues,
            }
            for agent in sorted(view.agents.values(), key=lambda agent: agent.agent)
        ],
        "calls": {state: states.count(state) for state in ("menu", "waiting", "ringing", "talking")},
        "answer_rate": tally.rates(now),
    }
