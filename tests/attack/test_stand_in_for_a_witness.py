"""Attempts to make signatures count that a witness or a log did not give, or to make one count twice."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatehouse.ledger import Policy, VerifierKey, open_note, sign_note
from gatehouse.ledger.encoding import to_base64
from gatehouse.ledger.errors import InvalidSignature, PolicyNotMet, UntrustedNote
from gatehouse.ledger.note import COSIGNATURE, ED25519, NoteSigner, Signature, add_signatures, split_note
from gatehouse.model import BadInput
from tests.unit.ledger.made import NOW, SeededKey, checkpoint_note, log_key, vkey_text, witness_key
from tests.unit.ledger.naive import NaiveTree, numbered

LOG, WITNESS = log_key(), witness_key(1)
KEYS = [LOG.vkey, WITNESS.vkey]
TREE = NaiveTree(numbered(9))
NOTE = checkpoint_note(TREE)
TEXT = split_note(NOTE)[0]
NEEDS_WITNESS = Policy.parse(f"log {LOG.vkey}\nwitness w {WITNESS.vkey}\nquorum w\n")

# y of the points of order 1, 2, 4 and 8, and the spellings of the first two beyond the field's prime.
PRIME = 2**255 - 19
ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
WEAK = [0, 1, PRIME - 1, ORDER_8, PRIME - ORDER_8, PRIME, PRIME + 1]


def point(y: int, sign: int) -> bytes:
    """Return the encoding of a point."""
    return (y | sign << 255).to_bytes(32, "little")


def test_cosignature_of_one_checkpoint_under_another() -> None:
    for size in (8, 10):
        tree = NaiveTree(numbered(size))
        line = WITNESS.line(split_note(checkpoint_note(tree))[0], at=NOW)
        with pytest.raises(InvalidSignature):
            open_note(add_signatures(NOTE, [line]), keys=KEYS)


def test_cosignature_with_another_time() -> None:
    genuine = split_note(f"{TEXT}\n{WITNESS.line(TEXT, at=NOW)}")[1][0]
    for time in (0, NOW - 1, NOW + 1, 2**63 - 1):
        line = Signature(WITNESS.name, WITNESS.key.key_id, time.to_bytes(8, "big") + genuine.value[8:]).line
        with pytest.raises(InvalidSignature, match="does not fit"):
            open_note(add_signatures(NOTE, [line]), keys=KEYS)


@pytest.mark.parametrize("time", [2**63, 2**64 - 1])
def test_cosignature_from_beyond_the_end_of_time(time: int) -> None:
    signed = WITNESS.signer.sign(f"cosignature/v1\ntime {time}\n{TEXT}".encode())
    line = Signature(WITNESS.name, WITNESS.key.key_id, time.to_bytes(8, "big") + signed).line
    with pytest.raises(InvalidSignature, match="out of bounds"):
        open_note(add_signatures(NOTE, [line]), keys=KEYS)


def test_signature_of_a_known_key_over_other_text_beside_a_good_one() -> None:
    """Whoever else has signed: a known key's line that does not fit refuses the whole note."""
    for wrong in (WITNESS.line("other\n", at=NOW), LOG.line("other\n")):
        for note in (
            add_signatures(NOTE, [WITNESS.line(TEXT, at=NOW), wrong]),
            add_signatures(NOTE, [wrong]),
        ):
            with pytest.raises(InvalidSignature):
                open_note(note, keys=KEYS)


def test_signature_of_the_text_where_a_cosignature_is_wanted() -> None:
    plain = WITNESS.signer.sign(TEXT.encode())
    for value in (plain, NOW.to_bytes(8, "big") + plain):
        with pytest.raises(InvalidSignature):
            open_note(
                add_signatures(NOTE, [Signature(WITNESS.name, WITNESS.key.key_id, value).line]), keys=KEYS
            )


def test_text_that_reads_as_the_head_of_a_cosignature() -> None:
    """A log's key that signs such a text has cosigned nothing: kinds of keys have ids of their own."""
    shared = SeededKey(5)
    log, witness = NoteSigner("x.example", shared, ED25519), NoteSigner("x.example", shared, COSIGNATURE)
    tricked = shared.sign(f"cosignature/v1\ntime {NOW}\n{TEXT}".encode())
    as_log = Signature(log.name, log.key.key_id, tricked).line
    with pytest.raises(InvalidSignature):
        open_note(add_signatures(NOTE, [as_log]), keys=[LOG.vkey, log.vkey])
    opened = open_note(add_signatures(NOTE, [as_log]), keys=[LOG.vkey, witness.vkey])
    assert [each.name for each in opened.signatures] == [LOG.name]


def test_line_under_a_witnesss_name_with_another_id() -> None:
    twin = NoteSigner(WITNESS.name, SeededKey(6), COSIGNATURE)
    opened = open_note(add_signatures(NOTE, [twin.line(TEXT, at=NOW)]), keys=NEEDS_WITNESS.keys)
    with pytest.raises(PolicyNotMet, match="too few witnesses"):
        NEEDS_WITNESS.check(opened)


