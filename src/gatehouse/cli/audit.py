"""`gatehouse audit EXPORT...` judges exports; `gatehouse audit reconcile A B...` compares them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from gatehouse.cli.memory import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.audit.document import Audit
    from gatehouse.audit.options import AuditOptions
    from gatehouse.audit.outputs import Manifest
    from gatehouse.records import ImportOptions, Input
    from gatehouse.records.policies import Policy
    from gatehouse.records.sharing import SharingList

DEFAULT = "exports"
FEWEST_KEY_BYTES = 16


# A paragraph that \b opens is not wrapped: an example can be copied as it stands.
EXAMPLES = """\b
Examples:
gatehouse audit export.csv --owner "Prairie Bend IL PD" -o report
gatehouse audit audit.csv portal.csv@"Oak Hollow IL PD" --owner "Prairie Bend IL PD" --json
gatehouse audit export.csv --owner "Prairie Bend IL PD" --sharing list.csv@2025-06-01..2025-12-31

Two records of the same searches: gatehouse audit reconcile --help"""


class UnnamedContext(typer.Context):
    """The context of a command that people type without a name."""

    @property
    def command_path(self) -> str:
        """Return the path as it is typed, without the blank before the name that is not there."""
        return super().command_path.rstrip()


class UnnamedCommand(TyperCommand):
    """A command that people type without a name."""

    context_class = UnnamedContext


class ExportsByDefault(TyperGroup):
    """A group whose first word is a file unless it names a command; its help is that of judging files."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name before arguments that name none."""
        if not args or args[0] not in self.commands:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Name the default command by nothing, so that its usage line reads as people type it."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == DEFAULT else name), command, rest


class FailOn(StrEnum):
    """The severities that `--fail-on` takes."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


app = typer.Typer(
    cls=ExportsByDefault,
    help="Judge search exports: who searched, for whom, why, against which rule. Or compare two of them.",
)

Exports = Annotated[
    list[str],
    typer.Argument(
        metavar="EXPORT[@OWNER]...",
        show_default=False,
        help="Exports as they came: CSV, workbook, ZIP or PDF. Add @OWNER to say whose one file is.",
    ),
]
Owner = Annotated[
    str | None,
    typer.Option(
        "--owner",
        metavar="NAME",
        help='Whose exports they are where neither @OWNER nor the file says: "X IL PD".',
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", help="TOML that names the columns of an unknown layout."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command(DEFAULT, cls=UnnamedCommand, no_args_is_help=True, epilog=EXAMPLES)
def exports(
    files: Exports,
    owner: Owner = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Write report.html, findings.csv and the rest into DIR."
        ),
    ] = None,
    sharing: Annotated[
        list[str] | None,
        typer.Option(
            "--sharing",
            metavar="FILE[@DAYS]",
            help="Whom the owner shares with, on DAYS: 2025-06-11, or 2025-06-01..2025-12-31. Repeatable.",
        ),
    ] = None,
    policies: Annotated[
        list[Path] | None,
        typer.Option(
            "--policies",
            metavar="FILE",
            help="Rules that the owner has published: JSON, workbook, TOML or CSV. Repeatable.",
        ),
    ] = None,
    mapping: MappingFile = None,
    adjudicated: Annotated[
        Path | None,
        typer.Option(
            "--adjudicated",
            metavar="FILE",
            help="An adjudicate.csv of an earlier run, its verdicts filled in: adds the precision.",
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option("--fail-on", help="Exit 1 if there is a finding of this severity or a graver one."),
    ] = None,
    as_json: Json = False,
    reveal_plates: Annotated[
        bool, typer.Option("--reveal-plates", help="Also write plates.csv: the plate behind each ordinal.")
    ] = False,
    reveal_names: Annotated[
        bool, typer.Option("--reveal-names", help="Also write officers.csv: the name behind each ordinal.")
    ] = False,
    token_key: Annotated[
        Path | None,
        typer.Option(
            "--token-key",
            metavar="FILE",
            help="A secret of 16 bytes or more: adds keyed plate tokens to records.parquet.",
        ),
    ] = None,
) -> int:
    """Judge exports: who searched, for whom, why, and against which rule."""
    keep_freed_memory()
    from gatehouse.cli.inputs import inputs_of
    from gatehouse.cli.output import results_folder
    from gatehouse.model import BadUse

    results_folder(output)
    if output is None and (reveal_plates or reveal_names or token_key):
        raise BadUse("there is nowhere to write what you asked to reveal", hint="name a folder with -o DIR")
    inputs = inputs_of(files, owner)
    from gatehouse.audit.options import AuditOptions

    keep = {"case_number", "filters"}
    keep |= {"plate"} if reveal_plates or token_key else set()
    keep |= {"officer", "user_id"} if reveal_names else set()
    options = AuditOptions(
        sharing=_sharing(sharing or []),
        policies=_policies(policies or []),
        adjudicated=adjudicated,
        reveal_plates=reveal_plates,
        reveal_names=reveal_names,
        token_key=_token_key(token_key),
    )
    # Only `records.parquet` shows case numbers; for what a search is about, those with a word in them do.
    worded = frozenset({"case_number"}) if output is None else frozenset()
    audit, manifest = _audit(inputs, _import_options(keep, mapping, worded), options, output)
    if as_json:
        from gatehouse.audit.json_document import as_document
        from gatehouse.cli.output import print_json

        print_json(as_document(audit))
    else:
        from gatehouse.cli.audit_summary import show

        show(audit, manifest)
    return _exit_code(audit, fail_on)


@app.command()
def reconcile(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="A[@OWNER] B[@OWNER]...",
            show_default=False,
            help="Two exports or more, the earlier production first. Add @OWNER to say whose one is.",
        ),
    ],
    owner: Owner = None,
    mapping: MappingFile = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Write reconcile.json and reconcile.csv into DIR."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Hold records of the same searches against each other: what is missing, and which cells differ."""
    keep_freed_memory()
    from gatehouse.cli.inputs import inputs_of, size_of
    from gatehouse.cli.output import print_json, progress, results_folder
    from gatehouse.model import BadUse

    results_folder(output)
    if len(files) < 2:
        raise BadUse("one file cannot be held against itself", expected="two files or more")
    inputs = inputs_of(files, owner)
    from gatehouse.audit.reconcile import reconcile as compare
    from gatehouse.audit.reconcile import write
    from gatehouse.records import import_files

    with progress("Reading", size_of(inputs)) as advance:
        records = import_files(inputs, _import_options(set(), mapping), progress=advance)
    result = compare(records)
    written = write(result, output) if output else []
    if as_json:
        print_json(result.as_document())
    else:
        from gatehouse.cli.reconcile_summary import show

        show(result, written)
    return 0


