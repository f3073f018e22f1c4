"""Tells on which line of a TOML text each key and each array element stands.

Owns that one look-up, because the standard parser keeps no places; must not judge values.
Rules: TOML 1.0. The text must already have passed `tomllib`, so that a walk over it needs no error handling.
"""

import tomllib

KeyPath = tuple[str | int, ...]
BARE_END = " \t.=]"
SPACE = " \t\n"


def line_numbers(text: str) -> dict[KeyPath, int]:
    """Returns path -> line (from 1) for every key, table and array element of `text`; the first place counts.

    text    valid TOML; its line ends may be CRLF
    path    keys and indexes from the top: ("seats", 0, "number"); () is line 1
    """
    walk = _Walk(text.replace("\r\n", "\n"))
    walk.document()
    return walk.lines


class _Walk:
    """One pass over the text: `at` is the next character, `line` the line it stands on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {(): 1}
        self.array_sizes: dict[KeyPath, int] = {}  # of arrays of tables, by path

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip_blank():
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self._here() == "[":
                table = self._header(1)
            else:
                self._assignment(table)

    def _header(self, brackets: int) -> KeyPath:
        """Reads `[a.b]` or `[[a.b]]`; a step through an array of tables means its last element."""
        self._forward(brackets)
        path: KeyPath = ()
        keys = self._keys()
        for number, key in enumerate(keys):
            path += (key,)
            self._note(path)
            if brackets == 2 and number == len(keys) - 1:
                self.array_sizes[path] = self.array_sizes.get(path, 0) + 1
            if path in self.array_sizes:
                path += (self.array_sizes[path] - 1,)
                self._note(path)
        self._forward(brackets)
        return path

    def _assignment(self, table: KeyPath) -> None:
        path = table
        for key in self._keys():
            path += (key,)
            self._note(path)
        self._forward(1)  # =
        self._skip_blank()
        self._value(path)

    def _keys(self) -> list[str]:
        """Reads a dotted key and stops at `=` or `]`."""
        keys = []
        while True:
            self._skip_blank()
            keys.append(self._key())
            self._skip_blank()
            if self._here() != ".":
                return keys
            self._forward(1)

    def _key(self) -> str:
        start = self.at
        if self._here() in "\"'":
            self._string()
            (key,) = tomllib.loads(self.text[start : self.at] + "=0")
            return key
        while self._here() not in BARE_END:
            self.at += 1
        return self.text[start : self.at]

    def _value(self, path: KeyPath) -> None:
        here = self._here()
        if here in "\"'":
            self._string()
        elif here == "[":
            self._array(path)
        elif here == "{":
            self._inline_table(path)
        else:
            while self._here() not in ",]}#\n":
                self.at += 1

    def _array(self, path: KeyPath) -> None:
        self._forward(1)
        index = 0
        while self._skip_blank() and self._here() != "]":
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._skip_comma()
        self._forward(1)

    def _inline_table(self, path: KeyPath) -> None:
        self._forward(1)
        while self._skip_blank() and self._here() != "}":
            self._assignment(path)
            self._skip_comma()
        self._forward(1)

    def _skip_comma(self) -> None:
        self._skip_blank()
        if self._here() == ",":
            self._forward(1)

    def _string(self) -> None:
        quote = self._here()
        end = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self._forward(len(end))
        while not self.text.startswith(end, self.at):
            self._forward(2 if quote == '"' and self._here() == "\\" else 1)
        self._forward(len(end))
        while len(end) == 3 and self._here() == quote:  # a multi-line string may end in up to two quotes of its own
            self._forward(1)

    def _skip_blank(self) -> bool:
        """Skips white space, line ends and comments; False at the end of the text."""
        while self.at < len(self.text):
            if self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] in SPACE:
                self._forward(1)
            else:
                return True
        return False

    def _here(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else "\n"

    def _forward(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def _note(self, path: KeyPath) -> None:
        self.lines.setdefault(path, self.line)
