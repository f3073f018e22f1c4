"""What answering costs: speed of answer, handle time and its parts, occupancy, calls that rang in vain.

Owns these formulas. Must not know where sums come from. Rules: field.md section 5.2. None where nothing counts: never 0.
"""


def average_speed_of_answer_s(answered_wait_s: float, answered: int) -> float | None:
    """ASA (平均应答速度), seconds: total wait of answered calls / answered calls, from queue entry to the agent's answer, ringing included.

    source   field.md section 5.2 (Cisco CUIC); abandoned calls are in no part of it
    """
    return answered_wait_s / answered if answered > 0 else None


def average_handle_time_s(talk_s: float, wrap_up_s: float, handled: int) -> float | None:
    """AHT (平均处理时长), seconds: (talk + hold + after-call work) / handled calls. `talk_s` includes the time on hold.

    source   field.md section 5.2; hold is a part of the conversation here, so it is not added a second time
    """
    return (talk_s + wrap_up_s) / handled if handled > 0 else None


def average_s(total_s: float, calls: int) -> float | None:
    """Mean talk, hold, or after-call work of a call, seconds: total / calls for which it is known."""
    return total_s / calls if calls > 0 else None


def occupancy(handle_s: float, ready_s: float) -> float | None:
    """Occupancy (坐席占用率), 0..1: handle time / (handle time + time ready for calls).

    handle_s   ringing, talk, hold and after-call work      ready_s   idle and ready; pauses are in neither
    source     field.md section 5.2: handle / (handle + available)
    """
    total_s = handle_s + ready_s
    return handle_s / total_s if total_s > 0 else None


def rona_rate(missed: int, offers: int) -> float | None:
    """RONA rate, 0..1: offers that rang in vain / offers made. RONA: redirection on no answer.

    source   style.md section 4.4; an offer is one attempt to give one call to one agent, whatever became of it
    """
    return missed / offers if offers > 0 else None
