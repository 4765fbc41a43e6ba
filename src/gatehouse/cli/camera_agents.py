"""What `gatehouse camera` runs: an agent for each camera, their health, and an orderly end."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import typer

from gatehouse.model import BadInput, BadUse, PartUnavailable

if TYPE_CHECKING:
    from gatehouse.capture.adapters.bridge import Bridge
    from gatehouse.capture.adapters.foreign import ForeignRead
    from gatehouse.capture.agent.agent import Agent


@dataclass(frozen=True, slots=True)
class Feeding:
    """Agents that run, by the name under which their camera's reads come in. `stop` ends them."""

    agents: Mapping[str, Agent]
    name: str
    stop: Event

    @property
    def only(self) -> Agent:
        """Return the agent of the one camera there is."""
        (found,) = self.agents.values()
        return found

    def on_source(self, up: bool, why: str) -> None:
        """Tell every agent that the source came or went."""
        for each in self.agents.values():
            each.on_source(up, why)

    def bridge(self) -> Bridge:
        """Return what hands another reader's reads to their cameras, each plate of an event once for good."""
        from gatehouse.capture.adapters.bridge import Bridge
        from gatehouse.capture.agent.queue import Added
        from gatehouse.capture.agent.reads import CameraRead

        def taker(agent: Agent) -> Any:
            def take(read: ForeignRead, mark: bytes) -> bool:
                added = agent.take(CameraRead.of_foreign(read), mark=mark)
                if added is Added.FULL:
                    # The other reader has a queue of its own: it keeps what it is not told is kept.
                    raise PartUnavailable(
                        "the camera's queue is full", hint="see why the node takes nothing, or raise --most"
                    )
                return added is Added.KEPT

            return take

        return Bridge({name: taker(agent) for name, agent in self.agents.items()})


@contextmanager
def feeding(
    folders: Mapping[str, Path],
    *,
    node: str,
    ca: Path | None,
    keep_hours: float,
    most: int,
    tell: str,
    as_json: bool,
) -> Iterator[Feeding]:
    """Run an agent for each camera's folder until the block ends or a signal asks for the end."""
    from gatehouse.capture.agent.agent import Agent
    from gatehouse.capture.agent.folder import CameraFolder
    from gatehouse.capture.agent.queue import ReadQueue
    from gatehouse.capture.agent.status import telling
    from gatehouse.capture.agent.uplink import Uplink
    from gatehouse.cli.output import print_json_line

    host, port = address(tell, "--tell")
    stop, tls = Event(), _trusting(ca)
    agents: dict[str, Agent] = {}
    told: dict[str, tuple[Agent, ReadQueue]] = {}
    with ExitStack() as stack:
        for name, path in folders.items():
            folder = CameraFolder.open(path)
            queue = ReadQueue(folder.queue, camera=folder.camera, most=most)
            stack.callback(queue.close)
            uplink = Uplink(node, tls=tls)
            stack.callback(uplink.close)
            agents[name] = Agent(queue, uplink, folder.signer(), keep=timedelta(hours=keep_hours))
            told[folder.camera] = agents[name], queue
        url = stack.enter_context(telling(told, host=host, port=port))
        threads = [Thread(target=each.run, args=(stop,), name="uplink") for each in agents.values()]
        for each in threads:
            each.start()
        before = [signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGTERM, signal.SIGINT)]
        try:
            if as_json:
                print_json_line({"cameras": list(told), "node": node, "tells": url})
            else:
                typer.echo(f"Feeding {node} from {', '.join(told)}; health at {url}/healthz.")
            typer.get_text_stream("stdout").flush()
            yield Feeding(agents, "-".join(sorted(told)).replace("/", "."), stop)
        finally:
            stop.set()
            for each in threads:
                each.join()
            for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
                signal.signal(number, handler)


def address(text: str, option: str) -> tuple[str, int]:
    """Return the host and port of an option; anything else is `BadUse`."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or len(port) > 5 or int(port) > 65_535:
        raise BadUse("that is no address", where=option, expected="HOST:PORT", got=repr(text))
    return host.removeprefix("[").removesuffix("]"), int(port)


def secret(path: Path) -> str:
    """Return the one line of a file that nobody else may read."""
    from gatehouse.signing.private_file import read_private

    try:
        text = read_private(path).decode().strip()
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise BadInput("the file holds no secret", where=str(path), expected="one line of text")
    return text


def zone_of(name: str) -> tzinfo:
    """Return a zone of the tz database by its name; another name is `BadUse`."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        expected = "a name as America/Chicago or UTC"
        raise BadUse("there is no such zone", where="--zone", expected=expected, got=name) from None


def serve_webhook(app: Any, host: str, port: int, feed: Feeding) -> None:
    """Serve an application until the feed is told to end."""
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="off")
    )

    def end() -> None:
        feed.stop.wait()
        server.should_exit = True

    Thread(target=end, daemon=True).start()
    server.run()
    feed.stop.set()


def _trusting(ca: Path | None) -> Any:
    """Return a TLS context that trusts a file's authorities, None for the machine's own list."""
    if ca is None:
        return None
    import ssl

    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        raise BadInput("the file holds no certificates", where=str(ca), got=str(error)[:100]) from None
