"""Sign-in through an OpenID provider that is wrong in every way that a token or an answer can be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # it ships no types
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from gatehouse.model import BadInput, PartUnavailable
from gatehouse.node.accounts import NotSignedIn, OidcProvider, OidcSettings
from gatehouse.node.accounts.oidc import LARGEST_ANSWER, LoginRequest, Subject
from tests.unit.node.authenticator import text
from tests.unit.node.staff import START, Clock

ISSUER = "https://id.test"
CLIENT = "gatehouse"
BACK = "https://gatehouse.test/session/oidc/callback"
NOW = int(START.timestamp())

Change = Callable[[dict[str, Any]], object]


class Provider:
    """A provider in memory. Tests change its metadata, keys, claims and answers."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
        self.published = [self.key]
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": "s-1",
            "aud": CLIENT,
            "exp": NOW + 300,
            "iat": NOW,
        }
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "k1"}
        self.tokens: dict[str, Any] | None = None
        self.status = 200
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.metadata)
        if request.url.path == "/keys":
            keys = KeySet(list(self.published)).as_dict(private=False)
            return httpx.Response(200, json=keys)
        if self.status != 200:
            return httpx.Response(self.status, json={"error": "invalid_grant"})
        if self.tokens is not None:
            return httpx.Response(200, json=self.tokens)
        return httpx.Response(
            200, json={"id_token": self.token(), "access_token": "a", "token_type": "Bearer"}
        )

    def token(self) -> str:
        return jwt.encode(self.header, self.claims, self.key, algorithms=["ES256"])

    def fetched(self, path: str) -> int:
        return sum(each.url.path == path for each in self.asked)


class Relying:
    """A node and its provider."""

    def __init__(self, **settings: Any) -> None:
        self.provider = Provider()
        self.clock = Clock()
        self.client = OidcProvider(
            OidcSettings(ISSUER, CLIENT, BACK, **settings),
            clock=self.clock,
            http=httpx.Client(transport=httpx.MockTransport(self.provider)),
        )

    def sign_in(self, **answer: str) -> Subject:
        """Go to the provider and back; keywords change what the browser comes back with."""
        request = self.client.begin()
        self.provider.claims.setdefault("nonce", request.nonce)
        return self.client.finish(request, {"state": request.state, "code": "c-1"} | answer)


def test_verified_subject_comes_of_the_whole_exchange() -> None:
    node = Relying(client_secret="p\u00e4ss:word")
    assert node.sign_in() == Subject(ISSUER, "s-1", START)
    (asked,) = (each for each in node.provider.asked if each.url.path == "/token")
    body = parse_qs(asked.content.decode())
    assert {name: body[name] for name in ("grant_type", "code", "redirect_uri")} == {
        "grant_type": ["authorization_code"],
        "code": ["c-1"],
        "redirect_uri": [BACK],
    }
    assert asked.headers["authorization"] == "Basic Z2F0ZWhvdXNlOnAlQzMlQTRzcyUzQXdvcmQ="
    assert "client_secret" not in body


def test_browser_is_sent_with_state_nonce_and_the_challenge_of_its_verifier() -> None:
    node = Relying(acr_values=("high", "higher"), max_age=timedelta(hours=1))
    request = node.client.begin()
    where = urlsplit(request.url)
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{ISSUER}/authorize"
    assert parse_qs(where.query) == {
        "response_type": ["code"],
        "client_id": [CLIENT],
        "redirect_uri": [BACK],
        "scope": ["openid"],
        "state": [request.state],
        "nonce": [request.nonce],
        "code_challenge": [create_s256_code_challenge(request.verifier)],
        "code_challenge_method": ["S256"],
        "max_age": ["3600"],
        "acr_values": ["high higher"],
    }
    again = node.client.begin()
    assert {again.state, again.nonce, again.verifier}.isdisjoint(
        {request.state, request.nonce, request.verifier}
    )


