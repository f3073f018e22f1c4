"""The Asterisk Manager Interface as bytes: text blocks to messages, actions to bytes.

Owns the grammar of the wire and its bounds. Must not open sockets nor know what a message means.
Source: Asterisk's main/manager.c: lines end in CR LF, an empty line ends a message, the first line is a banner.
"""

from collections.abc import Iterator, Mapping

# Asterisk's own messages stay under 64 KiB; a block that never ends would otherwise eat the memory.
MAX_MESSAGE_BYTES = 1 << 20
_EVENT, _ACTION_ID = b"Event:", b"\nActionID:"


class AmiProtocolError(Exception):
    """What arrived is not AMI: check that `ami_port` is Asterisk's manager port and nothing else."""


class AmiInjection(ValueError):
    """A header name or value holds a line break or a NUL: it would become another action."""


class Message:
    """One AMI message. Header names are matched as Asterisk writes them; the first of equal headers is the one that `get` gives.

    Its bytes are read when somebody looks: a standby keeps what it hears, and looks at none of it as long as another router leads.
    """

    __slots__ = ("_block", "_first", "_pairs")

    def __init__(self, pairs: list[tuple[str, str]] | None = None, block: bytes = b"") -> None:
        self._block = block
        self._pairs = pairs
        self._first: dict[str, str] | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every header in order."""
        if self._pairs is None:
            self._pairs = _pairs(self._block)
        return self._pairs

    @property
    def is_unasked(self) -> bool:
        """Whether this is an event that answers no action of ours: told without reading it."""
        return self._block.startswith(_EVENT) and _ACTION_ID not in self._block

    def get(self, name: str, default: str = "") -> str:
        """The value of the first header called `name`."""
        if self._first is None:
            self._first = dict(reversed(self.pairs))
        return self._first.get(name, default)

    def all(self, name: str) -> list[str]:
        """The values of every header called `name`, in order."""
        return [value for key, value in self.pairs if key == name]

    def __repr__(self) -> str:
        return f"Message({self.get('Event') or self.get('Response') or '?'})"  # values may be personal data


class AmiParser:
    """Bytes in, messages out; keeps what is not yet whole. After an AmiProtocolError the connection must be dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._banner: str | None = None

    @property
    def banner(self) -> str | None:
        """Asterisk's greeting, once it has come."""
        return self._banner

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Yields every message that is whole now."""
        self._buffer += chunk
        if self._banner is None:
            end = self._buffer.find(b"\r\n")
            if end < 0:
                self._check_size(256)
                return
            self._banner = self._buffer[:end].decode("utf-8", "replace")
            del self._buffer[: end + 2]
            if not self._banner.startswith("Asterisk Call Manager/"):
                raise AmiProtocolError(f"greeting is not Asterisk's: {self._banner[:60]!r}")
        end = self._buffer.rfind(b"\r\n\r\n")
        if end < 0:
            self._check_size(MAX_MESSAGE_BYTES)
            return
        whole = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        for block in whole.split(b"\r\n\r\n"):
            if b":" in block:
                yield Message(block=block)

    def _check_size(self, limit: int) -> None:
        if len(self._buffer) > limit:
            raise AmiProtocolError(f"no end of a message within {limit} bytes")


def _pairs(block: bytes) -> list[tuple[str, str]]:
    pairs = []
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            pairs.append((name.strip(), value.strip()))
    return pairs


def encode(action: str, fields: Mapping[str, str | list[str]], action_id: str) -> bytes:
    """The bytes of one action. Raises AmiInjection when a name or value could start another line."""
    lines = [("Action", action), ("ActionID", action_id)]
    for name, value in fields.items():
        lines += [(name, item) for item in ([value] if isinstance(value, str) else value)]
    for name, value in lines:
        if any(c in name or c in value for c in "\r\n\0") or ":" in name or not name:
            raise AmiInjection(f"action {action!r}: header {name!r} holds a line break, a colon in its name or a NUL")
    return ("".join(f"{name}: {value}\r\n" for name, value in lines) + "\r\n").encode()
