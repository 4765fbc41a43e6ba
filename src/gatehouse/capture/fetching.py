"""Fetch model files from where their makers publish them.

A file is written beside its place as `NAME.part`, goes on where an earlier attempt stopped, and takes its
name only when its length and hash are those of the catalog.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gatehouse.capture.models import Model, Standing, hash_of
from gatehouse.model import PartUnavailable, VerificationFailed

_TIMEOUT_S = 30.0
_PARTIAL, _PAST_THE_END = 206, 416


def fetch(model: Model, folder: Path, *, advance: Callable[[int], None] = lambda _bytes: None) -> bool:
    """Put a model's file into a folder and return True, or False if it is there already.

    `advance` is told of every byte that is there, those of an earlier attempt too. What the server or the
    network refuses is `PartUnavailable`, and what has come so far stays; another file than the catalog's is
    `VerificationFailed` and is removed.
    """
    if model.standing(folder) is Standing.READY:
        advance(model.bytes)
        return False
    if model.url is None:
        raise PartUnavailable(
            "the model file is not published by its maker and cannot be fetched",
            where=model.name,
            hint=f"put it into {folder}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{model.name}.part"
    _download(model, model.url, draft, advance)
    if (size := draft.stat().st_size) != model.bytes or hash_of(draft) != model.sha256:
        got = f"{size:,} bytes, sha256:{hash_of(draft)}"
        draft.unlink()
        raise VerificationFailed(
            "what was fetched is not the model file, and was removed",
            where=model.url,
            expected=f"{model.bytes:,} bytes, sha256:{model.sha256}",
            got=got,
            hint="its makers may have replaced it: see whether a newer Gatehouse knows the new one",
        )
    draft.replace(folder / model.name)
    return True


def _download(model: Model, url: str, draft: Path, advance: Callable[[int], None]) -> None:
    import httpx

    have = draft.stat().st_size if draft.exists() else 0
    if have > model.bytes:
        draft.unlink()
        have = 0
    if have == model.bytes:
        advance(have)
        return
    asked = {"Range": f"bytes={have}-"} if have else {}
    try:
        with httpx.stream("GET", url, headers=asked, follow_redirects=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == _PAST_THE_END:
                draft.unlink()
            answer.raise_for_status()
            goes_on = answer.status_code == _PARTIAL
            if goes_on:
                advance(have)
            came = have if goes_on else 0
            with draft.open("ab" if goes_on else "wb") as file:
                for chunk in answer.iter_bytes():
                    came += len(chunk)
                    # A server that sends on and on must not fill the disk.
                    if came > model.bytes:
                        break
                    file.write(chunk)
                    advance(len(chunk))
    except httpx.HTTPStatusError as error:
        raise _unreached(url, f"status {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise _unreached(url, type(error).__name__) from error
    if came < model.bytes:
        raise _unreached(url, f"{came:,} of {model.bytes:,} bytes")
    if came > model.bytes:
        # Longer than it may be: let the check of length and hash see that it is another file.
        draft.write_bytes(b"")


def _unreached(url: str, got: str) -> PartUnavailable:
    return PartUnavailable(
        "the model file cannot be fetched",
        where=url,
        got=got,
        hint="try again: what has come is kept; or fetch it by other means and name its folder with --models",
    )
