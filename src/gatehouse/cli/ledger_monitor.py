"""`gatehouse ledger monitor`: follow a log and say what should not be."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatehouse.cli.ledger_options import (
    Keys,
    LogPlace,
    PolicyFile,
    checkpoint_in,
    opened,
    own_folder,
    trusted,
)
from gatehouse.model import PartUnavailable, VerificationFailed

if TYPE_CHECKING:
    from gatehouse.ledger.counters import Counters
    from gatehouse.ledger.monitor import Monitor, Report
    from gatehouse.ledger.policy import Policy

LARGEST_COUNTERS = 16_000_000


def monitor(
    target: LogPlace,
    state: Annotated[
        Path, typer.Option("--state", metavar="FILE", help="What it remembers between looks; made if new.")
    ],
    key: Keys = None,
    policy: PolicyFile = None,
    counters: Annotated[
        list[Path] | None,
        typer.Option("--counters", metavar="FILE", help="A day's counts of a vault or owner. Repeatable."),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="A checkpoint or receipt from elsewhere: must be the log's. Repeatable.",
        ),
    ] = None,
    watch: Annotated[
        float | None,
        typer.Option("--watch", metavar="SECONDS", min=1, max=86_400, help="Look again and again."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document; with --watch a line for each look.")
    ] = False,
) -> int:
    """Follow a log, ask its witnesses, and report what should not be. Exits 4 if something was found."""
    from gatehouse.cli.files import read_text

    folder = own_folder(target)
    keys, rules = trusted(folder, key, policy)
    seen = [checkpoint_in(each) for each in checkpoint or ()]
    texts = [(each, read_text(each, most=LARGEST_COUNTERS)) for each in counters or ()]
    from gatehouse.ledger.counters import read_counters
    from gatehouse.ledger.monitor import Monitor

    counted = [read_counters(text, where=str(path)) for path, text in texts]
    found = Monitor(state, keys=keys or None, policy=rules)
    if watch is None:
        report = _look(found, target, folder, rules, seen, counted)
        _tell(report, as_json=as_json, lines=False)
        return VerificationFailed.exit_code if report.findings else 0
    return _watch(found, target, folder, rules, seen, counted, seconds=watch, as_json=as_json)


def _look(
    monitor: Monitor,
    target: str,
    folder: Path | None,
    policy: Policy | None,
    seen: list[str],
    counters: list[Counters],
) -> Report:
    with opened(target, folder) as source:
        monitor.follow(source)
        if policy is not None and policy.witnesses:
            from gatehouse.ledger.witness_client import Witnesses
            from gatehouse.ledger.witness_views import ask_witnesses

            with Witnesses(policy) as witnesses:
                ask_witnesses(monitor, source, witnesses)
        for note in seen:
            monitor.compare(source, note)
    return monitor.report(counters)


def _watch(
    monitor: Monitor,
    target: str,
    folder: Path | None,
    policy: Policy | None,
    seen: list[str],
    counters: list[Counters],
    *,
    seconds: float,
    as_json: bool,
) -> int:
    """Look until Ctrl-C; a log that cannot be reached or believed just now is told of and asked again."""
    from gatehouse.cli.output import print_json_line, report_error

    doubt, told = False, None
    try:
        while True:
            try:
                report = _look(monitor, target, folder, policy, seen, counters)
                doubt = doubt or bool(report.findings)
                news = report.findings, report.not_measurable, report.witnesses
                if as_json or news != told or report.read:
                    _tell(report, as_json=as_json, lines=True)
                told = news
            except (VerificationFailed, PartUnavailable) as error:
                doubt = doubt or isinstance(error, VerificationFailed)
                print_json_line(error.as_document()) if as_json else report_error(error, as_json=False)
            typer.get_text_stream("stdout").flush()
            time.sleep(seconds)
    except KeyboardInterrupt:
        if doubt:
            return VerificationFailed.exit_code
        raise


def _tell(report: Report, *, as_json: bool, lines: bool) -> None:
    from gatehouse.cli.output import counted, print_json, print_json_line, printable

    if as_json:
        (print_json_line if lines else print_json)(report.as_document())
        return
    typer.echo(
        f"{report.origin}: {counted(report.size, 'entry', 'entries')} of "
        f"{counted(report.agencies, 'agency', 'agencies')}, {report.read:,} of them new"
    )
    for each in report.findings:
        typer.echo(f"found: {each.what} ({each.kind})")
        rows = (("where", each.where), ("expected", each.expected), ("got", each.got))
        for name, value in rows:
            if value:
                typer.echo(f"  {name:<9}{printable(value)}")
        if each.evidence:
            number = counted(len(each.evidence), "signed checkpoint", "signed checkpoints")
            shown = "them" if len(each.evidence) > 1 else "it"
            typer.echo(f"  evidence {number}; --json shows {shown}")
    for name, size in report.witnesses:
        typer.echo(f"witness {name} has cosigned {counted(size, 'entry', 'entries')}")
    if report.unlisted:
        typer.echo(f"and {report.unlisted:,} more findings that are not listed")
    for what, why in report.not_measurable:
        typer.echo(f"not measurable: {what}: {why}")
    if not report.findings:
        typer.echo("Nothing was found.")
