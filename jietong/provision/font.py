"""A font with Chinese characters, for pictures: Debian's package, unpacked in the user's cache without root.

Owns which package it is and where in it the font lies. Must not know who draws.
"""

from pathlib import Path

from rich.console import Console

from jietong.provision.private_copy import Copy, ProvisionError, make_private_copy
from jietong.provision.sources import places, read_sources

PACKAGE = "fonts-wqy-microhei"  # the smallest with simplified characters that Debian and Ubuntu both have: 2 MB
FAMILY = "WenQuanYi Micro Hei"
_FILE = Path("usr/share/fonts/truetype/wqy/wqy-microhei.ttc")


def ensure_font(progress: bool = True) -> Path:
    """The font's file, fetched if need be; raises ProvisionError with the way out."""
    console = Console(stderr=True, quiet=not progress, highlight=False)
    wanted = Copy("font", (PACKAGE,), lambda root: (root / _FILE).is_file())
    try:
        return make_private_copy(wanted, places(read_sources()), console) / _FILE
    except ProvisionError as error:
        raise ProvisionError(
            f"no font here has Chinese characters, and none could be fetched: {error}\nWay out: as root, apt-get install {PACKAGE}, "
            "and remove matplotlib's font cache; or run this once with a network on Debian."
        ) from error
