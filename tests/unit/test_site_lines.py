"""Line numbers in messages: every key and element that the parser knows has the line an editor shows."""

import tomllib
from collections.abc import Iterator

import pytest

from jietong.toml_lines import KeyPath, line_numbers
from tests.builders_site import A_SITE_FILE

HARD = '''a.b . "c d" = 1 # comment [x]
'e.f' = """ one
two " = [ \\" \\
three"""""
g = [ # first
  [1, 2], { h = "}", i.j = ']' },
  \'\'\'raw
\\\'\'\',
]
[k]
[k.l]
m = 1979-05-27T07:32:00Z
[[n]]
o = 1
[[n.p]]
q = 2
[[n.p]]
q = 3
[[n]]
[n.r]
s = 4
'''


def paths_of(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every place of a parsed file."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths_of(inner, (*path, index))


@pytest.mark.parametrize("text", [HARD, A_SITE_FILE, HARD.replace("\n", "\r\n"), "", "a=1", "\n\n[t]"])
def test_every_place_has_a_line(text: str) -> None:
    """Whatever is wrong in a file, its line can be named."""
    assert set(line_numbers(text)) == set(paths_of(tomllib.loads(text)))


def test_lines_are_those_of_an_editor() -> None:
    """An operator who jumps to the line stands on the mistake."""
    lines = line_numbers(HARD)
    assert lines["a", "b", "c d"] == 1
    assert lines[("e.f",)] == 2
    assert lines["g", 1, "i", "j"] == 6
    assert lines["g", 2] == 7
    assert lines["k", "l", "m"] == 12
    assert lines["n", 0, "p", 1, "q"] == 18
    assert lines["n", 1, "r", "s"] == 21
