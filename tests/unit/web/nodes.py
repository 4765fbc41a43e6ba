"""A node for tests of the web: a real door, ledger, vault and read store, real accounts, and a browser."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from starlette.applications import Starlette

from gatehouse.hotlist.hotlists import Hotlists
from gatehouse.hotlist.leads import Hit
from gatehouse.hotlist.parts import HotlistParts
from gatehouse.hotlist.sealing import EntryKey, LeadKeys
from gatehouse.hotlist.state import TABLES, HotlistTables
from gatehouse.ledger import own_tables
from gatehouse.ledger.folder import Ledger
from gatehouse.model import Agency, BadInput, Camera, Officer, Read, Role
from gatehouse.model.batch import SignedBatch
from gatehouse.node.accounts import Accounts, OidcProvider
from gatehouse.node.accounts.passwords import Passwords
from gatehouse.node.changes import Changes
from gatehouse.node.health import Health
from gatehouse.node.images import Images, keeper
from gatehouse.node.intake import CameraHealth
from gatehouse.node.record import Recorded
from gatehouse.reads.sqlite import SqliteReads
from gatehouse.search.door import Door
from gatehouse.search.holding import Holds
from gatehouse.search.registry import OwnerRules
from gatehouse.vault.batch import ReadRefusal
from gatehouse.web.app import create_app, endpoints
from gatehouse.web.metrics import Metrics
from gatehouse.web.ports import Site
from gatehouse.web.problem import Problem
from tests.unit.node.authenticator import Authenticator
from tests.unit.node.staff import SITE, Record
from tests.unit.search.world import ALDER, CEDAR, World

ORIGIN = "https://gatehouse.test"


@dataclass
class Taken:
    """How a batch was taken in."""

    accepted: int = 0
    refused: Mapping[ReadRefusal, int] = field(default_factory=Counter)
    duplicate: bool = False


class WebRegistry:
    """The registry of a world, with what the web asks beside."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.added: list[Camera] = []

    def agency(self, agency: str) -> Agency:
        return self._world.registry.agency(agency)

    def agencies(self) -> Sequence[Agency]:
        return list(self._world.registry.agencies.values())

    def cameras(self, agency: str | None = None) -> Sequence[Camera]:
        return [each for each in self.added if agency in (None, each.agency)]

    def camera(self, camera: str) -> Camera:
        found = next((each for each in self.added if each.id == camera), None)
        if found is None:
            raise BadInput("there is no such camera")
        return found

    def officer(self, officer: str) -> Officer:
        return self._world.registry.officer(officer)

    def people(self, agency: str, role: Role) -> Sequence[Officer]:
        return self._world.registry.people(agency, role)

    def own_rule(self, owner: str) -> OwnerRules:
        return self._world.registry.own_rule(owner)

    def add_officer(self, officer: Officer, *, by: Officer) -> Recorded:
        raise NotImplementedError("a whole node has it: tests.unit.web.whole")

    change_officer = add_officer

    def add_camera(self, camera: Camera, *, by: Officer) -> Recorded:
        raise NotImplementedError("a whole node has it: tests.unit.web.whole")

    change_camera = add_camera


class NoIntake:
    """An intake that no camera has handed anything to."""

    def health(self, camera: str) -> CameraHealth:
        return CameraHealth()


