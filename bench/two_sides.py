"""One Asterisk, two routers: ours and app_queue, for the same callers and the same agents.

Owns what is added to a rendered site so that its hotline number leads to either side, and the switch between them.
Both sides skip the menu: answer, then wait. app_queue has its best settings for this (autofill, no ringinuse, shortest retry).
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from asterisk_conf import names
from asterisk_conf.render import conf_file
from jietong.running import RunningSite

OURS, QUEUE = "ours", "app_queue"
CLI_WITHIN_S = 20


def add_app_queue(site: RunningSite, seats: Sequence[str], ring_s: int, strategy: str = "leastrecent") -> None:
    """Loads app_queue into the running Asterisk with `seats` as members, and makes the hotline number lead to the side chosen by `switch`."""
    members = "".join(f"member => PJSIP/{seat}\n" for seat in seats)
    queues = (
        "[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\nlog_membername_as_agent=no\n"
        f"[bench]\nstrategy={strategy}\nautofill=yes\nringinuse=no\nretry=1\ntimeout={ring_s}\nwrapuptime=0\nmusicclass=jietong\n"
        f"announce-frequency=0\nannounce-position=no\n{members}"
    )
    add_queues(site, queues, {QUEUE: "Queue(bench)"})


def add_queues(site: RunningSite, queues: str, sides: Mapping[str, str], ours: str = "NoOp()") -> None:
    """Loads app_queue with `queues` (the text of queues.conf); `sides` and `ours`: what an answered caller meets there, applications parted by semicolons."""
    etc = conf_file(site.layout.asterisk).parent
    (etc / "queues.conf").write_text(queues, encoding="utf-8")
    plan = etc / "extensions.conf"
    text = plan.read_text(encoding="utf-8")
    begin = text.index(f"[{names.ENTER}]")
    end = text.index(f"[{names.MENU}]")
    number = site.site.hotline.number
    enter = (
        f"[{names.ENTER}]\nexten => {number},1,NoOp(bench)\n same => n,Set(CALLERID(name)=)\n same => n,Answer()\n"
        f" same => n,Goto(side-${{BENCH_SIDE}},1)\n"
    )
    steps = {side: f"{applications};Hangup()" for side, applications in sides.items()}
    steps[OURS] = f"{ours};UserEvent({names.EVENT_ARRIVED});Goto({names.WAITING},s,1)"
    for side, applications in steps.items():
        first, *rest = applications.split(";")
        enter += f"exten => side-{side},1,{first}\n" + "".join(f" same => n,{application}\n" for application in rest)
    plan.write_text(text[:begin] + enter + "\n" + text[end:], encoding="utf-8")
    for module in ("app_queue.so", "app_exec.so", "func_logic.so"):  # for ExecIf and IF in `sides`
        cli(site, f"module load {module}")
    cli(site, "queue reload all")  # it was loaded with the site's own queues, for times without a router
    cli(site, "dialplan reload")
    switch(site, OURS)


def switch(site: RunningSite, side: str) -> None:
    """From now on callers of the hotline number go to that side."""
    cli(site, f"dialplan set global BENCH_SIDE {side}")


def cli(site: RunningSite, command: str) -> str:
    """What Asterisk's command line prints."""
    argv = [*site.asterisk_argv, "-C", str(conf_file(site.layout.asterisk)), "-rx", command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=CLI_WITHIN_S, check=True).stdout


def write_site(folder: Path, seats: Sequence[str], ring_s: int) -> Path:
    """A site file with these shared seats, no wrap-up, and nothing that asks the seats' devices in between."""
    text = (
        '[hotline]\nnumber = "10010"\n[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\n'
        f"[routing]\nvip_reserve = 0\nring_s = {ring_s}\nwrap_up_s = 0\n[network]\nqualify_s = 0\n"
        + "".join(f'[[seats]]\nnumber = "{seat}"\npassword = "secret-{seat}"\nauto_login = true\n' for seat in seats)
    )
    path = folder / "bench.toml"
    path.write_text(text, encoding="utf-8")
    return path
