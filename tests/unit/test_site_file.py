"""The site file as an operator meets it: every mistake at once, with its place and the way out."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jietong.site import Site
from jietong.site_file import SiteFileError, load_site, site_of
from tests.builders_site import A_SITE_FILE


def mistakes_of(text: str | bytes) -> list[str]:
    """The lines that an operator reads for this file."""
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(SiteFileError) as caught:
        site_of(content, "site.toml")
    return caught.value.mistakes


def test_a_complete_file_becomes_a_site() -> None:
    """An operator's complete file is taken as written."""
    site = site_of(A_SITE_FILE.encode(), "site.toml")
    assert site.hotline.number == "10010"
    assert list(site.tiers) == ["vip", "ordinary"]
    assert site.seats[1].dedicated_to == ["vip"]


def test_all_mistakes_at_once_each_with_its_line() -> None:
    """An operator who made five mistakes reads five lines, in the order of the file."""
    text = """[hotline]
number = "10010"
language = "zh-cn"
[[trunks]]
name = "carrier"
match = ["127.0.0.1"]
[routing]
ring_seconds = 8
wrap_up_s = -1
[[seats]]
number = "1001"
[[seats]]
number = "1001"
dedicated_to = [
  "vip",
  "vpi",
]
"""
    assert mistakes_of(text) == [
        'site.toml:3: hotline.language: \'zh-cn\' is not allowed; did you mean zh-CN?; allowed: "zh-CN" or "en"',
        "site.toml:8: routing.ring_seconds: unknown key; did you mean ring_s? (allowed: age_ratio, first_contact_days, missed_pause_s, reject_pause_s, representative_s, ring_s, vip_reserve, wrap_up_max_s, wrap_up_s)",
        "site.toml:9: routing.wrap_up_s: -1 is not allowed; allowed: a number from 0 to 3600",
        "site.toml:13: seats[1].number: '1001' is already the number of seats[0]: each needs its own",
        "site.toml:16: seats[1].dedicated_to[1]: no tier 'vpi'; did you mean vip? (allowed: vip, ordinary)",
    ]


