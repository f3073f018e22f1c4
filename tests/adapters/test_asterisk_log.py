"""What Asterisk says is kept by us: bounded, whatever happens at the door."""

import shutil
import socket
from pathlib import Path

from asterisk_conf.render import conf_file, render
from jietong.asterisk_log import kept
from jietong.child import Child, ChildPlan
from jietong.log_file import LogFile
from tests.adapters.asterisk_fixture import test_settings, until
from tests.adapters.asterisk_program import asterisk_program

PORT_BASE = 22200
INVITE = (
    "INVITE sip:10010@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5099;branch=z9hG4bKx{0}\r\n"
    "From: <sip:139{0:08d}@127.0.0.2>;tag={0}\r\nTo: <sip:10010@127.0.0.1>\r\nCall-ID: {0}\r\n"
    "CSeq: 1 INVITE\r\nContact: <sip:x@127.0.0.2:5099>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


async def test_a_scan_of_the_door_fills_no_disk(tmp_path: Path) -> None:
    """Somebody tries number after number for hours: the log turns over, has none of the numbers, and Asterisk works on."""
    program, settings = asterisk_program(), test_settings(PORT_BASE, tmp_path)
    render(settings, tmp_path)
    settings.music_dir.mkdir()
    log = LogFile(tmp_path / "asterisk.log", max_bytes=4000, kept=2)
    argv = (*program.argv, "-C", str(conf_file(tmp_path)), "-f", "-n")
    plan = ChildPlan("asterisk", argv, ready_line="Asterisk Ready.", ready_within_s=60, kept_line=kept)
    child = await Child.start(plan, log)
    try:
        await child.wait_ready()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as scanner:
            scanner.bind(("127.0.0.2", 0))
            for number in range(100):
                scanner.sendto(INVITE.format(number).encode(), ("127.0.0.1", settings.sip_port))
            await until(lambda: (tmp_path / "asterisk.log.2").exists(), 20, "the log does not turn over")
            scanner.setblocking(True)
            scanner.settimeout(10)
            assert scanner.recv(4096).startswith(b"SIP/2.0 401")
    finally:
        await child.stop(within_s=5)
        log.close()
        shutil.rmtree(settings.run_dir, ignore_errors=True)
    logs = sorted(path for path in tmp_path.iterdir() if path.name.startswith("asterisk.log"))
    assert [path.name for path in logs] == ["asterisk.log", "asterisk.log.1", "asterisk.log.2"]
    assert max(path.stat().st_size for path in logs) <= 4000
    assert not any(b"<sip:139" in path.read_bytes().replace(b"<sip:139****", b"") for path in logs)
    assert [path.name for path in (tmp_path / "logs").rglob("*") if path.is_file()] == []
