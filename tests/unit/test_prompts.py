"""What callers and agents hear: every sentence is there in both languages, in the format, length and level of a telephone."""

import wave
from pathlib import Path

import numpy as np
import pytest

from jietong.prompt_build.companded import CURVES, companded, read_companded
from jietong.prompt_build.music import BEAT_S, hold_piece
from jietong.prompt_build.sandhi import spoken_tones
from jietong.prompt_build.sound import PEAK_DBFS, TELEPHONE_HZ, read_wav
from jietong.prompt_build.texts import LANGUAGES, MUSIC, PROMPTS_DIR, TextsWrong, read_prompts, voice_runs

PROMPTS = read_prompts()
SOUNDS = [(prompt, language) for prompt in PROMPTS for language in LANGUAGES]
SPOKEN = [(prompt, language) for prompt, language in SOUNDS if prompt.texts]

# The rooms that play prompts name them by these words.
PLAYED = [
    "welcome",
    "main-menu",
    "wrong-key",
    "no-key",
    "connecting",
    "please-wait",
    "goodbye",
    "enter-agent-number",
    "enter-pin",
    "wrong-pin",
    "logged-in",
    "logged-out",
    "now-ready",
    "now-paused",
    "not-logged-in",
    "try-later",
    "callers-busy",
    "agent-number-is",
    "at-your-service",
    "digit-1-yao",
    *(f"digit-{digit}" for digit in range(10)),
]


def frames_dbfs(sound: np.ndarray, frame_s: float = 0.02) -> np.ndarray:
    """Level of each 20 ms, measured here on its own so that the builder's measure is checked too."""
    step = int(TELEPHONE_HZ * frame_s)
    whole = sound[: len(sound) // step * step].reshape(-1, step)
    return 10 * np.log10(np.mean(whole.astype(float) ** 2, axis=1) + 1e-12)


def speech_dbfs(sound: np.ndarray) -> float:
    """Mean power of what is not a pause."""
    frames = frames_dbfs(sound)
    return float(10 * np.log10(np.mean(10 ** (frames[frames > frames.max() - 30] / 10))))


def test_every_prompt_the_hotline_plays_has_a_text() -> None:
    """The hotline never names a sentence that nobody wrote."""
    assert set(PLAYED) <= {prompt.name for prompt in PROMPTS}


def test_asterisk_can_play_them() -> None:
    """Asterisk plays every sound as it is: 8 kHz, one channel, 16 bit."""
    formats = {}
    for path in [*(prompt.wav(language) for prompt, language in SOUNDS), MUSIC]:
        with wave.open(str(path), "rb") as sound:
            formats[path] = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth(), sound.getcomptype())
    assert {path: form for path, form in formats.items() if form != (8000, 1, 2, "NONE")} == {}


def test_caller_hears_them_well() -> None:
    """Every sentence is as loud as the others, is not distorted, says something and does not go on for ever."""
    faults = []
    for prompt, language in SPOKEN:
        sound = read_wav(prompt.wav(language))
        length_s, level, peak = len(sound) / TELEPHONE_HZ, speech_dbfs(sound), float(np.abs(sound).max())
        if not (0.3 <= length_s <= 30 and abs(level + 20) <= 1.5 and peak <= 10 ** (PEAK_DBFS / 20)):
            faults.append(f"{language}/{prompt.name}: {length_s:.2f} s, {level:.1f} dBFS, peak {peak:.2f}")
    assert faults == []


def test_caller_does_not_wait_for_silence() -> None:
    """A sentence begins and ends at once, so that sentences can be put together."""
    faults = []
    for prompt, language in SPOKEN:
        frames = frames_dbfs(read_wav(prompt.wav(language)))
        loud = np.flatnonzero(frames > -50)
        before_s, after_s = loud[0] * 0.02, (len(frames) - 1 - loud[-1]) * 0.02
        if before_s >= 0.3 or after_s >= 0.4:  # an s at the end ("minutes") is all but gone at telephone rate
            faults.append(f"{language}/{prompt.name}: {before_s:.2f} s before, {after_s:.2f} s after")
    assert faults == []


