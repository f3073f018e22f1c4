"""A very small Asterisk that robots are tried against: seats, open callers, a waiting room, nothing of the product.

Owns its few configuration files and its life; must not use the product's templates, so that a robot's fault shows as one.
Rules: asterisk.md (explicit addresses, socket path under 108 characters, "Asterisk Ready.").
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.adapters.asterisk_program import AsteriskProgram, asterisk_program

READY = b"Asterisk Ready."
START_S = 30.0
STOP_S = 10.0

MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_rtp_asterisk res_pjsip
res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_registrar res_pjsip_authenticator_digest
res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip res_pjsip_dtmf_info
res_pjsip_rfc3326 res_pjsip_logger res_pjsip_nat chan_pjsip pbx_config app_dial app_echo app_read app_verbose app_userevent
app_stack func_callerid func_logic func_strings func_channel codec_alaw codec_ulaw codec_a_mu codec_resample format_wav format_sln
format_pcm res_musiconhold bridge_simple bridge_native_rtp
"""

DIALPLAN = """
[callers]
; the hotline: music until 0 is pressed, then the first seat
exten = 10010,1,Answer()
 same = n(again),WaitExten(60,m(tone))
exten = 0,1,Dial(PJSIP/1001,20)
 same = n,Hangup()
; a number that only rings, one that plays music for ever, one that echoes
exten = ringing,1,Ringing()
 same = n,Wait(60)
exten = music,1,Answer()
 same = n,MusicOnHold(tone,60)
exten = echo,1,Answer()
 same = n,Echo()
; keys pressed are written to the log
exten = keys,1,Answer()
 same = n,Read(PRESSED,,3,,,8)
 same = n,Log(NOTICE,pressed=${FILTER(0-9*#,${PRESSED})}.)
 same = n,Hangup()
exten = _1XXX,1,Dial(PJSIP/${EXTEN},20)
 same = n,Hangup()
exten = i,1,Hangup()
exten = t,1,Hangup()
"""


@dataclass(frozen=True)
class TinyAsterisk:
    """A running Asterisk: where its SIP is, and its command line."""

    server: str
    folder: Path
    argv: tuple[str, ...]

    async def cli(self, command: str) -> str:
        """What `asterisk -rx COMMAND` prints."""
        process = await asyncio.create_subprocess_exec(
            *(*self.argv, "-C", str(self.folder / "asterisk.conf"), "-rx", command), stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(20):
            out, _ = await process.communicate()
        return out.decode(errors="replace")

    @property
    def log(self) -> str:
        """Its log so far."""
        return (self.folder / "log" / "full").read_text(encoding="utf-8", errors="replace")


@contextlib.asynccontextmanager
async def tiny_asterisk(port_base: int, seats: Sequence[str], music: Path | None = None) -> AsyncIterator[TinyAsterisk]:
    """Runs one on SIP port_base+60 and RTP from port_base+1000; a seat's password is `secret-NUMBER`.

    music   8 kHz wav that waiting callers hear
    """
    program = asterisk_program()
    with tempfile.TemporaryDirectory(prefix="jt-") as name:
        folder = Path(name)
        _write_configuration(folder, program, port_base, seats)
        if music is not None:
            (folder / "moh" / "tone.wav").write_bytes(music.read_bytes())
        console = folder / "console"
        with console.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(*program.argv, "-C", str(folder / "asterisk.conf"), "-f", "-n"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        try:
            async with asyncio.timeout(START_S):
                while READY not in console.read_bytes():
                    assert process.returncode is None, f"Asterisk ended: {console.read_text(errors='replace')}"
                    await asyncio.sleep(0.05)
            site = TinyAsterisk(f"127.0.0.1:{port_base + 60}", folder, program.argv)
            transports = await site.cli("pjsip show transports")
            assert f":{port_base + 60}" in transports, f"SIP is not bound: {transports}\n{site.log}"
            yield site
        finally:
            await _end(process)


def _write_configuration(folder: Path, program: AsteriskProgram, port_base: int, seats: Sequence[str]) -> None:
    for sub in ("run", "log", "db", "spool", "moh"):
        (folder / sub).mkdir()
    files = {
        "asterisk.conf": f"""[directories]
astetcdir = {folder}
astmoddir = {program.module_dir}
astvarlibdir = {folder}/db
astdatadir = {program.data_dir}
astdbdir = {folder}/db
astkeydir = {folder}
astspooldir = {folder}/spool
astrundir = {folder}/run
astlogdir = {folder}/log
[options]
verbose = 0
nocolor = yes
""",
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {module}.so\n" for module in MODULES.split()),
        "logger.conf": "[logfiles]\nconsole = verbose,error\nfull = notice,warning,error\n",
        "rtp.conf": f"[general]\nrtpstart = {port_base + 1000}\nrtpend = {port_base + 8999}\n",
        "musiconhold.conf": f"[tone]\nmode = files\ndirectory = {folder}/moh\n",
        "extensions.conf": DIALPLAN,
        "pjsip.conf": _pjsip(port_base, seats),
        "indications.conf": "[general]\ncountry = cn\n[cn]\ndescription = China\ndial = 450\nbusy = 450/350,0/350\nring = 450/1000,0/4000\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _pjsip(port_base: int, seats: Sequence[str]) -> str:
    parts = [
        f"""[global]
type = global
user_agent = tiny
endpoint_identifier_order = username,ip
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port_base + 60}
[callers]
type = endpoint
transport = udp
context = callers
disallow = all
allow = alaw
dtmf_mode = rfc4733
direct_media = no
media_address = 127.0.0.1
from_domain = 127.0.0.1
[callers]
type = identify
endpoint = callers
match = 127.0.0.1
"""
    ]
    for seat in seats:
        parts.append(
            f"""[{seat}]
type = endpoint
transport = udp
context = callers
auth = {seat}
aors = {seat}
disallow = all
allow = alaw
direct_media = no
media_address = 127.0.0.1
from_domain = 127.0.0.1
[{seat}]
type = auth
auth_type = userpass
username = {seat}
password = secret-{seat}
[{seat}]
type = aor
max_contacts = 1
remove_existing = yes
"""
        )
    return "".join(parts)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
