"""Command tree and the one place where errors become messages and exit codes.

Command modules import Typer and nothing heavy at their top, so that every command starts quickly; Polars,
Jinja2 and SciPy are imported when a command runs.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gatehouse import __version__
from gatehouse.cli import (
    STOPPED,
    agreement,
    audit,
    camera,
    config,
    demo,
    hotlist,
    law,
    ledger,
    models,
    node,
    portal,
    read,
    reasons,
    records,
    vault,
)
from gatehouse.cli.output import refused, report_error, wants_json
from gatehouse.model import BadUse, Error, PartUnavailable

EPILOG = """\b
To try it on an invented town:
gatehouse records synth --rows 30000 -o town
gatehouse audit town/SYNTHETIC*.csv --owner "Prairie Bend IL PD" -o report

Exit codes: 0 done, 1 findings asked for with --fail-on, 2 bad use, 3 bad input, 4 verification failed, \
5 a needed part is unavailable."""


class MainJobFirst(TyperGroup):
    """The commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names, the audit first."""
        return sorted(super().list_commands(ctx), key=lambda name: name != "audit")


app = typer.Typer(
    name="gatehouse",
    cls=MainJobFirst,
    help="Read, judge and answer for license plate searches. Findings are leads, not verdicts.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.add_typer(agreement.app, name="agreement")
app.add_typer(audit.app, name="audit")
app.add_typer(camera.app, name="camera")
app.add_typer(config.app, name="config")
app.add_typer(hotlist.app, name="hotlist")
app.add_typer(law.app, name="law")
app.add_typer(ledger.app, name="ledger")
app.add_typer(models.app, name="models")
app.add_typer(node.app, name="node")
app.add_typer(portal.app, name="portal")
app.add_typer(records.app, name="records")
app.add_typer(vault.app, name="vault")
app.command(name="reasons")(reasons.classify)
app.command(name="read")(read.read)
app.command(name="demo")(demo.demo)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"gatehouse {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code, as docs/commands.md lists them."""
    if sys.stdout is None:
        # Before anything is done: what is on the record must not depend on who could be told of it.
        closed = PartUnavailable("standard output is closed", hint="send it to a file, or to /dev/null")
        report_error(closed, as_json=False)
        return closed.exit_code
    argv = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(argv)
    except BrokenPipeError:
        return _unread()
    except SystemExit as stop:
        # Typer and Rich leave with 1 when nobody reads on, which would say that something was found.
        if isinstance(stop.__context__, BrokenPipeError):
            return _unread()
        raise


def _run(argv: list[str]) -> int:
    """Run the command line; what went wrong becomes a message and a code."""
    try:
        result = app(argv, standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except Error as error:
        return _told(error, argv)
    except typer.Abort:
        return STOPPED
    except (OSError, MemoryError) as error:
        return _told(refused(error), argv)
    except Exception as error:
        # Click's usage errors carry their own message and code; everything else is a defect and keeps
        # its traceback.
        show, code = getattr(error, "show", None), getattr(error, "exit_code", None)
        if show is None or code is None:
            raise
        if wants_json(argv):
            what = str(error).rstrip(".") or "the command line is incomplete"
            _told(BadUse(what, where="the command line", hint="gatehouse --help"), argv)
        else:
            with suppress(OSError):  # as in `report_error`
                show()
        return int(code)
    return result if isinstance(result, int) else 0


def _told(error: Error, argv: list[str]) -> int:
    """Report an error, on stderr if nothing can be written to stdout, and return its code."""
    try:
        report_error(error, as_json=wants_json(argv))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        _close_stdout()
        report_error(error, as_json=False)
    return error.exit_code


def _unread() -> int:
    """Return the code of a program whose reader has seen enough: 128 + SIGPIPE, as a shell tells it."""
    _close_stdout()
    return 141


def _close_stdout() -> None:
    """Let what is still to be written go nowhere, so that the interpreter does not try on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