HEAD = '[hotline]\nnumber="10010"\n[[trunks]]\nname="carrier"\nmatch=["127.0.0.1"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["site.toml:1: hotline: is missing", "site.toml:1: trunks: is missing"]),
        ("[hotline\nnumber", ["site.toml:1:9: not TOML: "]),
        (HEAD + "[routing]\nring_s=3\nring_s=4\n", ["site.toml:8:9: not TOML: cannot overwrite a value"]),
        (
            HEAD + '[routing]\nring_s="8"\n',
            ["routing.ring_s: '8' is not allowed; allowed: a whole number from 2 to 120"],
        ),
        (HEAD + "[routing]\nring_s=true\n", ["routing.ring_s: true is not allowed"]),
        (HEAD + "[routing]\nwrap_up_s=nan\n", ["routing.wrap_up_s: nan is not allowed"]),
        (HEAD + "seats=3\n", ["trunks[0].seats: unknown key"]),
        ("seats=3\n" + HEAD, ["site.toml:1: seats: 3 is not allowed; allowed: an array of tables"]),
        (HEAD + "[tiers]\n", ["tiers: names no tier"]),
        (HEAD + "[tiers.gold]\n", ["hotline.default_tier: no tier 'ordinary'"]),
        (HEAD + '[tiers."G ld"]\n[tiers.ordinary]\n', ['tiers."G ld": "G ld" is no name for a tier; allowed: small']),
        (
            HEAD + "[tiers.ordinary]\ngoal=2\n",
            ["site.toml:7: tiers.ordinary.goal: 2 is not allowed; allowed: a number above 0"],
        ),
        (HEAD + '[[seats]]\nnumber="10010"\n', ["seats[0].number: '10010' is the hotline's own number"]),
        (
            HEAD + '[feature_codes]\npause="*71"\n',
            ["site.toml:7: feature_codes.pause: '*71' is already the code of log_in"],
        ),
        (HEAD + "[network]\nagi_port=8080\n", ["network.http_port: port 8080 is already agi_port"]),
        (HEAD + "[network]\nsip_port=10500\n", ["network.sip_port: port 10500 lies among the voice ports"]),
        (HEAD + "[admission]\nmax_calls=2501\n", ["admission.max_calls: 2501 callers need 10004 voice ports"]),
        (HEAD + "[network]\nrtp_end=10001\n", ["network: rtp_end must be at least 10 above rtp_start"]),
        (HEAD + '[network]\nbind="0.0.0.0"\n', ["network.bind: '0.0.0.0' listens on every address"]),
        (HEAD + '[network]\nbind="here"\n', ["network.bind: 'here' is not an IP address"]),
        (HEAD + "[hotline]\n", ["not TOML: cannot declare"]),
        (
            HEAD + '[[trunks]]\nname="b"\nmatch=["127.0.0.0/8"]\n',
            ["trunks[1].match[0]: '127.0.0.0/8' overlaps '127.0.0.1' of"],
        ),
        (
            HEAD + '[[trunks]]\nname="carrier"\nmatch=["::1"]\n',
            ["trunks[1].name: 'carrier' is already the name of trunks[0]"],
        ),
        (
            HEAD + '[[queues]]\nname="b"\ncode="*81"\n[probe]\nnumber="10010"\ntransfer_to="*82"\nbetween=["9:00-8"]\n',
            ["probe.number: '10010' is the hotline's own number", "no queue has the code '*82'", "probe.between: "],
        ),
        (HEAD + '[[trunks]]\nname="b"\nmatch=["0.0.0.0/0"]\n', ["would let the whole world in", "overlaps"]),
        (
            HEAD + '[[agents]]\nnumber="1"\n',
            ["agents[0].number: '1' is not allowed; allowed: 2 to 15 digits, in quotes"],
        ),
        (HEAD + "[hotlines]\n", ["site.toml:6: hotlines: unknown key; did you mean hotline?"]),
        (HEAD + '[tiers]\n"a\\nb" = 1\n', ["hotline.default_tier: no tier 'ordinary' (allowed: a\\nb)"]),
        (HEAD + '"\\u001b[2J" = 1\n', ['trunks[0]."\\x1b[2J": unknown key']),
        ("x = " + "[" * 5000, ["nested too deeply"]),
        ("x = " + "[" * 3000 + "]" * 3000, ["nested too deeply"]),
        ("x = " + "1" * 5000, ["too many digits"]),
        ("x = '\0'", ["site.toml:1:6: not TOML: found invalid character '\\x00'"]),
        (b"[hotline]\nnumber = '\xff\xfe'\n", ["site.toml:2: is not UTF-8 text"]),
        (b"#" * 10_000_000, ["is larger than"]),
    ],
)
def test_a_mistake_names_its_place_and_what_is_allowed(text: str | bytes, expected: list[str]) -> None:
    """An operator learns where the mistake is, what it is and what would be right."""
    found = mistakes_of(text)
    for part in expected:
        assert any(part in line for line in found), found


@pytest.mark.parametrize(
    "line",
    [
        'password = "s3cret pass"',
        'password = ["s3cret pass"]',
        'password = {a = "s3cret pass"}',
        'pin = "s3cret pass"',
        'passwort = "s3cret pass"',
    ],
)
@pytest.mark.parametrize("table", ["[[seats]]", "[[agents]]", "[store]", "[hotline]\nnumber='10010'"])
def test_a_secret_never_shows_in_a_message(table: str, line: str) -> None:
    """An operator may paste the error into a chat: no password or PIN is in it."""
    assert "s3cret" not in "\n".join(mistakes_of(f"{table}\n{line}\n"))


def test_a_secret_in_a_url_never_shows() -> None:
    """A database or Redis password in a mistyped URL stays out of the message."""
    text = "\n".join(mistakes_of(HEAD + '[store]\nurl="redsi://:s3cret@h"\n[database]\nurl="mysql://u:s3cret@h/d"\n'))
    assert "s3cret" not in text
    assert "redis://" in text


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """An operator who names a missing file, a folder or an impossible name reads which and why."""
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "a\0b", tmp_path / ("n" * 300)):
        with pytest.raises(SiteFileError) as caught:
            load_site(path)
        assert len(caught.value.mistakes) == 1


@given(st.binary(max_size=300))
def test_any_bytes_give_a_site_or_mistakes(content: bytes) -> None:
    """Whatever file is named, the answer is a site or a list of mistakes."""
    _never_another_exception(content)


SNIPPETS = [line.encode() for line in A_SITE_FILE.splitlines(keepends=True)] + [
    b'"""', b"'''", b"[[", b"]]", b"{a=", b"}", b"=", b"\r\n", b"\\", b"#", b'"', b"\n", b".", b"a.b.c = [1, {d = 2}]\n",
    b"x = 1979-05-27T07:32:00Z\n", b"inf", b"'\xe4\xb8\xad'", b"[tiers.'a b']\n", b'match = [\n  "10.0.0.1", # one\n  "10.0.0.2",\n]\n',
]  # fmt: skip


