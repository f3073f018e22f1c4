"""What is written into Asterisk's configuration, and what never is."""

import dataclasses
import re
import socket
import stat
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_conf import check, names
from asterisk_conf.render import TEMPLATES, conf_file, render
from asterisk_conf.settings import (
    AsteriskSettings,
    FeatureCodeSettings,
    SeatSettings,
    TrunkSettings,
    UnsafeSetting,
    unsafe_settings,
)
from routing.adapters.asterisk_words import KINDS

CONTEXTS = ("ENTER", "MENU", "WAITING", "CONNECT", "AFTER_CALL", "REFUSED", "FALLBACK", "FEATURES")


def a_site(**changes: object) -> AsteriskSettings:
    """A valid site with these changes."""
    site = AsteriskSettings(
        hotline_number="10010",
        trunks=(TrunkSettings("carrier", ("127.0.0.1",)),),
        seats=(SeatSettings("1001", "password-1001"), SeatSettings("19011", "password-1901")),
        sip_port=5060,
        rtp_start=10000,
        rtp_end=19999,
        ami_port=5038,
        ami_user="router",
        ami_secret="ami-secret-0",
        agi_port=4573,
        module_dir=Path("/usr/lib/asterisk/modules"),
        data_dir=Path("/usr/share/asterisk"),
        prompts_dir=Path("/opt/接通/prompts"),
        music_dir=Path("/opt/接通/music"),
        run_dir=Path("/tmp/jt-unit"),
    )
    return dataclasses.replace(site, **changes)  # type: ignore[arg-type]


def written(tmp_path: Path, **changes: object) -> dict[str, str]:
    """The rendered files by name."""
    render(a_site(run_dir=tmp_path / "run", **changes), tmp_path)
    return {path.name: path.read_text(encoding="utf-8") for path in conf_file(tmp_path).parent.iterdir()}


