"""What an agent says of itself on the loopback: `/healthz`, and counts for Prometheus at `/metrics`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from gatehouse.capture.agent.agent import Agent
from gatehouse.capture.agent.queue import ReadQueue
from gatehouse.model import BadUse, PartUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client import Metric


class _Collector:
    """The agents' counts as they stand when they are asked for, by camera."""

    def __init__(self, agents: Mapping[str, tuple[Agent, ReadQueue]]) -> None:
        self._agents = agents

    def collect(self) -> Iterable[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        def gauge(name: str, what: str) -> GaugeMetricFamily:
            return GaugeMetricFamily(f"gatehouse_camera_{name}", what, labels=["camera"])

        def counter(name: str, what: str, *labels: str) -> CounterMetricFamily:
            return CounterMetricFamily(f"gatehouse_camera_{name}", what, labels=["camera", *labels])

        source = gauge("source_up", "Whether the camera gives pictures.")
        node = gauge("node_up", "Whether the node took the last batch.")
        waiting = gauge("reads_waiting", "Reads on the disk that no node has yet.")
        accepted = counter("reads_accepted", "Reads that the node took, since the start.")
        refused = counter("reads_refused", "Reads that the node refused, since the start.", "reason")
        lost = counter("reads_lost", "Reads without a place in the queue, or too old.", "reason")
        for camera, (agent, queue) in self._agents.items():
            counts, state = queue.counts(), agent.state
            source.add_metric([camera], state.source)
            node.add_metric([camera], state.node)
            waiting.add_metric([camera], counts.waiting + counts.sending)
            accepted.add_metric([camera], state.accepted)
            lost.add_metric([camera, "overflow"], counts.overflow)
            lost.add_metric([camera, "expired"], counts.expired)
            for reason, count in state.refused.items():
                refused.add_metric([camera, reason], count)
        return source, node, waiting, accepted, refused, lost


@contextmanager
def telling(agents: Mapping[str, tuple[Agent, ReadQueue]], *, host: str, port: int) -> Iterator[str]:
    """Answer on an address for as long as the block runs, and give it; a taken port is `BadUse`."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(_Collector(agents))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                try:
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                except PartUnavailable as error:
                    self._answer(503, "text/plain", error.what.encode())
            elif self.path == "/healthz":
                told = {
                    camera: {
                        "ready": agent.state.ready,
                        "source": agent.state.source_why or ("up" if agent.state.source else "down"),
                        "node": agent.state.node_why or "up",
                    }
                    for camera, (agent, _) in agents.items()
                }
                ready = all(agent.state.ready for agent, _ in agents.values())
                self._answer(200 if ready else 503, "application/json", json.dumps(told).encode())
            else:
                self._answer(404, "text/plain", b"/metrics or /healthz")

        def _answer(self, status: int, media: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep what was asked to itself."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        raise BadUse(
            "nothing can be told there", where=f"{host}:{port}", got=error.strerror or "an error"
        ) from error
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
