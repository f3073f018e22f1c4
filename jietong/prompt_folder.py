"""The folder that Asterisk plays prompts from: the shipped ones, with the operator's recordings laid over them.

Owns that folder in DIR/run and its change while the site runs. Must not judge a recording (recordings.py does).
Rules: a recording is played as it was when it was checked, whatever happens to the operator's file meanwhile.
"""

import shutil
import tempfile
from pathlib import Path

from jietong.recordings import LANGUAGES, SHIPPED, Recording, read_recordings
from jietong.running import RunningSite
from jietong.site_file import SiteFileError

FOLDER = "prompts"


def prompts_of(site: RunningSite) -> Path:
    """Where the site's prompts are: DIR/run/prompts when it names recordings, else where the program has them."""
    return site.layout.run / FOLDER if site.site.prompts.folder is not None else SHIPPED


def prepare_prompts(site: RunningSite) -> None:
    """Lays the site's recordings over the shipped prompts; raises SiteFileError with every mistake in them, and changes nothing then."""
    if site.site.prompts.folder is None:
        return
    recordings, mistakes = read_recordings(Path(site.site.prompts.folder))
    if mistakes:
        raise SiteFileError(mistakes)
    lay_over(recordings, site.layout.run)


def lay_over(recordings: list[Recording], run_folder: Path) -> Path:
    """Makes DIR/run/prompts anew and returns it; a call that is being played something hears the end of it."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{FOLDER}-", dir=run_folder))
    fresh.chmod(0o755)
    own = {(recording.language, recording.name) for recording in recordings}
    for language in LANGUAGES:
        (fresh / language).mkdir()
        for path in (SHIPPED / language).glob("*.wav"):
            if (language, path.stem) not in own:
                (fresh / language / path.name).symlink_to(path)
    for recording in recordings:
        (fresh / recording.language / recording.path.name).write_bytes(recording.content)
    link = run_folder / FOLDER
    beside = fresh / "link"
    beside.symlink_to(fresh.name)
    beside.replace(link)  # at once: there is always a folder
    for old in set(run_folder.glob(f"{FOLDER}-*")) - {fresh}:
        shutil.rmtree(old, ignore_errors=True)
    return link
