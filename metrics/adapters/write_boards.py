"""Writes the dashboards to their files: make dashboards.

Owns where they are. Must not know what is on them.
"""

from pathlib import Path

from metrics.grafana.boards import BOARDS, text_of

FOLDER = Path(__file__).parents[1] / "grafana" / "dashboards"


def main() -> None:
    """Every file anew."""
    for name, board in BOARDS.items():
        (FOLDER / f"{name}.json").write_text(text_of(board), encoding="utf-8")


if __name__ == "__main__":
    main()
