"""An operator's own recordings: which are heard, and what is said of those that cannot be."""

import os
import shlex
import struct
from pathlib import Path

import pytest

from jietong.prompt_folder import lay_over
from jietong.recordings import SHIPPED, prompt_names, read_recordings
from jietong.site_file import SiteFileError, load_site
from jietong.sound_file import Unplayable, check_sound, conversion

SITE = '[hotline]\nnumber = "10010"\n[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\n[prompts]\nfolder = "own"\n'
SPEECH = b"\x10\x00\x20\x01" * 2000  # half a second


def wav(samples: bytes = SPEECH, *, rate_hz: int = 8000, channels: int = 1, bits: int = 16, encoding: int = 1) -> bytes:
    """A WAV file."""
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", encoding, channels, rate_hz, rate_hz * width, width, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def folder_with(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder of recordings."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def mistakes_in(folder: Path, files: dict[str, bytes]) -> list[str]:
    """What is wrong with these files, without the folder before their names."""
    _, mistakes = read_recordings(folder_with(folder, files))
    return [mistake.replace(f"{folder}/", "") for mistake in mistakes]


WRONG = {
    "a music file of a computer": ("zh-CN/welcome.wav", wav(rate_hz=44100, channels=2), "is 44100 Hz, stereo, 16 bit; needed are"),
    "24 bit": ("zh-CN/welcome.wav", wav(SPEECH * 3, bits=24), "8000 Hz, one channel, 24 bit"),
    "A-law in a WAV file": ("zh-CN/welcome.wav", wav(bits=8, encoding=6), "8 bit, A-law"),
    "floating point": ("en/welcome.wav", wav(bits=32, encoding=3), "floating point"),
    "an unknown encoding": ("en/welcome.wav", wav(encoding=999), "encoding 999"),
    "nothing": ("en/welcome.wav", b"", "is empty (0 bytes): record it again"),
    "a text": ("en/welcome.wav", b"welcome" * 20, "is no WAV file in spite of its name: convert it: sox"),
    "a header alone": ("en/welcome.wav", wav(b""), "holds no sound"),
    "half a header": ("en/welcome.wav", wav()[:30], "has a broken header"),
    "samples without a form": ("en/welcome.wav", wav().replace(b"fmt ", b"xxxx"), "has a broken header"),
    "a copy that was cut short": ("en/welcome.wav", wav()[:-100], "its header promises 8000 bytes of sound, 7900 are there"),
    "silence": ("en/welcome.wav", wav(bytes(8000)), "is silent"),
    "half a sample": ("en/welcome.sln", SPEECH + b"\x01", "ends within a sample"),
    "a WAV file called A-law": ("en/welcome.alaw", wav(), "is a WAV file in spite of its name"),
    "MP3": ("en/welcome.mp3", b"ID3", "ends in .mp3, which is not played; make a WAV file: sox "),
    "no ending": ("en/welcome", wav(), "ends in nothing"),
    "great letters": ("en/welcome.WAV", wav(), "ends in .WAV: Asterisk wants it small, .wav"),
    "a slip": ("en/wellcome.wav", wav(), "no prompt 'wellcome'; did you mean welcome?: your own ones begin with product-, announcement-, own-, whisper-tier- or whisper-queue-"),
    "a space": ("en/my voice.wav", wav(), "use small letters, digits and single hyphens"),
    "another language": ("fr/welcome.wav", wav(), "fr: no language"),
    "a slip in a language": ("zh_CN/welcome.wav", wav(), "zh_CN: no language; did you mean zh-CN?"),
    "a file beside the folders": ("welcome.wav", wav(), "lies beside the folders zh-CN and en"),
    "for Mandarin callers alone": ("zh-CN/product-cloud.wav", wav(), "is not there in en: record it in both languages"),
    "a folder": ("en/welcome.wav/x.wav", wav(), "is a folder"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_recording_that_cannot_be_played_is_told(tmp_path: Path, wrong: str) -> None:
    """The operator reads which file it is, what is wrong with it and what to do."""
    name, content, complaint = WRONG[wrong]
    found = mistakes_in(tmp_path, {name: content})
    assert len(found) == 1
    assert complaint in found[0]


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """A site with wrong recordings is refused, and each file has its line beside the mistakes of the site file."""
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace('"10010"', '"x"'), encoding="utf-8")
    folder_with(tmp_path / "own", {"en/welcome.mp3": b"ID3", "zh-CN/goodbye.wav": b"", "fr/goodbye.wav": wav()})
    with pytest.raises(SiteFileError) as refused:
        load_site(site)
    assert [line.split(":")[0].rsplit("/", 1)[-1] for line in refused.value.mistakes] == [
        "site.toml",
        "welcome.mp3",
        "fr",
        "goodbye.wav",
    ]


def test_a_folder_that_is_not_there_is_a_mistake_of_its_line(tmp_path: Path) -> None:
    """Whoever writes the wrong folder is shown the line of the site file."""
    site = tmp_path / "site.toml"
    site.write_text(SITE, encoding="utf-8")
    with pytest.raises(SiteFileError, match=r"site.toml:7: prompts.folder: .*/own is no folder: make it"):
        load_site(site)


def test_what_asterisk_plays_is_taken(tmp_path: Path) -> None:
    """WAV, A-law, µ-law and bare samples are heard; notes whose names begin with a dot are nobody's business."""
    own = folder_with(
        tmp_path / "own",
        {
            "zh-CN/welcome.wav": wav(),
            "zh-CN/goodbye.alaw": SPEECH,
            "en/goodbye.ulaw": SPEECH,
            "en/welcome.sln": SPEECH,
            "zh-CN/product-cloud.wav": wav(),
            "en/product-cloud.wav": wav(),
            "en/.DS_Store": b"",
            ".git/config": b"",
        },
    )
    recordings, mistakes = read_recordings(own)
    assert mistakes == []
    assert sorted(f"{one.language}/{one.name}" for one in recordings) == [
        "en/goodbye", "en/product-cloud", "en/welcome", "zh-CN/goodbye", "zh-CN/product-cloud", "zh-CN/welcome",
    ]  # fmt: skip
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    assert load_site(tmp_path / "site.toml").prompts.folder == str(own)


def test_one_prompt_in_two_formats_is_refused(tmp_path: Path) -> None:
    """Nobody would know which of the two a caller hears."""
    _, mistakes = read_recordings(folder_with(tmp_path, {"en/welcome.alaw": SPEECH, "en/welcome.wav": wav()}))
    assert mistakes == [f"{tmp_path}/en/welcome.wav: the same prompt as welcome.alaw: keep one of them"]


def test_pipes_and_dangling_links_do_not_hold_up_a_check(tmp_path: Path) -> None:
    """A pipe that nobody writes to and a link to nowhere are told at once."""
    (tmp_path / "en").mkdir()
    os.mkfifo(tmp_path / "en" / "welcome.wav")
    (tmp_path / "en" / "goodbye.wav").symlink_to(tmp_path / "nowhere")
    _, mistakes = read_recordings(tmp_path)
    assert [mistake.split(": ", 1)[1].split(":")[0] for mistake in mistakes] == [
        "is a link to a file that is not there",
        "is no regular file",
    ]


def test_own_recordings_lie_over_the_shipped_prompts(tmp_path: Path) -> None:
    """A caller hears the operator's voice where there is one, whatever its format, and the shipped one elsewhere."""
    own = folder_with(
        tmp_path / "own", {"zh-CN/welcome.alaw": SPEECH, "en/product-x.wav": wav(), "zh-CN/product-x.wav": wav()}
    )
    run = tmp_path / "run"
    run.mkdir()
    recordings, mistakes = read_recordings(own)
    folder = lay_over(recordings, run)
    assert mistakes == []
    assert [path.name for path in (folder / "zh-CN").glob("welcome.*")] == ["welcome.alaw"]
    assert (folder / "zh-CN" / "welcome.alaw").read_bytes() == SPEECH
    assert (folder / "en" / "welcome.wav").read_bytes() == (SHIPPED / "en" / "welcome.wav").read_bytes()
    for language, names in prompt_names(own).items():
        assert {path.stem for path in (folder / language).iterdir()} == names
        assert "product-x" in names


def test_laid_over_again_the_old_ones_are_gone(tmp_path: Path) -> None:
    """After a reload callers hear what is there now, and no folder of before is left."""
    for name in ("welcome", "goodbye"):
        recordings, _ = read_recordings(folder_with(tmp_path / name, {f"en/{name}.alaw": SPEECH}))
        (tmp_path / "run").mkdir(exist_ok=True)
        folder = lay_over(recordings, tmp_path / "run")
    assert [path.name for path in (folder / "en").glob("*.alaw")] == ["goodbye.alaw"]
    assert (folder / "en" / "welcome.wav").is_file()
    assert len(list((tmp_path / "run").iterdir())) == 2


def test_a_recording_is_heard_as_it_was_checked(tmp_path: Path) -> None:
    """Whoever overwrites a recording while the site runs does not break what callers hear."""
    own = folder_with(tmp_path / "own", {"en/welcome.wav": wav()})
    recordings, _ = read_recordings(own)
    (own / "en" / "welcome.wav").write_bytes(b"")
    (tmp_path / "run").mkdir()
    assert (lay_over(recordings, tmp_path / "run") / "en" / "welcome.wav").read_bytes() == wav()


def test_shipped_prompts_pass_the_same_check() -> None:
    """What we demand of an operator our own prompts have."""
    names = [path for path in SHIPPED.glob("*/*.wav") if path.stem != "pause"]
    for path in names:
        check_sound(path.read_bytes(), ".wav")
    assert names
    with pytest.raises(Unplayable, match="silent"):
        check_sound((SHIPPED / "en" / "pause.wav").read_bytes(), ".wav")


@pytest.mark.parametrize("name", ["it's loud.wav", "welcome.mp3"])
def test_the_conversion_can_be_pasted(name: str) -> None:
    """The command names the files so that a shell takes them as they are, and ends with the wanted name."""
    words = shlex.split(conversion(Path("/own/en") / name))
    assert words[:2] == ["sox", f"/own/en/{name}"]
    assert words[-1] == f"/own/en/{Path(name).stem}.wav"
