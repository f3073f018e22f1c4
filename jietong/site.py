"""The site file's shape: what an operator may configure, with defaults and bounds.

Owns names, types, defaults and cross-checks of the TOML site file; must not read files nor know who uses a value.
Contract: design.md section 5. Lengths of time are seconds.
"""

import ipaddress
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator, model_validator

from jietong.site_admission import Admission
from jietong.site_leaving import Callback, Outside, Voicemail
from jietong.site_probe import Probe
from jietong.site_prompts import Prompts
from jietong.site_records import Records
from jietong.site_values import (
    DATABASE_URL,
    HOST_AND_PORT,
    PLAIN_TEXT,
    STORE_URL,
    FeatureCode,
    Language,
    Number,
    Pin,
    Port,
    Secret,
    Table,
    Word,
)


class Hotline(Table):
    """The number that customers dial."""

    number: Number
    """What customers dial."""
    language: Language = "zh-CN"
    """What callers hear first; the other one is offered by a key."""
    queue: Word = "hotline"
    """Where callers wait whose menu choice names no queue."""
    default_tier: Word = "ordinary"
    """Of callers who are not in the customer table."""
    hours: Word | None = None
    """Schedule of the hotline's own queue; left out: always open."""
    timezone: str = "Asia/Shanghai"
    """Of the hours and days in records and metrics."""
    flows: str | None = None
    """Folder of your own flows (docs/flows.md), beside the site file; each replaces the shipped one of its name."""
    announce_agent: bool = True
    """Whether callers hear the number of the agent who has picked up, before they talk."""
    whisper: bool = True
    """Whether agents hear who calls (tier, service or queue, language) when they have picked up, before they talk."""
    survey: bool = False
    """Whether callers are asked to rate the talk when the agent has hung up."""

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
    """How logs and configuration call it."""
    match: Annotated[list[str], Field(min_length=1)]
    """IP addresses or networks that may send calls; everyone else is refused."""
    host: Annotated[str | None, StringConstraints(pattern=HOST_AND_PORT)] = None
    """Where calls are sent to: address and port, such as 192.0.2.1:5060; left out: none are. The first trunk that has one is used."""
    caller_id: Number | None = None
    """What the carrier is told as our number; left out: the hotline's."""

    @field_validator("match")
    @classmethod
    def _addresses(cls, match: list[str]) -> list[str]:
        for address in match:
            try:
                network = ipaddress.ip_network("zone" if "%" in address else address, strict=False)
            except ValueError:
                raise ValueError(f"{address!r} is not an IP address or network such as 192.0.2.0/24") from None
            if network.prefixlen == 0:
                raise ValueError(f"{address!r} would let the whole world in: name the carrier's addresses")
        return match


class Tier(Table):
    """A level of customer. The order of the tables in the file is the order of priority, first first."""

    answer_within_s: Annotated[float, Field(gt=0, le=7200)] = 20
    """Target: seconds from entering the queue to the agent's answer."""
    goal: Annotated[float, Field(gt=0, le=1)] = 0.90
    """Share of calls that shall be answered within the target."""


class Routing(Table):
    """How calls and agents meet."""

    vip_reserve: Annotated[int, Field(ge=0, le=1000)] = 1
    """Idle dedicated seats that other tiers leave free."""
    ring_s: Annotated[int, Field(ge=2, le=120)] = 8
    """How long a seat rings before the caller is offered to the next one."""
    wrap_up_s: Annotated[float, Field(ge=0, le=3600)] = 10
    """After-call work: how long an agent gets no call after one ended."""
    reject_pause_s: Annotated[float, Field(ge=0, le=3600)] = 10
    """How long an agent who declined a call gets none; it ends by itself."""
    wrap_up_max_s: Annotated[float, Field(ge=0, le=7200)] = 120
    """How long after-call work can be extended to, from the end of the call."""
    missed_pause_s: Annotated[float, Field(ge=0, le=3600)] = 0
    """How long an agent who let a call ring in vain gets none; 0: until the agent says ready."""
    age_ratio: Annotated[float, Field(ge=0, le=1000)] = 3.0
    """A caller who has waited this many times the tier's target competes by deadline with higher tiers; 0 never."""
    representative_s: Annotated[float, Field(ge=0, le=120)] = 5.0
    """How long a caller waits for its own agent, if that one is at work but busy, before anyone may answer; 0 not at all."""
    first_contact_days: Annotated[int, Field(ge=0, le=3650)] = 7
    """How long the agent who talked to a caller last counts as its own agent (a named representative comes first); 0 not at all."""


