"""Writes Asterisk's configuration for one site from the templates beside this file.

Owns which files exist, where they lie and who may read them; must not start anything nor know the site file.
Every value is checked twice: by name in settings.py, and again by `_written` on its way into a file.
"""

import ipaddress
import os
import re
from pathlib import Path

import jinja2

from asterisk_conf import names
from asterisk_conf.settings import AsteriskSettings, UnsafeSetting, unsafe_settings
from asterisk_conf.static_queues import static_queues_of

TEMPLATES = Path(__file__).parent / "templates"
LOOK_S = 4.7  # a waiting caller looks so often whether any router is there; each look costs Asterisk some 0.1 ms. No round number: routers' orders come at those
SECRET_FILES = frozenset({"manager.conf", "pjsip.conf"})
# The second form is an IPv6 address as `_host` writes it, where a port follows
_WRITABLE = re.compile(r"([\w.~!@%+=/:*-]([\w .~!@%+=/:*-]*[\w.~!@%+=/:*-])?)?|(agi://)?\[[0-9a-fA-F:.]+\](:[0-9]+)?")


def conf_file(folder: Path) -> Path:
    """The file that `asterisk -C` takes, for a site rendered into `folder`."""
    return folder / "etc" / "asterisk" / "asterisk.conf"


def render(settings: AsteriskSettings, folder: Path) -> None:
    """Writes `folder`/etc/asterisk/*.conf and makes the folders Asterisk needs (lib, spool, logs, run_dir).

    Files are replaced whole; those that hold secrets have mode 0600. raises UnsafeSetting that lists every value which must not
    be written; nothing is written then.
    """
    wrong = list(unsafe_settings(settings))
    folder = folder.absolute()
    try:
        texts = {} if wrong else _texts(settings, folder)
    except UnsafeSetting as error:
        wrong.append(str(error))
    if wrong:
        raise UnsafeSetting("; ".join(wrong))
    etc = conf_file(folder).parent
    private = (*_folders(folder), settings.run_dir)
    for path in (etc, *private):
        path.mkdir(parents=True, exist_ok=True)
    for path in private:  # the control socket obeys whoever reaches it; logs and registrations hold numbers of people
        path.chmod(0o700)
    for name, text in texts.items():
        _replace(etc / name, text, 0o600 if name in SECRET_FILES else 0o644)


def _texts(settings: AsteriskSettings, folder: Path) -> dict[str, str]:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        finalize=_written,
        variable_start_string="«",  # so that a dialplan variable is written ${«NAME»}
        variable_end_string="»",
        autoescape=False,  # noqa: S701  not HTML: `_written` is the guard
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = {key: value for key, value in vars(names).items() if key.isupper()}
    values = {
        "static_queues": static_queues_of(settings),
        "look_s": min(LOOK_S, settings.fallback_after_s) or LOOK_S,
        "site": settings,
        "folder": folder,
        "permitted": [_network(a) for trunk in settings.trunks for a in trunk.match],
        "seat_patterns": sorted({"_" + "X" * len(seat.number) for seat in settings.seats}),
        "auto_answering": [seat.number for seat in settings.seats if seat.auto_answer],
        "trunk": settings.outgoing[0] if settings.outgoing else "",
        "trunk_host": settings.outgoing[1].host if settings.outgoing else "",
        "trunk_caller_id": (settings.outgoing[1].caller_id if settings.outgoing else "") or settings.hotline_number,
        "bind": _host(settings.bind_address),
        "prompt_folders": settings.prompts_dir,
        "prompts": settings.prompts_dir / settings.language,
        "other_language": "en" if settings.language != "en" else "zh-CN",
        "agi": f"agi://{_host(settings.agi_host)}:{settings.agi_port}",
        **words,
    }
    return {
        name.removesuffix(".j2"): environment.get_template(name).render(values)
        for name in sorted(environment.list_templates(extensions=["j2"]))
    }


def _written(value: object) -> str:
    """The last guard: what a template writes holds no line end, comment, section, variable or argument separator."""
    text = str(value)
    if isinstance(value, bool) or value is None or not _WRITABLE.fullmatch(text):
        # only the kind is told: the value may be a secret
        raise UnsafeSetting(f"a {type(value).__name__} holds a character that must not be written into a file")
    return text


def _folders(folder: Path) -> list[Path]:
    return [folder / name for name in ("lib", "lib/keys", "spool", "logs")]


def _network(address: str) -> str:
    return str(ipaddress.ip_network(address, strict=False))


def _host(address: str) -> str:
    """The address as it stands before a port: IPv6 in brackets."""
    return address if ipaddress.ip_address(address).version == 4 else f"[{address}]"


def _replace(path: Path, text: str, mode: int) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
