"""A caller's Asterisk for tests of AGI: it speaks the wire as res_agi.c does, and presses keys as told.

Owns the fake side of FastAGI: environment, argument parsing with Asterisk's own rules and line limit, answers. Must not import the product.
Source: Asterisk's res/res_agi.c (setup_env, parse_args, AGI_BUF_LEN).
"""

import contextlib
import re
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

PATIENCE_S = 20.0
ASTERISK_READS = 2047  # bytes of one line; the rest is taken for the next command
DEAD = "511 result=-1 Command Not Permitted on a dead channel or intercept routine"


def environment(script: str, **changes: str) -> bytes:
    """What Asterisk sends first, ended by an empty line; changes without the prefix `agi_`."""
    values = {
        "network": "yes",
        "network_script": script,
        "request": f"agi://127.0.0.1:4573/{script}",
        "channel": "PJSIP/carrier-00000001",
        "language": "zh-CN",
        "type": "PJSIP",
        "uniqueid": "1700000000.1",
        "version": "22.10.0",
        "callerid": "13900000001",
        "calleridname": "unknown",
        "callingpres": "0",
        "dnid": "10010",
        "rdnis": "unknown",
        "context": "menu",
        "extension": "s",
        "priority": "2",
        "enhanced": "0.0",
        "accountcode": "",
        "threadid": "140000000000000",
    } | changes
    return "".join(f"agi_{name}: {value}\n" for name, value in values.items()).encode() + b"\n"


def arguments_of(line: str) -> list[str]:
    """A command's words as Asterisk parses them: quotes group, a backslash takes the next character as it is."""
    words: list[str] = []
    word, is_quoted, is_escaped, is_open = "", False, False, False
    for c in line:
        if is_escaped:
            word, is_escaped, is_open = word + c, False, True
        elif c == "\\":
            is_escaped = True
        elif c == '"':
            is_quoted, is_open = not is_quoted, True
        elif c in " \t" and not is_quoted:
            words, word, is_open = ([*words, word] if is_open else words), "", False
        else:
            word, is_open = word + c, True
    return [*words, word] if is_open else words


class AgiWire:
    """One FastAGI connection, driven by hand."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.connection.settimeout(PATIENCE_S)
        self._received = b""

    @classmethod
    def dial(cls, address: tuple[str, int], script: str, **changes: str) -> "AgiWire":
        """Connects as Asterisk does for AGI(agi://.../SCRIPT) and sends the environment."""
        wire = cls(socket.create_connection(address, PATIENCE_S))
        wire.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.send(environment(script, **changes))
        return wire

    def send(self, raw: bytes) -> None:
        """Bytes as they are."""
        self.connection.sendall(raw)

    def answer(self, text: str) -> None:
        """One line."""
        self.send(text.encode() + b"\n")

    def command(self) -> str:
        """The next command; empty when the script is over. A line longer than Asterisk reads comes in pieces, as Asterisk sees it."""
        while b"\n" not in self._received and len(self._received) < ASTERISK_READS:
            received = b""
            with contextlib.suppress(ConnectionError):
                received = self.connection.recv(4096)
            if not received:
                return ""
            self._received += received
        end = self._received.find(b"\n")
        end = ASTERISK_READS if end < 0 or end >= ASTERISK_READS else end + 1
        line, self._received = self._received[:end], self._received[end:]
        return line.decode().rstrip("\n")

    def close(self) -> None:
        """As Asterisk does when the call ends."""
        self.connection.close()

    def reset(self) -> None:
        """As a killed Asterisk does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@dataclass
class Caller:
    """Who presses `keys` one by one, "" for waiting in silence; gives `typed` to prompts that ask for digits; has channel variables."""

    keys: Iterable[str] = ()
    typed: Iterable[str] = ()
    variables: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    on_command: Callable[[str], None] = lambda line: None

    def talk(self, wire: AgiWire) -> "Caller":
        """Answers every command until the script is over."""
        with wire.connection:
            while line := wire.command():
                self.commands.append(line)
                self.on_command(line)
                wire.answer(self.answer_to(arguments_of(line)))
        return self

    def __post_init__(self) -> None:
        self._keys, self._typed = iter(self.keys), iter(self.typed)

    def answer_to(self, words: list[str]) -> str:
        """Asterisk's answer to a command, given as its words."""
        match words:
            case ["STREAM", "FILE", file, *_]:
                self.heard.append("/".join(file.split("/")[-2:]))
                return "200 result=0 endpos=8000"
            case ["GET", "DATA", file, _, "1"]:
                self.heard.append("/".join(file.split("/")[-2:]))
                key = next(self._keys, "")
                return f"200 result={key.removesuffix('#')}{'' if key else ' (timeout)'}"
            case ["GET", "FULL", "VARIABLE", text]:
                values = re.sub(r"[$][{](\w+)[}]", lambda found: self.variables.get(found[1], ""), text)
                return f"200 result=1 ({values})"
            case ["RECORD", "FILE", *_]:
                return "200 result=35 (dtmf) endpos=24000"
            case ["WAIT", "FOR", "DIGIT", _]:
                key = next(self._keys, "")
                return f"200 result={ord(key) if key else 0}"
            case ["GET", "DATA", file, *_]:
                self.heard.append("/".join(file.split("/")[-2:]))
                return f"200 result={next(self._typed, '')}"
            case ["SET", "VARIABLE", name, value]:
                self.variables[name] = value
                return "200 result=1"
            case ["GET", "VARIABLE", name]:
                value = self.variables.get(name)
                return "200 result=0" if value is None else f"200 result=1 ({value})"
            case _:
                return "510 Invalid or unknown command"


def call(address: tuple[str, int], script: str, caller: Caller, **changes: str) -> Caller:
    """One whole session."""
    return caller.talk(AgiWire.dial(address, script, **changes))
