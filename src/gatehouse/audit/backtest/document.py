"""The backtest as a JSON document. Keys may be added, never renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatehouse.audit.backtest.judge import ANSWERS
from gatehouse.audit.backtest.run import MARKS, UNSETTLED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from gatehouse.audit.backtest.run import Backtest
    from gatehouse.records.frame import Linked


def as_document(result: Backtest, linked: Linked) -> dict[str, Any]:
    """Return the document that `gatehouse law backtest --json` prints."""
    plan = result.plan
    rules = {rule.id: rule for rule in plan.rules()}

    def counts(answers: Mapping[str, int], names: Iterable[str] = (*ANSWERS, *MARKS)) -> dict[str, int]:
        return {name: answers.get(name, 0) for name in names}

    def groups(table: Mapping[str, Counter[str]], label: str) -> list[dict[str, Any]]:
        return [{label: name or None, **counts(table[name])} for name in sorted(table)]

    return {
        "files": [
            {
                "path": file.path,
                "sha256": file.sha256,
                "owner": file.owner,
                "layout": file.layout.value,
                "rows": file.rows,
                "searches": linked.searches[position],
            }
            for position, file in enumerate(linked.records.files)
        ],
        "laws": list(plan.laws) or (["draft"] if plan.draft else ["all"]),
        "draft": {"sha256": plan.draft.sha256, "rules": [rule.id for rule in plan.draft.rules]}
        if plan.draft
        else None,
        "assumed": sorted(plan.assume),
        "searches": result.searches,
        "owner_not_known": result.owner_not_known,
        "answers": counts(result.answers, ANSWERS),
        **counts(result.answers, MARKS),
        "in_force": [
            {
                "law": first.law,
                "from": first.date.isoformat(),
                "citations": list(first.citations),
                "searches_before": n,
            }
            for first, n in result.in_force
        ],
        "by_month": groups(result.by_month, "month"),
        "by_organization": sorted(
            groups(result.by_organization, "organization"),
            key=lambda each: (-each["refused"], -each["review"], each["organization"] or ""),
        ),
        "by_rule": [
            {
                "id": name,
                "citation": rules[name].citation,
                "sentence": rules[name].sentence,
                "confidence": rules[name].confidence.value,
                "refused": result.by_rule[name]["refused"],
                "unsettled": result.by_rule[name][UNSETTLED],
                "review": result.by_rule[name]["review"],
            }
            for name in sorted(result.by_rule, key=lambda name: (-_searches(result.by_rule[name]), name))
        ],
        "lacked": [
            {"fact": name, "searches": n}
            for name, n in sorted(result.lacked.items(), key=lambda item: (-item[1], item[0]))
        ],
        "inputs_sha256": result.inputs_sha256,
        "lexicon_sha256": result.lexicon_sha256,
        "pack": {"version": plan.pack.id.version, "sha256": plan.pack.id.sha256},
    }


def _searches(answers: Mapping[str, int]) -> int:
    """Return the sum of the answers, without what is counted beside them."""
    return sum(answers.get(name, 0) for name in ANSWERS)