def test_tones_are_as_written() -> None:
    """The beep has its pitch, its length and the level of the voices; a pause is silent."""
    for prompt in PROMPTS:
        for language in LANGUAGES if prompt.tone else ():
            sound, tone = read_wav(prompt.wav(language)), prompt.tone
            assert tone is not None
            assert len(sound) == round(tone.length_s * TELEPHONE_HZ)
            if tone.tone_hz == 0:
                assert not sound.any()
            else:
                assert np.argmax(np.abs(np.fft.rfft(sound))) * TELEPHONE_HZ / len(sound) == pytest.approx(
                    tone.tone_hz, abs=5
                )
                assert speech_dbfs(sound) == pytest.approx(-20, abs=1)


def test_no_sound_without_a_text() -> None:
    """A sound whose text was taken away is taken away too."""
    wanted = {prompt.wav(language) for prompt in PROMPTS for language in LANGUAGES} | {MUSIC}
    assert {path for path in PROMPTS_DIR.rglob("*") if path.suffix in {".wav", ".part"}} == wanted


def test_the_set_stays_small() -> None:
    """A clone stays quick: all sounds together are under 25 MB."""
    assert sum(path.stat().st_size for path in PROMPTS_DIR.rglob("*.wav")) < 25_000_000


def test_hold_music_is_quiet_and_long_enough() -> None:
    """Who waits hears a minute or more before the piece begins again, well below the level of speech."""
    music = read_wav(MUSIC)
    assert 60 <= len(music) / TELEPHONE_HZ <= 90
    assert 10 * np.log10(np.mean(music.astype(float) ** 2)) == pytest.approx(-26, abs=1)
    assert np.abs(music).max() <= 10 ** (PEAK_DBFS / 20)


def test_hold_music_loops_without_a_click() -> None:
    """From the end to the beginning the sound moves no more than anywhere within the piece."""
    music = read_wav(MUSIC)
    assert abs(music[0] - music[-1]) <= np.abs(np.diff(music)).max()


def test_hold_music_is_the_piece_we_wrote() -> None:
    """The committed sound is what music.py plays, so it holds no recording of anybody else."""
    assert np.allclose(read_wav(MUSIC), hold_piece(), atol=2 / 32767)


@pytest.mark.parametrize("ending", sorted(CURVES))
def test_hold_music_in_the_callers_coding_is_the_same_piece(ending: str) -> None:
    """A caller hears the same piece, whichever of its files Asterisk sends: they differ by no more than the telephone's own steps."""
    plain, sent = read_wav(MUSIC), read_companded(MUSIC.with_suffix(ending))
    assert len(sent) == len(plain)
    noise = np.mean((sent - plain) ** 2) / np.mean(plain**2)
    assert 10 * np.log10(noise) < -30  # G.711 keeps about 36 dB


@pytest.mark.parametrize(
    ("ending", "silence", "loudest", "softest"),
    [(".alaw", 0xD5, (32256, -32256), 8), (".ulaw", 0xFF, (32124, -32124), 0)],
)
def test_the_curves_are_those_of_the_telephone(
    ending: str, silence: int, loudest: tuple[int, int], softest: int
) -> None:
    """Silence, the loudest and the softest values are what G.711 says, so every phone plays them alike."""
    assert companded(np.zeros(1, np.float32), ending)[0] in (silence, silence ^ 0x80)
    assert (CURVES[ending].max(), CURVES[ending].min()) == loudest
    assert np.abs(CURVES[ending]).min() == softest
    codes = np.arange(256, dtype=np.uint8)
    again = companded((CURVES[ending] / 32767).astype(np.float64), ending)
    assert (CURVES[ending][again] == CURVES[ending][codes]).all()


