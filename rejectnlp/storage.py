"""A model folder saved and loaded: plain arrays and JSON, nothing that can run code.

Only the names listed here are ever opened. The manifest holds the SHA-256 of every other
file, and ends with a seal, the SHA-256 of itself: whatever changed on the way is noticed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rejectnlp.codebook import Codebook
from rejectnlp.errors import ModelError, OutputError
from rejectnlp.settings import SETTINGS

FORMAT = 3
"""Version of the folder; another one is refused, never guessed at."""

ARRAYS = {"weights.npy": "float32", "idf.npy": "float64"}
VOCABULARIES = ("words.txt", "chars.txt")
CARD = "README.md"
FILES = (*ARRAYS, *VOCABULARIES, CARD)
_LARGEST = 512 * 2**20  # bytes of one file; no honest model comes near


@dataclass(frozen=True)
class Model:
    """What a model folder holds.

    Parameters
    ----------
    codebook
        Causes in the order of the columns.
    words, chars
        The n-grams of both blocks, in the order of the rows of `weights`.
    weights
        float32, shape (n_words + n_chars, n_causes + 1); the last column is evidence.
    idf
        float64, shape (n_words + n_chars,).
    intercepts
        Shape (n_causes + 1,).
    platt
        Shape (n_causes, 3).
    cutoffs
        Shape (n_causes,).
    precise_cutoffs
        Cut-offs for each of `SETTINGS.precisions`, shape (n_precisions, n_causes).
    is_exclusive
        True if every account has just one cause.
    word_ngrams, char_ngrams
        Shortest and longest n-gram of each block.
    dampings
        Added to the squared lengths of the blocks before they are scaled.
    about
        Settings, fingerprint of the data, library versions, scores.
    """

    codebook: Codebook
    words: list[str]
    chars: list[str]
    weights: NDArray[np.float32]
    idf: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    platt: NDArray[np.float64]
    cutoffs: NDArray[np.float64]
    precise_cutoffs: NDArray[np.float64]
    is_exclusive: bool
    word_ngrams: tuple[int, int]
    char_ngrams: tuple[int, int]
    dampings: tuple[float, float]
    about: Mapping[str, Any]


def check_free(folder: Path, *, force: bool) -> None:
    """Refuse a place for a model that is taken, before hours are spent on training it.

    Raises
    ------
    OutputError
        If the folder exists and `force` is not set, or is no model folder.
    """
    if not folder.exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError("its folder cannot be made", place=str(folder)) from error
        if not os.access(folder.parent, os.W_OK | os.X_OK):
            raise OutputError("its folder may not be written to", place=str(folder))
        return
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if not _manifest(folder).is_file():
        raise OutputError("is no model folder; it is left alone", place=str(folder))
    if not force:
        raise OutputError(
            "exists already", place=str(folder), remedy="Use --force or another --out."
        )


def save_model(model: Model, folder: Path, card: str, *, force: bool = False) -> None:
    """Write a model folder whole or not at all.

    Raises
    ------
    OutputError
        If the folder exists and `force` is not set, or is no model folder.
    """
    check_free(folder, force=force)
    try:
        _replace_folder(model, folder, card)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"could not be written ({reason}); nothing stands under the final name",
            place=str(folder),
        ) from error


def _replace_folder(model: Model, folder: Path, card: str) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write_parts(model, fresh, card)
        fresh.chmod(0o755)
        if folder.exists():
            old = fresh.with_suffix(".old")
            os.replace(folder, old)
            os.replace(fresh, folder)
            shutil.rmtree(old)
        else:
            os.replace(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def record_scores(
    folder: Path, scores: Mapping[str, Any], write_card: Callable[[Model], str]
) -> None:
    """Keep the scores of an evaluation in a model's manifest and card."""
    model = load_model(folder)
    about = {**model.about, "evaluation": dict(scores)}
    model = replace(model, about=about)
    save_model(model, folder, write_card(model), force=True)


def _manifest(folder: Path) -> Path:
    return folder / "manifest.json"


