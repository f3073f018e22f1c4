"""The page docs/speech.md.

Owns its words and the bound. Must not listen.
Rules: issue 5 item 5: toneless syllables of Mandarin, words of English, at most 12 % wrong.
"""

from statistics import mean
from typing import Any

from jietong.prompt_build.texts import LANGUAGES

WRONG_SHARE_ALLOWED = 0.12
_HEAD = """# Understood on the telephone
`make test-speech` calls a running site over SIP (a-law), lets it say every prompt that is longer than 1.5 s in both languages, goes whole ways through the shipped
menus, records what the caller hears, lets a speech recogniser (Whisper base) write it down, and compares: Mandarin by syllables without tones, as the recogniser
writes homophones, English by words; changed, missing and added ones count. At most 12 % may be wrong, of each prompt and of each way. A sentence of the other language
(9 in the main menu) is cut out at its pauses and heard in its own, and a way is heard step by step, as its keys part it. It takes some 20 minutes, and so it is not part of `make test`.

Who changes a prompt need not call: `.venv/bin/python -m tests.speech --from-files --only welcome` listens to the files, as a-law carries them. With `--keep FOLDER --minutes 5` either
kind stops after five minutes of listening, and goes on there when it is run again.

A recogniser is not a person: it has no idea that it listens to a hotline, and errs on short words more than callers do.
"""


def is_understood(row: dict[str, Any]) -> bool:
    """Whether no more of it is wrong than is allowed."""
    return bool(row["wrong"] <= WRONG_SHARE_ALLOWED * row["units"])


def page_of(rows: list[dict[str, Any]]) -> str:
    """The whole page."""
    parts = [_HEAD, _summary(rows)]
    for kind, title in (("way", "Ways through the menus"), ("prompt", "Prompts")):
        parts.append(f"## {title}\n| language | what | wrong | of | % | understood as |\n|---|---|---|---|---|---|")
        parts[-1] += "".join(f"\n{_row(row)}" for row in rows if row["kind"] == kind) + "\n"
    return "\n".join(parts)


def _summary(rows: list[dict[str, Any]]) -> str:
    lines = ["| | recordings | wrong of all % | mean % | worst % | over 12 % |", "|---|---|---|---|---|---|"]
    for kind, what in (("prompt", "prompts"), ("way", "ways")):
        for language in LANGUAGES:
            chosen = [row for row in rows if (row["kind"], row["language"]) == (kind, language)]
            if not chosen:
                continue
            shares = [100 * row["wrong"] / row["units"] for row in chosen]
            whole = 100 * sum(row["wrong"] for row in chosen) / sum(row["units"] for row in chosen)
            bad = sum(not is_understood(row) for row in chosen)
            lines.append(
                f"| {what}, {language} | {len(chosen)} | {whole:.1f} | {mean(shares):.1f} | {max(shares):.1f} | {bad} |"
            )
    return "\n".join(lines) + "\n"


def _row(row: dict[str, Any]) -> str:
    share = 100 * row["wrong"] / row["units"]
    return f"| {row['language']} | {row['name']} | {row['wrong']} | {row['units']} | {share:.0f} | {row['heard'].replace('|', ' ')} |"
