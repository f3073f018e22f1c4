"""Where this machine gets its packages from, read from apt's own configuration in all its forms."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jietong.provision.sources import SUITES, Source, parse_deb822, parse_one_line, places, read_sources

MIRROR = "http://mirror.example/debian"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"

ONE_LINE = [
    ("deb http://mirror.example/debian bookworm main", [Source(MIRROR, "bookworm")]),
    (
        "deb http://mirror.example/debian bookworm main contrib # ours",
        [Source(MIRROR, "bookworm", "", ("main", "contrib"))],
    ),
    (f"deb [signed-by={KEYS}] {MIRROR} trixie main", [Source(MIRROR, "trixie", KEYS)]),
    (
        f"deb [ arch=amd64,arm64  signed-by={KEYS} trusted=yes ] {MIRROR} sid main",
        [Source(MIRROR, "sid", KEYS, ("main",), True)],
    ),
    (f"deb [signed-by=0123ABCD] {MIRROR} sid main", [Source(MIRROR, "sid")]),
    ("\tdeb\thttp://mirror.example/debian\tbookworm\tmain", [Source(MIRROR, "bookworm")]),
    ("deb-src http://mirror.example/debian bookworm main", []),
    ("# deb http://mirror.example/debian bookworm main", []),
    ("deb http://mirror.example/debian", []),
    (
        "deb [signed-by=/no/end http://mirror.example/debian bookworm main",
        [],
    ),
    ("", []),
]


@pytest.mark.parametrize(("line", "sources"), ONE_LINE)
def test_one_line_form(line: str, sources: list[Source]) -> None:
    """A line of sources.list says where packages come from, or is passed over."""
    assert parse_one_line(line) == sources


def test_deb822_every_uri_with_every_suite() -> None:
    """A stanza with two URIs and two suites is four sources, with its key file."""
    found = parse_deb822(
        "Types: deb deb-src\n# a comment\nURIs: http://a.example/debian http://b.example/debian\n"
        f"Suites: bookworm\n bookworm-updates\nComponents: main contrib\nSigned-By: {KEYS}\n"
    )
    assert [(source.uri[7], source.suite) for source in found] == [
        ("a", "bookworm"),
        ("a", "bookworm-updates"),
        ("b", "bookworm"),
        ("b", "bookworm-updates"),
    ]
    assert {(source.signed_by, source.components) for source in found} == {(KEYS, ("main", "contrib"))}


@pytest.mark.parametrize(
    "stanza",
    [
        f"Types: deb-src\nURIs: {MIRROR}\nSuites: sid\nComponents: main",
        f"Types: deb\nEnabled: no\nURIs: {MIRROR}\nSuites: sid\nComponents: main",
        f"Types: deb\nURIs: {MIRROR}\nComponents: main",
        "Types: deb\nSuites: sid",
        "nothing that apt would know",
        " \n \n\n",
    ],
)
def test_deb822_stanza_that_gives_nothing(stanza: str) -> None:
    """A stanza that is switched off, for sources only, or broken is passed over."""
    assert parse_deb822(stanza) == []


def test_deb822_with_keys_inside() -> None:
    """Keys written into the stanza are no key file; the fields after them still count."""
    text = (
        f"Types: deb\nURIs: {MIRROR}\nSuites: sid\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n"
        " -----END PGP PUBLIC KEY BLOCK-----\nComponents: main\nTrusted: yes\n"
    )
    assert parse_deb822(text) == [Source(MIRROR, "sid", "", ("main",), True)]


def test_files_are_read_by_their_kind(tmp_path: Path) -> None:
    """sources.list, *.list and *.sources count; other files, folders and broken bytes do not stop the reading."""
    parts = tmp_path / "sources.list.d"
    (parts / "folder.list").mkdir(parents=True)
    (tmp_path / "sources.list").write_text(f"deb {MIRROR} one main\n")
    (parts / "a.list").write_bytes(b"\xff\xfe broken\n" + f"deb {MIRROR} two main\n".encode())
    (parts / "b.sources").write_text(f"Types: deb\nURIs: {MIRROR}\nSuites: three\nComponents: main\n")
    (parts / "c.list.disabled").write_text(f"deb {MIRROR} four main\n")
    assert [source.suite for source in read_sources(tmp_path)] == ["one", "two", "three"]


def test_no_apt_folder(tmp_path: Path) -> None:
    """A machine without apt has no sources, and no place to look."""
    assert read_sources(tmp_path / "missing") == []
    assert places([]) == []


@pytest.mark.parametrize(
    "source",
    [
        Source(MIRROR, "bookworm"),
        Source("https://mirror.example/debian/", "trixie", KEYS, ("main", "contrib")),
        Source("mirror+file:///etc/apt/mirrors/debian.list", "bookworm"),
        Source("file:/srv/mirror", "trixie", KEYS),
    ],
)
def test_debian_machine_looks_in_testing_first(source: Source) -> None:
    """On Debian, whatever its release and mirror, Asterisk comes from testing, else from unstable or backports, main only."""
    found = places([source])
    assert [[line.suite for line in place] for place in found] == [[suite] for suite in SUITES]
    assert {(place[0].uri, place[0].signed_by, place[0].components) for place in found} == {
        (source.uri, source.signed_by, ("main",))
    }


@pytest.mark.parametrize(
    "source",
    [
        Source("http://mirror.example/debian-security", "bookworm-security", KEYS),
        Source("http://security.example/debian", "bookworm/updates", KEYS),
        Source("https://packages.example/node", "nodistro"),
        Source("https://packages.example/debian", "stable", "", ("nightly",)),
        Source("cdrom:[Debian GNU/Linux 12]/debian", "bookworm"),
    ],
)
def test_not_the_main_archive(source: Source) -> None:
    """Security updates, other projects' packages and a disc are no place to look."""
    assert places([source]) == []


def test_ubuntu_machine_keeps_to_its_own_release() -> None:
    """On Ubuntu all its own lines are one place; what others provide is left out."""
    own = [
        Source("http://archive.example/ubuntu/", "noble", "", ("main", "universe")),
        Source("http://ports.example/ubuntu-ports", "noble-security", "", ("main", "universe")),
    ]
    assert places([*own, Source("https://other.example/apt", "noble")]) == [own]


def test_line_for_our_own_list(tmp_path: Path) -> None:
    """The line repeats key file and trust of the machine; a key file that is gone is not named."""
    key = tmp_path / "key.gpg"
    key.touch()
    lost = Source("http://a.example/ubuntu", "noble", str(tmp_path / "lost.gpg"), ("main", "universe"))
    kept = Source("http://a.example/ubuntu", "noble", str(key), ("main",), True)
    assert lost.line() == "deb http://a.example/ubuntu noble main universe"
    assert Source("file:/srv/ubuntu", "noble").line() == "deb copy:/srv/ubuntu noble main"
    assert kept.line() == f"deb [signed-by={key} trusted=yes] http://a.example/ubuntu noble main"


@given(st.text())
def test_any_text_is_read_without_a_crash(text: str) -> None:
    """Whatever a broken file holds, reading it gives sources or nothing."""
    for source in parse_one_line(text) + parse_deb822(text):
        assert source.uri and source.suite
        assert "\n" not in source.line()
