"""The audit itself: from linked rows to figures, findings and pathways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from gatehouse.audit.annotate import annotate
from gatehouse.audit.document import Audit, Cell, FileSummary, Finding, NotMeasurable, Pathway, Severity
from gatehouse.audit.evidence import all_rows, cites, examples, samples
from gatehouse.audit.figures import figures
from gatehouse.audit.findings import LEADS, Lead, Measured, NotMeasured
from gatehouse.audit.ground import Ground
from gatehouse.audit.local_time import local_hours
from gatehouse.audit.measures import measure
from gatehouse.audit.options import AuditOptions
from gatehouse.audit.pathways import pathways
from gatehouse.audit.roster import UNKNOWN, build_roster
from gatehouse.audit.texts import classify
from gatehouse.audit.wording import NO_REASON, sentence
from gatehouse.law.masking import mask
from gatehouse.law.pack import Pack
from gatehouse.law.reasons import Lexicon
from gatehouse.law.standing import Law
from gatehouse.model import LinkTier
from gatehouse.records.inspection import QUOTING
from gatehouse.records.synth import is_synthetic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatehouse.audit.document import Figure
    from gatehouse.records.frame import Linked

# Above so many rows the slim frame (about 50 bytes a row) lies on disk and is read anew for each pass.
IN_MEMORY_ROWS = 24_000_000
# Findings measured at the same time: half of each is arithmetic that Polars does not share out.
_AT_ONCE = 2
NO_SEARCH = "the record holds no search"
STEPS = ("classifying words", "reading rows", "measuring", "findings", "evidence")

Progress = Callable[[str], None]


@contextmanager
def audited(
    linked: Linked, options: AuditOptions, *, progress: Progress = lambda _step: None
) -> Iterator[tuple[Audit, Ground]]:
    """Run an audit and keep its rows at hand: `Finding.rows` can be collected inside the block."""
    with TemporaryDirectory(prefix="gatehouse-audit-") as scratch:
        ground = prepare(linked, options, scratch=Path(scratch), progress=progress)
        yield judge_record(ground, progress=progress), ground


def run(linked: Linked, options: AuditOptions, *, progress: Progress = lambda _step: None) -> Audit:
    """Run an audit of a record that fits in memory; `Finding.rows` stays valid. Else use `audited`."""
    return judge_record(prepare(linked, options, scratch=None, progress=progress), progress=progress)


def prepare(linked: Linked, options: AuditOptions, *, scratch: Path | None, progress: Progress) -> Ground:
    """Classify words, name organizations, slim the rows and measure them."""
    progress(STEPS[0])
    lexicon = Lexicon.load()
    roster = build_roster(linked.records)
    texts = classify(linked.records.texts, lexicon)
    progress(STEPS[1])
    slim = _stored(annotate(linked, roster, texts), sum(linked.searches), scratch)
    first, last = slim.select(first=pl.col("at").min(), last=pl.col("at").max()).collect().row(0)
    hours = local_hours(roster.zones, first, last)
    progress(STEPS[2])
    return Ground(
        linked=linked,
        roster=roster,
        texts=texts,
        slim=slim,
        measures=measure(slim, hours),
        hours=hours,
        options=options,
        lexicon=lexicon,
        law=Law(Pack.load()),
        first=first,
        last=last,
    )


def judge_record(ground: Ground, *, progress: Progress = lambda _step: None) -> Audit:
    """Measure every lead and put the result together."""
    progress(STEPS[3])
    outcomes, drawn, ways = _measured(ground)
    progress(STEPS[4])
    found = _findings(ground, outcomes)
    missing = _not_measurable(ground, outcomes, ways)
    linked = ground.linked
    return Audit(
        files=_files(ground),
        rows=sum(file.rows for file in ground.files),
        searches=ground.total,
        exposures=_exposures(ground),
        search_bounds=linked.bounds,
        links={tier.value: linked.tiers.get(tier, 0) for tier in LinkTier if tier is not LinkTier.FIRST},
        signals=ground.signal_tallies,
        families=ground.family_tallies,
        pathways=ways,
        findings=found,
        figures=drawn,
        not_measurable=missing,
        inputs_sha256=inputs_sha256(linked),
        lexicon_sha256=ground.lexicon.sha256,
        pack={"version": ground.law.pack.id.version, "sha256": ground.law.pack.id.sha256},
        facts=_facts(ground),
        precision=ground.precision,
        examples=examples(ground),
        synthetic=is_synthetic(linked.records),
    )


def _measured(
    ground: Ground,
) -> tuple[list[tuple[Lead, Measured | NotMeasured]], Mapping[str, Figure], Mapping[str, Pathway]]:
    """Return findings, figures and pathways; a record without a search can support none of them."""
    if ground.total:
        with ThreadPoolExecutor(_AT_ONCE, "gatehouse-findings") as workers:
            measured = workers.map(lambda lead: lead.measure(ground), LEADS)
            drawn, ways = figures(ground), pathways(ground)
            return list(zip(LEADS, measured, strict=True)), drawn, ways
    empty = NotMeasured(NO_SEARCH)
    drawn = {name: replace(figure, not_measurable=NO_SEARCH) for name, figure in figures(ground).items()}
    ways = {name: Pathway(None, 0, NO_SEARCH) for name in pathways(ground)}
    return [(lead, empty) for lead in LEADS], drawn, ways


def inputs_sha256(linked: Linked) -> str:
    """Return one hash for what went in: SHA-256 of the sorted `sha256 member owner` lines of all files.

    The member is the part of the path after the container (`!inner.csv`), so a file's own name and place do
    not count; the owner is "" where none is stated.
    """
    lines = sorted(
        json.dumps([file.sha256, file.path.partition("!")[2], file.owner or ""], ensure_ascii=False)
        for file in linked.records.files
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _stored(slim: pl.LazyFrame, rows: int, scratch: Path | None) -> pl.LazyFrame:
    """Return the slim rows as a frame that can be read many times at little cost."""
    if rows <= IN_MEMORY_ROWS or scratch is None:
        return slim.collect(engine="streaming").lazy()
    path = scratch / "slim.arrow"
    slim.sink_ipc(path)
    return pl.scan_ipc(path)


def _findings(ground: Ground, outcomes: Sequence[tuple[Lead, Measured | NotMeasured]]) -> tuple[Finding, ...]:
    measured = [(lead, outcome) for lead, outcome in outcomes if isinstance(outcome, Measured)]
    drawn = dict(
        zip(
            (lead.id for lead, _ in measured),
            samples(ground, [outcome for _, outcome in measured]),
            strict=True,
        )
    )
    return tuple(_finding(ground, lead, outcome, drawn.get(lead.id)) for lead, outcome in outcomes)


def _finding(
    ground: Ground, lead: Lead, outcome: Measured | NotMeasured, sample: pl.DataFrame | None
) -> Finding:
    if isinstance(outcome, NotMeasured) or sample is None:
        why = outcome.why if isinstance(outcome, NotMeasured) else ""
        return Finding(
            id=lead.id,
            title=lead.title,
            count=None,
            severity=Severity.INFO,
            confidence=lead.confidence,
            claim=f"not measurable: {why}",
            may_say="Nothing: the export cannot support the figure.",
            may_not_say="That the number is zero.",
            innocent_explanations=(),
            evidence=(),
            about=lead.about,
            unit=lead.unit,
        )
    return Finding(
        id=lead.id,
        title=lead.title,
        count=outcome.count,
        severity=(outcome.severity or lead.severity) if outcome.count else Severity.INFO,
        confidence=outcome.confidence or lead.confidence,
        claim=sentence(outcome.claim),
        may_say=lead.may_say,
        may_not_say=outcome.may_not_say or lead.may_not_say,
        innocent_explanations=(
            lead.innocent_explanations
            if outcome.innocent_explanations is None
            else outcome.innocent_explanations
        ),
        evidence=cites(ground, sample),
        rows=all_rows(ground, outcome),
        law=outcome.law,
        table=outcome.table,
        about=lead.about,
        of=outcome.of,
        among=outcome.among,
        unit=lead.unit,
    )


def _not_measurable(
    ground: Ground, outcomes: Sequence[tuple[Lead, Measured | NotMeasured]], ways: Mapping[str, Pathway]
) -> tuple[NotMeasurable, ...]:
    missing = [
        NotMeasurable(f"finding:{lead.id}", outcome.why)
        for lead, outcome in outcomes
        if isinstance(outcome, NotMeasured)
    ]
    why = NO_REASON if ground.total else NO_SEARCH
    for kind, tallies in (("signal", ground.signal_tallies), ("family", ground.family_tallies)):
        missing += [NotMeasurable(f"{kind}:{name}", why) for name, tally in tallies.items() if tally is None]
    for name, way in ways.items():
        if way.n is None:
            missing.append(NotMeasurable(f"pathway:{name}", way.why or ""))
    return tuple(missing)


def _exposures(ground: Ground) -> int:
    """Count distinct (search, owner of the data); files of an unstated owner count as one owner's."""
    owners = ground.roster.owners
    if len(set(owners)) <= 1:
        return ground.total
    by_file = pl.LazyFrame(
        {"file": range(len(owners)), "owner": owners}, schema={"file": pl.UInt16, "owner": pl.UInt32}
    )
    pairs = ground.linked.frame.join(by_file, on="file").select("search", "owner")
    return int(pairs.unique().select(pl.len()).collect(engine="streaming").item())


