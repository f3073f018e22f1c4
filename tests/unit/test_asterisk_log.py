"""What is kept of Asterisk's own words."""

import pytest

from jietong.asterisk_log import kept

REFUSED = "[2026-11-23 18:59:01.123] NOTICE[77]: res_pjsip/pjsip_distributor.c:694 log_failed_request: Request 'INVITE' from '\"{0}\" <sip:{0}@192.0.2.9>' failed for '192.0.2.9:5060' (callid: a1b2) - No matching endpoint found"


@pytest.mark.parametrize(
    ("line", "in_log"),
    [
        (REFUSED.format("13900000001"), REFUSED.format("139****0001")),
        (REFUSED.format("+8613900000001"), REFUSED.format("+86****0001")),
        (REFUSED.format("02112345678"), REFUSED.format("021****5678")),
        (REFUSED.format("1001"), REFUSED.format("1001")),
        ("Channel 'PJSIP/1001-00000031' to '0085212345678@transfer'", "Channel 'PJSIP/1001-00000031' to '008****5678@transfer'"),
        ("Local/13900000001@menu-00000031;1", "Local/139****0001@menu-000****0031;1"),
        ("call 1763924341.17 of 192.0.2.1:5060 took 123456 ms", "call 1763924341.17 of 192.0.2.1:5060 took 123456 ms"),
        ("Asterisk Ready.", "Asterisk Ready."),
        ("名字 \udcff 13900000001", "名字 \udcff 139****0001"),
        ("", ""),
    ],
)  # fmt: skip
def test_callers_are_masked_and_nothing_else(line: str, in_log: str) -> None:
    """Whoever reads the log sees which carrier's address is not in the site file, and no customer's number."""
    raw = kept(line.encode("utf-8", "surrogateescape"))
    assert raw is not None
    assert raw.decode("utf-8", "surrogateescape") == in_log


@pytest.mark.parametrize(("severity", "is_kept"), [("Informational", False), ("Error", True)])
def test_only_refused_devices_are_told(severity: str, is_kept: bool) -> None:
    """A thousand phones that register each minute do not push out of the log why one of them cannot."""
    line = f'SECURITY[1] res_security_log.c: SecurityEvent="InvalidPassword",Severity="{severity}",AccountID="1001"'
    assert (kept(line.encode()) is not None) is is_kept