def test_every_template_becomes_a_file_with_absolute_folders(tmp_path: Path) -> None:
    """An operator finds every file under the site's folder, and no folder of the system is written to."""
    files = written(tmp_path)
    assert set(files) == {path.name.removesuffix(".j2") for path in TEMPLATES.iterdir()}
    for line in files["asterisk.conf"].splitlines():
        if line.startswith(
            ("astvarlib", "astdb", "astkey", "astspool", "astlog", "astcache", "astagi", "astetc", "astrun")
        ):
            assert f"=> {tmp_path}/" in line
    assert "[directories]\n" in files["asterisk.conf"]  # with (!) behind it all folders would be ignored
    assert not [text for text in files.values() if "«" in text or "{%" in text]


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    """Nobody else on the machine reads passwords or reaches Asterisk's control socket."""
    files = written(tmp_path)
    for name, text in files.items():
        mode = stat.S_IMODE((conf_file(tmp_path).parent / name).stat().st_mode)
        has_secret = "password-1001" in text or "ami-secret-0" in text
        assert mode == (0o600 if has_secret else 0o644), name
    for folder in ("run", "logs", "lib", "spool"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    assert "password-1001" not in repr(a_site()) and "ami-secret-0" not in repr(a_site())


def test_rendering_again_replaces(tmp_path: Path) -> None:
    """A changed site is written over the old one and leaves nothing behind."""
    written(tmp_path)
    files = written(tmp_path, seats=(SeatSettings("1002", "password-1002"),))
    assert "[1002](seat)" in files["pjsip.conf"] and "[1001]" not in files["pjsip.conf"]
    assert not [name for name in files if name.startswith(".")]


def test_dialplan_has_the_shared_words(tmp_path: Path) -> None:
    """Dialplan, scripts and router use the same names, and contexts stand in the order of a call."""
    sending = (TrunkSettings("carrier", ("127.0.0.1",), "127.0.0.1:5070"),)
    files = written(
        tmp_path,
        fallback_after_s=10,
        trunks=sending,
        callback_patterns=("13XXXXXXXXX",),
        outside_numbers=("02112345678",),
        max_new_per_s=20,
        survey=True,
        spoken_dir=Path("/srv/spoken"),
        announces_agent=True,
    )
    text, leaving = files["extensions.conf"], files["extensions_leaving.conf"]
    at = [text.index(f"\n[{getattr(names, name)}]") for name in CONTEXTS]
    assert at == sorted(at)
    for value in (
        v
        for k, v in vars(names).items()
        if k.isupper() and k not in ("WORD", "PREPARE_SEAT", "CALLBACK_CHANNEL", "CUSTOMER")
    ):
        assert value in text + leaving
    for name in CONTEXTS:
        above = text[: text.index(f"\n[{getattr(names, name)}]")].splitlines()[-1]
        assert above.startswith(";"), f"{name} has no comment above it"
    assert "exten => _XXXX,1," in text and "exten => _XXXXX,1," in text


@pytest.mark.parametrize(
    ("announces", "whispers", "played"),
    [
        (True, True, "A(/s/whisper/${JT_TIER}+${JT_QUEUE}+${JT_SERVICE}+${JT_LANGUAGE}:/s/agent/${JT_LANGUAGE}/${EXTEN})"),
        (True, False, "A(:/s/agent/${JT_LANGUAGE}/${EXTEN})"),
        (False, True, "A(/s/whisper/${JT_TIER}+${JT_QUEUE}+${JT_SERVICE}+${JT_LANGUAGE})"),
        (False, False, ""),
    ],
)  # fmt: skip
def test_what_both_sides_hear_before_they_talk(tmp_path: Path, announces: bool, whispers: bool, played: str) -> None:
    """Caller and agent are told at once, each its own; a site that wants none of it has none; of several seats nobody knows whose it will be."""
    files = written(tmp_path, spoken_dir=Path("/s"), announces_agent=announces, whispers=whispers)
    dials = [line for line in files["extensions.conf"].splitlines() if "n,Dial(PJSIP/" in line and "gim" in line]
    one, with_agent, several = dials[:3]
    marked = f"b(prepare-seat^told^1){played}" if played else ""
    assert f"gim(jietong){marked})" in one
    assert f"gim(jietong){marked.replace('${EXTEN}', '${EXTEN:5}')})" in with_agent
    assert "gim(jietong))" in several


def test_only_listed_numbers_can_be_dialled(tmp_path: Path) -> None:
    """Toll fraud: outside of what the site lists there is no extension that reaches the trunk, and without a host there is none at all."""
    sending = (TrunkSettings("carrier", ("127.0.0.1",), "127.0.0.1:5070", "02100000000"),)
    files = written(tmp_path, trunks=sending, callback_patterns=("13XXXXXXXXX",), outside_numbers=("02112345678",))
    blocks = files["extensions_leaving.conf"].split("\nexten => ")
    dialling = {block.partition(",")[0] for block in blocks if "@127.0.0.1:5070" in block}
    assert dialling == {"_13XXXXXXXXX", "02112345678"}
    (called_back,) = [block for block in blocks if block.startswith("_13XXXXXXXXX")]
    assert called_back.index("Set(TRANSFER_CONTEXT=nowhere)") < called_back.index("Dial("), (
        "an agent could send on to any such number"
    )
    assert "from_user = 02100000000" in files["pjsip.conf"]
    nowhere = written(tmp_path, callback_patterns=("13XXXXXXXXX",), outside_numbers=("02112345678",))
    assert "Dial(" not in nowhere["extensions_leaving.conf"] and "\nfrom_user" not in nowhere["pjsip.conf"]


@pytest.mark.parametrize("host", ["example.org:5060", "192.0.2.1", "192.0.2.1:x", "192.0.2.1:5060\n[x]", "::1:5060"])
def test_a_trunk_host_that_is_no_address_is_refused(tmp_path: Path, host: str) -> None:
    """Nothing but an address and a port is written where calls go."""
    with pytest.raises(UnsafeSetting, match="host of trunk"):
        written(tmp_path, trunks=(TrunkSettings("carrier", ("127.0.0.1",), host),))


def test_nothing_of_a_caller_in_expressions_or_arguments(tmp_path: Path) -> None:
    """A caller's number appears in the dialplan once: where all but digits is cut from it."""
    text = written(tmp_path)["extensions.conf"]
    code = [line for line in text.splitlines() if not line.startswith(";")]
    assert [line.strip() for line in code if "${CALLERID" in line] == [
        "same => n,Set(CALLERID(num)=${FILTER(0-9+*#,${CALLERID(num)}):0:32})"
    ]
    assert not [line for line in code if "PJSIP_HEADER" in line or "SHELL" in line or "System(" in line]


def test_only_seats_that_shall_answer_by_themselves_are_asked_to(tmp_path: Path) -> None:
    """Each Dial prepares its legs, and only the seat with `auto_answer` gets the headers; without such a seat nothing is prepared."""
    assert "PJSIP_HEADER" not in written(tmp_path)["extensions.conf"]
    seats = (SeatSettings("1001", "password-1001"), SeatSettings("1002", "password-1002", auto_answer=True))
    dialplan = written(tmp_path, seats=seats)["extensions.conf"]
    lines = dialplan.splitlines()
    assert "exten => 1002,1,Goto(answers,1)" in lines and "exten => 1001,1,Goto(answers,1)" not in lines
    offers = dialplan.partition("\n[connect]\n")[2].partition("\n[")[0].splitlines()
    dials = [line for line in offers if "Dial(" in line]
    assert len(dials) == 3 and all(line.endswith("gim(jietong)b(prepare-seat^s^1))") for line in dials)


@pytest.mark.parametrize(
    ("match", "media", "shares"),
    [
        (("127.0.0.1",), None, True),
        (("127.0.0.0/8",), None, True),
        (("192.0.2.7",), None, False),
        (("192.0.2.0/24",), "192.0.2.5", True),
        (("2001:db8::/32",), None, False),
        (("::1",), None, True),
    ],
)
def test_one_address_for_trunk_and_seats_is_noticed(
    match: tuple[str, ...], media: str | None, shares: bool, tmp_path: Path
) -> None:
    """Where an address cannot tell a caller from a seat, the number dialled does; elsewhere the address comes first."""
    files = written(tmp_path, trunks=(TrunkSettings("carrier", match),), media_address=media)
    order = "request_uri,username" if shares else "ip,username"
    assert f"endpoint_identifier_order = {order}\n" in files["pjsip.conf"]
    assert ("permit = " in files["pjsip.conf"]) is shares
    assert (f"match = {match[0]}" in files["pjsip.conf"]) is not shares


@pytest.mark.parametrize(
    ("version", "by_uri", "advanced"),
    [
        ((20, 6), False, False),
        ((20, 8), True, False),
        ((20, 11), True, True),
        ((21, 2), False, False),
        ((22, 0), True, False),
        ((22, 10), True, True),
        ((23, 0), True, True),
    ],
)
def test_files_fit_the_version(version: tuple[int, int], by_uri: bool, advanced: bool, tmp_path: Path) -> None:
    """An older Asterisk gets no option that it does not know."""
    files = written(tmp_path, version=version)
    assert ("match_request_uri" in files["pjsip.conf"]) is by_uri
    assert ("eventfilter(" in files["manager.conf"]) is advanced


@pytest.mark.parametrize("fallback_after_s", [0, 6])
def test_who_waits_can_be_moved_at_any_moment(tmp_path: Path, fallback_after_s: int) -> None:
    """However long a caller waits, an agent that is found in the moment of the look for a router gets a caller, not a dead line: each WaitExten has a step behind it."""
    text = written(tmp_path, fallback_after_s=fallback_after_s)["extensions.conf"]
    steps = [line for line in text.splitlines() if line.startswith(("exten =>", " same =>"))]
    behind = [after for step, after in pairwise(steps) if "WaitExten(" in step]
    assert len(behind) >= 1 and all(after.startswith(" same =>") for after in behind)
    assert "autofallthrough=no" in text


@pytest.mark.parametrize("fallback_after_s", [0, 6])
def test_an_order_that_meets_a_step_of_the_line_is_not_slept_through(tmp_path: Path, fallback_after_s: int) -> None:
    """A seat that is ordered to ring in the very moment of a Goto gets its caller: none of the line's leads to a first step, and between the word that somebody waits and the music there is none."""
    text = written(tmp_path, fallback_after_s=fallback_after_s)["extensions.conf"]
    steps = text.partition("\n[waiting]\n")[2].partition("\n[")[0].splitlines()
    assert not [step for step in steps if "Goto(hold,1)" in step or ",s,1:" in step]
    [told] = [number for number, step in enumerate(steps) if "JtWaiting" in step]
    behind = [step.split(",", 1)[1].partition("(")[0] for step in steps[told + 1 :] if step.startswith(" same =>")]
    assert behind[:2] == ["StartMusicOnHold", "WaitExten"]


@pytest.mark.parametrize("whispers", [True, False])
def test_events_that_are_read_are_made(tmp_path: Path, whispers: bool) -> None:
    """The router hears all that it listens for: no event of those is switched off."""
    text = written(tmp_path, spoken_dir=tmp_path, whispers=whispers)["manager.conf"]
    off = re.search(r"^disabledevents = (.*)$", text, re.MULTILINE)
    assert off is not None
    heard = {*KINDS, "FullyBooted"} - (set() if whispers else {"Newstate"})  # only of seats that are told something
    assert not heard & set(off[1].split(","))


def test_addresses_behind_nat_and_ipv6(tmp_path: Path) -> None:
    """A site that binds everywhere names where voice goes; an IPv6 address is written so that a port can follow."""
    assert (
        "external_signaling_address = 192.0.2.5"
        in written(tmp_path, bind_address="0.0.0.0", media_address="192.0.2.5")["pjsip.conf"]
    )
    with pytest.raises(UnsafeSetting, match="media address must be named"):
        written(tmp_path, bind_address="0.0.0.0")
    files = written(tmp_path, bind_address="::1", agi_host="::1")
    assert "bind = [::1]:5060" in files["pjsip.conf"] and "agi://[::1]:4573/answer_call" in files["extensions.conf"]


WRONG = [
    ({"hotline_number": "10010\nexten => 1"}, "hotline number"),
    ({"hotline_number": "${SHELL(id)}"}, "hotline number"),
    ({"ami_user": "general]\n[x"}, "AMI user"),
    ({"ami_secret": "secret;comment"}, "AMI secret"),
    ({"seats": (SeatSettings("1001", "line\nend-here"),)}, "password of seat '1001'"),
    ({"seats": (SeatSettings("1001](!", "password-1"),)}, "seat number"),
    ({"seats": (SeatSettings("1001", "password-1"), SeatSettings("1001", "password-1"))}, "used more than once"),
    ({"seats": (SeatSettings("10010", "password-1"),)}, "used more than once"),
    ({"trunks": ()}, "no trunk"),
    ({"trunks": (TrunkSettings("a,b", ("127.0.0.1",)),)}, "trunk name"),
    ({"trunks": (TrunkSettings("a", ("example.org",)),)}, "address of trunk"),
    ({"trunks": (TrunkSettings("a", ("fe80::1%a\n[x]",)),)}, "address of trunk"),
    ({"feature_codes": FeatureCodeSettings(log_in="*71,1,System(x)")}, "feature code log_in"),
    ({"feature_codes": FeatureCodeSettings(log_in="*72")}, "used more than once"),
    ({"music_dir": Path("/tmp/a\nb")}, "music_dir"),
    ({"prompts_dir": Path("/tmp/a&b")}, "prompts_dir"),
    ({"prompts_dir": Path("/tmp/a,b")}, "prompts_dir"),
    ({"module_dir": Path("relative")}, "module_dir"),
    ({"run_dir": Path("/tmp/" + "x" * 100)}, "too long for a socket"),
    ({"sip_port": 70000}, "sip_port"),
    ({"ring_s": "8"}, "ring_s"),
    ({"rtp_end": 9999}, "rtp_end"),
    ({"bind_address": "0.0.0.0;"}, "bind address"),
    ({"media_address": "here"}, "media address"),
    ({"language": "../../etc"}, "language"),
]


@pytest.mark.parametrize(("changes", "named"), WRONG)
def test_unsafe_value_is_named_and_nothing_written(changes: dict[str, object], named: str, tmp_path: Path) -> None:
    """An operator's mistake that would change the meaning of a file is named, and no file is touched."""
    with pytest.raises(UnsafeSetting, match=named) as caught:
        render(a_site(**changes), tmp_path)
    assert not conf_file(tmp_path).exists()
    assert "secret;comment" not in str(caught.value) and "end-here" not in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    """An operator sees every wrong value in one go."""
    wrong = list(unsafe_settings(a_site(hotline_number="x", ami_user="", sip_port=0, language="")))
    assert len(wrong) == 4


TEXT_FIELDS = ("hotline_number", "ami_user", "ami_secret", "language", "bind_address", "media_address", "agi_host")
HOSTILE = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["\n", "\r", "\x00", ";", "[", "]", "#exec x", "a\nb", "${EPOCH}", "=>", "\u2028", "..", "%", "\\"]
)


