"""What every command of the terminal shares: its options, how it calls its piece, how it ends.

Owns these words. Must not know a command. Contract: design.md section 5; jietong/exit_codes.py.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from jietong import exit_codes

Var = Annotated[Path, typer.Option("--var", metavar="DIR", help="Folder that holds all state of the site.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
FullNumbers = Annotated[bool, typer.Option("--full-numbers", help="Callers' numbers unmasked.")]
VAR = Path("var")


def piece(module: str, name: str) -> Callable[..., Any]:
    """Returns function `name` of `module`, wrapped so that an expected error is one line and exit code 1."""
    try:
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        fail(f"this installation is incomplete: {error}")

    def guarded(*arguments: object) -> Any:
        from jietong.running import NoRunningSite

        try:
            return function(*arguments)
        except (NoRunningSite, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            fail(str(error))

    return guarded


def folder(var: Path) -> Path:
    return var.expanduser().absolute()


def fail(text: str) -> NoReturn:
    typer.echo(f"jietong: {text}", err=True)
    raise typer.Exit(exit_codes.FAILED)


def leave(code: int | None) -> NoReturn:
    raise typer.Exit(code or 0)
