"""All dashboards and their files.

Owns the list. Must not write anything.
"""

import json

from metrics.grafana import agents, answer_rate, system, vip, wallboard
from metrics.grafana.panels import Board, to_json

BOARDS: dict[str, Board] = {
    "answer-rate": answer_rate.board(),
    "wallboard": wallboard.board(),
    "agents": agents.board(),
    "vip": vip.board(),
    "system": system.board(),
}


def text_of(board: Board) -> str:
    """The file of a board."""
    return json.dumps(to_json(board), ensure_ascii=False, indent=1) + "\n"
