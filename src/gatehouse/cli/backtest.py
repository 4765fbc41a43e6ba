"""`gatehouse law backtest`: a rulebook, a statute or a draft ordinance tried on a historic record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatehouse.cli.audit import Exports, Json, MappingFile
from gatehouse.cli.memory import keep_freed_memory

if TYPE_CHECKING:
    from gatehouse.audit.backtest import Plan
    from gatehouse.records import Input
    from gatehouse.records.frame import Linked

# Rows of a table that a person reads; the document has all.
_MOST_ROWS = 12


def backtest(
    files: Exports,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="NAME", help='Whose data was searched: "X IL PD".'),
    ] = None,
    law: Annotated[
        str | None,
        typer.Option("--law", metavar="CODE[,CODE]", help="Try these statutes alone: us-il, or IL."),
    ] = None,
    rule: Annotated[
        Path | None,
        typer.Option("--rule", metavar="FILE", help="Try a draft: a Cedar file (docs/writing-rules.md)."),
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            metavar="FACT",
            help="Judge as if every searcher had an agreement, or had made the declaration a law asks for: "
            "agreement or declaration. Repeatable.",
        ),
    ] = None,
    mapping: MappingFile = None,
    pack: Annotated[
        Path | None,
        typer.Option("--pack", metavar="DIR", help="Use the rulebook in this folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Try rules on a historic record: what they would have refused, permitted, or could not judge."""
    keep_freed_memory()
    from gatehouse.cli.inputs import inputs_of

    inputs = inputs_of(files, owner)
    from gatehouse.audit.backtest import Plan, as_document
    from gatehouse.cli.output import print_json
    from gatehouse.law.draft import Draft
    from gatehouse.law.pack import Pack

    book = Pack.load(pack)
    draft = None if rule is None else Draft.read(rule, book)
    plan = Plan(book, _laws(law), draft, frozenset(assume or ()))
    plan.check()
    linked, result = _run(inputs, mapping, plan)
    document = as_document(result, linked)
    if as_json:
        print_json(document)
    else:
        _show(document)


def _laws(option: str | None) -> tuple[str, ...]:
    """Return the codes of an option such as `us-il,WA`, each once; None for the whole rulebook is ()."""
    if option is None:
        return ()
    given = [code for part in option.split(",") if (code := part.strip().lower())]
    if not given:
        from gatehouse.model import BadUse

        raise BadUse("no statute is named", where="--law", expected="codes such as us-il,us-wa")
    return tuple(dict.fromkeys(f"us-{code}" if len(code) == 2 else code for code in given))


def _run(inputs: list[Input], mapping: Path | None, plan: Plan) -> tuple[Linked, Any]:
    from gatehouse.audit.backtest import STEPS
    from gatehouse.audit.backtest import backtest as run
    from gatehouse.cli.inputs import size_of
    from gatehouse.cli.output import progress
    from gatehouse.records import ImportOptions, Mapping, import_files
    from gatehouse.records.link import link

    options = ImportOptions(
        keep=frozenset({"case_number", "filters"}),
        worded=frozenset({"case_number"}),
        mapping=None if mapping is None else Mapping.load(str(mapping)),
    )
    with progress("Reading", size_of(inputs)) as advance:
        records = import_files(inputs, options, progress=advance)
    with progress("Deciding", len(STEPS) + 1) as advance:
        linked = link(records)
        advance(1)
        return linked, run(linked, plan, progress=lambda _step: advance(1))


