"""Which Asterisk, SIPp and Prometheus are taken, and what the operator reads when there is none."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jietong.provision import __main__ as command
from jietong.provision import programs
from jietong.provision.private_copy import COMPLETE, ProvisionError, cache_folder, published
from jietong.provision.programs import Program

MACHINE = os.uname().machine
FINDERS = (programs.find_asterisk, programs.find_sipp, programs.find_prometheus, programs.find_promtool)


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing on PATH, nothing in the cache, no package source, no system-wide Asterisk."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(programs, "read_sources", list)
    monkeypatch.setattr(programs, "_MODULE_FOLDERS", (str(tmp_path / "modules"),))
    _forget()
    yield
    _forget()


def _forget() -> None:
    for find in FINDERS:
        find.cache_clear()


def a_program(file: Path, says: str, code: int = 0) -> Path:
    """A script that prints `says` whatever it is asked."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'#!/bin/sh\necho "{says}"\nexit {code}\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def all_modules(folder: Path) -> None:
    """An empty file for each module that our configuration loads."""
    folder.mkdir()
    for module in programs.needed_modules():
        (folder / module).touch()


def a_copy(cache: Path, name: str, version: str, machine: str = MACHINE) -> Path:
    """A finished private copy without anything in it."""
    root = cache / "jietong" / f"{name}_{version}_{machine}"
    root.mkdir(parents=True)
    (root / COMPLETE).touch()
    return root


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Asterisk 20.0.0", "20.0.0"),
        ("Asterisk 22.10.1~dfsg+~cs6.17", "22.10.1"),
        ("Asterisk certified/20.7-cert3", "20.7"),
        ("Asterisk 19.8.1", None),
        ("Asterisk 9.1", None),
        ("Asterisk GIT-master", None),
        ("", None),
    ],
)
def test_asterisk_on_path_is_taken_when_new_enough(tmp_path: Path, says: str, version: str | None) -> None:
    """The system's own Asterisk serves from version 20 on; an older or nameless one is passed over."""
    file = a_program(tmp_path / "bin/asterisk", says)
    all_modules(tmp_path / "modules")
    expected = None if version is None else Program("asterisk", (str(file),), None, version)
    assert programs.find_asterisk() == expected


def test_asterisk_on_path_without_a_module_is_passed_over(tmp_path: Path) -> None:
    """An Asterisk built without one of the modules we load cannot run the hotline."""
    a_program(tmp_path / "bin/asterisk", "Asterisk 22.1.0")
    all_modules(tmp_path / "modules")
    (tmp_path / "modules/res_agi.so").unlink()
    assert programs.find_asterisk() is None


def test_the_modules_asked_for_are_those_that_are_loaded() -> None:
    """What an Asterisk must have is read from our own modules.conf."""
    modules = programs.needed_modules()
    assert {"app_dial.so", "res_agi.so", "chan_pjsip.so"} <= set(modules)
    assert all(re.fullmatch(r"[a-z0-9_]+\.so", module) for module in modules)


@pytest.mark.parametrize(
    ("find", "name", "says", "version"),
    [
        (programs.find_sipp, "sipp", " SIPp v3.6.1-SCTP-PCAP-RTPSTREAM.", "3.6.1"),
        (programs.find_prometheus, "prometheus", "prometheus, version 2.42.0+ds", "2.42.0"),
        (programs.find_promtool, "promtool", "promtool, version 3.5.3", "3.5.3"),
    ],
)
def test_a_test_tool_on_path(tmp_path: Path, find: programs.Finder, name: str, says: str, version: str) -> None:
    """A tool that tells its version is used as it is, whatever its exit code; a silent one is not."""
    file = a_program(tmp_path / "bin" / name, says, code=99)
    assert find() == Program(name, (str(file),), None, version)
    find.cache_clear()
    a_program(file, "")
    assert find() is None


def test_a_copy_without_a_loader_is_not_used(tmp_path: Path) -> None:
    """A private copy that lacks a part is as good as none."""
    a_copy(tmp_path / "cache", "asterisk", "22")
    assert programs.find_asterisk() is None


def test_a_copy_for_another_machine_is_not_used(tmp_path: Path) -> None:
    """A home folder shared by two kinds of machine keeps a copy for each."""
    a_copy(tmp_path / "cache", "tools", "1", machine="vax")
    assert published("tools") is None
    mine = a_copy(tmp_path / "cache", "tools", "1")
    assert published("tools") == mine


def test_an_unfinished_copy_is_not_used(tmp_path: Path) -> None:
    """A folder that was not published whole does not count; of two finished ones the newer does."""
    (tmp_path / f"cache/jietong/asterisk_23_{MACHINE}").mkdir(parents=True)
    older, newer = (a_copy(tmp_path / "cache", "asterisk", version) for version in ("22.9", "22.10"))
    os.utime(older / COMPLETE, (1, 1))
    assert published("asterisk") == newer


@pytest.mark.parametrize(("value", "is_used"), [("/var/cache/somebody", True), ("relative/folder", False), ("", False)])
def test_cache_folder(monkeypatch: pytest.MonkeyPatch, value: str, is_used: bool) -> None:
    """XDG_CACHE_HOME counts only as an absolute path, as its specification says."""
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache_folder() == (Path(value) if is_used else Path.home() / ".cache") / "jietong"


@pytest.mark.parametrize(
    ("ensure", "words"),
    [
        (programs.ensure_asterisk, ("Asterisk is missing", "apt-get install asterisk", "20 or newer", "docker/")),
        (programs.ensure_sipp, ("SIPp or Prometheus is missing", "apt-get install prometheus sip-tester")),
    ],
)
def test_nothing_there_and_nowhere_to_fetch_it(ensure: programs.Ensurer, words: tuple[str, ...]) -> None:
    """One message says what is missing, why, and what to install."""
    with pytest.raises(ProvisionError) as failure:
        ensure(progress=False)
    message = str(failure.value)
    assert all(word in message for word in (*words, "no package source")), message
    assert len(message.splitlines()) == 2


def test_command_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--check` only looks; a failure is one message and exit code 1; a wrong word is exit code 2."""
    assert command.main(["asterisk", "--check"]) == 1
    assert capfd.readouterr().err == "jietong: asterisk is missing\n"
    assert command.main(["asterisk"]) == 1
    err = capfd.readouterr().err
    assert err.startswith("jietong: Asterisk is missing") and "Traceback" not in err
    for wrong in ([], ["sipp"], ["asterisk", "--force"], ["asterisk", "tools"]):
        assert command.main(wrong) == 2
    a_program(tmp_path / "bin/asterisk", "Asterisk 22.1.0")
    all_modules(tmp_path / "modules")
    _forget()
    assert command.main(["asterisk", "--check"]) == 0


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that cannot be made is named, with the variable that moves it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ProvisionError, match=r"cannot write .*file.*XDG_CACHE_HOME"):
        programs.ensure_asterisk(progress=False)
