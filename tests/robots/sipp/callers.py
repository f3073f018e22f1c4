"""Who calls in a SIPp run: the lines of its injection file and the key presses of its scenario.

Owns the form of these files; must not start anything.
Rules: SIPp splits lines at semicolons and replaces words in square brackets, so neither may stand in a value.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parent
FOR_EVER_S = 86_400.0


@dataclass(frozen=True)
class SippCaller:
    """One caller. `stay_s` counts from the last key press (or the answer) until the caller gives up."""

    number: str
    display_name: bytes = b""  # as it stands in the From header, quotes included
    keys: str = ""
    stay_s: float = FOR_EVER_S
    dials: str = "10010"

    def line(self) -> bytes:
        """Its line in the injection file; raises ValueError for a value that SIPp would take apart."""
        fields = (
            self.number.encode(),
            self.display_name,
            self.keys.encode(),
            str(round(self.stay_s * 1000)).encode(),
            self.dials.encode(),
        )
        for field in fields:
            if any(byte in field for byte in b";[]\r\n"):
                raise ValueError(f"a semicolon, bracket or line end cannot stand in an injection file: {field[:40]!r}")
        return b";".join(fields) + b"\n"


@dataclass(frozen=True)
class Press:
    """Keys pressed `after_s` after the answer or the press before. `keys` None: each caller's own `keys`."""

    after_s: float
    keys: str | None = None


def injection(callers: Iterable[SippCaller]) -> bytes:
    """The injection file: callers dial in this order, from the first again when there are more calls than callers."""
    return b"SEQUENTIAL\n" + b"".join(caller.line() for caller in callers)


def ordinary_callers(
    count: int, stay_s: float = FOR_EVER_S, keys: str = "0", first: int = 13_800_000_000
) -> list[SippCaller]:
    """`count` callers with numbers from `first` on, all of the same patience."""
    return [SippCaller(str(first + n), keys=keys, stay_s=stay_s) for n in range(count)]


def impatient_callers(
    count: int, mean_stay_s: float, seed: int, keys: str = "0", first: int = 13_700_000_000
) -> list[SippCaller]:
    """Callers whose patience is exponential with mean `mean_stay_s` seconds; the same seed gives the same callers."""
    patience = random.Random(seed)
    return [SippCaller(str(first + n), keys=keys, stay_s=patience.expovariate(1 / mean_stay_s)) for n in range(count)]


def hostile_callers(seat: str, stay_s: float = 1.0, keys: str = "") -> list[SippCaller]:
    """Callers whose names and numbers try to break dialplan, AGI, AMI, logs or routing. `seat` is a real seat's number."""
    names: tuple[bytes, ...] = (
        b'"O\\"Brien, \\\\ \\"quoted\\"" ',
        b'"a,b,c|d" ',
        b'"${SHELL(id)}${CHANNEL}$(id)`id`" ',
        b'"%s%n%x" ',
        b'"Action: Hangup\\r\\nChannel: all" ',
        b'"200 result=-1 endpos=0" ',
        b'"' + b"x" * 4096 + b'" ',
        b'"\xff\xfe\x80\xc3(" ',
        '"中国联通" '.encode(),
        '"张三" '.encode("gb18030"),
        b'"<script>alert(1)</script>\' OR 1=1 --" ',
    )
    odd_numbers = (
        seat,
        "anonymous",
        "+8613900000001",
        "%27%22%3B--",
        "1" * 200,
        "%24%7BEXTEN%7D",
        "13900000001,1,Hangup()",
    )
    named = [SippCaller(str(13_600_000_000 + n), name, keys, stay_s) for n, name in enumerate(names)]
    return named + [SippCaller(number, b"", keys, stay_s) for number in odd_numbers]


def scenario_text(
    name: str, presses: Sequence[Press] = (), method: str = "info", answer_timeout_s: float = 20.0
) -> str:
    """The scenario file `name`, with its key presses and time-out filled in.

    method   info: SIP INFO, works for everyone; rfc2833: in the audio stream, SIPp needs a raw socket (root) for it
    raises   ValueError for another method, or for several keys of a caller's own with info (one INFO carries one key)
    """
    if method not in ("info", "rfc2833"):
        raise ValueError(f"method {method!r} is not info or rfc2833")
    text = (SCENARIOS / f"{name}.xml").read_text(encoding="utf-8")
    steps = "\n".join(_press_step(press, method, 2 + 10 * n) for n, press in enumerate(presses))
    return text.replace("<!--PRESS-->", steps).replace("@ANSWER_MS@", str(round(answer_timeout_s * 1000)))


def _press_step(press: Press, method: str, first_cseq: int) -> str:
    pause = f'<pause milliseconds="{round(press.after_s * 1000)}"/>'
    if method == "rfc2833":
        keys = "[field2]" if press.keys is None else press.keys
        # play_dtmf returns at once; the next one, or the end of the call, would cut it off. Measured: 0.7 s is too short for one key
        length_ms = 500 + 500 * (1 if press.keys is None else len(press.keys))
        return f'{pause}<nop><action><exec play_dtmf="{keys}"/></action></nop><pause milliseconds="{length_ms}"/>'
    own = press.keys is None
    return pause + "".join(
        _info_step("[field2]" if own else key, first_cseq + n) for n, key in enumerate("?" if own else press.keys or "")
    )


def _info_step(key: str, cseq: int) -> str:
    # 481: the hotline ended the call at the same moment; its BYE follows
    return f"""
  <nop><action><log message="pressed [field0] [timestamp]"/></action></nop>
  <send retrans="500"><![CDATA[
      INFO [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: [field1]<sip:[field0]@[local_ip]:[local_port]>;tag=[pid]c[call_number]
      To: <sip:[field4]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: {cseq} INFO
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal={key}
      Duration=160
  ]]></send>
  <recv response="481" optional="true"/>
  <recv response="200"/>"""
