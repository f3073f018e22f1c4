"""The scripts' side of the inbox: a command of an agent to the router, and the router's answer.

Owns one question and its answer. Must not know what a command does.
Rules: inbox.py; a caller or agent on the line waits `ANSWER_S` at most.
"""

import secrets
from typing import Any

import msgspec

from routing.adapters import codec, redis_clients
from routing.adapters.inbox import Command

ANSWER_S = 2.0
KEEP_COMMANDS = 1000


class RouterSilent(Exception):
    """The router gave no answer in time: try again."""


class InboxClient:
    """Asks the router; one connection a question, so that any number of threads may ask."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix

    def ask(self, command: Command) -> tuple[bool, str]:
        """Sends `command`; returns whether it was obeyed, and if not the reason. Raises RouterSilent."""
        reply = redis_clients.key(self._prefix, f"reply:{secrets.token_hex(8)}")
        client = redis_clients.open_sync_blocking(self._url, ANSWER_S)
        try:
            fields: Any = {"e": codec.event_bytes(command), "reply": reply}
            client.xadd(redis_clients.key(self._prefix, "inbox"), fields, maxlen=KEEP_COMMANDS, approximate=True)
            answer = client.blpop([reply], timeout=ANSWER_S)
        except redis_clients.AWAY as error:
            raise RouterSilent(f"the store does not answer: {type(error).__name__}") from error
        finally:
            client.close()
        if answer is None:
            raise RouterSilent(f"no answer within {ANSWER_S:g} s")
        try:
            told = msgspec.json.decode(answer[1])
            return bool(told["ok"]), str(told["text"])
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise RouterSilent(f"the answer is not understood: {type(error).__name__}") from error