def _show(document: dict[str, Any]) -> None:
    from rich.text import Text

    from gatehouse.cli.output import console

    printer = console()
    searches, found = document["searches"], document["answers"]
    tried = ", ".join(document["laws"])
    if document["draft"]:
        tried = ", ".join([*(code for code in document["laws"] if code != "draft"), "the draft"])
    printer.print(Text(f"{searches:,} searches, tried by {tried}", style="bold"))
    for fact in document["assumed"]:
        printer.print(Text(f"Assumed, since no record shows it: {_ASSUMED[fact]}", style="bold"))
    if document["owner_not_known"]:
        printer.print(Text(_owner_not_known(document)))
    for name, words in _WORDS.items():
        printer.print(Text(f"{found[name]:>14,}  {words}"))
        for mark, meaning in _OF_THESE.get(name, {}).items():
            if document[mark]:
                printer.print(Text(f"{'':>14}  of these {document[mark]:,} {meaning}"))
    if document["in_force"]:
        printer.print()
        printer.print(Text("Searches on earlier days than what is tried", style="bold"))
        for each in document["in_force"]:
            law = "the draft" if each["law"] == "draft" else each["law"]
            begins = f"before {each['from']}, the first day of {law}: {'; '.join(each['citations'])}"
            printer.print(Text(f"{each['searches_before']:>14,}  {begins}"))
    if document["lacked"]:
        printer.print()
        printer.print(Text("What the record lacks for an answer", style="bold"))
        for each in document["lacked"]:
            printer.print(Text(f"{each['searches']:>14,}  {each['fact'].replace('_', ' ')}"))
    if hint := _hint(document):
        printer.print()
        printer.print(Text(hint))
    left_open = ("unsettled",) if any(rule["unsettled"] for rule in document["by_rule"]) else ()
    _table("By rule", document["by_rule"], ("id", "refused", *left_open, "review", "sentence"))
    columns = ("refused", "review", "permitted", "not_judgeable")
    _table("By month", document["by_month"], ("month", *columns))
    _table("By organization", document["by_organization"], ("organization", *columns))
    book = document["pack"]
    printer.print(Text(f"Rulebook {book['version']}, sha256:{book['sha256']}", style="dim"))
    printer.print(Text("Leads, not verdicts; not legal advice.", style="dim"))


_WORDS = {
    "refused": "would have been refused",
    "review": "would have gone to a supervisor",
    "permitted": "would have been permitted",
    "not_judgeable": "cannot be judged: the record lacks what the rules need",
}


_ASSUMED = {
    "agreement": "every searcher had an agreement with the owner for its search",
    "declaration": "every searcher had made the declaration that the law asks for",
}


def _hint(document: dict[str, Any]) -> str | None:
    """Return what would tell more where most cannot be judged."""
    if 2 * document["answers"]["not_judgeable"] <= document["searches"]:
        return None
    lacked = [each["fact"] for each in document["lacked"]]
    ways = []
    if wanted := [fact for fact in _ASSUMED if fact in lacked]:
        options = " ".join(f"--assume {fact}" for fact in wanted)
        ways.append(f"{options} judges as if every searcher had made it, which is an assumption")
    if document["laws"] == ["all"]:
        ways.append("--law, with a code such as us-il, tries one state's statute alone")
    return f"Most cannot be judged. {'; '.join(ways)}." if ways else None


def _owner_not_known(document: dict[str, Any]) -> str:
    """Return what it means that nobody said whose data was searched, and what to do."""
    n = document["owner_not_known"]
    whose = f"Whose data was searched, or in which state, is not known for {n:,} of them"
    if document["laws"] == ["all"]:
        law = "no law of the owner's state is tried"
    elif document["laws"] == ["draft"]:
        law = "nothing is judged for which the draft looks at the owner"
    else:
        law = "the statutes are tried as if it were of their state"
    return (
        f'{whose}: name the owner with --owner "X IL PD" or FILE@OWNER. Until then {law}, its own searches '
        "count as another agency's, and months are those of UTC."
    )


# What is counted beside an answer, of the searches that have it.
_OF_THESE = {
    "refused": {"unsettled": "because the law leaves it open"},
    "permitted": {"before_in_force": "on days when not all that is tried was in force"},
}
_HEADS = {"unsettled": "Left open"}


def _table(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from gatehouse.cli.output import console

    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for name in columns:
        number = name in _WORDS or name in _HEADS
        head = _HEADS.get(name, name.replace("_", " ").capitalize())
        table.add_column(head, justify="right" if number else "left")
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(Text(_cell(row[name])) for name in columns))
    printer = console()
    printer.print()
    printer.print(table)
    if len(rows) > _MOST_ROWS:
        printer.print(Text(f"and {len(rows) - _MOST_ROWS:,} more; --json has all", style="dim"))


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value or "(not stated)")