class WebNode:
    """A node as the web asks for it (`gatehouse.web.ports.Site`)."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.world.close()
        own_tables.create(folder / "ledger" / "log.sqlite", TABLES)
        self.world.open()
        EntryKey.create(folder / "hotlist.key")
        LeadKeys.create(folder / "leads")
        self._tables = HotlistTables(self.world.ledger.folder.log)
        self.hotlists = Hotlists(
            HotlistParts(
                book=self.world.ledger,
                registry=self.world.registry,
                tables=self._tables,
                key=EntryKey.open(folder / "hotlist.key"),
                leads=LeadKeys(folder / "leads"),
                clock=self.world.clock,
                count=self.world.vault.record,
                choose=min,
                on_raised=keeper(self.world.vault.images),
            )
        )
        self.hotlists.recover()
        self.holds = Holds(self.world.parts, sighted=self.hotlists.hits.sighted)
        self.record = Record()
        self.registry = WebRegistry(self.world)
        self.accounts = Accounts(
            folder / "accounts.sqlite",
            key=folder / "accounts.key",
            officers=self.registry,
            relying=SITE,
            record=self.record,
            clock=self.world.clock,
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        )
        self.oidc: OidcProvider | None = None
        self.taken: list[SignedBatch] = []
        self.take: Taken | Exception = Taken(accepted=1)
        self.intake = NoIntake()
        self.images = Images(
            self.world.vault.images,
            show=lambda _: None,
            registry=self.registry,
            parts=self.world.parts,
            hotlists=self.hotlists,
        )
        self.parts = [Health("ledger", True), Health("vault", True)]

    @property
    def door(self) -> Door:
        return self.world.door

    @property
    def clock(self) -> Any:
        return self.world.clock

    @property
    def changes(self) -> Changes:
        raise NotImplementedError("a whole node has it: tests.unit.web.whole")

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger

    @property
    def reads(self) -> SqliteReads:
        return self.world.reads

    def ingest(self, batch: SignedBatch) -> Taken:
        self.taken.append(batch)
        if isinstance(self.take, Exception):
            raise self.take
        return self.take

    def offboard(self, officer: str, *, by: Officer) -> None:
        people = self.world.registry.officers
        known = people[officer]
        people[officer] = Officer(known.id, known.agency, known.name, known.roles, active=False)
        self.accounts.offboard(officer, by=(by.id,))

    def health(self) -> Sequence[Health]:
        return self.parts

    def hire(self, id: str, *roles: Role, agency: str = CEDAR) -> None:
        """Add a person to the registry."""
        self.world.registry.officers[id] = Officer(id, agency, f"Person {id}", frozenset(roles))

    def pass_by(self, plate: str = "TEST123", *, owner: str = ALDER, state: str | None = None) -> list[Hit]:
        """Have a car pass a camera of an owner, minutes after the one before."""
        self.move(minutes=3)
        camera = Camera(f"{owner}-1", owner, "Gate", 41.0, -104.0, None, bytes(32))
        read = Read(camera.id, self.now(), plate, plate, confidence=0.9, state=state)
        return self.hotlists.on_reads([read], camera, self.now())

    def move(self, **span: float) -> None:
        """Let time pass."""
        self.world.clock.move(timedelta(**span))

    def now(self) -> datetime:
        """Return the time."""
        return self.world.clock()

    def close(self) -> None:
        self.accounts.close()
        self._tables.close()
        self.world.close()


_ROUTES = [
    (each.method, re.compile(re.sub(r"{\w+}", "[^/]+", each.path)), each) for each in endpoints(Metrics())
]


def check_declared(method: str, path: str, response: httpx.Response) -> None:
    """Fail a test whose response is none that the route declares, and so none of `/openapi.json`."""
    bare = path.partition("?")[0]
    # As in routing the first that fits is the one.
    found = [each for verb, pattern, each in _ROUTES if verb == method and pattern.fullmatch(bare)][:1]
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        problem = Problem.model_validate_json(response.content, extra="forbid")
        assert problem.status == response.status_code
        for each in found:
            assert response.status_code in each.problems, (response.status_code, each.path)
        return
    for each in found:
        model = each.answers[response.status_code]
        if model is not None:
            model.model_validate_json(response.content)
            assert json.loads(response.content).keys() == model.model_fields.keys()
        elif not each.plain:
            assert response.content == b""


class Browser:
    """A browser at one of the node's pages, or a program that names its origin."""

    def __init__(
        self,
        app: Starlette,
        *,
        origin: str | None = ORIGIN,
        address: str = "192.0.2.7",
        declared: bool = True,
    ) -> None:
        headers = {} if origin is None else {"origin": origin}
        self._app = app
        self._address = address
        self._declared = declared
        self._headers = headers
        self.cookies = httpx.Cookies()
        self.device: Authenticator | None = None

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request and keep the cookies that come of it."""

        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(
                app=self._app, raise_app_exceptions=False, client=(self._address, 1)
            )
            async with httpx.AsyncClient(
                transport=transport, base_url=ORIGIN, headers=self._headers, cookies=self.cookies
            ) as client:
                response = await client.request(method, path, **more)
                self.cookies = client.cookies
                return response

        found = asyncio.run(run())
        if self._declared:
            check_declared(method, path, found)
        return found

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        if json is not None:
            more["json"] = json
        return self.send("POST", path, **more)

    def enroll(self, node: Site, officer: str) -> None:
        """Give a person a passkey, on this browser's device."""
        self.device = Authenticator()
        token = node.accounts.enrollment.invite(officer, by=()).token
        login = f"login.{officer}"
        options = node.accounts.enrollment.passkey_options(token, login=login)
        node.accounts.enrollment.with_passkey(
            token, login=login, credential=self.device.create(options), label="key"
        )

    def sign_in(self) -> httpx.Response:
        """Sign in with the passkey."""
        assert self.device is not None
        options = self.post("/session/passkey/options").json()["options"]
        found = self.post("/session/passkey", {"credential": self.device.get(options)})
        assert found.status_code == 201, found.text
        return found

    def signed(self, intent: Mapping[str, Any]) -> dict[str, Any]:
        """Return what shows that the person stands behind an intent."""
        assert self.device is not None
        found = self.post("/intents", {"intent": intent})
        assert found.status_code == 201, found.text
        challenge = found.json()
        return {"nonce": challenge["nonce"], "credential": self.device.get(challenge["passkey"])}


def at_work(node: Site, app: Starlette, officer: str) -> Browser:
    """Return the browser of a person who has a passkey and is signed in."""
    browser = Browser(app)
    browser.enroll(node, officer)
    browser.sign_in()
    return browser


def app_of(node: WebNode) -> Starlette:
    """Return the application of a node."""
    return create_app(node)


def asked(node: WebNode, **changed: Any) -> dict[str, Any]:
    """Return the body of a search for a stolen car among neighbors, with some of it changed."""
    now = node.now()
    return {
        "plate": "TEST123",
        "window": {"from": (now - timedelta(days=2)).isoformat(), "to": now.isoformat()},
        "scope": "neighbors",
        "purpose": "stolen_vehicle_or_plate",
        "on_behalf_of": "none",
        "reason": "stolen Honda Civic taken from Main Street last night",
        "offense": "240",
        "case_number": "26-01234",
    } | changed
