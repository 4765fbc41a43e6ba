"""`gatehouse law`: read the rulebook, and ask it about a search."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.backtest import backtest
from gatehouse.cli.law_check import check, diff

if TYPE_CHECKING:
    from rich.console import Console

    from gatehouse.law.document import Question
    from gatehouse.law.facts import Jurisdiction, Provision
    from gatehouse.law.pack import Pack, Rule
    from gatehouse.model import Decision

app = typer.Typer(
    help="Read the rulebook, and ask it about a search. Not legal advice.", no_args_is_help=True
)

app.command(no_args_is_help=True)(backtest)
app.command()(check)
app.command(no_args_is_help=True)(diff)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
PackFolder = Annotated[
    Path | None,
    typer.Option(
        "--pack", metavar="DIR", help="Use the rulebook in this folder instead of the one built in."
    ),
]


@app.command(name="list")
def list_(pack: PackFolder = None, as_json: Json = False) -> None:
    """List the jurisdictions of the rulebook, with what their law says in a line."""
    from gatehouse.cli.output import console, print_json
    from gatehouse.law.pack import Pack

    book = Pack.load(pack)
    rows = [
        {
            "code": code,
            "name": each.name,
            "summary": each.summary,
            "rules": sum(rule.jurisdiction == code for rule in book.rules.values()),
            "no_rule_found": each.no_rule_found,
        }
        for code, each in sorted(book.jurisdictions.items())
    ]
    if as_json:
        print_json({"jurisdictions": rows, "pack": _pack(book)})
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Code", no_wrap=True)
    table.add_column("Jurisdiction", no_wrap=True)
    table.add_column("Rules", justify="right")
    table.add_column("In short")
    for row in rows:
        table.add_row(*(str(row[key]) for key in ("code", "name", "rules", "summary")))
    out = console()
    out.print(table)
    _footer(out, book)


@app.command()
def show(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A jurisdiction: us-il, IL or Illinois.")],
    pack: PackFolder = None,
    as_json: Json = False,
) -> None:
    """Show a jurisdiction: rules as sentences, what they rest on, how sure that is, what is not covered."""
    from gatehouse.cli.output import console, print_json
    from gatehouse.law.pack import Pack

    book = Pack.load(pack)
    jurisdiction = _jurisdiction(book, code)
    if as_json:
        print_json(_document(book, jurisdiction))
        return
    out = console()
    line(out, jurisdiction.name, style="bold")
    line(out, jurisdiction.summary)
    for provision in jurisdiction.provisions.values():
        _show_provision(out, book, provision)
    if jurisdiction.not_covered:
        out.print()
        line(out, "Not covered", style="bold")
        line(out, jurisdiction.not_covered)
    out.print()
    line(out, "Sources", style="bold")
    for source in jurisdiction.sources:
        line(out, source, indent=2)
    out.print()
    _footer(out, book)


@app.command()
def decide(
    request: Annotated[
        str, typer.Argument(metavar="REQUEST.json", help="A request document or a list; - is standard input.")
    ],
    pack: PackFolder = None,
    rule: Annotated[
        Path | None,
        typer.Option("--rule", metavar="FILE", help="Add a draft ordinance, a Cedar file, to the rules."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide a search: permit, deny or review, by which rules. Exits 0 whatever it decides."""
    from gatehouse.cli.output import console, print_json
    from gatehouse.law.deciding import Rulebook
    from gatehouse.law.document import ask, parse
    from gatehouse.law.draft import Draft
    from gatehouse.law.pack import Pack

    book = Pack.load(pack)
    if rule is not None:
        book = Draft.read(rule, book).added_to(book)
    where = "standard input" if request == "-" else request
    document = parse(_content(request), where=where)
    rulebook = Rulebook(book)
    if as_json:
        print_json(document.answer(rulebook))
        return
    out = console()
    decisions = ask(document.questions, rulebook)
    for number, (question, decision) in enumerate(zip(document.questions, decisions, strict=True)):
        _show_decision(out, book, question, decision, "" if document.single else f"[{number}] ")
    _footer(out, book)


def _content(request: str) -> bytes:
    from gatehouse.model import BadInput

    if request == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(request).read_bytes()
    except OSError as error:
        raise BadInput(
            "the request document cannot be read",
            where=request,
            got=error.strerror,
            hint="check the path; use - for standard input",
        ) from error


