"""The rulebook as pages for people: one a jurisdiction, a table of what is covered, and an index.

Everything on them comes from the pack, so that a page cannot say what the rules do not.
`tools/law_pages.py` writes them to `docs/law/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from gatehouse.law.coverage import LEFT_OPEN, MATTERS, covered, period, rules_of
from gatehouse.law.facts import Jurisdiction, Provision
from gatehouse.law.pack import Pack, Rule
from gatehouse.model import Confidence, Outcome, Scope

ADVICE = "This is not legal advice. Read the law that is cited, and ask your attorney."
CONFIDENCE = {
    Confidence.TEXT: "the text was read",
    Confidence.SECONDARY: "known from a digest or a report; the text was not read",
    Confidence.UNVERIFIED: "no source confirms it; it is never a ground to permit",
    Confidence.RULE: "a rule of the network, no law",
}
_BOUND = {
    "owner": "agencies that own plate reads",
    "searcher": "agencies that search",
    "vendor": "vendors",
    "private": "private owners",
}
_FAR = {
    Scope.OWN: "the searcher's own reads only",
    Scope.NEIGHBORS: "its neighbors at most",
    Scope.REGION: "its region at most",
    Scope.NETWORK: "the whole network",
}
_GENERATED = "<!-- Written from the rulebook by tools/law_pages.py: change the rulebook, not this page. -->"


def pages(pack: Pack) -> dict[str, str]:
    """Return the text of every page, by its file name."""
    found = {"README.md": _index(pack), "coverage.md": _coverage(pack)}
    for code in sorted(pack.jurisdictions):
        found[f"{code}.md"] = _page(pack, pack.jurisdictions[code])
    return found


def effect(rule: Rule) -> str:
    """Return in a word or two what a rule does."""
    if rule.outcome is Outcome.PERMIT:
        return "Permitted"
    if rule.outcome is Outcome.REVIEW:
        return "Review"
    return "Refused, fact missing" if rule.id.startswith("missing:") else "Refused"


def left_open(rule: Rule) -> str:
    """Return in words what a rule refuses though the law does not settle it; "" if there is nothing."""
    return f"refused though not settled: {_words(sorted(rule.unsettled))}" if rule.unsettled else ""


def standing(provision: Provision) -> str:
    """Return since when a provision binds, whom, and how sure that is, in one line."""
    return "; ".join((_dates(provision), _binds(provision), CONFIDENCE[provision.confidence]))


def _page(pack: Pack, jurisdiction: Jurisdiction) -> str:
    ruled = [each for each in jurisdiction.provisions.values() if rules_of(pack, each)]
    others = [each for each in jurisdiction.provisions.values() if not rules_of(pack, each)]
    blocks = [f"# {jurisdiction.name}", _GENERATED, jurisdiction.summary, ADVICE]
    if jurisdiction.no_rule_found:
        blocks.append(
            "No rule of this state decides a search. What [holds in every state]"
            "(README.md#what-holds-in-every-state), the owner's own rules and its agreements still do."
        )
    if ruled:
        blocks.append("## Rules that decide a search")
        for each in ruled:
            blocks += [*_provision(each), "\n".join(_rule(rule) for rule in rules_of(pack, each))]
    if others:
        blocks.append("## Noted, without a rule")
        for each in others:
            blocks += _provision(each)
    if jurisdiction.not_covered:
        blocks += ["## Not covered", jurisdiction.not_covered]
    blocks += ["## Sources", "\n".join(f"- {_linked(each)}" for each in jurisdiction.sources)]
    return "\n\n".join(blocks) + "\n"


def _provision(provision: Provision) -> Iterator[str]:
    yield f"### {provision.citation}"
    yield f"*{_sentence(standing(provision))}*" + (f" [Source]({provision.url})" if provision.url else "")
    facts = [_plain(provision.says)]
    if provision.retention:
        facts.append(f"Reads are kept for at most {period(provision.retention)}.")
    if provision.record_fields:
        facts.append(f"The record of a search has: {_words(provision.record_fields)}.")
    if provision.duties:
        facts.append(f"Duties: {_words(provision.duties)}.")
    if provision.no_rule:
        facts.append(f"Why no search is decided by it: {provision.no_rule}.")
    yield "\n\n".join(facts)


def _rule(rule: Rule) -> str:
    whose = ", when an agency of this state searches" if rule.side == "searcher" else ""
    return f"- **{effect(rule)}{whose}.** {_plain(rule.sentence)} `{rule.id}`{_open(rule)}"


def _open(rule: Rule) -> str:
    """Return what the rule refuses without the law having settled it."""
    if not rule.unsettled:
        return ""
    return f" ({left_open(rule)})"


def _coverage(pack: Pack) -> str:
    lines = [
        f"| jurisdiction | {' | '.join(MATTERS.values())} |",
        f"| --- |{' --- |' * len(MATTERS)}",
    ]
    none = []
    for code, each in sorted(pack.jurisdictions.items(), key=lambda item: item[1].name):
        if each.no_rule_found:
            none.append(f"[{each.name}]({code}.md)")
            continue
        cells = " | ".join(covered(pack, each, matter) for matter in MATTERS)
        lines.append(f"| [{each.name}]({code}.md) | {cells} |")
    blocks = [
        "# Coverage",
        _GENERATED,
        f"What the rulebook holds for each jurisdiction. {ADVICE}",
        "- **refused**: the law refuses it, whatever the purpose or the legal process\n"
        f"- **{LEFT_OPEN}**: the law may not reach it, or nothing confirms that it does; it is always "
        "refused, from caution and not because a law forbids it\n"
        "- **on terms**: it is permitted when the law's conditions are met\n"
        "- **rule**: a rule limits searches in this matter; for retention, the period itself\n"
        "- **review**: a supervisor must approve\n"
        "- **noted**: a fact or a duty that no search is decided by\n"
        "- **-**: nothing was found, which is not the same as nothing exists",
        "In brackets, how sure that is: *text*, the law was read; *secondary*, a digest or report of it was; "
        "*unverified*, no source confirms it. Of what is left open they say how the law was read that does "
        "not settle it. What is unverified or left open is refused, never permitted.",
        "\n".join(lines),
    ]
    if none:
        blocks += ["No rule of the state was found for: " + ", ".join(none) + "."]
    return "\n\n".join(blocks) + "\n"


def _index(pack: Pack) -> str:
    ordered = sorted(pack.jurisdictions.items(), key=lambda item: item[1].name)
    states = [f"- [{each.name}]({code}.md): {each.summary}" for code, each in ordered]
    network = [rule for rule in pack.rules.values() if rule.side == "network"]
    blocks = [
        "# The law, state by state",
        _GENERATED,
        f"Version {pack.id.version} of the rulebook: {len(pack.jurisdictions)} jurisdictions, "
        f"{len(pack.rules)} rules. {ADVICE}",
        "One rulebook decides a live search and judges a search that has happened. The law of the owner's "
        "state says what may be released, the law of the searcher's state what its agencies may use, and the "
        "strictest wins. Each page gives the rules as an officer is told them, what they rest on (in the "
        "project's words, not the law's), and what was not found.",
        "What is unknown, missing or left open by a law is refused, and a rule says what of that it refuses "
        "though no law settles it. That a law does not speak of other states' or of federal agencies is a "
        "ground to refuse them only where a state regulates plate reads in general: whoever may not keep or "
        "use reads freely is not taken to give them away freely. Where no such law was found, none is "
        "silent, and owners, agreements and what holds in every state decide. One thing that a request "
        "leaves out is taken as said: without `on_behalf_of` a search is for nobody but the searcher (in a "
        "record of searches it is unknown). *Review* means that a supervisor must approve first.",
        "[Coverage](coverage.md) shows all of it in one table, [decisions](../deciding.md) says how to ask, "
        "[writing rules](../writing-rules.md) how to add a state or try an ordinance, [backtest]"
        "(../backtest.md) what a rule would have changed in a record, and [proofs](../proofs.md) what is "
        "proven of all rules.",
        "## Jurisdictions",
        "\n".join(states),
        "## What holds in every state",
    ]
    for citation in dict.fromkeys(rule.citation for rule in network):
        same = [rule for rule in network if rule.citation == citation]
        blocks += [f"### {citation}", "\n".join(_rule(rule) for rule in same)]
    blocks += ["## How far a search may ask", *_scopes(pack)]
    return "\n\n".join(blocks) + "\n"


def _scopes(pack: Pack) -> Iterator[str]:
    """Yield what the network caps, by purpose and by offense."""
    yield (
        "Each scope includes the ones before it: *own* (the searcher's own reads), *neighbors* (and those of "
        "the agencies that it names as neighbors), *region*, *network* (every owner). The door proposes one; "
        "to go wider, up to the widest, an officer states a ground. The cap of an offense holds beside the "
        "purpose's. Owners may be stricter, and each still decides."
    )
    lines = ["| purpose | proposed | widest |", "| --- | --- | --- |"]
    lines += [
        f"| `{purpose}` | {reach.proposed} | {reach.widest} |"
        for purpose, reach in pack.scopes.purposes.items()
    ]
    yield "\n".join(lines)
    caps = pack.scopes.offenses
    yield "\n".join(
        f"- Offenses that reach {_FAR[scope]}: "
        + ", ".join(f"`{offense}`" for offense in sorted(caps) if caps[offense] is scope)
        for scope in reversed(Scope)
    )


def _dates(provision: Provision) -> str:
    signed, binding = provision.effective, provision.operative
    if binding is None:
        return "not known since when in force"
    about = "about " if provision.approximate else ""
    if signed is None or signed == binding:
        return f"in force since {about}{_day(binding)}"
    return f"of {about}{_day(signed)}, in force from {_day(binding)}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _binds(provision: Provision) -> str:
    return "binds " + _words(_BOUND[each] for each in _BOUND if each in provision.binds)


def _words(parts: Iterable[str]) -> str:
    return ", ".join(each.replace("_", " ") for each in parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _plain(text: str) -> str:
    """Return a text without what Markdown would take for markup."""
    return re.sub(r"([*_<\[\]|])", r"\\\1", " ".join(text.split()))


def _linked(source: str) -> str:
    return re.sub(r"https?://\S+", lambda match: f"<{match[0]}>", source)