class Seat(Table):
    """A position with one SIP device."""

    number: Number
    """SIP user name of the device, and what the router rings."""
    password: Annotated[Secret | None, Field(repr=False)] = None
    """SIP password; left out: generated at first start and kept in DIR/data/accounts.json."""
    dedicated_to: list[Word] = []
    """Tiers that the seat is kept for; left out: serves everyone."""
    auto_login: bool = False
    """Whether an agent of the same number is ready as soon as the device registers."""
    auto_answer: bool = False
    """Whether the phone is asked to answer by itself (headers Call-Info and Alert-Info)."""


ServiceName = Literal["consultation", "business", "query", "cancel", "complaint", "person"]
CustomerClass = Literal["household", "personal_business", "large_enterprise", "small_enterprise", "government"]
Skills = dict[Word, Annotated[int, Field(ge=1, le=5)]]


class OverflowStep(Table):
    """One step of a queue's overflow recipe: exactly one condition and exactly one operation."""

    after_s: Annotated[float | None, Field(ge=0, le=7200)] = None
    """Condition: so many seconds after the caller entered the queue."""
    left_s: Annotated[float | None, Field(ge=0, le=7200)] = None
    """Condition: so many seconds before the tier's target is missed."""
    predicted_s: Annotated[float | None, Field(ge=0, le=7200)] = None
    """Condition: the estimated wait is longer than that, at entry or when another step is due."""
    ahead: Annotated[int | None, Field(ge=1, le=100_000)] = None
    """Condition: at least so many callers of the queue are before it, at entry or when another step is due."""
    tiers: list[Word] = []
    """Whose callers the step is for; left out: all."""
    relax: Skills = {}
    """Operation: lowers the level that a skill is required at by so much; at 0 the skill is required no more."""
    add_queue: Word | None = None
    """Operation: agents of that queue may answer too."""
    supervisors: bool = False
    """Operation: agents with `supervisor` may answer too."""
    ring_seats: Annotated[int | None, Field(ge=2, le=4)] = None
    """Operation: rings so many idle seats at once; the first to answer has the call."""
    outside: Number | None = None
    """Operation: the call goes to that listed number outside."""
    callback: bool = False
    """Operation: the caller is offered to be called back."""
    voicemail: bool = False
    """Operation: the caller leaves a message."""


class Queue(Table):
    """A waiting line beside the hotline's own, or the hotline's own with a weight or required skills."""

    name: Word
    """What `[services.*]` and agents call it."""
    code: FeatureCode | None = None
    """What an agent transfers a caller to, or dials, to reach this queue; left out: it cannot be dialled."""
    hours: Word | None = None
    """Schedule; left out: always open."""
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0
    """Divides the tier's target when callers of one tier are put in order: with 2 a deadline comes in half the time."""
    requires: Skills = {}
    """Skills that an agent must have, with the least level (1 to 5)."""
    overflow: list[OverflowStep] = []
    """What is done while a caller waits, step by step."""


class Service(Table):
    """Where a choice of the menu leads."""

    queue: Word | None = None
    """Left out: the hotline's own queue."""
    requires: Skills = {}
    """Skills that such a call requires beside its queue's."""


class Requirement(Table):
    """What calls of one language, or of one class of customers, require."""

    requires: Skills = {}
    """Skills that such a call requires beside its queue's and its service's."""


class Agent(Table):
    """A person who logs in at a seat with number and PIN."""

    number: Number
    """What the agent types to log in."""
    name: Annotated[str, StringConstraints(pattern=PLAIN_TEXT)] = ""
    """For people; the router never reads it."""
    pin: Annotated[Pin | None, Field(repr=False)] = None
    """Left out: generated at first start and kept in DIR/data/accounts.json."""
    skills: Skills = {}
    """What the agent can do, each with a level from 1 to 5."""
    queues: list[Word] = []
    """Queues that the agent serves; left out: all."""
    supervisor: bool = False
    """Serves only the queues it lists, if any, and callers whose recipe came to `supervisors`."""


