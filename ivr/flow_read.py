"""Flow files as parsed TOML to flows, and every mistake in them.

Owns the words of a flow file. Must not read files, nor judge a flow as a whole: ivr/flow_check.py does.
Rules: docs/flows.md. A table is a node; the one word among its keys that says what it does is its kind.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ivr.digit_checks import CHECKS
from ivr.flow import (
    BACK,
    KEYS,
    MAX_DIGITS,
    PERSON,
    TARGETS,
    Announce,
    CallBack,
    Choose,
    Digits,
    Flow,
    HangUp,
    LookUp,
    Menu,
    Message,
    Node,
    Record,
    Return,
    Say,
    Speak,
    SubFlow,
    Test,
    ToQueue,
    Transfer,
)
from ivr.flow_values import NAME, Mistake, Path, Values, nearest

NUMBER = re.compile(r"[0-9]{2,20}", re.ASCII)
# kind -> the other words of such a node
KINDS: Mapping[str, tuple[str, ...]] = {
    "say": ("next", "each", "of", "barge_in"),
    "menu": (*KEYS, "barge_in"),
    "choose": ("each", "of", "next", "empty"),
    "digits": ("into", "next", "least", "most", "check", "pattern", "wrong"),
    "language": ("next",),
    "look_up": ("when", "otherwise", "give"),
    "test": ("when", "otherwise", "then", "at_least", "between", "of"),
    "record": ("into", "next", "nothing", "longest_s"),
    "announce": ("next",),
    "flow": ("next",),
    "queue": (),
    "callback": (),
    "message": (),
    "transfer": (),
    "hang_up": (),
    "return": (),
}
SETTINGS = ("start", "person", "tries", "too_many", "key_within_s", "wrong", "silent")


class Read(NamedTuple):
    """A flow, as far as it could be read, and what is wrong with its file."""

    flow: Flow
    mistakes: list[Mistake]


def read_flow(name: str, raw: Mapping[str, Any]) -> Read:
    """The flow that the parsed file `raw` holds; nodes with mistakes are as if they were left out."""
    return _Reader(name).flow(raw)


class _Reader(Values):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def flow(self, raw: Mapping[str, Any]) -> Read:
        settings = raw.get("flow", {})
        nodes: dict[str, Node] = {}
        for name, table in raw.items():
            node = self._node(name, table) if name != "flow" else None
            if node is not None:
                nodes[name] = node
        if not isinstance(settings, dict):
            self.wrong(("flow",), "not a table: write the flow's settings below [flow]")
            settings = {}
        for word in settings:
            if word not in SETTINGS:
                self.wrong(("flow", word), f"not a setting of a flow: {', '.join(SETTINGS)}{nearest(word, SETTINGS)}")
        first = next((n for n in raw if n != "flow"), "")
        if not first:
            self.wrong((), 'the file has no node: write a table, such as [main] with menu = "main-menu"')
        start = self.word(settings, ("flow",), "start", first)
        found = Flow(
            self._name,
            start,
            nodes,
            self.number(settings, ("flow",), "tries", 3, within=(1, 10)),
            self.seconds(settings),
            self.prompt(settings, ("flow",), "wrong", "wrong-key"),
            self.prompt(settings, ("flow",), "silent", "no-key"),
            self.word(settings, ("flow",), "person", PERSON),
            self.target("flow", settings, "too_many", PERSON),
        )
        if first and start not in raw:
            self.wrong(
                ("flow", "start"), f"there is no node {start!r}{nearest(start, [n for n in raw if n != 'flow'])}"
            )
        return Read(found, self.mistakes)

    def _wrong(self, path: Path, text: str) -> None:
        self.mistakes.append(Mistake(path, text))

    def _node(self, name: str, table: Any) -> Node | None:
        before = len(self.mistakes)
        if not isinstance(table, dict):
            self.wrong((name,), f"not a node: write it as a table, [{name[:32]}]")
            return None
        if not NAME.fullmatch(name):
            self.wrong((name,), "not a name: small letters, digits, _ and -, at most 32, a letter first")
        if name in TARGETS:
            self.wrong((name,), f"every flow has {name!r} already: choose another name")
        kinds = [word for word in table if word in KINDS]
        if len(kinds) != 1:
            said = f"says {' and '.join(kinds)}" if kinds else "says nothing that a node does"
            unknown = next((nearest(word, tuple(KINDS)) for word in table if nearest(word, tuple(KINDS))), "")
            self.wrong((name,), f"{said}: one of {', '.join(KINDS)}{unknown}")
            return None
        kind = kinds[0]
        allowed = KINDS[kind]
        for word in table:
            if word != kind and word not in allowed:
                words = ", ".join(allowed) or "nothing else"
                self.wrong((name, word), f"not a word of a {kind} node, which has {words}{nearest(word, allowed)}")
        node = _MAKERS[kind](self, name, table)
        return node if len(self.mistakes) == before else None

    # --- kinds ---

    def say(self, name: str, table: dict[str, Any]) -> Node:
        each = self.each(name, table) if "each" in table or "of" in table else None
        return Say(
            self.speech(name, table, "say"),
            self.target(name, table, "next"),
            each,
            self.flag(name, table, "barge_in"),
        )

    def menu(self, name: str, table: dict[str, Any]) -> Node:
        keys = {key: self.target(name, table, key) for key in KEYS if key in table}
        if not keys:
            self.wrong((name,), 'a menu without a key: write 1 = "node" and so on')
        return Menu(self.speech(name, table, "menu"), keys, self.flag(name, table, "barge_in"))

    def choose(self, name: str, table: dict[str, Any]) -> Node:
        speech = self.speech(name, table, "choose")
        return Choose(
            speech,
            self.each(name, table),
            self.target(name, table, "next"),
            self.target(name, table, "empty", PERSON),
        )

    def digits(self, name: str, table: dict[str, Any]) -> Node:
        check = self.word(table, (name,), "check", "")
        if check and check not in CHECKS:
            self.wrong((name, "check"), f"not a check: {', '.join(CHECKS)}{nearest(check, CHECKS)}")
        pattern = self.text(table, (name,), "pattern", "")
        try:
            re.compile(pattern)
        except re.error as error:
            self.wrong((name, "pattern"), f"not a regular expression: {error}")
        least = self.number(table, (name,), "least", 1, within=(1, MAX_DIGITS))
        most = self.number(table, (name,), "most", MAX_DIGITS, within=(1, MAX_DIGITS))
        if most < least:
            self.wrong((name, "most"), f"{most} is less than least = {least}")
        return Digits(
            self.speech(name, table, "digits"), self.name_of(name, table, "into"), self.target(name, table, "next"),
            least, most, check, pattern, self.prompt(table, (name,), "wrong", ""),
        )  # fmt: skip

    def language(self, name: str, table: dict[str, Any]) -> Node:
        return Speak(self.text(table, (name,), "language", ""), self.target(name, table, "next"))

    def look_up(self, name: str, table: dict[str, Any]) -> Node:
        given = self.texts(name, table, "give")
        return LookUp(
            self.name_of(name, table, "look_up"),
            self.targets(name, table),
            self.target(name, table, "otherwise", PERSON),
            given,
        )

    def test(self, name: str, table: dict[str, Any]) -> Node:
        value = self.name_of(name, table, "test")
        ways = [word for word in ("when", "at_least", "between") if word in table]
        if len(ways) != 1:
            self.wrong((name,), "a test needs one of when, at_least, between")
        is_yes_no = "at_least" in table or "between" in table
        if not is_yes_no and "then" in table:
            self.wrong((name, "then"), "then belongs to at_least and between; by when each word has its own node")
        return Test(
            value,
            self.target(name, table, "otherwise"),
            self.targets(name, table) if "when" in table else {},
            self.target(name, table, "then") if is_yes_no else "",
            self.number(table, (name,), "at_least", 0, within=(0, 10**9)) if "at_least" in table else None,
            self.between(name, table) if "between" in table else None,
            self.word(table, (name,), "of", ""),
        )

    def record(self, name: str, table: dict[str, Any]) -> Node:
        return Record(
            self.speech(name, table, "record"), self.name_of(name, table, "into"), self.target(name, table, "next"),
            self.target(name, table, "nothing", PERSON), self.number(table, (name,), "longest_s", 120, within=(3, 600)),
        )  # fmt: skip

    def announce(self, name: str, table: dict[str, Any]) -> Node:
        return Announce(self.word(table, (name,), "announce", ""), self.target(name, table, "next"))

    def sub_flow(self, name: str, table: dict[str, Any]) -> Node:
        return SubFlow(self.name_of(name, table, "flow"), self.target(name, table, "next", BACK))

    def queue(self, name: str, table: dict[str, Any]) -> Node:
        return ToQueue(self.name_of(name, table, "queue"))

    def callback(self, name: str, table: dict[str, Any]) -> Node:
        return CallBack(self.name_of(name, table, "callback"))

    def message(self, name: str, table: dict[str, Any]) -> Node:
        return Message(self.name_of(name, table, "message"))

    def transfer(self, name: str, table: dict[str, Any]) -> Node:
        number = self.text(table, (name,), "transfer", "")
        if not NUMBER.fullmatch(number):
            self.wrong((name, "transfer"), 'not a number: digits in quotes, such as "02112345678"')
        return Transfer(number)

    def hang_up(self, name: str, table: dict[str, Any]) -> Node:
        return HangUp(self.speech(name, table, "hang_up"))

    def go_back(self, name: str, table: dict[str, Any]) -> Node:
        if table["return"] is not True:
            self.wrong((name, "return"), "write return = true")
        return Return()


_MAKERS: Mapping[str, Callable[[_Reader, str, dict[str, Any]], Node]] = {
    "say": _Reader.say,
    "menu": _Reader.menu,
    "choose": _Reader.choose,
    "digits": _Reader.digits,
    "language": _Reader.language,
    "look_up": _Reader.look_up,
    "test": _Reader.test,
    "record": _Reader.record,
    "announce": _Reader.announce,
    "flow": _Reader.sub_flow,
    "queue": _Reader.queue,
    "callback": _Reader.callback,
    "message": _Reader.message,
    "transfer": _Reader.transfer,
    "hang_up": _Reader.hang_up,
    "return": _Reader.go_back,
}