@given(
    field=st.sampled_from(TEXT_FIELDS),
    prefix=st.sampled_from(["", "1", "127.0.0.1", "router", "zh-CN"]),
    hostile=HOSTILE,
)
def test_hostile_text_changes_no_line_structure(field: str, prefix: str, hostile: str) -> None:
    """Whatever text stands in a site file, it is refused or stays one harmless word."""
    settings = a_site(**{field: prefix + hostile})
    if not list(unsafe_settings(settings)):
        value = getattr(settings, field)
        assert not set(value) & set("\n\r\x00;[]{}$#&,()\\\"'<>| \u2028\x85"), value


@given(hostile=HOSTILE, where=st.sampled_from(["music_dir", "prompts_dir", "module_dir", "data_dir", "run_dir"]))
def test_hostile_folder_changes_no_line_structure(hostile: str, where: str) -> None:
    """Whatever a folder is called, it is refused or harmless."""
    settings = a_site(**{where: Path("/x" + hostile)})
    if not list(unsafe_settings(settings)):
        assert not set(str(getattr(settings, where))) & set("\n\r\x00;[]{}$#&,()\\\"'<>|\u2028\x85")


def test_site_folder_itself_is_checked(tmp_path: Path) -> None:
    """A site in a folder whose name would break a file is refused, too."""
    with pytest.raises(UnsafeSetting):
        render(a_site(), tmp_path / "a;b")


def test_machine_whose_name_has_no_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator learns at start that calls would hang on the look-up of the own name."""

    def fails(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    (problem,) = check.host_problems()
    assert socket.gethostname() in problem and "/etc/hosts" in problem
