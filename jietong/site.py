"""The site file's shape: what an operator may configure, with defaults and bounds.

Owns names, types, defaults and cross-checks of the TOML site file; must not read files nor know who uses a value.
Contract: design.md section 5. Lengths of time are seconds.
"""

import ipaddress
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,15}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.~!@%+=-]{8,64}$")]
Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,12}$")]
FeatureCode = Annotated[str, StringConstraints(pattern=r"^\*[0-9]{2,4}$")]
Language = Literal["zh-CN", "en"]
Port = Annotated[int, Field(ge=1, le=65535)]


class Table(BaseModel):
    """One table of the site file: unknown keys are mistakes, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Hotline(Table):
    """The number that customers dial."""

    number: Number
    language: Language = "zh-CN"
    queue: Word = "hotline"  # where callers wait whose menu choice names no queue
    default_tier: Word = "ordinary"  # of callers who are not in the customer table
    timezone: str = "Asia/Shanghai"  # of the hours and days in records and metrics

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {name!r}: use an IANA name such as Asia/Shanghai") from error
        return name


class Trunk(Table):
    """A carrier that may send calls, known by its addresses."""

    name: Word
    match: Annotated[list[str], Field(min_length=1)]

    @field_validator("match")
    @classmethod
    def _addresses(cls, match: list[str]) -> list[str]:
        for address in match:
            try:
                network = ipaddress.ip_network(address, strict=False)
            except ValueError:
                raise ValueError(f"{address!r} is not an IP address or network such as 192.0.2.0/24") from None
            if network.prefixlen == 0:
                raise ValueError(f"{address!r} would let the whole world in: name the carrier's addresses")
        return match


class Tier(Table):
    """A level of customer. The order of the tables in the file is the order of priority, first first."""

    answer_within_s: Annotated[float, Field(gt=0, le=7200)] = 20
    goal: Annotated[float, Field(gt=0, le=1)] = 0.90


class Routing(Table):
    """How calls and agents meet."""

    vip_reserve: Annotated[int, Field(ge=0, le=1000)] = 1  # idle dedicated seats that other tiers leave free
    ring_s: Annotated[int, Field(ge=2, le=120)] = 8
    wrap_up_s: Annotated[float, Field(ge=0, le=3600)] = 10
    reject_pause_s: Annotated[float, Field(ge=0, le=3600)] = 10  # not ready after declining a call, ends by itself


class Seat(Table):
    """A position with one SIP device."""

    number: Number
    password: Secret | None = None  # left out: generated at first start
    dedicated_to: list[Word] = []  # tiers; left out: serves everyone
    auto_login: bool = False


class Agent(Table):
    """A person who logs in at a seat with number and PIN."""

    number: Number
    name: Annotated[str, StringConstraints(max_length=64)] = ""
    pin: Pin | None = None  # left out: generated at first start


class Network(Table):
    """Addresses and ports. A port base from the command line replaces all ports."""

    bind: str = "127.0.0.1"
    media_address: str | None = None  # what callers and seats are told to send voice to; left out: bind
    sip_port: Port = 5060
    agi_port: Port = 4573
    ami_port: Port = 5038
    http_port: Port = 8080
    rtp_start: Port = 10000
    rtp_end: Port = 19999
    qualify_s: Annotated[int, Field(ge=0, le=3600)] = 30  # how often a seat's device is asked whether it lives; 0 never

    @field_validator("bind", "media_address")
    @classmethod
    def _address(cls, address: str | None) -> str | None:
        if address is not None:
            try:
                ipaddress.ip_address(address)
            except ValueError:
                raise ValueError(f"{address!r} is not an IP address") from None
        return address

    @model_validator(mode="after")
    def _rtp_range(self) -> Self:
        if self.rtp_end - self.rtp_start < 10:
            raise ValueError("rtp_end must be at least 10 above rtp_start")
        return self


class Store(Table):
    """Redis or Valkey. Left out: an embedded Valkey under the site's folder."""

    url: Annotated[str, StringConstraints(pattern=r"^(redis|rediss|unix)://")] | None = None


class Database(Table):
    """SQL database by SQLAlchemy URL. Left out: SQLite under the site's folder."""

    url: Annotated[str, StringConstraints(pattern=r"^(sqlite|postgresql)(\+[a-z0-9]+)?://")] | None = None


class Agi(Table):
    """FastAGI workers: processes, and calls at once in each."""

    workers: Annotated[int, Field(ge=1, le=32)] = 2
    calls_per_worker: Annotated[int, Field(ge=1, le=2000)] = 250


class FeatureCodes(Table):
    """What an agent dials at a seat."""

    log_in: FeatureCode = "*71"
    log_out: FeatureCode = "*72"
    pause: FeatureCode = "*73"
    ready: FeatureCode = "*74"


class Site(Table):
    """A whole site file."""

    hotline: Hotline
    trunks: Annotated[list[Trunk], Field(min_length=1)]
    tiers: dict[Word, Tier] = {"vip": Tier(answer_within_s=10, goal=0.95), "ordinary": Tier()}
    routing: Routing = Routing()
    seats: list[Seat] = []
    agents: list[Agent] = []
    network: Network = Network()
    store: Store = Store()
    database: Database = Database()
    agi: Agi = Agi()
    feature_codes: FeatureCodes = FeatureCodes()
