"""Signed notes: what is read, what each key's signature covers, and that a note has one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehouse.ledger.errors import InvalidNote, InvalidSignature, UntrustedNote
from gatehouse.ledger.note import (
    COSIGNATURE,
    ED25519,
    Note,
    NoteSigner,
    Signature,
    VerifierKey,
    add_signatures,
    open_note,
    sign_note,
    split_note,
)
from gatehouse.model import BadInput, BadUse, Error
from tests.unit.ledger.made import NOW, SeededKey, log_key, vkey_text, witness_key
from tests.unit.ledger.mutations import mutations

TEXT = "log.example/main\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n"
LOG, WITNESS, STRANGER = log_key(), witness_key(1), log_key("stranger.example", 9)
NOTE = sign_note(TEXT, signers=[LOG, WITNESS, STRANGER], at=NOW)
KEYS = [LOG.vkey, WITNESS.vkey]

controls = "".join(map(chr, range(32)))
plain_texts = st.text(st.characters(codec="utf-8", exclude_characters=controls), max_size=20)
texts = st.lists(plain_texts, min_size=1, max_size=5).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


def rebuilt(text: str, lines: list[Signature]) -> str:
    """Return the only spelling of a text and its signatures."""
    return f"{text}\n{''.join(line.line for line in lines)}"


class TestOpenNote:
    """`open_note` and `split_note`."""

    def test_note_of_known_keys_gives_text_signatures_and_the_others(self) -> None:
        opened = open_note(NOTE, keys=KEYS)
        _, lines = split_note(NOTE)
        assert opened == Note(
            TEXT,
            (lines[0], Signature(WITNESS.name, WITNESS.key.key_id, lines[1].value, NOW)),
            (lines[2],),
        )
        assert open_note(NOTE.encode(), keys=KEYS) == opened

    def test_note_by_another_implementation_opens(self) -> None:
        # From the documentation of golang.org/x/mod/sumdb/note.
        text = (
            "If you think cryptography is the answer to your problem,\n"
            "then you don't know what your problem is.\n"
        )
        line = (
            "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE"
            "6RyyBwJnAM=\n"
        )
        key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        opened = open_note(f"{text}\n{line}", keys=[key])
        assert (opened.text, [each.line for each in opened.signatures]) == (text, [line])

    def test_text_may_hold_blank_lines_and_what_looks_like_a_signature(self) -> None:
        text = f"one\n\n{NOTE}\n\n"
        assert open_note(sign_note(text, signers=[LOG]), keys=[LOG.vkey]).text == text

    @given(texts)
    def test_signed_text_opens_as_it_was(self, text: str) -> None:
        note = sign_note(text, signers=[LOG, WITNESS], at=NOW)
        opened = open_note(note, keys=KEYS)
        assert opened.text == text
        assert [each.timestamp for each in opened.signatures] == [None, NOW]
        assert rebuilt(opened.text, list(opened.signatures)) == note

    @given(
        st.one_of(mutations(NOTE), st.text(max_size=80), texts.map(lambda text: f"{text}\n— a AAAAAAA=\n"))
    )
    def test_changed_or_arbitrary_text_is_refused_or_rebuilt_exactly(self, text: str) -> None:
        try:
            body, lines = split_note(text)
        except InvalidNote as error:
            assert error.expected and error.got
        else:
            assert rebuilt(body, lines) == text

    @given(mutations(NOTE))
    def test_changed_note_never_opens_with_another_text(self, text: str) -> None:
        try:
            opened = open_note(text, keys=KEYS)
        except Error:
            return
        assert opened.text == TEXT
        genuine = set(open_note(NOTE, keys=KEYS).signatures)
        assert set(opened.signatures) <= genuine

    @given(st.binary(max_size=200))
    def test_arbitrary_bytes_are_refused(self, data: bytes) -> None:
        with pytest.raises((InvalidNote, UntrustedNote)):
            open_note(data, keys=KEYS)

    def test_note_with_any_one_bit_changed_is_refused_or_loses_a_signature(self) -> None:
        note = sign_note(TEXT, signers=[LOG, WITNESS], at=NOW).encode()
        for bit in range(len(note) * 8):
            changed = bytearray(note)
            changed[bit // 8] ^= 1 << bit % 8
            try:
                opened = open_note(bytes(changed), keys=KEYS)
            except Error:
                continue
            # A name or an id with another letter is a key's that nobody knows.
            assert (opened.text, len(opened.signatures), len(opened.others)) == (TEXT, 1, 1)

    @pytest.mark.parametrize(
        "note",
        [
            "",
            "\n",
            "\n\n",
            TEXT,
            f"{TEXT}\n",
            f"{TEXT}\n\n",
            NOTE[:-1],
            f"{NOTE}\n",
            NOTE.replace("— ", "- ", 1),
            NOTE.replace("— ", "—  ", 1),
            NOTE.replace("— ", " — ", 1),
            NOTE.replace("— ", "—", 1),
            f"{TEXT}\n— a AAAAAA==\n",
            f"{TEXT}\n— a AAAA\n",
            f"{TEXT}\n— a \n",
            f"{TEXT}\n— a+b AAAAAAA=\n",
            f"{TEXT}\n—  AAAAAAA=\n",
        ],
    )
    def test_text_without_sound_signature_lines_is_refused(self, note: str) -> None:
        with pytest.raises(InvalidNote) as refusal:
            open_note(note, keys=KEYS)
        assert refusal.value.expected and refusal.value.got

    def test_note_of_unknown_keys_is_untrusted_and_says_whose_it_is(self) -> None:
        with pytest.raises(UntrustedNote, match="no key that is trusted") as refusal:
            open_note(sign_note(TEXT, signers=[STRANGER]), keys=KEYS)
        assert refusal.value.expected == "log.example/main or witness1.example"
        assert (refusal.value.got, refusal.value.hint) == ("stranger.example", None)
        # A log that has changed its key has two of one name.
        with pytest.raises(UntrustedNote) as refusal:
            open_note(sign_note(TEXT, signers=[STRANGER]), keys=[LOG.vkey, log_key(LOG.name, 77).vkey])
        assert refusal.value.expected == LOG.name
        with pytest.raises(UntrustedNote):
            open_note(NOTE, keys=[])

    def test_note_of_another_key_of_the_same_name_is_untrusted_and_tells_them_apart(self) -> None:
        other = log_key(LOG.name, 77)
        with pytest.raises(UntrustedNote, match="may have been changed") as refusal:
            open_note(sign_note(TEXT, signers=[other, STRANGER]), keys=KEYS)
        assert refusal.value.expected == f"log.example/main+{LOG.key.key_id.hex()} or witness1.example"
        assert refusal.value.got == f"log.example/main+{other.key.key_id.hex()}, stranger.example"

    def test_key_of_the_same_name_and_another_id_is_ignored(self) -> None:
        twin = log_key(LOG.name, 77)
        note = sign_note(TEXT, signers=[twin, LOG])
        opened = open_note(note, keys=[LOG.vkey])
        assert [each.key_id for each in opened.signatures] == [LOG.key.key_id]
        assert [each.key_id for each in opened.others] == [twin.key.key_id]

    def test_sixteen_signatures_and_more_are_read(self) -> None:
        signers = [witness_key(number) for number in range(1, 100)]
        opened = open_note(
            sign_note(TEXT, signers=[LOG, *signers], at=NOW), keys=[LOG.vkey, signers[-1].vkey]
        )
        assert (len(opened.signatures), len(opened.others)) == (2, 98)


class TestVerifierKey:
    """`VerifierKey`."""

    def test_key_of_the_golden_log_has_its_parts(self) -> None:
        text = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
        key = VerifierKey.parse(text)
        assert (key.name, key.kind, key.key_id.hex()) == ("example.com/log/testdata", ED25519, "33d7b496")
        assert str(key) == text

    @given(st.integers(1, 2**60), st.sampled_from([ED25519, COSIGNATURE]))
    def test_text_of_a_key_gives_the_key_back(self, seed: int, kind: int) -> None:
        key = NoteSigner("a.example/b", SeededKey(seed), kind).key
        assert VerifierKey.parse(str(key)) == key

    @given(st.one_of(mutations(LOG.vkey), st.text(max_size=60)))
    def test_changed_or_arbitrary_text_is_bad_input_or_has_one_spelling(self, text: str) -> None:
        try:
            key = VerifierKey.parse(text)
        except BadInput as error:
            assert error.expected and error.got
        else:
            assert str(key) == text

    @pytest.mark.parametrize("kind", [0x00, 0x02, 0x05, 0x06, 0xFF])
    def test_key_of_a_kind_that_is_not_known_is_bad_input(self, kind: int) -> None:
        with pytest.raises(BadInput, match="no verifier key"):
            VerifierKey.parse(vkey_text("a.example", kind, LOG.key.public))

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_key_of_another_length_is_bad_input(self, length: int) -> None:
        with pytest.raises(BadInput, match="no verifier key"):
            VerifierKey.parse(vkey_text("a.example", ED25519, b"\x07" * length))


class TestSigning:
    """`NoteSigner`, `sign_note` and `add_signatures`."""

    def test_cosignature_covers_header_time_and_text(self) -> None:
        line = WITNESS.line(TEXT, at=NOW)
        _, [signature] = split_note(f"{TEXT}\n{line}")
        assert signature.value[:8] == NOW.to_bytes(8, "big")
        assert signature.value[8:] == WITNESS.signer.sign(f"cosignature/v1\ntime {NOW}\n{TEXT}".encode())

    @pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "return\r\n", "null\0\n", "half \ud800\n"])
    def test_text_that_no_note_can_carry_is_bad_use(self, text: str) -> None:
        with pytest.raises(BadUse):
            sign_note(text, signers=[LOG])

    def test_note_without_signer_is_bad_use(self) -> None:
        with pytest.raises(BadUse, match="needs a signer"):
            sign_note(TEXT, signers=[])

    def test_time_belongs_to_cosignatures_alone(self) -> None:
        with pytest.raises(BadUse, match="has a time"):
            WITNESS.line(TEXT)
        with pytest.raises(BadUse, match="has a time"):
            LOG.line(TEXT, at=NOW)

    @pytest.mark.parametrize("at", [-1, 2**63, 2**64])
    def test_time_out_of_bounds_is_bad_use(self, at: int) -> None:
        with pytest.raises(BadUse, match="cannot have this time"):
            WITNESS.line(TEXT, at=at)

    def test_added_signatures_stand_once(self) -> None:
        one, two = witness_key(2).line(TEXT, at=NOW), witness_key(3).line(TEXT, at=NOW)
        note = sign_note(TEXT, signers=[LOG])
        assert add_signatures(note, [one, one, two]) == note + one + two
        assert add_signatures(note + one, [one, two]) == note + one + two
        assert add_signatures(note, []) == note

    @pytest.mark.parametrize(
        "cut", [lambda line: line[:-1], lambda line: f"{line}\n", lambda line: f"\n{line}"]
    )
    def test_added_line_that_is_torn_or_follows_a_blank_one_is_refused(self, cut: type[str]) -> None:
        with pytest.raises(InvalidNote):
            add_signatures(NOTE, [cut(witness_key(2).line(TEXT, at=NOW))])

    def test_added_lines_beyond_what_a_note_may_bear_are_refused(self) -> None:
        lines = [witness_key(number).line(TEXT, at=NOW) for number in range(2, 102)]
        with pytest.raises(InvalidNote, match="too many signatures"):
            add_signatures(NOTE, lines)

    def test_wrong_signature_of_a_known_key_names_the_key(self) -> None:
        other = sign_note("another text\n", signers=[LOG]).split("\n\n")[1]
        with pytest.raises(InvalidSignature) as refusal:
            open_note(f"{TEXT}\n{other}", keys=KEYS)
        assert refusal.value.expected == "a signature by log.example/main"
        assert LOG.key.key_id.hex() in (refusal.value.got or "")