def test_line_with_a_witnesss_id_under_another_name() -> None:
    genuine = split_note(f"{TEXT}\n{WITNESS.line(TEXT, at=NOW)}")[1][0]
    renamed = Signature("witness2.example", genuine.key_id, genuine.value).line
    opened = open_note(add_signatures(NOTE, [renamed]), keys=NEEDS_WITNESS.keys)
    with pytest.raises(PolicyNotMet, match="too few witnesses"):
        NEEDS_WITNESS.check(opened)


def test_key_whose_id_is_not_its_own() -> None:
    for key_id in ("00000000", WITNESS.key.key_id.hex(), "", LOG.key.key_id.hex().upper(), "7", "0" * 64):
        with pytest.raises(BadInput, match="no verifier key"):
            VerifierKey.parse(vkey_text(LOG.name, ED25519, LOG.key.public, key_id=key_id))


def test_two_keys_made_to_share_a_name_and_an_id() -> None:
    """Ids have 32 bits: among some 65,000 keys two collide, and one line would count for two witnesses."""
    one = NoteSigner("w.example", SeededKey(7493), COSIGNATURE)
    two = NoteSigner("w.example", SeededKey(65813), COSIGNATURE)
    assert one.key.key_id == two.key.key_id
    assert one.key.public != two.key.public
    policy = Policy.parse(
        f"log {LOG.vkey}\nwitness a {one.vkey}\nwitness b {two.vkey}\ngroup both all a b\nquorum both\n"
    )
    for signer in (one, two):
        with pytest.raises(BadInput, match="one name and one id"):
            open_note(add_signatures(NOTE, [signer.line(TEXT, at=NOW)]), keys=policy.keys)


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", WEAK)
@pytest.mark.parametrize("kind", [ED25519, COSIGNATURE])
def test_key_for_which_anybody_can_sign(kind: int, y: int, sign: int) -> None:
    with pytest.raises(BadInput, match="no verifier key") as refusal:
        VerifierKey.parse(vkey_text("weak.example", kind, point(y, sign)))
    assert refusal.value.got == "a key for which anybody can sign, or one in another spelling"


def test_key_for_which_anybody_can_sign_would_pass_the_library() -> None:
    """That is why it is refused here: with the neutral point as key and nonce, zero signs every message."""
    Ed25519PublicKey.from_public_bytes(point(1, 0)).verify(point(1, 0) + bytes(32), b"whatever it says")
    line = Signature("weak.example", bytes(4), point(1, 0) + bytes(32)).line
    with pytest.raises(BadInput):
        open_note(f"{TEXT}\n{line}", keys=[vkey_text("weak.example", ED25519, point(1, 0))])


def test_one_key_as_two_witnesses() -> None:
    renamed = NoteSigner("twin.example", WITNESS.signer, COSIGNATURE)
    for other in (WITNESS, renamed):
        with pytest.raises(BadInput, match="two witnesses have one key"):
            Policy.parse(
                f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\nwitness b {other.vkey}\ngroup g 2 a b\nquorum g\n"
            )


def test_one_witness_that_cosigns_twice() -> None:
    second = witness_key(2)
    policy = Policy.parse(
        f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\nwitness b {second.vkey}\ngroup g 2 a b\nquorum g\n"
    )
    lines = [WITNESS.line(TEXT, at=NOW + later) for later in range(3)]
    with pytest.raises(PolicyNotMet, match="too few witnesses") as refusal:
        policy.check(open_note(add_signatures(NOTE, lines), keys=policy.keys))
    assert refusal.value.got == "a"


def test_one_witness_that_counts_through_two_groups() -> None:
    head = f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\n"
    for groups in (
        "group g any a\ngroup h any a\ngroup both all g h\nquorum both\n",
        "group g 2 a a\nquorum g\n",
        "group g any a\ngroup h all g a\nquorum h\n",
        "group g any a\ngroup h 2 g g\nquorum h\n",
    ):
        with pytest.raises(BadInput, match="a member already"):
            Policy.parse(head + groups)


def test_group_that_names_itself_or_a_later_one() -> None:
    head = f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\n"
    for groups in (
        "group g any g\nquorum g\n",
        "group g any a g\nquorum g\n",
        "group g any h\ngroup h any g\nquorum g\n",
        "group a any a\nquorum a\n",
    ):
        with pytest.raises(BadInput, match="the policy cannot be used"):
            Policy.parse(head + groups)


def test_quorum_that_asks_for_nobody() -> None:
    head = f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\n"
    for rule in ("group g 0 a\nquorum g\n", "group g all\nquorum g\n", "group g any none\nquorum g\n", ""):
        with pytest.raises(BadInput):
            Policy.parse(head + rule)


def test_line_that_comments_out_the_quorum() -> None:
    """A comment is a line of its own, so a mark within a line hides nothing."""
    with pytest.raises(BadInput, match="one line names the quorum"):
        Policy.parse(f"log {LOG.vkey}\nwitness a {WITNESS.vkey}\nquorum none #a\n")


def test_signature_that_no_key_of_the_reader_has_made() -> None:
    with pytest.raises(UntrustedNote):
        open_note(sign_note(TEXT, signers=[log_key(LOG.name, 666)]), keys=KEYS)
    zero = f"— {LOG.name} {to_base64(LOG.key.key_id + bytes(64))}\n"
    with pytest.raises(InvalidSignature):
        open_note(f"{TEXT}\n{zero}", keys=KEYS)
