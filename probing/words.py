"""The words of test calls: what is tested, how it went and why.

Owns these closed sets, as they are stored, printed and exported. Must not know how a test is made.
Rules: domain.md H7 (condition: random, transfer, other), H9.
"""

from enum import Enum


class Condition(Enum):
    """What a test call tries."""

    RANDOM = "random"  # a person answers in time and is heard
    TRANSFER = "transfer"  # ... and sends the call on, and a second person answers in time
    OTHER = "other"  # the menu in both languages; nobody is called to the telephone


class Result(Enum):
    """How a test went."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MADE = "not_made"  # the test caller itself could not call


class Reason(Enum):
    """Why a test did not pass; the first that is true in the order of a call."""

    NONE = ""
    NO_TEST_CALLER = "no_test_caller"  # the test caller's program is missing or failed
    NOT_CONNECTED = "not_connected"  # refused, or nobody picked up
    PROMPT_NOT_HEARD = "prompt_not_heard"  # the menu was silent, or said something else
    CUT_OFF = "cut_off"  # the hotline hung up
    CLOSED = "closed"  # the queue was closed
    NO_PERSON = "no_person"  # no agent answered as long as the test caller waited
    LATE = "late"  # an agent answered, after the target
    NO_VOICE = "no_voice"  # an agent answered, and nothing was heard
    NOT_TRANSFERRED = "not_transferred"  # the call could not be sent on
    NO_RECORD = "no_record"  # the hotline kept no record of the call