@settings(max_examples=120)
@given(st.lists(st.sampled_from(SNIPPETS), max_size=40))
def test_shuffled_lines_of_a_real_file_give_a_site_or_mistakes(parts: list[bytes]) -> None:
    """A file whose lines were torn apart is refused with places, not with a traceback."""
    _never_another_exception(b"".join(parts))


KEYS = [
    "hotline", "trunks", "tiers", "routing", "seats", "agents", "network", "store", "database", "agi", "feature_codes", "number",
    "match", "dedicated_to", "password", "pin", "name", "ring_s", "goal", "url", "bind", "sip_port", "rtp_end", "log_in",
    "default_tier", "timezone", "vip", "ordinary", "'é'", '"\\n"', '""',
]  # fmt: skip
VALUES = [
    "1", "-1", "8.5", "nan", "-inf", "true", '"10010"', '"127.0.0.1"', '"::/0"', '"fe80::1%eth0"', '"vip"', '"*71"', '"s3cret-s3cret"',
    '""', "1979-05-27", "07:32:00", "0x1F", "99999999999999999999", '"../etc/passwd"', '"A\\u0000B"', '"é"', '["vip"]', "[[1]]", "{}",
]  # fmt: skip
values = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=120)
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=8))
def test_any_value_at_any_key_gives_a_site_or_mistakes(table: dict[str, str]) -> None:
    """A table where a number belongs, a date as a password, a list of lists: always a place and a reason."""
    _never_another_exception("".join(f"{key} = {value}\n" for key, value in table.items()).encode())


def _never_another_exception(content: bytes) -> None:
    try:
        site: Site | None = site_of(content, "site.toml")
        mistakes = []
    except SiteFileError as error:
        site, mistakes = None, error.mistakes
    assert (site is None) == bool(mistakes)
    assert all(line.startswith("site.toml:") and "\n" not in line for line in mistakes)


@pytest.mark.parametrize(
    ("more", "mistake"),
    [
        (
            '[[agents]]\nnumber = "8001"\nqueues = ["biling"]\n[[queues]]\nname = "billing"',
            "no queue 'biling'; did you mean billing? (allowed: hotline, billing)",
        ),
        ('[services.query]\nqueue = "none"', "no queue 'none'"),
        ('[services.chat]\nqueue = "hotline"', "services.chat"),
        (
            '[[queues]]\nname = "billing"\nrequires = { billing = 3 }\n[[agents]]\nnumber = "8001"\nskills = { billing = 2 }',
            "no agent has 'billing' at level 3: the best has level 2",
        ),
        ("[services.query]\nrequires = { english = 1 }", "no agent has 'english' at level 1: nobody has it"),
        ("[languages.en]\nrequires = { english = 1 }", "no agent has 'english' at level 1: nobody has it"),
        ("[classes.government]\nrequires = { contracts = 1 }", "no agent has 'contracts' at level 1: nobody has it"),
        ("[languages.fr]\nrequires = {}", "languages.fr"),
        ("[classes.goverment]\nrequires = {}", "classes.goverment"),
        ('[[agents]]\nnumber = "8001"\nskills = { billing = 6 }', "allowed: a whole number from 1 to 5"),
        ('[[queues]]\nname = "billing"\nweight = 0', "queues[0].weight"),
        ('[[queues]]\nname = "a"\n[[queues]]\nname = "a"', "'a' is already the name of queues[0]"),
    ],
)
def test_queues_and_skills_that_cannot_work(more: str, mistake: str) -> None:
    """A queue that nobody knows, a skill that nobody has, a level out of range: said with the place, before anything starts."""
    found = mistakes_of(f'[hotline]\nnumber = "10010"\n[[trunks]]\nname = "t"\nmatch = ["127.0.0.1"]\n{more}\n')
    assert len(found) == 1 and mistake in found[0], found


def test_what_is_no_site_file_is_said_at_once(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a device and a folder: one line each, and no waiting."""
    os.mkfifo(tmp_path / "fifo")
    for path, why in (
        (tmp_path / "fifo", "no regular file"),
        (Path("/dev/zero"), "no regular file"),
        (tmp_path, "a folder"),
    ):
        with pytest.raises(SiteFileError) as refused:
            load_site(path)
        assert len(refused.value.mistakes) == 1 and f"{path}: is {why}" in refused.value.mistakes[0]
