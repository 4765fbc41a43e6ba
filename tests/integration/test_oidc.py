"""Sign-in at a real OpenID provider: a process of its own on loopback, asked over HTTP as a browser would."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gatehouse.model import PartUnavailable
from gatehouse.node.accounts import NotSignedIn, OidcProvider, OidcSettings
from gatehouse.node.accounts.oidc import LoginRequest, Subject
from tests.unit.node.authenticator import Authenticator
from tests.unit.web.nodes import ORIGIN, Browser, WebNode, app_of, asked

BACK = "http://127.0.0.1/session/oidc/callback"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run a provider. In this process its imports would warn of what they use, which is an error in tests."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert process.poll() is None, "the provider ended"
            try:
                httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def provider(issuer: str, *, client: str = "gatehouse") -> OidcProvider:
    settings = OidcSettings(issuer, client, BACK, client_secret="of no matter to this provider")
    return OidcProvider(settings, clock=now, http=httpx.Client(trust_env=False))


def consent(browser: httpx.Client, request: LoginRequest, **form: str) -> dict[str, str]:
    """Let a person answer at the provider, and return the query with which the browser is sent back."""
    answer = browser.post(request.url, data=form)
    assert answer.status_code == 302
    where = urlsplit(answer.headers["location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == BACK
    return dict(parse_qsl(where.query))


def test_person_who_signs_in_at_the_provider_is_a_verified_subject(
    issuer: str, browser: httpx.Client
) -> None:
    client = provider(issuer)
    request = client.begin()
    found = client.finish(request, consent(browser, request, sub="subject-of-ames"))
    assert found == Subject(issuer, "subject-of-ames", found.at)
    client.close()


def test_code_is_good_once(issuer: str, browser: httpx.Client) -> None:
    client = provider(issuer)
    request = client.begin()
    answer = consent(browser, request, sub="subject-of-ames")
    client.finish(request, answer)
    with pytest.raises(NotSignedIn, match="did not take the code"):
        client.finish(request, answer)
    client.close()


def test_person_who_denies_is_not_signed_in(issuer: str, browser: httpx.Client) -> None:
    client = provider(issuer)
    request = client.begin()
    answer = consent(browser, request, action="deny")
    with pytest.raises(NotSignedIn):
        client.finish(request, answer | {"state": request.state})
    client.close()


def test_code_of_another_sign_in_is_refused_for_its_nonce(issuer: str, browser: httpx.Client) -> None:
    client = provider(issuer)
    victim, attacker = client.begin(), client.begin()
    stolen = consent(browser, victim, sub="subject-of-ames")
    with pytest.raises(NotSignedIn, match="does not hold"):
        client.finish(attacker, {"state": attacker.state, "code": stolen["code"]})
    client.close()


def test_code_given_to_another_client_is_refused(issuer: str, browser: httpx.Client) -> None:
    first, second = provider(issuer), provider(issuer, client="another")
    request = first.begin()
    answer = consent(browser, request, sub="subject-of-ames")
    with pytest.raises(NotSignedIn):
        second.finish(request, answer)
    first.close()
    second.close()


def test_provider_that_is_away_is_told_of(issuer: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    client = provider(f"http://127.0.0.1:{port}")
    with pytest.raises(PartUnavailable, match="OpenID provider"):
        client.begin()
    client.close()


class TestOverTheWeb:
    """The whole way of a browser: the node, the provider, and back."""

    @pytest.fixture
    def node(self, tmp_path: Path, issuer: str) -> Iterator[WebNode]:
        found = WebNode(tmp_path)
        found.oidc = OidcProvider(
            OidcSettings(issuer, "gatehouse", f"{ORIGIN}/session/oidc/callback", client_secret="any"),
            # The provider's tokens are of its own time, which the node's clock of a test is not.
            clock=now,
            http=httpx.Client(trust_env=False),
        )
        yield found
        found.oidc.close()
        found.close()

    def come_back(self, page: Browser, browser: httpx.Client, subject: str) -> str:
        """Sign in at the provider and return the path that the browser is sent back to."""
        there = page.get("/session/oidc")
        assert there.status_code == 302
        answer = browser.post(there.headers["location"], data={"sub": subject})
        back = urlsplit(answer.headers["location"])
        assert f"{back.scheme}://{back.netloc}" == ORIGIN
        return f"{back.path}?{back.query}"

    def test_linked_person_is_signed_in_and_adds_a_passkey_at_once(
        self, node: WebNode, issuer: str, browser: httpx.Client
    ) -> None:
        node.accounts.subjects.link(issuer, "subject-of-o1", "o1", by=())
        page = Browser(app_of(node))
        found = page.get(self.come_back(page, browser, "subject-of-o1"))
        assert (found.status_code, found.headers["location"]) == (303, "/")
        told = page.get("/session").json()
        assert (told["officer"], told["method"], told["roles"]) == ("o1", "oidc", ["officer"])
        page.device = Authenticator()
        options = page.post("/account/passkeys/options").json()["options"]
        body = {"credential": page.device.create(options), "label": "key"}
        assert page.post("/account/passkeys", body).status_code == 201
        search = asked(node)
        signed = page.signed({"asks": "search", "search": search})
        assert page.post("/searches", {"search": search, "signed": signed}).json()["state"] == "released"

    def test_person_whom_the_registry_does_not_know_is_not_signed_in(
        self, node: WebNode, browser: httpx.Client
    ) -> None:
        page = Browser(app_of(node))
        found = page.get(self.come_back(page, browser, "subject-of-nobody"))
        assert found.status_code == 401
        assert page.get("/session").status_code == 401

    def test_answer_in_another_browser_signs_nobody_in(
        self, node: WebNode, issuer: str, browser: httpx.Client
    ) -> None:
        node.accounts.subjects.link(issuer, "subject-of-o1", "o1", by=())
        app = app_of(node)
        attacker, victim = Browser(app), Browser(app)
        path = self.come_back(attacker, browser, "subject-of-o1")
        assert victim.get(path).status_code == 401
        # The victim's browser may have begun a sign-in of its own.
        victim.get("/session/oidc")
        assert victim.get(path).status_code == 401

    def test_answer_is_good_once(self, node: WebNode, issuer: str, browser: httpx.Client) -> None:
        node.accounts.subjects.link(issuer, "subject-of-o1", "o1", by=())
        page = Browser(app_of(node))
        path = self.come_back(page, browser, "subject-of-o1")
        first = page.get(path)
        assert first.status_code == 303, first.text
        assert page.get(path).status_code == 401
