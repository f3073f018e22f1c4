"""A private copy is made by the real apt and dpkg, from a small archive in a folder: nothing is downloaded."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from jietong.provision.private_copy import COMPLETE, Copy, ProvisionError, make_private_copy, published
from jietong.provision.sources import Source, parse_one_line, places

MACHINE = os.uname().machine


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/jietong"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A Debian archive with testing only: `bell` needs `clapper`; `cracked` is not the package it says it is."""
    root = tmp_path / "mirror/debian"
    packages = [
        a_package(root, tmp_path, "bell", "1:2.0-1", "clapper (>= 1)"),
        a_package(root, tmp_path, "clapper", "1.5"),
        a_package(root, tmp_path, "cracked", "1.0"),
    ]
    (root / "pool/cracked_1.0_all.deb").write_bytes(b"something else of the same name")
    a_suite(root, "forky", "\n".join(packages))
    return root


def a_package(root: Path, tmp_path: Path, name: str, version: str, depends: str = "") -> str:
    """Builds a package that holds /usr/bin/NAME; returns its stanza for the list of packages."""
    tree = tmp_path / "trees" / name
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin" / name).write_text(f"#!/bin/sh\necho {version}\n")
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: nobody <nobody@example>\n"
    control += f"Depends: {depends}\n" if depends else ""
    control += f"Description: {name}\n"
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(control)
    file = root / "pool" / f"{name}_{version.split(':', maxsplit=1)[-1]}_all.deb"
    file.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, file], check=True, stdout=subprocess.DEVNULL)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{control}Filename: pool/{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"


def a_suite(root: Path, suite: str, packages: str) -> None:
    """Writes the lists of one suite for every kind of machine."""
    lines = []
    for machine in ("amd64", "arm64"):
        file = root / "dists" / suite / f"main/binary-{machine}/Packages"
        file.parent.mkdir(parents=True)
        file.write_text(packages)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        lines.append(f" {digest} {file.stat().st_size} main/binary-{machine}/Packages")
    release = f"Suite: {suite}\nCodename: {suite}\nDate: Mon, 23 Nov 2026 00:00:00 UTC\nArchitectures: amd64 arm64\nComponents: main\n"
    (root / "dists" / suite / "Release").write_text(release + "SHA256:\n" + "\n".join(lines) + "\n")


def where(archive: Path) -> list[list[Source]]:
    """The places of a machine that is set up for an older Debian, from this archive."""
    return places(parse_one_line(f"deb [trusted=yes] file:{archive} bookworm main"))


def make(
    archive: Path, packages: tuple[str, ...] = ("bell",), works: Callable[[Path], bool] = lambda _: True
) -> tuple[Path, str]:
    """Makes the copy called `tower`; returns its folder and what was printed."""
    out = io.StringIO()
    return make_private_copy(Copy("tower", packages, works), where(archive), Console(file=out)), out.getvalue()


def test_a_copy_holds_the_package_and_what_it_needs(archive: Path, cache: Path) -> None:
    """The whole closure is unpacked into a folder named by version and machine, and nothing else stays behind."""
    folder, printed = make(archive)
    assert folder == cache / f"tower_1-2.0-1_{MACHINE}" == published("tower")
    assert (folder / "usr/bin/bell").read_text() == "#!/bin/sh\necho 1:2.0-1\n"
    assert (folder / "usr/bin/clapper").exists()
    assert (folder / COMPLETE).read_text() == "bell 1-2.0-1\n"
    assert sorted(entry.name for entry in cache.iterdir()) == [".tower.lock", folder.name]
    assert "tower: fetching bell into" in printed


def test_a_second_time_nothing_is_fetched(archive: Path) -> None:
    """With a copy that works, no network is asked and nothing printed."""
    folder, _ = make(archive)
    archive.rename(archive.parent / "gone")
    assert make(archive) == (folder, "")


def test_unstable_when_testing_lacks_the_package(archive: Path, tmp_path: Path) -> None:
    """A package that testing has just lost comes from unstable."""
    a_suite(archive, "sid", a_package(archive, tmp_path, "organ", "3"))
    folder, _ = make(archive, ("organ",))
    assert (folder / "usr/bin/organ").exists()


@pytest.mark.parametrize("packages", [("nobody-has-this",), ("bell", "nobody-has-this"), ("cracked",)])
def test_what_cannot_be_downloaded(archive: Path, cache: Path, packages: tuple[str, ...]) -> None:
    """A package that is missing, or is not what the archive promised, gives one line and no folder."""
    with pytest.raises(ProvisionError, match=r"the download failed: [EW]: ") as failure:
        make(archive, packages)
    assert len(str(failure.value).splitlines()) == 1
    assert [entry.name for entry in cache.iterdir()] == [".tower.lock"]


def test_no_archive_at_all(tmp_path: Path) -> None:
    """An archive that is not there is told with apt's own words."""
    with pytest.raises(ProvisionError, match="the download failed: "):
        make(tmp_path / "nothing/debian")


def test_a_copy_that_does_not_run_is_not_published(archive: Path, cache: Path) -> None:
    """What was unpacked is tried first; if it does not run here, nothing is left that a later start would trust."""
    with pytest.raises(ProvisionError, match=r"package bell 1-2\.0-1 does not run here, or is too old"):
        make(archive, works=lambda _: False)
    assert published("tower") is None
    assert [entry.name for entry in cache.iterdir()] == [".tower.lock"]


def test_a_copy_that_was_damaged_is_replaced(archive: Path) -> None:
    """A published copy that no longer runs is made again in the same place."""
    folder, _ = make(archive)
    (folder / "usr/bin/bell").unlink()
    again, _ = make(archive, works=lambda root: (root / "usr/bin/bell").exists())
    assert again == folder
    assert (folder / "usr/bin/bell").exists()


def test_two_at_once(archive: Path) -> None:
    """Two starts at the same moment: one builds, the other waits and takes the result."""
    results: list[tuple[Path, str]] = []
    threads = [threading.Thread(target=lambda: results.append(make(archive))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({folder for folder, _ in results}) == 1
    assert sorted(bool(printed) for _, printed in results) == [False, True]


@pytest.mark.parametrize(("number", "leaves"), [(signal.SIGKILL, True), (signal.SIGINT, False)])
def test_interrupted_then_run_again(
    archive: Path, cache: Path, tmp_path: Path, number: signal.Signals, leaves: bool
) -> None:
    """Killed in the middle, nothing is published; the next run takes the leftovers away and does it all."""
    script = tmp_path / "stuck.py"
    script.write_text(
        textwrap.dedent(f"""
        import signal, sys, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from pathlib import Path
        from tests.adapters.test_provision_copy import make
        def stuck(root):
            print("unpacked", flush=True)
            time.sleep(60)
        make(Path({str(archive)!r}), works=stuck)
        """)
    )
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "unpacked\n"
        child.send_signal(number)
        started = time.monotonic()
        child.wait(20)
    assert time.monotonic() - started < 10
    assert published("tower") is None
    assert any(".building." in entry.name for entry in cache.iterdir()) is leaves
    folder, _ = make(archive)
    assert sorted(entry.name for entry in cache.iterdir()) == [".tower.lock", folder.name]
