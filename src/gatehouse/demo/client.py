"""How people and cameras reach the node: over HTTP, with a second factor or a signature, as anybody does."""

from __future__ import annotations

import json
from base64 import b32decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gatehouse.demo.clock import StoryClock
from gatehouse.demo.step import NotAsTold
from gatehouse.model import Officer
from gatehouse.model.batch import (
    CAMERA_HEADER,
    MEDIA_TYPE,
    NUMBER_HEADER,
    SIGNATURE_HEADER,
    signed_message,
)
from gatehouse.web.cookies import SESSION

# A one-time code counts once, and the next is another 30 seconds later.
_NEXT_CODE: Final = timedelta(seconds=31)
# A session that is not used for 15 minutes ends.
_IDLE: Final = timedelta(minutes=14)
_SECONDS: Final = 60.0


class Site:
    """The node at an address, which knows itself by another name: that of its configuration."""

    def __init__(self, address: str, *, name: str) -> None:
        headers = {"host": urlsplit(name).netloc, "origin": name}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=_SECONDS, trust_env=False)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request."""
        # Cookies are the sender's to keep: all people of the story share this client.
        self._client.cookies.clear()
        return self._client.request(method, path, **more)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


@dataclass(slots=True)
class Reader:
    """A camera: it signs its batches and numbers them."""

    id: str
    key: Ed25519PrivateKey
    sent: int = 0

    @property
    def public(self) -> bytes:
        """Return the key that the registry knows it by."""
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def hand_in(self, site: Site, reads: Sequence[Mapping[str, Any]]) -> int:
        """Hand a batch in and return how many reads were accepted; a refused one is `NotAsTold`."""
        body = b"".join(json.dumps(each).encode() + b"\n" for each in reads)
        number = self.sent + 1
        signature = self.key.sign(signed_message(self.id, number, body))
        headers = {
            CAMERA_HEADER: self.id,
            NUMBER_HEADER: str(number),
            SIGNATURE_HEADER: b64encode(signature).decode(),
            "content-type": MEDIA_TYPE,
        }
        found = _expected(site.send("POST", "/reads", content=body, headers=headers), 200)
        if found["refused"] or found["accepted"] != len(reads):
            raise NotAsTold("a camera's reads were not all taken in", got=json.dumps(found["refused"]))
        self.sent = number
        return int(found["accepted"])


class Person:
    """Somebody with an account, an authenticator and a browser that keeps one cookie."""

    def __init__(self, site: Site, clock: StoryClock, officer: Officer) -> None:
        self._site = site
        self._clock = clock
        self.officer = officer
        self.login = officer.id
        self.password = token_urlsafe(18)
        self.secret = ""
        self.uri = ""
        self._cookie: str | None = None
        self._used: datetime | None = None

    def enroll(self, invitation: str) -> None:
        """Take an invitation up: password and authenticator."""
        found = self._post("/enrollment", {"token": invitation}, 200)
        self.secret, self.uri = found["secret"], found["uri"]
        given = {"token": invitation, "login": self.login, "password": self.password, "code": self.code()}
        self._post("/enrollment/code", given, 201)

    def code(self) -> str:
        """Return a one-time code that was not shown before: some seconds pass."""
        self._clock.turn(_NEXT_CODE)
        return TOTP(b32decode(self.secret), 6, SHA1(), 30).generate(int(self._clock().timestamp())).decode()  # noqa: S303

    def get(self, path: str) -> Any:
        """Ask for something, signed in."""
        self._sign_in()
        return _expected(self._send("GET", path), 200)

    def post(self, path: str, document: Mapping[str, Any], status: int = 200) -> Any:
        """Do something, signed in."""
        self._sign_in()
        return self._post(path, document, status)

    def search(self, asked: Mapping[str, Any]) -> Any:
        """Sign a search, send it and return the answer."""
        signed = self.signed({"asks": "search", "search": asked})
        return self.post("/searches", {"search": asked, "signed": signed}, 201)

    def signed(self, intent: Mapping[str, Any]) -> dict[str, str]:
        """Return what shows that this person stands behind an intent: its nonce with a fresh code."""
        challenge = self.post("/intents", {"intent": intent}, 201)
        return {"nonce": challenge["nonce"], "code": self.code()}

    def refused(self, intent: Mapping[str, Any]) -> Any:
        """Return why an intent is none that the node knows; one that it takes is `NotAsTold`."""
        self._sign_in()
        return _expected(self._send("POST", "/intents", json={"intent": intent}), 422)

    def _sign_in(self) -> None:
        now = self._clock()
        if self._cookie is None or self._used is None or now - self._used > _IDLE:
            self._cookie = None
            given = {"login": self.login, "password": self.password, "code": self.code()}
            self._post("/session", given, 201)
        self._used = self._clock()

    def _post(self, path: str, document: Mapping[str, Any], status: int) -> Any:
        return _expected(self._send("POST", path, json=document), status)

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        # `Secure` keeps a cookie jar from sending it over plain HTTP, which on loopback reaches nobody else.
        headers = {} if self._cookie is None else {"cookie": f"{SESSION}={self._cookie}"}
        response = self._site.send(method, path, headers=headers, **more)
        if SESSION in response.cookies:
            self._cookie = response.cookies[SESSION]
        return response


def _expected(response: httpx.Response, status: int) -> Any:
    if response.status_code != status:
        raise NotAsTold(
            "the node answered otherwise than the story says",
            where=f"{response.request.method} {response.request.url.path}",
            expected=str(status),
            got=f"{response.status_code}: {response.text[:600]}",
        )
    return response.json() if response.content else None
