"""Commands for flows: checked, tested, tried and drawn without a telephone.

Owns what an operator types for it; must not do the work itself. Contract: docs/flows.md.
"""

from pathlib import Path
from typing import Annotated

import typer

from jietong.cli_words import leave, piece

flow = typer.Typer(help="Flows: the menus that callers meet.", no_args_is_help=True)
OwnFolder = Annotated[
    Path | None, typer.Option("--flows", metavar="FOLDER", help="Your own flows; left out: the shipped ones.")
]
Language = Annotated[str, typer.Option("--language", help="zh-CN or en.")]
Name = Annotated[str, typer.Argument(metavar="FLOW")]
PIECE = "jietong.processes.flows"


@flow.command("check")
def _check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Your own flows; left out: the site's.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Site file.")] = None,
) -> None:
    """Tells every mistake at once, each with file and line."""
    leave(piece(PIECE, "check")(folder, config))


@flow.command("test")
def _test(
    files: Annotated[list[Path] | None, typer.Argument(metavar="STORY.txt ...")] = None, folder: OwnFolder = None
) -> None:
    """Plays stories of callers: keys in, prompts and end out."""
    leave(piece(PIECE, "test")(folder, files or []))


@flow.command("try")
def _try(
    name: Name = "hotline",
    folder: OwnFolder = None,
    language: Language = "zh-CN",
    caller: Annotated[
        list[str] | None, typer.Option("--caller", metavar="NAME=VALUE", help="Such as tier=vip or age=70.")
    ] = None,
) -> None:
    """Runs a flow in the terminal: you type keys."""
    leave(piece(PIECE, "try_out")(name, folder, language, caller or []))


@flow.command("draw")
def _draw(
    name: Name = "hotline",
    folder: OwnFolder = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.svg", help="Left out: the terminal.")] = None,
    language: Language = "zh-CN",
) -> None:
    """Draws a flow as SVG."""
    leave(piece(PIECE, "draw")(name, folder, out, language))
