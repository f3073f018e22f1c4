"""What the test caller should hear and press: the way of a stranger through the site's own flow.

Owns the choice of keys. Must not call. Rules: docs/probe.md; the flow is walked by the same pure step that callers walk by,
so that an operator's own menu is expected as it is.
"""

from dataclasses import dataclass

from ivr.flow_step import Input, start, step
from ivr.flow_story import USUAL_ANSWERS
from ivr.flow_visit import Flows
from ivr.flow_words import Ask, Find, Gone, Keys, Leave, Output, Play, Played, Prompt, Taped
from ivr.look_up import FAILED, LookedUp
from probing.words import Condition

FLOW = "hotline"
PERSON, LANGUAGE = "0", "9"
MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What is said up to a question, and the key that the test caller then presses; no key: the flow goes on by itself."""

    prompts: tuple[Prompt, ...]
    key: str


def script_of(flows: Flows, language: str, tier: str, condition: Condition) -> list[Question]:
    """The questions of a test: one and the key for a person; for `OTHER` one, the key for the other language, and what is said then."""
    position, output = start(flows, FLOW, language, {"tier": tier, "caller": "stranger"})
    keys = [LANGUAGE, ""] if condition is Condition.OTHER else [PERSON]
    questions: list[Question] = []
    said: list[Prompt] = []
    for _ in range(MOST_STEPS):
        if isinstance(output, Leave | Gone):
            break
        said += output.prompts if isinstance(output, Ask | Play) else ()
        answer = _answer_to(output)
        if isinstance(output, Ask):
            key = keys.pop(0)
            questions.append(Question(tuple(said), key))
            said = []
            if not keys:
                return questions
            answer = Keys(key)
        position, output = step(flows, position, answer)
    return [*questions, Question(tuple(said), "")] if said else questions


def _answer_to(output: Output) -> Input:
    if isinstance(output, Find):
        return USUAL_ANSWERS.get(output.door, LookedUp(FAILED, {}))
    return Played() if isinstance(output, Play) else Taped("")
