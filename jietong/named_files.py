"""What a site file names beside itself, its calendar, flows and recordings, and how each is called in a backup.

Owns these names. Must not write or unpack an archive. Rules: docs/operations.md.
What lies in the site file's own folder keeps its name, so that a restored site runs as it is; the rest gets a name of ours, and the operator is told.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jietong.site import Site

SITE_FILE = "site.toml"


@dataclass(frozen=True, slots=True)
class Named:
    """A key of the site file that names a file or folder; `called` is its name in a backup when it lies elsewhere."""

    table: str
    key: str
    called: str
    inside: tuple[str, ...] = ()  # patterns of the files of a folder

    def beside(self, site_file: bytes) -> str | None:
        """Its name in the folder of a site file with these bytes; None when it lies elsewhere, or isn't named."""
        try:
            named = tomllib.loads(site_file.decode("utf-8-sig"))[self.table][self.key]
        except (ValueError, KeyError, TypeError):
            return None
        is_beside = isinstance(named, str) and "/" not in named and not named.startswith(".") and named != SITE_FILE
        return named if is_beside else None

    def in_backup(self, site_file: bytes) -> str:
        """What it is called in a backup of a site file with these bytes."""
        return self.beside(site_file) or self.called

    def files(self, site: Site) -> Iterator[tuple[str, Path]]:
        """The files that are there now: name below `in_backup` (empty for the file itself), path. Hidden ones are left out."""
        value = getattr(getattr(site, self.table), self.key)
        if not value:
            return
        path = Path(value)
        if path.is_file() and not self.inside:
            yield "", path
        for pattern in self.inside:
            for file in sorted(path.glob(pattern)):
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
                    yield f"/{file.relative_to(path)}", file


CALENDAR = Named("calendar", "file", "calendar.toml")
FLOWS = Named("hotline", "flows", "flows", ("*.toml", "stories/*.txt"))
RECORDINGS = Named("prompts", "folder", "recordings", ("*/*",))
ALL = (CALENDAR, FLOWS, RECORDINGS)
