"""Handing batches in to a node over HTTPS, and what its answers mean (`POST /reads`)."""

from __future__ import annotations

import gzip
import json
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gatehouse.model import BadUse
from gatehouse.model.batch import CAMERA_HEADER, MEDIA_TYPE, NUMBER_HEADER, SIGNATURE_HEADER, SignedBatch

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx

# A node answers in a few hundred bytes, at once; whatever sends more or for longer is none.
_LARGEST_ANSWER = 64 * 1024
_LONGEST_ANSWER = 60.0
_SECONDS = 30.0
_LONGEST_WAIT = 3600.0
_GZIP_LEVEL = 1
_WORTH_PACKING = 1_000


@dataclass(frozen=True, slots=True)
class Taken:
    """The node has the batch. `refused` counts reads that it did not take, by reason."""

    accepted: int
    refused: Mapping[str, int]
    duplicate: bool


@dataclass(frozen=True, slots=True)
class NotNow:
    """The batch may be sent again, after `seconds` if the node has said so."""

    why: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The node does not take this from this camera, and will not before a person has seen to it."""

    why: str


Outcome = Taken | NotNow | Refused


class Uplink:
    """One connection to a node. `url` is the node's own address; plain HTTP goes to this machine only."""

    def __init__(self, url: str, *, tls: SSLContext | None = None) -> None:
        import httpx

        check_node(url)
        verify: Any = True if tls is None else tls
        self._client = httpx.Client(base_url=url, timeout=_SECONDS, verify=verify, trust_env=False)

    def send(self, batch: SignedBatch) -> Outcome:
        """Hand a batch in and return what became of it; no failure of a network is an error."""
        import httpx

        headers = {
            CAMERA_HEADER: batch.camera,
            NUMBER_HEADER: str(batch.number),
            SIGNATURE_HEADER: b64encode(batch.signature).decode(),
            "Content-Type": MEDIA_TYPE,
        }
        body = batch.body
        if len(body) > _WORTH_PACKING:
            body = gzip.compress(body, _GZIP_LEVEL)
            headers["Content-Encoding"] = "gzip"
        # What is packed could unpack to anything.
        headers["Accept-Encoding"] = "identity"
        told = b""
        end = time.monotonic() + _LONGEST_ANSWER
        try:
            with self._client.stream("POST", "/reads", content=body, headers=headers) as response:
                for chunk in response.iter_raw():
                    told += chunk
                    if len(told) > _LARGEST_ANSWER or time.monotonic() > end:
                        return NotNow("what answered is no node")
        except httpx.HTTPError as error:
            return NotNow(f"the node does not answer ({type(error).__name__})")
        return _outcome(response, told)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def check_node(url: str) -> None:
    """Refuse an address to which reads would go in clear, or that is none (`BadUse`)."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or parts.path not in ("", "/"):
        raise BadUse("that is no node's address", where="--node", expected="https://HOST", got=url[:200])
    if parts.scheme == "http" and not _here(host):
        raise BadUse(
            "plain HTTP would show the reads to whoever is on the way",
            where="--node",
            expected="https://",
            got=url[:200],
        )


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _outcome(response: httpx.Response, body: bytes) -> Outcome:
    status = response.status_code
    if status == 200:
        try:
            told = json.loads(body)
            refused = {str(reason): int(count) for reason, count in told["refused"].items()}
            return Taken(int(told["accepted"]), refused, bool(told["duplicate"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # Whatever answers there is no node: nothing may be forgotten on its word.
            return NotNow("what answered is no node")
    if status in (408, 425, 429) or status >= 500:
        return NotNow(f"the node asks to come again ({status})", _retry_after(response))
    return Refused(f"the node refuses this camera's batches ({status}{_reason(body)})")


def _retry_after(response: httpx.Response) -> float | None:
    told = response.headers.get("retry-after", "")
    return min(float(told), _LONGEST_WAIT) if told.isascii() and told.isdecimal() and len(told) < 10 else None


def _reason(body: bytes) -> str:
    """Return the node's reason code, which never holds anything of a read."""
    try:
        told = json.loads(body).get("got")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return f": {told}" if isinstance(told, str) and told.replace(" ", "").isalpha() and len(told) < 40 else ""
