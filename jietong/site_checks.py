"""Mistakes of a site file that no single value shows: doubles, unknown names, ports that collide.

Owns the checks across tables; must not read files. Works on what the file says, so that its mistakes are told beside
those of single values; a value of the wrong type is left to the shape in site.py. Contract: design.md section 5.
"""

import ipaddress
from collections.abc import Iterator
from typing import Any

from jietong.site import FeatureCodes, Hotline, Network, Site
from jietong.site_hours_checks import hours_mistakes
from jietong.site_overflow import mistakes_in_recipes
from jietong.site_raw import Mistake, has, levels, nearest, rows, table_of, texts
from jietong.toml_lines import KeyPath

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  # what to refuse, nothing is bound


def mistakes_across(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Yields every mistake between values of `raw`, a parsed site file whose single values may be wrong as well."""
    yield from _doubles(raw)
    yield from _tiers(raw)
    yield from _queues_and_skills(raw)
    yield from mistakes_in_recipes(raw)
    yield from _trunk_addresses(raw)
    yield from _hotline_number(raw)
    yield from _feature_codes(raw)
    yield from hours_mistakes(raw)
    yield from _ports(raw)
    yield from _places(raw)
    yield from _media_address(raw)
    yield from _probe(raw)


def _doubles(raw: dict[str, Any]) -> Iterator[Mistake]:
    for table, key in (("seats", "number"), ("agents", "number"), ("trunks", "name"), ("queues", "name")):
        first: dict[str, int] = {}
        for index, row in rows(raw, table):
            value = row.get(key)
            if isinstance(value, str) and first.setdefault(value, index) != index:
                yield Mistake(
                    (table, index, key),
                    f"{value!r} is already the {key} of {table}[{first[value]}]: each needs its own",
                )


def _places(raw: dict[str, Any]) -> Iterator[Mistake]:
    network, most = table_of(raw, "network"), table_of(raw, "admission").get("max_calls")
    first, last = (network.get(key, Network.model_fields[key].default) for key in ("rtp_start", "rtp_end"))
    if not (isinstance(most, int) and isinstance(first, int) and isinstance(last, int)):
        return
    if 0 < last - first + 1 < 4 * most:
        yield Mistake(
            ("admission", "max_calls"),
            f"{most} callers need {4 * most} voice ports, rtp_start to rtp_end are {last - first + 1}: allow more ports or fewer callers",
        )


def _tiers(raw: dict[str, Any]) -> Iterator[Mistake]:
    tiers = raw.get("tiers", {name: {} for name in Site.model_fields["tiers"].default})
    if not isinstance(tiers, dict):
        return
    known = list(tiers)
    if not known:
        yield Mistake(("tiers",), "names no tier: add at least one, such as [tiers.ordinary]")
        return
    default = table_of(raw, "hotline").get("default_tier", Hotline.model_fields["default_tier"].default)
    if isinstance(default, str) and default not in tiers:
        place: KeyPath = ("hotline", "default_tier")
        yield Mistake(place, f"no tier {default!r}{nearest(default, known)} (allowed: {', '.join(known)})")
    for index, seat in rows(raw, "seats"):
        for number, tier in texts(seat.get("dedicated_to")):
            if tier not in tiers:
                place = ("seats", index, "dedicated_to", number)
                yield Mistake(place, f"no tier {tier!r}{nearest(tier, known)} (allowed: {', '.join(known)})")


def _queues_and_skills(raw: dict[str, Any]) -> Iterator[Mistake]:
    default = table_of(raw, "hotline").get("queue", Hotline.model_fields["queue"].default)
    known = [name for name in (default, *(row.get("name") for _, row in rows(raw, "queues"))) if isinstance(name, str)]
    places: list[tuple[KeyPath, object]] = [
        (("agents", index, "queues", number), queue)
        for index, agent in rows(raw, "agents")
        for number, queue in texts(agent.get("queues"))
    ]
    services = table_of(raw, "services")
    places += [(("services", name, "queue"), row["queue"]) for name, row in services.items() if has(row, "queue")]
    for place, queue in places:
        if isinstance(queue, str) and queue not in known:
            yield Mistake(place, f"no queue {queue!r}{nearest(queue, known)} (allowed: {', '.join(known)})")
    best: dict[str, int] = {}
    for _, agent in rows(raw, "agents"):
        for skill, level in levels(agent.get("skills")):
            best[skill] = max(level, best.get(skill, 0))
    needs: list[tuple[KeyPath, object]] = [
        (("queues", index, "requires"), queue.get("requires")) for index, queue in rows(raw, "queues")
    ]
    needs += [
        ((table, name, "requires"), row["requires"])
        for table in ("services", "languages", "classes")
        for name, row in table_of(raw, table).items()
        if has(row, "requires")
    ]
    for place, required in needs:
        for skill, level in levels(required):
            if best.get(skill, 0) < level:
                have = (
                    f"the best has level {best[skill]}"
                    if skill in best
                    else f"nobody has it{nearest(skill, list(best))}"
                )
                yield Mistake(
                    (*place, skill), f"no agent has {skill!r} at level {level}: {have}; such calls would wait for ever"
                )


def _trunk_addresses(raw: dict[str, Any]) -> Iterator[Mistake]:
    seen: list[tuple[Any, str, object]] = []
    for index, trunk in rows(raw, "trunks"):
        for number, text in texts(trunk.get("match")):
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                continue
            for other, other_text, name in seen:
                if network.version == other.version and network.overlaps(other):
                    yield Mistake(
                        ("trunks", index, "match", number),
                        f"{text!r} overlaps {other_text!r} of trunk {name!r}: a call could be from either",
                    )
                    break
            seen.append((network, text, trunk.get("name")))


def _hotline_number(raw: dict[str, Any]) -> Iterator[Mistake]:
    hotline = table_of(raw, "hotline").get("number")
    for index, seat in rows(raw, "seats"):
        if isinstance(hotline, str) and seat.get("number") == hotline:
            yield Mistake(("seats", index, "number"), f"{hotline!r} is the hotline's own number: give the seat another")


def _feature_codes(raw: dict[str, Any]) -> Iterator[Mistake]:
    codes = FeatureCodes().model_dump() | table_of(raw, "feature_codes")
    first: dict[str, str] = {}
    for name, code in codes.items():
        if isinstance(code, str) and name in FeatureCodes.model_fields and first.setdefault(code, name) != name:
            yield Mistake(("feature_codes", name), f"{code!r} is already the code of {first[code]}: each needs its own")
    for index, queue in rows(raw, "queues"):
        code, name = queue.get("code"), f"queues[{index}]"
        if isinstance(code, str) and first.setdefault(code, name) != name:
            yield Mistake(
                ("queues", index, "code"), f"{code!r} is already the code of {first[code]}: each needs its own"
            )


def _probe(raw: dict[str, Any]) -> Iterator[Mistake]:
    """The test caller's number is nobody else's, and its transfers lead somewhere."""
    probe = table_of(raw, "probe")
    number, code = probe.get("number"), probe.get("transfer_to")
    if isinstance(number, str):
        of_seat = any(seat.get("number") == number for _, seat in rows(raw, "seats"))
        whose = "the number of a seat" if of_seat else "the hotline's own number"
        if of_seat or table_of(raw, "hotline").get("number") == number:
            yield Mistake(("probe", "number"), f"{number!r} is {whose}: test calls need a number of their own")
    if probe and "server" not in probe and not _is_let_in(raw):
        yield Mistake(
            ("probe",),
            "test calls come from this machine, and no trunk's match has its address: add it there, or name `server`",
        )
    codes = [row["code"] for _, row in rows(raw, "queues") if isinstance(row.get("code"), str)]
    if isinstance(code, str) and code not in codes:
        allowed = f"allowed: {', '.join(codes)}" if codes else "no queue has a code"
        yield Mistake(("probe", "transfer_to"), f"no queue has the code {code!r}{nearest(code, codes)} ({allowed})")


def _is_let_in(raw: dict[str, Any]) -> bool:
    """Whether some trunk has the address from which this machine calls itself; an address that is none is told elsewhere."""
    bind = table_of(raw, "network").get("bind", "127.0.0.1")
    own = "127.0.0.1" if bind in EVERY_ADDRESS else bind
    try:
        address = ipaddress.ip_address(own)
        networks = [
            ipaddress.ip_network(text, strict=False)
            for _, trunk in rows(raw, "trunks")
            for _, text in texts(trunk.get("match"))
        ]
    except (ValueError, TypeError):
        return True
    return any(address in network for network in networks)


def _ports(raw: dict[str, Any]) -> Iterator[Mistake]:
    given = table_of(raw, "network")
    ports = {
        k: v for k, v in (Network().model_dump() | given).items() if isinstance(v, int) and not isinstance(v, bool)
    }
    first: dict[int, str] = {}
    for name in ("agi_port", "ami_port", "http_port"):  # TCP; SIP is UDP and may share a number
        port = ports.get(name)
        if port is not None and first.setdefault(port, name) != name:
            yield Mistake(("network", name), f"port {port} is already {first[port]}: each needs its own")
    if {"sip_port", "rtp_start", "rtp_end"} <= ports.keys() and ports["rtp_start"] <= ports["sip_port"] <= ports[
        "rtp_end"
    ]:
        yield Mistake(
            ("network", "sip_port"),
            f"port {ports['sip_port']} lies among the voice ports {ports['rtp_start']} to {ports['rtp_end']}"
            " (rtp_start to rtp_end): choose one outside",
        )


def _media_address(raw: dict[str, Any]) -> Iterator[Mistake]:
    network = table_of(raw, "network")
    if network.get("bind") in EVERY_ADDRESS and "media_address" not in network:
        yield Mistake(
            ("network", "bind"),
            f"{network['bind']!r} listens on every address: name the one to send voice to (network.media_address)",
        )
    media = network.get("media_address")
    if media in EVERY_ADDRESS:
        yield Mistake(("network", "media_address"), f"{media!r} is no address that voice can be sent to")