def test_hold_music_can_be_told_from_itself_elsewhere() -> None:
    """A robot that records two bars of music can say where in the piece they are: no other two bars sound nearly the same."""
    music = read_wav(MUSIC)
    bars = round(8 * BEAT_S * TELEPHONE_HZ)
    heard = music[3 * bars : 4 * bars]
    size = 1 << (len(music) + len(heard)).bit_length()
    match = np.fft.irfft(np.fft.rfft(music, size) * np.conj(np.fft.rfft(heard, size)))[: len(music) - bars]
    energy = np.concatenate(([0.0], np.cumsum(music.astype(float) ** 2)))
    power = np.sqrt((energy[bars:] - energy[:-bars])[: len(match)] * np.sum(heard.astype(float) ** 2))
    likeness = np.abs(match / power)
    assert np.argmax(likeness) == 3 * bars
    elsewhere = np.abs(np.arange(len(match)) - 3 * bars) > TELEPHONE_HZ
    assert likeness[elsewhere].max() < 0.7


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("您好。", [("zh-CN", "您好。")]),
        (
            "咨询请按一；人工服务请按零；For English, press nine.",
            [("zh-CN", "咨询请按一"), ("zh-CN", "人工服务请按零"), ("en", "For English, press nine.")],
        ),
        ("Press one; press 2; 中文请按九。", [("en", "Press one"), ("en", "press 2"), ("zh-CN", "中文请按九。")]),
    ],
)
def test_each_language_has_its_own_voice(text: str, runs: list[tuple[str, str]]) -> None:
    """Inside one sentence, Chinese is spoken by the Mandarin voice and English by the English one."""
    assert voice_runs(text) == runs


@pytest.mark.parametrize(
    ("word", "dictionary", "spoken"),
    [
        ("两百", "liang3 bai3", "liang2 bai3"),
        ("以免", "yi3 mian3", "yi2 mian3"),
        ("一百", "yi1 bai3", "yi4 bai3"),
        ("一项", "yi1 xiang4", "yi2 xiang4"),
        ("一个", "yi1 ge5", "yi2 ge5"),
        ("第一项", "di4 yi1 xiang4", "di4 yi1 xiang4"),
        ("十一", "shi2 yi1", "shi2 yi1"),
        ("一十一", "yi1 shi2 yi1", "yi1 shi2 yi1"),
        ("星期一", "xing1 qi1 yi1", "xing1 qi1 yi1"),
        ("一月", "yi1 yue4", "yi1 yue4"),
        ("不便", "bu4 bian4", "bu2 bian4"),
        ("不能", "bu4 neng2", "bu4 neng2"),
        ("您好", "nin2 hao3", "nin2 hao3"),
    ],
)
def test_tones_change_as_in_speech(word: str, dictionary: str, spoken: str) -> None:
    """A caller hears words as people say them, not as the dictionary spells them."""
    assert " ".join(spoken_tones(word, dictionary.split())) == spoken


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ('[Welcome]\nzh-CN = "好"\nen = "a"', "small letters"),
        ('["../x"]\nzh-CN = "好"\nen = "a"', "small letters"),
        ('[welcome]\nzh-CN = "好"', "needs exactly"),
        ('[welcome]\nzh-CN = "好"\nen = "a"\nfr = "b"', "needs exactly"),
        ('[welcome]\nzh-CN = "好"\nen = " "', "says something"),
        ('[welcome]\nzh-CN = "好"\nen = 1', "says something"),
        ('welcome = "好"', "needs exactly"),
        ("[beep]\ntone_hz = 50\nlength_s = 0.3", "300 to 3400"),
        ("[beep]\ntone_hz = 1000\nlength_s = 9.0", "length_s"),
        ('[beep]\ntone_hz = "high"\nlength_s = 0.3', "300 to 3400"),
    ],
)
def test_a_wrong_text_file_is_refused(tmp_path: Path, written: str, complaint: str) -> None:
    """Who edits the texts is told which prompt is wrong and what to write."""
    path = tmp_path / "prompts.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(TextsWrong, match=complaint):
        read_prompts(path)
