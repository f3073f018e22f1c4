"""What Asterisk's configuration is rendered from: plain values, checked one by one.

Owns the shape of a site as Asterisk sees it and which values are safe to write; must not read files nor know the site file.
Rules: asterisk.md (start-up traps); a value that could end a line, open a section or start a comment never gets through.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

NUMBER = re.compile(r"[0-9]{2,15}")
WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SECRET = re.compile(r"[A-Za-z0-9_.~!@%+=-]{8,64}")
CALLBACK_PATTERN = re.compile(r"[1-9][0-9X]{2,14}|0[1-9X][0-9X]{5,13}")  # 00 would be international
FEATURE_CODE = re.compile(r"\*[0-9]{2,4}")
LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
# Letters of any script, so that a home folder may be called 张伟; no comma or `&` (Playback splits on them), no `$`, no brackets
PATH = re.compile(r"/[\w.~!@%+=/-]([\w .~!@%+=/-]*[\w.~!@%+=/-])?")
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  refused without a media address, never bound here
SOCKET_PATH_MAX = 107  # sun_path of a unix socket is 108 bytes with its final zero
# Minor release of each line; later lines have it from the start. Source: Asterisk's own documentation (`since`)
MATCH_REQUEST_URI_SINCE = {20: 8, 21: 3}
ADVANCED_FILTER_SINCE = {
    20: 11,
    21: 6,
    22: 1,
}  # eventfilter(name(...)) of manager.conf; before it only regular expressions


class UnsafeSetting(ValueError):
    """A value must not be written into Asterisk's configuration: the text names it; correct it in the site file."""


@dataclass(frozen=True)
class TrunkSettings:
    """A carrier by its addresses (IP addresses or networks)."""

    name: str
    match: tuple[str, ...]
    host: str = ""  # where calls are sent to, ADDRESS:PORT; empty: none are
    caller_id: str = ""  # what is sent as our number; empty: the hotline's


@dataclass(frozen=True)
class SeatSettings:
    """A SIP device that registers with its number and this password. `auto_answer`: its phone is asked to answer by itself."""

    number: str
    password: str = field(repr=False)
    auto_answer: bool = False
    dedicated_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeatureCodeSettings:
    """What an agent dials at a seat."""

    log_in: str = "*71"
    log_out: str = "*72"
    pause: str = "*73"
    ready: str = "*74"
    extend: str = "*75"


FEATURE_CODES = tuple(field.name for field in fields(FeatureCodeSettings))


