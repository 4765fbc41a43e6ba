"""`gatehouse camera`: the part beside a camera, or beside another maker's reader, that feeds a node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatehouse.cli.ledger_options import JsonOutput
from gatehouse.cli.models import Folder

if TYPE_CHECKING:
    pass

app = typer.Typer(
    help="Feed a node from a camera, or from a reader of another make.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Node = Annotated[str, typer.Option("--node", metavar="URL", help="The node's own address.")]
Authority = Annotated[
    Path | None,
    typer.Option("--ca", metavar="FILE", help="Whose certificates to trust, if not the machine's own list."),
]
Keep = Annotated[
    float,
    typer.Option(
        "--keep-hours", metavar="N", min=0.01, max=8760, help="How long the owner keeps reads at most."
    ),
]
Most = Annotated[
    int, typer.Option("--most", metavar="N", min=1, max=10_000_000, help="Reads that may wait on the disk.")
]
Tell = Annotated[
    str, typer.Option("--tell", metavar="HOST:PORT", help="Where /healthz and /metrics are; port 0 is any.")
]
Fed = Annotated[
    list[str],
    typer.Option("--camera", metavar="NAME=DIR", help="The reader's name of a camera, and its folder here."),
]


@app.command(no_args_is_help=True)
def enrol(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the camera's key.")],
    camera: Annotated[str, typer.Option("--camera", metavar="ID", help="Its id in the network.")],
    as_json: JsonOutput = False,
) -> None:
    """Make a camera's key, and print what a custodian enters at the node to let it in."""
    from gatehouse.capture.agent.folder import CameraFolder
    from gatehouse.cli.output import print_json

    made = CameraFolder.create(directory, camera=camera)
    key = made.signer().public_key().hex()
    if as_json:
        print_json({"camera": made.camera, "key": key})
        return
    typer.echo(f"Camera {made.camera}. Its public key, which a custodian of its agency enters at the node:")
    typer.echo(key)


@app.command(no_args_is_help=True)
def run(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="rtsp://, http://, or a recording.")],
    node: Node,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The camera's folder.")],
    ca: Authority = None,
    keep_hours: Keep = 24,
    most: Most = 500_000,
    tell: Tell = "127.0.0.1:0",
    models: Folder = None,
    single: Annotated[
        bool, typer.Option("--single", help="Read each plate once with one model: faster, and errs more.")
    ] = False,
    threads: Annotated[
        int, typer.Option("--threads", metavar="N", min=1, max=64, help="How many threads a model may use.")
    ] = 2,
    began: Annotated[
        str | None, typer.Option("--began", metavar="TIME", help="When a recording began, with its zone.")
    ] = None,
    as_json: JsonOutput = False,
) -> None:
    """Read the plates that pass a camera and hand them in until told to end."""
    from gatehouse.cli.camera_agents import feeding
    from gatehouse.cli.camera_source import began_at, watch

    at = began_at(source, began)
    with feeding(
        {"": directory}, node=node, ca=ca, keep_hours=keep_hours, most=most, tell=tell, as_json=as_json
    ) as feed:
        watch(source, feed, models=models, single=single, threads=threads, began=at)


@app.command(no_args_is_help=True)
def frigate(
    broker: Annotated[str, typer.Option("--broker", metavar="HOST:PORT", help="Frigate's MQTT broker.")],
    node: Node,
    camera: Fed,
    prefix: Annotated[str, typer.Option("--prefix", help="What Frigate's topics begin with.")] = "frigate",
    user: Annotated[str | None, typer.Option("--user", help="Who logs in at the broker.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="The password, in a private file.")
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS with the broker.")] = False,
    ca: Authority = None,
    keep_hours: Keep = 24,
    most: Most = 500_000,
    tell: Tell = "127.0.0.1:0",
    as_json: JsonOutput = False,
) -> None:
    """Hand in what Frigate reads, from its MQTT messages."""
    import ssl

    from gatehouse.capture.adapters.mqtt import Broker, FrigateListener
    from gatehouse.cli.camera_agents import address, feeding, secret

    host, port = address(broker, "--broker")
    password = None if password_file is None else secret(password_file)
    with feeding(
        _folders(camera), node=node, ca=ca, keep_hours=keep_hours, most=most, tell=tell, as_json=as_json
    ) as feed:
        listener = FrigateListener(
            Broker(
                host,
                port,
                client=f"gatehouse-{feed.name}",
                prefix=prefix,
                username=user,
                password=password,
                tls=ssl.create_default_context() if tls else None,
            ),
            feed.bridge(),
            on_state=feed.on_source,
        )
        listener.run(feed.stop)


@app.command(no_args_is_help=True)
def webhook(
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where the readers post.")],
    secret_file: Annotated[
        Path,
        typer.Option("--secret-file", metavar="FILE", help="Their secret, in a private file."),
    ],
    node: Node,
    camera: Fed,
    frames: Annotated[
        bool, typer.Option("--frames", help="Take OpenALPR's single frames instead of its groups.")
    ] = False,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="The zone of times that name none."),
    ] = None,
    ca: Authority = None,
    keep_hours: Keep = 24,
    most: Most = 500_000,
    tell: Tell = "127.0.0.1:0",
    as_json: JsonOutput = False,
) -> None:
    """Hand in what OpenALPR, Rekor Scout and Plate Recognizer read, from their webhooks."""
    from gatehouse.capture.adapters.webhook import webhook_app
    from gatehouse.cli.camera_agents import address, feeding, secret, serve_webhook, zone_of

    host, port = address(listen, "--listen")
    word, where = secret(secret_file), None if zone is None else zone_of(zone)
    with feeding(
        _folders(camera), node=node, ca=ca, keep_hours=keep_hours, most=most, tell=tell, as_json=as_json
    ) as feed:
        serve_webhook(webhook_app(feed.bridge(), secret=word, frames=frames, zone=where), host, port, feed)


def _folders(fed: list[str]) -> dict[str, Path]:
    from gatehouse.model import BadUse

    found: dict[str, Path] = {}
    for each in fed:
        name, equals, folder = each.partition("=")
        if not (name and equals and folder) or name in found:
            expected = "NAME=DIR, each name once"
            raise BadUse("that names no camera", where="--camera", expected=expected, got=each)
        found[name] = Path(folder)
    return found