def _audit(
    inputs: Sequence[Input], import_options: ImportOptions, options: AuditOptions, output: Path | None
) -> tuple[Audit, Manifest | None]:
    """Import, link, judge and write."""
    from gatehouse.audit.outputs import write
    from gatehouse.audit.run import STEPS, audited
    from gatehouse.cli.inputs import size_of
    from gatehouse.cli.output import progress
    from gatehouse.records import import_files
    from gatehouse.records.link import link

    with progress("Reading", size_of(inputs)) as advance:
        records = import_files(inputs, import_options, progress=advance)
    with progress("Judging", len(STEPS) + 1) as advance:
        linked = link(records)
        with audited(linked, options, progress=lambda _step: advance(1)) as (audit, ground):
            manifest = write(audit, ground, output) if output else None
    return audit, manifest


def _import_options(
    keep: set[str], mapping: Path | None, worded: frozenset[str] = frozenset()
) -> ImportOptions:
    from gatehouse.records import ImportOptions, Mapping

    chosen = None if mapping is None else Mapping.load(str(mapping))
    return ImportOptions(keep=frozenset(keep), mapping=chosen, worded=worded)


def _sharing(given: Sequence[str]) -> tuple[SharingList, ...]:
    """Read every sharing list of the files given."""
    from gatehouse.records.sharing import load_sharing_lists

    return tuple(each for spec in given for each in load_sharing_lists(spec))


def _policies(given: Sequence[Path]) -> tuple[Policy, ...]:
    """Read the published rules of the files given."""
    from gatehouse.records.policies import load_policies

    return tuple(each for path in given for each in load_policies(path))


def _token_key(path: Path | None) -> bytes | None:
    """Read the secret; a short one can be guessed by trying, so it is refused."""
    from gatehouse.model import BadInput

    if path is None:
        return None
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise BadInput(
            "the token key cannot be read",
            where=str(path),
            got=error.strerror,
            hint="check the path and its permissions",
        ) from error
    if len(key) < FEWEST_KEY_BYTES:
        raise BadInput(
            "the token key is too short",
            where=str(path),
            expected=f"at least {FEWEST_KEY_BYTES} bytes",
            got=f"{len(key)} bytes",
            hint="make one with: head -c 32 /dev/urandom > FILE",
        )
    return key


def _exit_code(audit: Audit, fail_on: FailOn | None) -> int:
    """Return 1 when a finding with a count is at least as severe as asked, else 0."""
    if fail_on is None:
        return 0
    order = [each.value for each in FailOn]
    bound = order.index(fail_on.value)
    return int(any(each.count and order.index(each.severity.value) >= bound for each in audit.findings))