def test_secret_goes_in_the_body_where_the_provider_takes_it_only_there() -> None:
    node = Relying(client_secret="s")
    node.provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    node.sign_in()
    (asked,) = (each for each in node.provider.asked if each.url.path == "/token")
    assert "authorization" not in asked.headers and b"client_secret=s" in asked.content


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda claims: claims.update(iss="https://id.test.example"), id="another issuer"),
        pytest.param(lambda claims: claims.update(aud="another"), id="for another client"),
        pytest.param(lambda claims: claims.update(aud=["another"]), id="for other clients"),
        pytest.param(lambda claims: claims.update(aud=[CLIENT, "another"]), id="for several, by nobody"),
        pytest.param(
            lambda claims: claims.update(aud=[CLIENT, "another"], azp="another"), id="issued to another"
        ),
        pytest.param(lambda claims: claims.update(nonce="of another sign-in"), id="another nonce"),
        pytest.param(lambda claims: claims.update(nonce=None), id="no nonce"),
        pytest.param(lambda claims: claims.update(exp=NOW - 31), id="expired"),
        pytest.param(lambda claims: claims.update(iat=NOW + 31), id="of a time to come"),
        pytest.param(lambda claims: claims.update(nbf=NOW + 31), id="not yet good"),
        pytest.param(lambda claims: claims.update(sub=""), id="nobody"),
        pytest.param(lambda claims: claims.update(sub=7), id="a number for a subject"),
        pytest.param(lambda claims: claims.update(exp="soon"), id="an end that is no time"),
        pytest.param(lambda claims: claims.update(at_hash="AAAA"), id="another access token"),
        pytest.param(lambda claims: claims.update(auth_time=NOW - 8 * 3600 - 31), id="an old sign-in"),
        pytest.param(lambda claims: claims.update(auth_time="today"), id="a sign-in at no time"),
        pytest.param(lambda claims: claims.pop("exp"), id="no end"),
        pytest.param(lambda claims: claims.pop("iat"), id="no beginning"),
        pytest.param(lambda claims: claims.pop("aud"), id="for nobody"),
        pytest.param(lambda claims: claims.pop("iss"), id="by nobody"),
        pytest.param(lambda claims: claims.pop("sub"), id="of nobody"),
    ],
)
def test_token_whose_claims_do_not_fit_signs_nobody_in(change: Change) -> None:
    node = Relying()
    change(node.provider.claims)
    with pytest.raises(NotSignedIn):
        node.sign_in()


@pytest.mark.parametrize("leeway", [{"exp": NOW - 29}, {"iat": NOW + 29}, {"auth_time": NOW - 8 * 3600 - 29}])
def test_clocks_may_be_half_a_minute_apart(leeway: dict[str, int]) -> None:
    node = Relying()
    node.provider.claims.update(leeway)
    assert node.sign_in().subject == "s-1"


def test_token_of_another_key_signs_nobody_in() -> None:
    node = Relying()
    node.provider.key = ECKey.generate_key("P-256", {"kid": "k1"})
    with pytest.raises(NotSignedIn, match="does not hold"):
        node.sign_in()


def test_token_without_a_signature_signs_nobody_in() -> None:
    node = Relying()
    request = node.client.begin()
    claims = node.provider.claims | {"nonce": request.nonce}
    parts = [text(json.dumps(each).encode()) for each in ({"alg": "none"}, claims)]
    node.provider.tokens = {"id_token": ".".join([*parts, ""])}
    with pytest.raises(NotSignedIn):
        node.client.finish(request, {"state": request.state, "code": "c-1"})


def test_token_signed_with_the_public_key_as_a_secret_signs_nobody_in() -> None:
    node = Relying()
    request = node.client.begin()
    claims = node.provider.claims | {"nonce": request.nonce}
    # joserfc refuses to make a secret of a public key, so only its bytes are taken.
    secret = OctKey.import_key({"kty": "oct", "k": str(node.provider.key.as_dict(private=False)["x"])})
    forged = jwt.encode({"alg": "HS256", "kid": "k1"}, claims, secret, algorithms=["HS256"])
    node.provider.tokens = {"id_token": forged}
    with pytest.raises(NotSignedIn):
        node.client.finish(request, {"state": request.state, "code": "c-1"})


@pytest.mark.parametrize(
    "tokens", [{}, {"id_token": None}, {"id_token": 3}, {"id_token": "x"}, {"id_token": "a.b.c"}]
)
def test_answer_without_a_token_signs_nobody_in(tokens: dict[str, Any]) -> None:
    node = Relying()
    node.provider.tokens = tokens
    with pytest.raises(NotSignedIn):
        node.sign_in()


@pytest.mark.parametrize(
    "answer",
    [
        {"state": "of another sign-in"},
        {"state": ""},
        {"code": ""},
        {"error": "access_denied"},
        {"iss": "https://id.test.example"},
    ],
)
def test_answer_that_does_not_fit_is_refused_before_the_code_is_sent(answer: dict[str, str]) -> None:
    node = Relying()
    with pytest.raises(NotSignedIn):
        node.sign_in(**answer)
    assert node.provider.fetched("/token") == 0