@dataclass(frozen=True)
class AsteriskSettings:
    """Everything that the templates use. Folders are absolute; times are seconds.

    media_address       what the others are told to send voice to; must be named when bind_address is 0.0.0.0 or ::
    seats_share_trunk   seats and trunk may have the same addresses (see `shares_trunk`); None: decided from the addresses
    max_calls           callers at once; the next one hears the busy announcement
    max_new_per_s       new callers in one second; 0: as many as come
    max_load            load average of the machine from which Asterisk takes no call; 0: none
    data_dir            Asterisk's own data (its documentation folder); prompts_dir has a folder for each language
    tiers               in order of priority, for the time without a router
    fallback_after_s    without a word from a router Asterisk's own queue takes over; 0: never
    transfer_codes      (code, queue): where a seat's transfer to that code leads
    spoken_dir          sentences for the moment in which an agent has picked up; None: there are none
    announces_agent     the caller hears there who serves it; whispers: the agent hears who calls
    run_dir             short folder for the control socket, one for each running Asterisk
    version             (major, minor) of the Asterisk that will read the files
    """

    hotline_number: str
    trunks: tuple[TrunkSettings, ...]
    seats: tuple[SeatSettings, ...]
    sip_port: int
    rtp_start: int
    rtp_end: int
    ami_port: int
    ami_user: str
    ami_secret: str = field(repr=False)
    agi_port: int
    module_dir: Path
    data_dir: Path
    prompts_dir: Path
    music_dir: Path
    run_dir: Path
    agi_host: str = "127.0.0.1"
    bind_address: str = "127.0.0.1"
    media_address: str | None = None
    language: str = "zh-CN"
    feature_codes: FeatureCodeSettings = FeatureCodeSettings()
    tiers: tuple[str, ...] = ("ordinary",)
    fallback_after_s: int = 0
    transfer_codes: tuple[tuple[str, str], ...] = ()
    ring_s: int = 8
    qualify_s: int = 30
    max_calls: int = 500
    max_new_per_s: int = 0
    max_load: float = 0.0
    max_files: int = 8192
    seats_share_trunk: bool | None = None
    version: tuple[int, int] = (22, 10)
    outside_numbers: tuple[str, ...] = ()
    outside_ring_s: int = 30
    callback_patterns: tuple[
        str, ...
    ] = ()  # of numbers that may be called back: digits, and X for any; empty: nobody is
    callback_ring_s: int = 30
    messages_dir: Path = Path("/nonexistent")
    message_max_s: int = 120
    message_silence_s: int = 5
    survey: bool = False
    spoken_dir: Path | None = None
    announces_agent: bool = False
    whispers: bool = False

    @property
    def refused_at_once(self) -> int:
        """How many refused callers hear the announcement at once; further ones get busy without words."""
        return max(2, self.max_calls // 10)

    @property
    def channels_with_dialplan(self) -> int:
        """Calls that Asterisk carries at most: callers, refused ones, and two of each seat (what it dials, a callback), with some to spare."""
        return self.max_calls + 2 * self.refused_at_once + 2 * len(self.seats) + 10

    @property
    def voice_address(self) -> str:
        """The address that SDP names."""
        return self.media_address or self.bind_address

    @property
    def outgoing(self) -> tuple[str, TrunkSettings] | None:
        """The endpoint by which calls are sent out, and its trunk; None when no trunk has a `host`."""
        trunk = next((trunk for trunk in self.trunks if trunk.host), None)
        if trunk is None:
            return None
        is_one_for_all = self.shares_trunk and self.has_request_uri_match
        return (self.trunks[0].name if is_one_for_all else trunk.name), trunk

    @property
    def shares_trunk(self) -> bool:
        """Whether a seat's request may come from an address of a trunk.

        Then the number dialled tells the two apart, not the address. Decided as true when a trunk's addresses contain the
        loopback or our own address: everything on one machine, or carrier and seats in one office network.
        """
        if self.seats_share_trunk is not None:
            return self.seats_share_trunk
        ours = [ipaddress.ip_address(a) for a in ("127.0.0.1", "::1", self.bind_address, self.voice_address)]
        networks = [ipaddress.ip_network(a, strict=False) for trunk in self.trunks for a in trunk.match]
        return any(address in network for address in ours for network in networks)

    @property
    def has_request_uri_match(self) -> bool:
        """Whether this Asterisk can identify by the number dialled (`match_request_uri`)."""
        return _since(self.version, MATCH_REQUEST_URI_SINCE)

    @property
    def has_advanced_filters(self) -> bool:
        """Whether manager.conf of this Asterisk knows eventfilter(name(...))."""
        return _since(self.version, ADVANCED_FILTER_SINCE)


def _since(version: tuple[int, int], first: dict[int, int]) -> bool:
    major, minor = version
    return major > max(first) or minor >= first.get(major, 1_000_000)


def unsafe_settings(settings: AsteriskSettings) -> Iterator[str]:
    """Yields one sentence for each value that must not be written, naming it but never showing a secret."""
    s = settings
    yield from _bad_text("hotline number", s.hotline_number, NUMBER)
    yield from _bad_text("language", s.language, LANGUAGE)
    yield from _bad_text("AMI user", s.ami_user, WORD)
    yield from _bad_text("AMI secret", s.ami_secret, SECRET, secret=True)
    for trunk in s.trunks:
        yield from _bad_text("trunk name", trunk.name, WORD)
        for address in trunk.match:
            yield from _bad_address(f"address of trunk {trunk.name!r}", address, network=True)
        if trunk.host:
            yield from _bad_host(f"host of trunk {trunk.name!r}", trunk.host)
        if trunk.caller_id:
            yield from _bad_text(f"caller_id of trunk {trunk.name!r}", trunk.caller_id, NUMBER)
    for number in s.outside_numbers:
        yield from _bad_text("outside number", number, NUMBER)
    for pattern in s.callback_patterns:
        yield from _bad_text("callback pattern", pattern, CALLBACK_PATTERN)
    for tier in s.tiers:
        yield from _bad_text("tier", tier, WORD)
    for seat in s.seats:
        yield from _bad_text("seat number", seat.number, NUMBER)
        yield from _bad_text(f"password of seat {seat.number!r}", seat.password, SECRET, secret=True)
    for name in FEATURE_CODES:
        yield from _bad_text(f"feature code {name}", getattr(s.feature_codes, name), FEATURE_CODE)
    for code, queue in s.transfer_codes:
        yield from _bad_text(f"code of queue {queue!r}", code, FEATURE_CODE)
        yield from _bad_text("queue", queue, WORD)
    for name in ("module_dir", "data_dir", "prompts_dir", "music_dir", "run_dir", "messages_dir", "spoken_dir"):
        yield from _bad_text(name, str(getattr(s, name) or "/none"), PATH)
    yield from _bad_addresses(s)
    yield from _bad_numbers(s)
    yield from _bad_load(s)
    yield from _bad_sets(s)


def _bad_addresses(s: AsteriskSettings) -> Iterator[str]:
    yield from _bad_address("bind address", s.bind_address)
    yield from _bad_address("AGI host", s.agi_host)
    if s.media_address is not None:
        yield from _bad_address("media address", s.media_address)
    elif s.bind_address in EVERY_ADDRESS:
        yield "media address must be named when SIP binds to every address: say where callers shall send voice to"


def _bad_numbers(s: AsteriskSettings) -> Iterator[str]:
    bounds = {
        "sip_port": (1, 65535),
        "rtp_start": (1, 65535),
        "rtp_end": (s.rtp_start, 65535),
        "ami_port": (1, 65535),
        "agi_port": (1, 65535),
        "ring_s": (1, 600),
        "fallback_after_s": (0, 3600),
        "qualify_s": (0, 86400),
        "max_calls": (1, 100_000),
        "max_new_per_s": (0, 10_000),
        "max_files": (256, 1_048_576),
        "outside_ring_s": (1, 600),
        "callback_ring_s": (1, 600),
        "message_max_s": (1, 3600),
        "message_silence_s": (1, 60),
    }
    for name, (low, high) in bounds.items():
        value = getattr(s, name)
        if type(value) is not int or not low <= value <= high:
            yield f"{name} is {value!r}: a whole number from {low} to {high} is allowed"


def _bad_load(s: AsteriskSettings) -> Iterator[str]:
    if not 0 <= s.max_load <= 1000:
        yield f"max_load is {s.max_load!r}: 0 to 1000 is allowed"


def _bad_sets(s: AsteriskSettings) -> Iterator[str]:
    names = {
        "trunk name": [t.name for t in s.trunks],
        "number": [s.hotline_number, *(x.number for x in s.seats)],
        "feature code": [
            *(getattr(s.feature_codes, name) for name in FEATURE_CODES),
            *(code for code, _ in s.transfer_codes),
        ],
    }
    for what, values in names.items():
        for value in sorted({v for v in values if values.count(v) > 1}):
            yield f"{what} {value!r} is used more than once: each needs its own"
    if not s.trunks:
        yield "no trunk is named: nobody could call"
    socket = f"{s.run_dir}/asterisk.ctl"
    if len(socket.encode()) > SOCKET_PATH_MAX:
        yield f"run_dir {str(s.run_dir)!r} is too long for a socket: at most {SOCKET_PATH_MAX - 13} bytes"


def _bad_text(name: str, value: str, allowed: re.Pattern[str], secret: bool = False) -> Iterator[str]:
    if not isinstance(value, str) or not allowed.fullmatch(value):
        shown = "" if secret else f" {value!r}"
        yield f"{name}{shown} holds something that must not be written: {allowed.pattern} is allowed"


def _bad_host(name: str, value: str) -> Iterator[str]:
    host, _, port = value.rpartition(":")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        yield f"{name} {value!r}: write an IPv6 address in brackets"
    yield from _bad_address(name, host.removeprefix("[").removesuffix("]"))
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port):
        yield f"{name} {value!r} has no port: write ADDRESS:PORT"


def _bad_address(name: str, value: str, network: bool = False) -> Iterator[str]:
    try:
        if "%" in value:  # an IPv6 zone may hold any text
            raise ValueError
        if network:
            ipaddress.ip_network(value, strict=False)
        else:
            ipaddress.ip_address(value)
    except (ValueError, TypeError):
        yield f"{name} {value!r} is not an IP address"
