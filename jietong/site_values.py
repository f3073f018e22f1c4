"""The kinds of values that the site file's tables are made of.

Owns patterns, their names for people, and what every table has in common. Must not know a table.
Contract: design.md section 5.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NUMBER = r"^[0-9]{2,15}$"
WORD = r"^[a-z][a-z0-9_-]{0,31}$"
SECRET = r"^[A-Za-z0-9_.~!@%+=-]{8,64}$"  # noqa: S105  # a pattern
PIN = r"^[0-9]{4,12}$"
FEATURE_CODE = r"^\*[0-9]{2,4}$"
PLAIN_TEXT = r"^[^\x00-\x1f\x7f]{0,64}$"
STORE_URL = r"^(redis|rediss|unix)://"
DATABASE_URL = r"^(sqlite|postgresql)(\+[a-z0-9]+)?://"
HOST_AND_PORT = r"^([0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}\]):[1-9][0-9]{0,4}$"
DIALLED = r"^([1-9][0-9X]{2,14}|0[1-9X][0-9X]{5,13})$"
TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
IN_WORDS = {
    HOST_AND_PORT: "an IP address and a port, such as 192.0.2.1:5060",
    DIALLED: "3 to 15 digits, X for any digit, not beginning with 00 or X",
    NUMBER: "2 to 15 digits",
    WORD: "small letters, digits, _ and -, a letter first, at most 32",
    SECRET: "8 to 64 of letters, digits and . _ ~ ! @ % + = -",
    PIN: "4 to 12 digits",
    FEATURE_CODE: "* and 2 to 4 digits",
    PLAIN_TEXT: "at most 64 characters, none of them a control character",
    STORE_URL: "a URL that begins with redis://, rediss:// or unix://",
    TIME_OF_DAY: "a time of the day such as 08:30",
    DATABASE_URL: "a URL that begins with sqlite:// or postgresql://",
}

Number = Annotated[str, StringConstraints(pattern=NUMBER)]
Word = Annotated[str, StringConstraints(pattern=WORD)]
Secret = Annotated[str, StringConstraints(pattern=SECRET)]
Pin = Annotated[str, StringConstraints(pattern=PIN)]
FeatureCode = Annotated[str, StringConstraints(pattern=FEATURE_CODE)]
Language = Literal["zh-CN", "en"]
Port = Annotated[int, Field(ge=1, le=65535)]


class Table(BaseModel):
    """One table of the site file: unknown keys are mistakes, values never change after loading."""

    # strict: TOML has types, so a quoted 8 or a `true` where a number belongs is a slip; nan and inf are never meant
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )
