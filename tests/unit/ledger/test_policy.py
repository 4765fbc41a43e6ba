"""Policies: which text means what, and which witnesses make a quorum."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.errors import PolicyNotMet
from gatehouse.ledger.note import NoteSigner, open_note, sign_note
from gatehouse.ledger.policy import MOST_OF_A_KIND, Group, LogAddress, Policy, WitnessAddress
from gatehouse.model import BadInput
from tests.unit.ledger.made import NOW, log_key, witness_key
from tests.unit.ledger.mutations import mutations

TEXT = "log.example/main\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
LOG = log_key()
X = [witness_key(number) for number in (1, 2, 3)]
Y = [witness_key(number) for number in (4, 5, 6)]
NESTED = "\n".join(
    [
        "# Two of one operator's three, and one of another's.",
        f"log {LOG.vkey} https://log.example/",
        "",
        *(f"witness X{number} {key.vkey}" for number, key in enumerate(X, 1)),
        "group X-witnesses 2 X1 X2 X3",
        *(
            f"\twitness  Y{number}\t{key.vkey} https://y{number}.example/  "
            for number, key in enumerate(Y, 1)
        ),
        "group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses",
        "  # the rule",
        "quorum X-and-Y",
        "",
    ]
)


def note_by(*signers: NoteSigner, policy: Policy) -> bool:
    """Return whether the policy is met by a note that these keys have signed."""
    note = sign_note(TEXT, signers=signers, at=NOW)
    return policy.met_by(open_note(note, keys=[each.vkey for each in signers]))


def refused(*lines: str) -> BadInput:
    """Return why the lines are no policy."""
    with pytest.raises(BadInput, match="the policy cannot be used") as refusal:
        Policy.parse("\n".join(lines))
    return refusal.value


def test_policy_of_the_specification_is_read_whole() -> None:
    assert Policy.parse(NESTED) == Policy(
        (LogAddress(LOG.key, "https://log.example/"),),
        (
            *(WitnessAddress(f"X{number}", key.key) for number, key in enumerate(X, 1)),
            *(WitnessAddress(f"Y{n}", key.key, f"https://y{n}.example/") for n, key in enumerate(Y, 1)),
        ),
        {
            "X-witnesses": Group(2, ("X1", "X2", "X3")),
            "Y-witnesses": Group(1, ("Y1", "Y2", "Y3")),
            "X-and-Y": Group(2, ("X-witnesses", "Y-witnesses")),
        },
        "X-and-Y",
    )
    assert Policy.parse(NESTED).keys == [each.vkey for each in (LOG, *X, *Y)]
    assert Policy.parse(NESTED).log_keys == [LOG.vkey]


@pytest.mark.parametrize("count", range(7))
def test_quorum_of_groups_is_reached_by_exactly_the_sets_that_the_rule_names(count: int) -> None:
    policy = Policy.parse(NESTED)
    for chosen in itertools.combinations([*X, *Y], count):
        met = sum(each in X for each in chosen) >= 2 and any(each in Y for each in chosen)
        assert note_by(LOG, *chosen, policy=policy) is met


def test_quorum_of_one_witness_needs_that_one() -> None:
    policy = Policy.parse(f"log {LOG.vkey}\nwitness a {X[0].vkey}\nwitness b {X[1].vkey}\nquorum a\n")
    assert note_by(LOG, X[0], policy=policy)
    assert not note_by(LOG, X[1], policy=policy)
    assert not note_by(X[0], policy=policy)


def test_quorum_none_needs_a_log_and_any_of_the_logs_will_do() -> None:
    other = log_key("other.example", 2)
    policy = Policy.parse(f"quorum none\nlog {LOG.vkey}\nlog {other.vkey}")
    assert note_by(LOG, policy=policy)
    assert note_by(other, policy=policy)
    assert not note_by(log_key("third.example", 3), policy=policy)
    assert not note_by(LOG, policy=Policy.parse("quorum none"))
    assert note_by(LOG, policy=Policy.of_log(LOG.vkey))


def test_check_says_who_is_missing_and_who_has_signed() -> None:
    policy = Policy.parse(NESTED)
    with pytest.raises(PolicyNotMet, match="too few witnesses") as refusal:
        policy.check(open_note(sign_note(TEXT, signers=[LOG, X[0]], at=NOW), keys=policy.keys))
    assert (refusal.value.expected, refusal.value.got) == ("2 of X-witnesses, Y-witnesses", "X1")
    with pytest.raises(PolicyNotMet, match="no log of the policy") as refusal:
        policy.check(open_note(sign_note(TEXT, signers=X, at=NOW), keys=policy.keys))
    assert refusal.value.expected == "log.example/main"


def test_names_are_told_apart_byte_by_byte() -> None:
    kelvin = "\N{KELVIN SIGN}"
    policy = Policy.parse(f"log {LOG.vkey}\nwitness K {X[0].vkey}\nwitness {kelvin} {X[1].vkey}\nquorum K")
    assert note_by(LOG, X[0], policy=policy)
    assert not note_by(LOG, X[1], policy=policy)


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        (["quorum none", "quorum none"], "line 2"),
        (["quorum a"], "line 1"),
        (["quorum"], "line 1"),
        (["quorum none none"], "line 1"),
        (["Quorum none"], "line 1"),
        (["log"], "line 1"),
        ([f"log {LOG.vkey} https://a.example/ more"], "line 1"),
        ([f"log {X[0].vkey}"], "line 1"),
        ([f"log {LOG.vkey}", f"log {LOG.vkey} https://a.example/"], "line 2"),
        ([f"log {LOG.vkey}", f"log {log_key('renamed.example').vkey}"], "line 2"),
        (["witness a"], "line 1"),
        ([f"witness a {LOG.vkey}"], "line 1"),
        ([f"witness none {X[0].vkey}"], "line 1"),
        ([f"witness a {X[0].vkey}", f"witness a {X[1].vkey}"], "line 2"),
        ([f"witness a {X[0].vkey}", f"witness b {witness_key(1, 'renamed.example').vkey}"], "line 2"),
        ([f"witness a {X[0].vkey}", "group a all a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g all"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g 0 a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g 2 a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g 01 a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g -1 a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g some a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g 1 a a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g any none"], "line 2"),
        ([f"witness a {X[0].vkey}", "group none any a"], "line 2"),
        ([f"witness a {X[0].vkey}", "group g any a", "group h any a"], "line 3"),
        (["group g any a", f"witness a {X[0].vkey}"], "line 1"),
        (["quorum a", f"witness a {X[0].vkey}"], "line 1"),
    ],
)
def test_line_that_cannot_be_meant_is_refused_with_its_number(lines: list[str], where: str) -> None:
    assert refused(*lines, *(["quorum none"] if "uorum" not in lines[0] else [])).where == where


def test_file_without_a_quorum_is_refused() -> None:
    assert "no quorum" in refused(f"log {LOG.vkey}").what


@pytest.mark.parametrize("char", ["\r", "\0", "\x0b", "\x0c", "\x1b", "\x7f"])
def test_file_with_control_characters_is_refused(char: str) -> None:
    assert "control characters" in refused("quorum none", f"# {char}").what


def test_thirty_two_of_each_kind_are_read() -> None:
    logs = [f"log {log_key(f'log{number}.example', number).vkey}" for number in range(1, 33)]
    witnesses = [f"witness w{number} {witness_key(number).vkey}" for number in range(32)]
    groups = [f"group g{number} any w{number}" for number in range(31)]
    every = f"group every all {' '.join(f'g{number}' for number in range(31))}"
    policy = Policy.parse("\n".join([*logs, *witnesses, *groups, every, "quorum every"]))
    assert (len(policy.logs), len(policy.witnesses), len(policy.groups or {})) == (32, 32, 32)
    signers = [witness_key(number) for number in range(31)]
    assert note_by(log_key("log7.example", 7), *signers, policy=policy)
    assert not note_by(log_key("log7.example", 7), *signers[:-1], policy=policy)


def test_more_than_the_bound_of_a_kind_is_refused() -> None:
    lines = [f"witness w{number} {witness_key(number).vkey}" for number in range(MOST_OF_A_KIND + 1)]
    assert refused(*lines, "quorum none").where == f"line {MOST_OF_A_KIND + 1}"


@given(st.one_of(mutations(NESTED), st.text(max_size=100)))
def test_changed_or_arbitrary_text_is_bad_input_or_a_policy_that_can_be_asked(text: str) -> None:
    try:
        policy = Policy.parse(text)
    except BadInput as error:
        assert error.expected and error.hint
        return
    assert not policy.met_by(open_note(sign_note(TEXT, signers=[log_key("x.example", 99)]), keys=[
        log_key("x.example", 99).vkey
    ]))  # fmt: skip
    assert policy.reached([each.name for each in policy.witnesses])
