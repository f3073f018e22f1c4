"""The sides of a comparison as Asterisk's configuration has them: ours, app_queue and a plain Dial, with and without a menu before them.

Owns these texts; must not run anything. The peers have their best settings: autofill, no ringing of busy phones, the shortest pause, no announcements.
"""

import re
from collections.abc import Sequence

from asterisk_conf import names
from bench.turns import NoFigure

OURS, LEASTRECENT, RRMEMORY, DIAL = "ours", "app_queue leastrecent", "app_queue rrmemory", "plain Dial"
DIAL_UNANSWERED = "plain Dial, unanswered"  # Answer() waits up to half a second for the caller's first sound
MENU_OURS, MENU_QUEUE, MENU_DIAL = "ours with menu", "app_queue with menu", "plain Dial with menu"
RETRY_5, ANNOUNCING = "app_queue, retry as installed", "app_queue, announcing"
OURS_SIDES = (OURS, MENU_OURS)
# Queue of each side, and where its settings differ from the best ones. Installed is retry=5; an announcement is read by the caller's own thread
QUEUES = {
    LEASTRECENT: ("leastrecent", {}),
    RRMEMORY: ("rrmemory", {"strategy": "rrmemory"}),
    RETRY_5: ("retry5", {"retry": "5"}),
    ANNOUNCING: (
        "announcing",
        {"periodic-announce": "{prompts}/thanks-for-waiting", "periodic-announce-frequency": "5"},
    ),
}
VIP_PREFIX, VIP_PRIORITY = "139", 10  # of callers' numbers, where tiers are compared
# A class of music that does not exist: nothing is played. A Dial without any class would make a ringing tone for the caller who is answered already, 50 packets a
# second, and app_queue none
SILENT_CLASS = "bench-silent"


def ours_dialplan(text: str, number: str, music: bool, tiers: bool = False) -> str:
    """The product's own dialplan, in which BENCH_SIDE chooses whether the menu is left out; without music where wanted.
    With `tiers`, who skips the menu gets its tier from its number, as the menu would look it up.

    raises NoFigure when the product's dialplan has no such entry any more
    """
    begin, end = text.index(f"[{names.ENTER}]"), text.index(f"[{names.MENU}]")
    own = text[begin:end]
    last = f" same => n,Goto({names.MENU},s,1)"
    if f"exten => {number},1," not in own or own.count(last) != 1:
        raise NoFigure("the product's dialplan has changed: bench/sides.py does not find the entry of its hotline")
    word = word_of(MENU_OURS)
    chosen = " same => n,Goto(side-${BENCH_SIDE},1)\n"
    if tiers:
        chosen += f'exten => side-{OURS},1,GotoIf($["${{CALLERID(num):0:3}}" = "{VIP_PREFIX}"]?vip:hold)\n'
        chosen += f" same => n(vip),Set({names.TIER}=vip)\n same => n(hold),Goto({names.WAITING},s,1)\n"
    else:
        chosen += f"exten => side-{OURS},1,Goto({names.WAITING},s,1)\n"
    chosen += f"exten => side-{word},1,Goto({names.MENU},s,1)"
    made = text[:begin] + own.replace(last, chosen) + text[end:]
    if not music:
        made = (
            made.replace("StartMusicOnHold(jietong)", "NoOp()")
            .replace("gim(jietong)", f"gim({SILENT_CLASS})")
            .replace(",m(jietong)", "")
        )
    return made


def peer_dialplan(number: str, ring_s: int, prompts: str, music: bool, tiers: bool = False) -> str:
    """The peers: each answers, then queues or dials. A plain Dial rings the seat that the last four digits of the caller's number name: no routing at all.
    A menu plays the product's own main menu from Asterisk's dialplan and waits for the key 0.
    """
    answer = "Set(CALLERID(name)=)\n same => n,Answer()\n"
    if tiers:
        answer += f' same => n,GotoIf($["${{CALLERID(num):0:3}}" = "{VIP_PREFIX}"]?vip:line)\n same => n(vip),Set(QUEUE_PRIO={VIP_PRIORITY})\n same => n(line),NoOp()\n'
    dial = f"Dial(PJSIP/${{CALLERID(num):-4}},{ring_s},gim({'jietong' if music else SILENT_CLASS}))"
    ends = {side: f"Queue(bench-{queue})" for side, (queue, _) in QUEUES.items()} | {DIAL: dial, DIAL_UNANSWERED: dial}
    first = {DIAL_UNANSWERED: answer.replace(" same => n,Answer()\n", "")}
    plain = "".join(
        f"exten => side-{word_of(side)},1,{first.get(side, answer)} same => n,{end}\n same => n,Hangup()\n"
        for side, end in ends.items()
    )
    menu = f" same => n,Background({prompts}/main-menu)\n same => n,WaitExten(5)\n same => n,Goto(0,1)\n"
    with_menu = "".join(
        f"exten => side-{word_of(side)},1,{answer} same => n,Goto({context},s,1)\n"
        for side, context in ((MENU_QUEUE, "menu-queue"), (MENU_DIAL, "menu-dial"))
    )
    menus = "".join(
        f"[{context}]\nexten => s,1,NoOp(menu)\n{menu}exten => 0,1,{end}\n same => n,Hangup()\nexten => i,1,Goto(0,1)\n"
        for context, end in (("menu-queue", ends[LEASTRECENT]), ("menu-dial", dial))
    )
    return (
        f"[general]\nstatic=yes\nwriteprotect=yes\n[globals]\nBENCH_SIDE={word_of(LEASTRECENT)}\n"
        f"[{names.ENTER}]\nexten => {number},1,NoOp(bench)\n same => n,Goto(side-${{BENCH_SIDE}},1)\n{plain}{with_menu}{menus}"
        f"[{names.FEATURES}]\nexten => {number},1,Goto({names.ENTER},${{EXTEN}},1)\n[{names.TRANSFER}]\nexten => {number},1,Hangup()\n"
    )


def peer_queues(seats: Sequence[str], ring_s: int, music_class: str, prompts: str) -> str:
    """queues.conf with one queue for each side, all seats members of each."""
    members = "".join(f"member => PJSIP/{seat}\n" for seat in seats)
    best = {
        "strategy": "leastrecent", "autofill": "yes", "ringinuse": "no", "retry": "1", "timeout": str(ring_s), "wrapuptime": "0",
        "musicclass": music_class, "announce-frequency": "0", "announce-position": "no",
    }  # fmt: skip
    text = "[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\nlog_membername_as_agent=no\n"
    for name, other in QUEUES.values():
        settings = {key: value.format(prompts=prompts) for key, value in (best | other).items()}
        text += f"[bench-{name}]\n" + "".join(f"{key}={value}\n" for key, value in settings.items()) + members
    return text


def prompts_in(text: str) -> str:
    """The folder of prompts that the product's dialplan names; raises NoFigure when it names none."""
    found = re.search(r"Playback\((\S+?)/callers-busy", text)
    if found is None:
        raise NoFigure("the product's dialplan has changed: bench/sides.py does not find its prompts")
    return found[1]


def word_of(side: str) -> str:
    """A side's name as the dialplan has it: a comma would end the extension there."""
    return side.replace(",", "").replace(" ", "-")