def _files(ground: Ground) -> tuple[FileSummary, ...]:
    # Of every row, not of the searches: a file of nothing but copies has a period too.
    spans = {
        file: (first, last)
        for file, first, last in ground.linked.frame.group_by("file")
        .agg(first=pl.col("searched_at").min(), last=pl.col("searched_at").max())
        .collect(engine="streaming")
        .iter_rows()
    }
    rejects = [0] * len(ground.files)
    for reject in ground.linked.records.rejects:
        rejects[reject.file] += 1
    summaries = []
    for position, file in enumerate(ground.files):
        first, last = spans.get(position, (None, None))
        owner = ground.roster.owners[position]
        summaries.append(
            FileSummary(
                path=file.path,
                sha256=file.sha256,
                owner=file.owner or (ground.roster.name(owner) if owner != UNKNOWN else None),
                layout=file.layout.value,
                rows=file.rows,
                searches=ground.linked.searches[position],
                rejects=rejects[position],
                duplicates=ground.linked.duplicates[position],
                non_search=file.non_search,
                encoding=file.encoding,
                header_row=file.header_row,
                first_at=_stamp(first),
                last_at=_stamp(last),
                repaired=file.repaired,
                notes=tuple((code, _shown_labels(code, detail)) for code, detail in file.notes),
            )
        )
    return tuple(summaries)


def _shown_labels(code: str, detail: str) -> str:
    """Mask a note that quotes labels: what stands in their place in a headerless file may be anything."""
    return mask(detail) if code in QUOTING else detail


def _facts(ground: Ground) -> Mapping[str, Cell]:
    agencies = ground.measures.agencies.filter(pl.col("agency") != UNKNOWN)["agency"].unique().to_list()
    states = {ground.roster.agencies[agency].state for agency in agencies} - {None}
    return {
        "first_at": _stamp(ground.first),
        "last_at": _stamp(ground.last),
        "organizations": len(agencies) or None,
        "states": len(states) or None,
        "officers": ground.measures.officers.height or None,
        "readable": ground.readable,
    }


def _stamp(moment: object) -> str | None:
    """Return a UTC time as RFC 3339 with `Z`, to the second."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