def _jurisdiction(pack: Pack, code: str) -> Jurisdiction:
    from gatehouse.model import BadUse

    wanted = " ".join(code.lower().split())
    named = (each for each in pack.jurisdictions.values() if each.name.lower() == wanted)
    found = pack.jurisdictions.get(wanted) or pack.jurisdictions.get(f"us-{wanted}") or next(named, None)
    if found is None:
        raise BadUse(
            "the rulebook has no such jurisdiction",
            where="CODE",
            expected=f"one of {', '.join(sorted(pack.jurisdictions))}, or its name",
            hint="gatehouse law list",
        )
    return found


def _document(pack: Pack, jurisdiction: Jurisdiction) -> dict[str, Any]:
    from gatehouse.law.pages import ADVICE

    return {
        "code": jurisdiction.code,
        "name": jurisdiction.name,
        "summary": jurisdiction.summary,
        "no_rule_found": jurisdiction.no_rule_found,
        "provisions": [_provision(pack, each) for each in jurisdiction.provisions.values()],
        "not_covered": jurisdiction.not_covered,
        "sources": list(jurisdiction.sources),
        "advice": ADVICE,
        "pack": _pack(pack),
    }


def _provision(pack: Pack, provision: Provision) -> dict[str, Any]:
    from gatehouse.law.coverage import rules_of

    return {
        "id": provision.id,
        "citation": provision.citation,
        "says": provision.says,
        "url": provision.url,
        "effective": _day(provision.effective),
        "operative": _day(provision.operative),
        "approximate": provision.approximate,
        "binds": sorted(provision.binds),
        "matter": sorted(provision.matter),
        "confidence": provision.confidence.value,
        "retention": provision.retention,
        "record_fields": list(provision.record_fields),
        "duties": list(provision.duties),
        "no_rule": provision.no_rule,
        "rules": [_rule(each) for each in rules_of(pack, provision)],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "outcome": rule.outcome.value,
        "side": rule.side,
        "citation": rule.citation,
        "sentence": rule.sentence,
        "confidence": rule.confidence.value,
        "unsettled": sorted(rule.unsettled),
    }


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()


def _pack(pack: Pack) -> dict[str, str]:
    return {"version": pack.id.version, "sha256": pack.id.sha256}


def _show_provision(out: Console, pack: Pack, provision: Provision) -> None:
    from gatehouse.law.coverage import rules_of
    from gatehouse.law.pages import effect, left_open, standing

    out.print()
    line(out, provision.citation, style="bold")
    line(out, f"{standing(provision)}.", style="dim")
    line(out, provision.says)
    for rule in rules_of(pack, provision):
        line(out, f"{effect(rule)}: {rule.sentence}", indent=2)
        line(out, rule.id, indent=4, style="dim")
        if rule.unsettled:
            line(out, left_open(rule), indent=4)
    if provision.no_rule:
        line(out, f"No search is decided by it: {provision.no_rule}.", indent=2)


def _show_decision(out: Console, pack: Pack, question: Question, decision: Decision, number: str) -> None:
    from gatehouse.law.pages import left_open

    verdict = decision.outcome.value.upper()
    if not decision.judgeable:
        verdict += " (the request lacks what the rules need)"
    line(out, f"{number}{verdict}", style="bold")
    for rule in decision.rules:
        line(out, rule.sentence, indent=2)
        line(out, f"{rule.citation} ({rule.confidence.value}), {rule.id}", indent=4, style="dim")
        if open_ := left_open(pack.rules[rule.id]) if rule.id in pack.rules else "":
            line(out, open_, indent=4)
    if question.signals:
        names = ", ".join(sorted(signal.value for signal in question.signals))
        line(out, f"The words suggest: {names}", indent=2, style="dim")
    out.print()


def _footer(out: Console, pack: Pack) -> None:
    from gatehouse.law.pages import ADVICE

    line(out, ADVICE)
    line(out, f"rulebook {pack.id.version}, sha256:{pack.id.sha256}", style="dim")


def line(out: Console, text: str, *, indent: int = 0, style: str = "") -> None:
    """Print a text as it is, every line of it indented."""
    from rich.padding import Padding
    from rich.text import Text

    out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
