"""What caller and agent hear when the agent has picked up: which words, and the files that Asterisk plays."""

import struct
from pathlib import Path

import pytest

from ivr.connecting import Kind, agent_words, whisper_words
from jietong.recordings import LANGUAGES, SHIPPED, prompt_names
from jietong.running import Ports, RunningSite
from jietong.site_file import load_site
from jietong.sound_samples import samples_of, wav_of
from jietong.spoken_folder import prepare_spoken, spoken_of
from tests.builders_site import A_SITE_FILE

QUEUES = {"business": "sales", "complaint": "care"}
SHIPPED_NAMES = prompt_names(None)["zh-CN"]
OWN = {"whisper-queue-care", "whisper-tier-gold"}

WHISPERS = [
    (("vip", "sales", "business", "zh-CN"), "whisper-vip whisper-business"),
    (("ordinary", "hotline", "query", "zh-CN"), "whisper-query"),
    (("ordinary", "hotline", "query", "en"), "whisper-query whisper-english"),
    (("vip", "hotline", "", ""), "whisper-vip whisper-person"),
    (("", "", "", ""), "whisper-person"),
    (("gold", "hotline", "person", "zh-CN"), "whisper-tier-gold whisper-person"),
    (("ordinary", "care", "query", "zh-CN"), "whisper-queue-care"),
    (("ordinary", "sales", "query", "zh-CN"), "whisper-business"),  # an agent sent the caller on to another line
]


@pytest.mark.parametrize(("caller", "words"), WHISPERS)
def test_an_agent_hears_who_calls(caller: tuple[str, str, str, str], words: str) -> None:
    """Tier and line come before the talk; an operator's own word for a line comes before the service's."""
    assert whisper_words(Kind(*caller), "zh-CN", QUEUES, SHIPPED_NAMES | OWN) == tuple(words.split())


def test_a_caller_hears_who_serves_it() -> None:
    """工号 1001 为您服务: 1 is 幺 as in telephone numbers."""
    assert " ".join(agent_words("1001", "zh-CN")) == (
        "agent-number-is digit-1-yao digit-0 digit-0 digit-1-yao at-your-service"
    )


def test_each_agent_and_each_kind_of_caller_has_a_file(tmp_path: Path) -> None:
    """Whatever the dialplan names is there: agents in both languages, and a word that is not known is empty in the name."""
    site = a_running_site(tmp_path)
    prepare_spoken(site)
    folder = spoken_of(site)
    assert folder is not None
    agents = {str(path.relative_to(folder)) for path in folder.glob("agent/**/*.wav")}
    assert agents == {f"agent/{where}{number}.wav" for where in ("", "zh-CN/", "en/") for number in ("1901", "5001")}
    whispers = {path.stem for path in folder.glob("whisper/*.wav")}
    assert {"+++", "vip+hotline+person+en", "ordinary++query+"} < whispers
    assert len(whispers) == 3 * 2 * 7 * 3
    said = b"".join(samples(name, "zh-CN") for name in agent_words("1901", "zh-CN"))
    assert samples_of((folder / "agent" / "1901.wav").read_bytes(), ".wav") == said


def test_a_second_time_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """After a reload there is one folder, and it is whole."""
    site = a_running_site(tmp_path)
    prepare_spoken(site)
    prepare_spoken(site)
    assert len(list((tmp_path / "run").glob("spoken-*"))) == 1
    assert (tmp_path / "run" / "spoken" / "agent" / "en" / "1901.wav").exists()


def test_a_site_that_wants_none_has_none(tmp_path: Path) -> None:
    """With both switched off nothing is made and nothing is told."""
    site = a_running_site(tmp_path, "announce_agent = false\nwhisper = false")
    prepare_spoken(site)
    assert spoken_of(site) is None and not list((tmp_path / "run").glob("spoken*"))


LAW_SAMPLES = [  # G.711: code, sample; silence, the smallest and the largest of each sign
    (".alaw", 0xD5, 8), (".alaw", 0x55, -8), (".alaw", 0xAA, 32256), (".alaw", 0x2A, -32256),
    (".ulaw", 0xFF, 0), (".ulaw", 0x7F, 0), (".ulaw", 0x80, 32124), (".ulaw", 0x00, -32124), (".ulaw", 0xEF, 132),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "code", "sample"), LAW_SAMPLES)
def test_recordings_of_the_telephone_are_understood(suffix: str, code: int, sample: int) -> None:
    """An operator's recording without a header sounds the same inside a sentence."""
    assert samples_of(bytes([code]), suffix) == struct.pack("<h", sample)
    assert samples_of(wav_of(struct.pack("<h", sample)), ".wav") == struct.pack("<h", sample)


def a_running_site(var: Path, hotline: str = "") -> RunningSite:
    """A site of A_SITE_FILE whose folder is `var`."""
    file = var / "site.toml"
    file.write_text(A_SITE_FILE.replace("[hotline]\n", f"[hotline]\n{hotline}\n"), encoding="utf-8")
    site = load_site(file)
    (var / "run").mkdir()
    return RunningSite(
        var=var,
        site=site,
        ports=Ports.of(site.network, 20000),
        store_url="",
        database_url="",
        ami_user="router",
        ami_secret="",
        seat_passwords={},
        agent_pins={},
        asterisk_argv=(),
        socket_dir=var,
    )


def samples(name: str, language: str) -> bytes:
    """The samples of a shipped prompt."""
    assert language in LANGUAGES
    return samples_of((SHIPPED / language / f"{name}.wav").read_bytes(), ".wav")
