"""`gatehouse law check` and `law diff`: whether a rulebook is fit, and what a change of it changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from gatehouse.law.check import Report
    from gatehouse.law.diff import Difference
    from gatehouse.law.prove import Proof

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

# Examples of changed decisions that a person reads; the document has all.
_MOST_CHANGES = 12


def check(
    pack: Annotated[
        Path | None,
        typer.Option(
            "--pack", metavar="DIR", help="Check the rulebook in this folder, not the one built in."
        ),
    ] = None,
    proofs: Annotated[
        bool, typer.Option("--proofs/--no-proofs", help="Prove the theorems too; needs z3-solver.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Check a rulebook: its form, a refusal tried for each rule, dates and periods, proofs, unused facts."""
    from gatehouse.cli.output import console, print_json
    from gatehouse.law.check import check as examine
    from gatehouse.law.pack import Pack
    from gatehouse.model import PartUnavailable, VerificationFailed

    rulebook, missing = Pack.load(pack), None
    try:
        report = examine(rulebook, proofs=proofs)
    except PartUnavailable as error:
        # What needs no solver is worth knowing without one.
        report, missing = examine(rulebook, proofs=False), error
    if as_json:
        unproven = None if missing is None else missing.as_document()
        print_json(report.as_document() | {"proofs_unavailable": unproven})
    else:
        _show_report(console(), report)
    if not report.fit:
        raise typer.Exit(VerificationFailed.exit_code)
    if missing is not None and as_json:
        raise typer.Exit(missing.exit_code)
    if missing is not None:
        raise missing


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of the rulebook as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of the rulebook as it would be.")],
    as_json: Json = False,
) -> None:
    """Say what a change of the rulebook changes: rules, and requests decided otherwise, with examples."""
    from gatehouse.cli.output import console, print_json
    from gatehouse.law.diff import diff as compare
    from gatehouse.law.pack import Pack

    found = compare(Pack.load(old), Pack.load(new))
    if as_json:
        print_json(found.as_document())
    else:
        _show_difference(console(), found)


def _show_report(out: Console, report: Report) -> None:
    from gatehouse.cli.law import line

    line(out, "The rulebook is fit." if report.fit else "The rulebook is not fit.", style="bold")
    line(
        out,
        f"{report.jurisdictions} jurisdictions, {report.provisions} provisions, {report.rules} rules; "
        f"{report.canaries} refusals tried with the engine",
    )
    for fault in report.faults:
        line(out, f"fault: {fault.where}: {fault.what}", indent=2)
    for proof in report.proofs or ():
        line(out, f"{_verdict(proof)}: {proof.statement}", indent=2)
        if proof.assumes:
            line(out, f"assuming: {', '.join(proof.assumes)}", indent=4, style="dim")
        for each in proof.counterexamples:
            line(out, f"{each.decision.outcome.value}: {each.words}", indent=4)
    if report.proofs is None:
        line(out, "No proof was tried.", indent=2)
    if report.unused_facts:
        line(out, f"No rule reads: {', '.join(report.unused_facts)}", indent=2)
    else:
        line(out, "Every fact is read by a rule.", indent=2)
    if not report.sealed:
        line(out, "pack.toml has no sha256: nothing tells a change of its files from the version.", indent=2)
    if report.use is not None and report.use.redundant:
        line(out, f"Refuse nothing that others do not: {', '.join(report.use.redundant)}", indent=2)
    line(out, f"rulebook {report.pack.version}, sha256:{report.pack.sha256}", style="dim")


def _verdict(proof: Proof) -> str:
    """Return what became of a proof; one that did not end is none."""
    if proof.holds:
        return "proven"
    return "NOT PROVEN, the solver came to no end" if proof.undecided else "NOT PROVEN"


def _show_difference(out: Console, found: Difference) -> None:
    from gatehouse.cli.law import line
    from gatehouse.law.wording import describe

    if not found.rules:
        line(out, "No rule differs.")
    for rule in found.rules:
        parts = f" ({', '.join(rule.what)})" if rule.what else ""
        line(out, f"{rule.change}{parts}: {rule.rule}", style="bold")
        for label, sentence in (("was", rule.before), ("is", rule.after)):
            if sentence is not None and not (label == "was" and sentence == rule.after):
                line(out, f"{label}: {sentence}", indent=2)
    for scope in found.scopes:
        mark = "FARTHER" if scope.loosens else "less far"
        line(out, f"{mark}: a search for {scope.code} may ask", style="bold")
        for label, reach in (("was", scope.before), ("is", scope.after)):
            line(out, f"{label}: {reach.widest} at most, proposed {reach.proposed}", indent=2)
    out.print()
    line(out, f"{found.tried:,} requests tried, {_changes(len(found.decisions))} in what is decided.")
    for change in found.decisions[:_MOST_CHANGES]:
        mark = "LOOSER" if change.loosens else "stricter"
        line(out, f"{mark}: {change.before.value} becomes {change.after.value}", style="bold")
        line(out, f"for instance: {describe(change.example)}", indent=2)
        rules = f"{', '.join(change.rules_before)} → {', '.join(change.rules_after)}"
        line(out, rules, indent=2, style="dim")
    if len(found.decisions) > _MOST_CHANGES:
        line(out, f"and {len(found.decisions) - _MOST_CHANGES} more; --json has all")


def _changes(number: int) -> str:
    return {0: "no change", 1: "one kind of change"}.get(number, f"{number} kinds of change")
