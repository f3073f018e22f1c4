"""The `jietong` command as an operator types it."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jietong import cli
from tests.builders_site import A_SITE_FILE


def test_a_good_file_is_said_to_be_good(tmp_path: Path) -> None:
    """`jietong check` of a file without mistakes ends with 0."""
    path = tmp_path / "site.toml"
    path.write_text(A_SITE_FILE, encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (0, f"{path}: no mistakes (hotline 10010, 2 seats, 2 tiers)\n")


def test_every_mistake_of_a_file_is_listed(tmp_path: Path) -> None:
    """`jietong check` lists all mistakes on stderr and ends with 2."""
    path = tmp_path / "site.toml"
    path.write_text(A_SITE_FILE.replace("ring_s", "rings").replace('"10010"', "10010"), encoding="utf-8")
    result = CliRunner().invoke(cli.app, ["check", str(path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{path}:3: hotline.number: 10010 is not allowed; allowed: 2 to 15 digits, in quotes",
        f"{path}:20: routing.rings: unknown key; did you mean ring_s? (allowed: age_ratio, first_contact_days, missed_pause_s, reject_pause_s, representative_s, ring_s, vip_reserve, wrap_up_max_s, wrap_up_s)",
    ]


@pytest.mark.parametrize(
    "arguments", [["accounts"], ["router"], ["accounts", "--json"]], ids=lambda arguments: " ".join(arguments)
)
def test_a_folder_without_a_running_site_is_named(tmp_path: Path, arguments: list[str]) -> None:
    """An operator in the wrong folder reads one line with the way out, exit code 1."""
    result = CliRunner().invoke(cli.app, [*arguments, "--var", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr == (
        f"jietong: no running site in {tmp_path}: start one with `jietong up --var {tmp_path}`, or name its folder with --var\n"
    )


@pytest.mark.parametrize("arguments", [["upp"], ["up", "--port-base", "x"], ["check"], ["customers"], []])
def test_a_wrong_command_line_ends_with_two(arguments: list[str]) -> None:
    """A typing mistake is a usage error."""
    assert CliRunner().invoke(cli.app, arguments).exit_code == 2


def test_processes_are_not_offered_to_operators() -> None:
    """`jietong --help` shows what an operator needs, not the parts that `up` starts."""
    text = CliRunner().invoke(cli.app, ["--help"]).stdout
    assert "status" in text
    assert "router" not in text


def test_the_command_starts_without_loading_its_pieces() -> None:
    """`jietong --help` answers at once: no database, no Redis client, no checker is loaded for it."""
    code = "import sys, jietong.cli; print([m for m in ('sqlalchemy', 'redis', 'pydantic', 'rich.table') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