class Network(Table):
    """Addresses and ports. A port base from the command line replaces all ports."""

    bind: str = "127.0.0.1"
    """Address that SIP and voice listen on; 0.0.0.0 is every address and needs media_address."""
    media_address: str | None = None
    """What callers and seats are told to send voice to; left out: bind."""
    sip_port: Port = 5060
    """SIP over UDP."""
    agi_port: Port = 4573
    """FastAGI, on the loopback."""
    ami_port: Port = 5038
    """Asterisk's manager interface, on the loopback."""
    http_port: Port = 8080
    """/metrics and /healthz."""
    rtp_start: Port = 10000
    """First voice port (UDP)."""
    rtp_end: Port = 19999
    """Last voice port (UDP)."""
    qualify_s: Annotated[int, Field(ge=0, le=3600)] = 30
    """How often a seat's device is asked whether it lives; 0 never."""

    @field_validator("bind", "media_address")
    @classmethod
    def _address(cls, address: str | None) -> str | None:
        if address is not None:
            try:
                ipaddress.ip_address("zone" if "%" in address else address)
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

    url: Annotated[Annotated[str, StringConstraints(pattern=STORE_URL)] | None, Field(repr=False)] = None
    """redis://, rediss:// or unix:// URL of a server that is run elsewhere."""
    journal_entries: Annotated[int, Field(ge=50_000, le=100_000_000)] = 1_000_000
    """Length of the journal, about; a call makes some 15 entries of some 500 bytes in the server's memory."""


class RouterProcesses(Table):
    """Processes that can decide; one does, the others stand by."""

    standbys: Annotated[int, Field(ge=0, le=4)] = 1
    """How many wait to take over when the one that decides dies."""
    fallback_after_s: Annotated[int, Field(ge=0, le=3600)] = 10
    """After so many seconds without any router Asterisk's own queue serves the callers; 0 never."""


class Database(Table):
    """SQL database by SQLAlchemy URL. Left out: SQLite under the site's folder."""

    url: Annotated[Annotated[str, StringConstraints(pattern=DATABASE_URL)] | None, Field(repr=False)] = None
    """sqlite:// or postgresql:// URL."""


class Agi(Table):
    """FastAGI workers: processes, and calls at once in each."""

    workers: Annotated[int, Field(ge=1, le=32)] = 2
    """Worker processes; they share one port."""
    calls_per_worker: Annotated[int, Field(ge=1, le=2000)] = 250
    """Menus that one worker plays at once; more callers than that wait in the default queue."""


class Hours(Table):
    """A schedule: spans such as "08:30-12:00" for each kind of day; one whose end is not after its start runs past midnight."""

    working_days: list[str] = ["00:00-24:00"]
    """Monday to Friday but no public holiday, and make-up working days."""
    weekends: list[str] = ["00:00-24:00"]
    """Saturday and Sunday, unless worked for a holiday."""
    holidays: list[str] = ["00:00-24:00"]
    """Public holidays and days off that belong to them."""
    then_queue: Word | None = None
    """Where callers wait who come outside these hours, whatever the hours of that queue."""
    then: Literal["goodbye", "voicemail"] = "goodbye"
    """Without then_queue: callers who come outside these hours are told, and the call ends or they leave a message."""


class HolidayCalendar(Table):
    """Which days are public holidays."""

    country: Literal["CN", ""] = "CN"
    """Whose public holidays and make-up working days count; empty: none but those of the file."""
    file: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None
    """Operator's own dates, beside the site file or with a whole path; read again when it changes."""


class Announcements(Table):
    """What waiting callers are told."""

    every_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """Place in the line and expected wait, at queue entry and then this often; 0 never."""


class FeatureCodes(Table):
    """What an agent dials at a seat."""

    log_in: FeatureCode = "*71"
    log_out: FeatureCode = "*72"
    pause: FeatureCode = "*73"
    ready: FeatureCode = "*74"
    extend: FeatureCode = "*75"


class Site(Table):
    """A whole site file."""

    hotline: Hotline
    trunks: Annotated[list[Trunk], Field(min_length=1)]
    tiers: dict[Word, Tier] = {"vip": Tier(answer_within_s=10, goal=0.95), "ordinary": Tier()}
    routing: Routing = Routing()
    seats: list[Seat] = []
    agents: list[Agent] = []
    queues: list[Queue] = []
    services: dict[ServiceName, Service] = {}
    languages: dict[Language, Requirement] = {}
    classes: dict[CustomerClass, Requirement] = {}
    network: Network = Network()
    store: Store = Store()
    router: RouterProcesses = RouterProcesses()
    database: Database = Database()
    agi: Agi = Agi()
    admission: Admission = Admission()
    feature_codes: FeatureCodes = FeatureCodes()
    announcements: Announcements = Announcements()
    hours: dict[Word, Hours] = {}
    calendar: HolidayCalendar = HolidayCalendar()
    prompts: Prompts = Prompts()
    outside: Outside = Outside()
    voicemail: Voicemail = Voicemail()
    records: Records = Records()
    callback: Callback | None = None
    probe: Probe | None = None
