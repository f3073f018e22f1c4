"""`python -m jietong.provision asterisk|tools|postgres|all [--check]`: makes sure that the programs are there.

Owns the command line of provisioning. `--check` only looks: exit code 1 when something is missing.
"""

import signal
import sys
from collections.abc import Callable

from jietong.provision import programs
from jietong.provision.private_copy import ProvisionError
from jietong.provision.programs import Program

_WANTED: dict[str, tuple[tuple[Callable[[], Program | None], Callable[[], Program]], ...]] = {
    "asterisk": ((programs.find_asterisk, programs.ensure_asterisk),),
    "tools": (
        (programs.find_sipp, programs.ensure_sipp),
        (programs.find_prometheus, programs.ensure_prometheus),
        (programs.find_promtool, programs.ensure_promtool),
    ),
    "postgres": ((programs.find_postgres, programs.ensure_postgres),),
}
_WANTED["all"] = _WANTED["asterisk"] + _WANTED["tools"] + _WANTED["postgres"]


def main(args: list[str]) -> int:
    """Provisions what is named; returns the exit code."""
    names = [arg for arg in args if not arg.startswith("-")]
    if len(names) != 1 or names[0] not in _WANTED or set(args) - {*names, "--check"}:
        sys.stderr.write("usage: python -m jietong.provision asterisk|tools|postgres|all [--check]\n")
        return 2
    try:
        for find, ensure in _WANTED[names[0]]:
            if "--check" in args:
                if find() is None:
                    sys.stderr.write(f"jietong: {find.__name__.removeprefix('find_')} is missing\n")
                    return 1
            else:
                ensure()
    except ProvisionError as error:
        sys.stderr.write(f"jietong: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the next run starts over\n")
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends apt too, and takes away what is half made
    sys.exit(main(sys.argv[1:]))