def test_provider_that_promises_its_name_must_give_it() -> None:
    node = Relying()
    node.provider.metadata["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(NotSignedIn, match="another provider"):
        node.sign_in()
    del node.provider.claims["nonce"]
    assert node.sign_in(iss=ISSUER).subject == "s-1"


def test_code_that_the_provider_does_not_take_signs_nobody_in() -> None:
    node = Relying()
    node.provider.status = 400
    with pytest.raises(NotSignedIn, match="did not take the code"):
        node.sign_in()


@pytest.mark.parametrize(
    ("settings", "claims", "good"),
    [
        ({"required_amr": frozenset({"mfa", "hwk"})}, {"amr": ["pwd", "hwk"]}, True),
        ({"required_amr": frozenset({"mfa"})}, {"amr": ["pwd"]}, False),
        ({"required_amr": frozenset({"mfa"})}, {}, False),
        ({"required_amr": frozenset({"mfa"})}, {"amr": "mfa"}, False),
        ({"required_amr": frozenset({"mfa"})}, {"amr": [["mfa"]]}, False),
        ({"acr_values": ("high",)}, {"acr": "high"}, True),
        ({"acr_values": ("high",)}, {"acr": "low"}, False),
        ({"acr_values": ("high",)}, {}, False),
    ],
)
def test_sign_in_must_be_as_strong_as_asked_for(
    settings: dict[str, Any], claims: dict[str, Any], good: bool
) -> None:
    node = Relying(**settings)
    node.provider.claims.update(claims)
    if good:
        assert node.sign_in().subject == "s-1"
    else:
        with pytest.raises(NotSignedIn):
            node.sign_in()


def test_keys_that_the_provider_changed_are_fetched_anew() -> None:
    node = Relying()
    node.sign_in()
    node.clock.turn(seconds=31)
    node.provider.key = ECKey.generate_key("P-256", {"kid": "k2"})
    node.provider.published = [node.provider.key]
    node.provider.header["kid"] = "k2"
    del node.provider.claims["nonce"]
    assert node.sign_in().subject == "s-1"
    assert node.provider.fetched("/keys") == 2


def test_wrong_tokens_make_the_node_fetch_keys_at_most_every_half_minute() -> None:
    node = Relying()
    node.sign_in()
    for _ in range(5):
        node.provider.claims["nonce"] = "another"
        node.provider.header["kid"] = "unknown"
        with pytest.raises(NotSignedIn):
            node.sign_in()
    assert node.provider.fetched("/keys") == 1
    assert node.provider.fetched("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda found: found.update(issuer="https://id.test.example"), id="another issuer"),
        pytest.param(lambda found: found.update(token_endpoint="http://id.test/token"), id="no TLS"),
        pytest.param(lambda found: found.update(jwks_uri="file:///etc/passwd"), id="a file"),
        pytest.param(lambda found: found.update(jwks_uri=None), id="no keys"),
        pytest.param(lambda f: f.update(authorization_endpoint="https://a@id.test"), id="a name in it"),
        pytest.param(lambda found: found.update(code_challenge_methods_supported=["plain"]), id="no PKCE"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(change: Change) -> None:
    node = Relying()
    change(node.provider.metadata)
    with pytest.raises(BadInput):
        node.client.begin()


@pytest.mark.parametrize("issuer", ["http://id.test", "id.test", "", "https://", "http://127.0.0.1.example"])
def test_issuer_that_is_not_safe_is_refused(issuer: str) -> None:
    with pytest.raises(BadInput):
        OidcProvider(OidcSettings(issuer, CLIENT, BACK), clock=Clock(), http=httpx.Client())


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"[" * 200_000),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"x" * (LARGEST_ANSWER + 1)),
        httpx.Response(302, headers={"location": "https://id.test.example/"}),
        httpx.Response(503),
        httpx.ConnectError("no route"),
    ],
)
def test_provider_that_does_not_answer_as_it_should_is_unavailable(
    answer: httpx.Response | Exception,
) -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = OidcProvider(
        OidcSettings(ISSUER, CLIENT, BACK),
        clock=Clock(),
        http=httpx.Client(transport=httpx.MockTransport(answers)),
    )
    with pytest.raises(PartUnavailable, match="does not answer as it should"):
        client.begin()


def test_secrets_stand_in_no_representation() -> None:
    settings = OidcSettings(ISSUER, CLIENT, BACK, client_secret="s3cret")
    request = LoginRequest("https://id.test", "state-1", "nonce-1", "verifier-1")
    assert "s3cret" not in repr(settings) and "verifier-1" not in repr(request)
