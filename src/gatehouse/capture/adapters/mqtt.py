"""Frigate's messages from an MQTT broker, acknowledged when the reads in them are kept.

The session lasts at the broker (MQTT 3.1.1, 3.1.2.4): what is published with a quality of service of 1
while this program is away comes when it is back. Frigate publishes with 0 unless its `mqtt.qos` says
otherwise; such messages are lost while nobody listens.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from gatehouse.capture.adapters.bridge import Bridge
from gatehouse.capture.adapters.frigate import EVENTS, UPDATES, parse
from gatehouse.model import Error, PartUnavailable

if TYPE_CHECKING:
    from ssl import SSLContext

    from paho.mqtt.client import Client, MQTTMessage

AVAILABLE: Final = "available"
_LONGEST_WAIT: Final = 60.0
_KEEPALIVE: Final = 30
_POLL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and who asks; `client` names the session, and must stay the same and be unique."""

    host: str
    port: int
    client: str
    prefix: str = "frigate"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: SSLContext | None = field(default=None, repr=False)


class FrigateListener:
    """Feeds a bridge from a broker until it is stopped; an unreachable broker is tried again.

    `on_state` is told when the source comes and goes, and why: never with anything of a message.
    """

    def __init__(
        self, broker: Broker, bridge: Bridge, *, on_state: Callable[[bool, str], None], wait: float = 1.0
    ) -> None:
        self._broker = broker
        self._bridge = bridge
        self._on_state = on_state
        self._first_wait = wait
        self._failure: str | None = None
        self._refusal: PartUnavailable | None = None
        self._connected = False

    def run(self, stop: Event) -> None:
        """Listen until `stop` is set. A broker that refuses the login is `PartUnavailable`."""
        wait = self._first_wait
        while not stop.is_set():
            self._connected, self._failure = False, None
            why = self._listen(stop)
            if self._refusal is not None:
                raise self._refusal
            if stop.is_set():
                return
            self._on_state(False, why)
            wait = self._first_wait if self._connected else min(2 * wait, _LONGEST_WAIT)
            # Spread, so that many do not come back at once; no secret hangs on it.
            stop.wait(wait * random.uniform(0.5, 1.0))  # noqa: S311

    def _listen(self, stop: Event) -> str:
        """Take messages until the connection ends; return why it did."""
        from paho.mqtt.client import Client, error_string
        from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client,
            clean_session=False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls is not None:
            client.tls_set_context(self._broker.tls)
        client.on_connect = self._subscribe
        client.on_message = self._message
        try:
            client.connect(self._broker.host, self._broker.port, keepalive=_KEEPALIVE)
            code = MQTTErrorCode.MQTT_ERR_SUCCESS
            while code is MQTTErrorCode.MQTT_ERR_SUCCESS and self._failure is None and not stop.is_set():
                code = client.loop(_POLL)
        except (OSError, ValueError) as error:
            return f"the broker does not answer: {error}"
        finally:
            client.disconnect()
            # The farewell is written by the loop; an end without it would look like a loss to the broker.
            client.loop(_POLL)
        return self._failure or error_string(code)

    def _subscribe(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._failure = f"the broker refuses: {reason}"
            # A login that is refused now is refused in a minute.
            if reason.value in (0x86, 0x87):  # bad user name or password, not authorized
                self._refusal = PartUnavailable(
                    "the MQTT broker refuses the login",
                    where=f"{self._broker.host}:{self._broker.port}",
                    hint="name a user and a password file that the broker knows",
                )
            return
        self._connected = True
        client.subscribe([(f"{self._broker.prefix}/{each}", 1) for each in (UPDATES, EVENTS, AVAILABLE)])
        self._on_state(True, "connected to the broker")

    def _message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.topic.rpartition("/")[2] == AVAILABLE:
            online = message.payload == b"online"
            self._on_state(online, "Frigate says that it is " + ("online" if online else "not online"))
        else:
            try:
                self._bridge.take(parse(bytes(message.payload), topic=message.topic))
            except Error as error:
                # Unacknowledged, the broker tells it again once this client is back.
                self._failure = f"the reads could not be kept: {error.what}"
                return
        client.ack(message.mid, message.qos)
