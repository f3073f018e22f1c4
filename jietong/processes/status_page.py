"""The status of a running site, as its metrics process tells it.

Owns where and how it is asked for. Must not show it. Contract: metrics/status.py has its shape.
"""

import json
import urllib.request
from typing import Any

from jietong.running import RunningSite


def status_page(site: RunningSite, within_s: float) -> dict[str, Any]:
    """What the site says of itself now; raises OSError, http.client.HTTPException or ValueError when it says nothing in time."""
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # a proxy of the shell's is not for this machine
    with direct.open(status_url(site), timeout=within_s) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def status_url(site: RunningSite) -> str:
    """Where it is asked for."""
    bind = site.site.network.bind
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{site.ports.http}/status"