def _write_parts(model: Model, folder: Path, card: str) -> None:
    np.save(folder / "weights.npy", np.ascontiguousarray(model.weights, dtype=np.float32))
    np.save(folder / "idf.npy", np.asarray(model.idf, dtype=np.float64))
    for name, ngrams in zip(VOCABULARIES, (model.words, model.chars), strict=True):
        (folder / name).write_text("\n".join(ngrams), encoding="utf-8", newline="\n")
    manifest = {
        "format": FORMAT,
        "is_exclusive": model.is_exclusive,
        "word_ngrams": model.word_ngrams,
        "char_ngrams": model.char_ngrams,
        "dampings": model.dampings,
        "n_words": len(model.words),
        "n_chars": len(model.chars),
        "intercepts": model.intercepts.tolist(),
        "platt": model.platt.tolist(),
        "cutoffs": model.cutoffs.tolist(),
        "precise_cutoffs": model.precise_cutoffs.tolist(),
        "codebook": model.codebook.to_dict(),
        "about": model.about,
    }
    (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a folder: what it says, the files' fingerprints, and the seal."""
    parts = {name: part for name, part in manifest.items() if name not in ("files", "sha256")}
    parts["files"] = {name: _fingerprint(folder / name) for name in FILES}
    body = json.dumps(parts, indent=1, ensure_ascii=False).encode()
    _manifest(folder).write_bytes(_seal(body))


def _seal(body: bytes) -> bytes:
    """Put the SHA-256 of a manifest below its last part."""
    line = f',\n "sha256": "{hashlib.sha256(body).hexdigest()}"\n}}\n'
    return body.removesuffix(b"\n}") + line.encode()


_SEAL = len(_seal(b"\n}"))


def _is_sealed(data: bytes) -> bool:
    return data == _seal(data[:-_SEAL] + b"\n}")


def _fingerprint(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def load_model(folder: Path) -> Model:
    """Open a model folder without running anything it holds.

    Every file is checked against the size and SHA-256 in the manifest, the manifest
    against its own, and every array against the type and shape that the causes and
    vocabularies call for. Files that the format does not know are never opened.

    Raises
    ------
    ModelError
        If the folder is missing, damaged, or not a model of this format.
    """
    manifest = _read_manifest(folder)
    try:
        return _read_parts(folder, manifest)
    except ModelError:
        raise
    except Exception as error:  # what is made to fool the parsers makes them raise anything
        raise ModelError(
            f"the manifest does not fit the model ({type(error).__name__})",
            place=str(folder),
            remedy="Train it again with `rejectnlp train`.",
        ) from error


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = _manifest(folder)
    if not path.is_file():
        what = "holds no model (manifest.json is missing)" if folder.is_dir() else "does not exist"
        raise ModelError(
            what, place=str(folder), remedy="Make a model with `rejectnlp train DATA --out DIR`."
        )
    data = _read_bounded(path, 16 * 2**20)
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ModelError("manifest.json is not readable JSON", place=str(folder)) from error
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if version != FORMAT:
        raise ModelError(
            f"model format {version!r} is not the one this release reads ({FORMAT})",
            place=str(folder),
            remedy="Train it again with `rejectnlp train`.",
        )
    if not _is_sealed(data):
        raise ModelError(
            "is damaged or was changed: it does not have the fingerprint at its own end",
            place=str(path),
            remedy="Copy the model again, or train it again.",
        )
    assert isinstance(manifest, dict)
    return manifest


def _read_bounded(path: Path, largest: int) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise ModelError("is not a plain file", place=str(path))
    if path.stat().st_size > largest:
        raise ModelError(f"is larger than {largest} bytes", place=str(path))
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelError(f"cannot be read ({reason})", place=str(path)) from error


def _read_parts(folder: Path, manifest: dict[str, Any]) -> Model:
    data = {name: _read_checked(folder, name, manifest["files"][name]) for name in FILES}
    codebook = Codebook.from_dict(manifest["codebook"])
    words, chars = (data[name].decode("utf-8").split("\n") for name in VOCABULARIES)
    n_rows, n_causes = len(words) + len(chars), len(codebook.causes)
    if (len(words), len(chars)) != (manifest["n_words"], manifest["n_chars"]):
        raise ValueError("vocabulary")
    return Model(
        codebook=codebook,
        words=words,
        chars=chars,
        weights=_read_array("weights.npy", data, (n_rows, n_causes + 1)),
        idf=_read_array("idf.npy", data, (n_rows,)),
        intercepts=_check_numbers(manifest["intercepts"], (n_causes + 1,)),
        platt=_check_numbers(manifest["platt"], (n_causes, 3)),
        cutoffs=_check_numbers(manifest["cutoffs"], (n_causes,)),
        precise_cutoffs=_check_numbers(
            manifest["precise_cutoffs"], (len(SETTINGS.precisions), n_causes)
        ),
        is_exclusive=bool(manifest["is_exclusive"]),
        word_ngrams=_check_range(manifest["word_ngrams"]),
        char_ngrams=_check_range(manifest["char_ngrams"]),
        dampings=_check_dampings(manifest["dampings"]),
        about=dict(manifest["about"]),
    )


def _read_checked(folder: Path, name: str, promised: Mapping[str, Any]) -> bytes:
    path = folder / name
    data = _read_bounded(path, _LARGEST)
    if len(data) != promised["bytes"] or hashlib.sha256(data).hexdigest() != promised["sha256"]:
        raise ModelError(
            "is damaged or was changed: it does not have the fingerprint in manifest.json",
            place=str(path),
            remedy="Copy the model again, or train it again.",
        )
    return data


def _read_array(name: str, files: Mapping[str, bytes], shape: tuple[int, ...]) -> NDArray[Any]:
    """Give an array over the very bytes that were checked.

    `numpy.load` would open the file once more, take a zip or a pickle for one too, and
    map it: a mapped file that somebody cuts short later kills the process.
    """
    stream = io.BytesIO(files[name])
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(name)
    found, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype != ARRAYS[name] or found != shape or is_fortran:
        raise ValueError(name)
    array = np.frombuffer(files[name], dtype, offset=stream.tell()).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError(name)
    return array


def _check_numbers(values: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError("numbers")
    return array


def _check_dampings(values: Any) -> tuple[float, float]:
    words, chars = (float(v) for v in _check_numbers(values, (2,)))
    if words < 0 or chars < 0:
        raise ValueError("dampings")
    return words, chars


def _check_range(values: Any) -> tuple[int, int]:
    shortest, longest = (int(v) for v in values)
    if not 1 <= shortest <= longest <= 8:
        raise ValueError("n-grams")
    return shortest, longest
