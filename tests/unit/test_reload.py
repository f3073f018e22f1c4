"""What a reload may change, and in which order processes are renewed."""

from pathlib import Path

import pytest

from jietong.reload import needs_restart, renewal_order
from jietong.running import Layout
from tests.unit.test_supervisor_plans import a_running_site


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("", []),
        ('[[seats]]\nnumber = "1099"\n', []),
        ("[router]\nstandbys = 2\n", ["router"]),
        ("[agi]\nworkers = 3\n", ["agi"]),
        ("sip_port = 5070\n[agi]\nworkers = 3\n", ["network", "agi"]),
    ],
)
def test_what_only_a_restart_changes_is_named(tmp_path: Path, more: str, named: list[str]) -> None:
    """The operator reads which tables of the changed file a reload cannot bring into force."""
    assert needs_restart(a_running_site(tmp_path).site, a_running_site(tmp_path, more).site) == named


def test_the_leading_router_is_renewed_last(tmp_path: Path) -> None:
    """A standby of the new version is there before the leader hands over."""
    pids = {"valkey": 1, "asterisk": 2, "router": 3, "agi-1": 4, "router-2": 5, "metrics": 6, "records": 7}
    (tmp_path / "run").mkdir()
    assert renewal_order(Layout(tmp_path), pids) == ["agi-1", "metrics", "records", "router", "router-2"]
    (tmp_path / "run" / "leader").write_text("host:3:abcd\n")
    assert renewal_order(Layout(tmp_path), pids) == ["agi-1", "metrics", "records", "router-2", "router"]
