"""Whoever bends the files of a rulebook or a draft crashes nothing, hides nothing and gets no permit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gatehouse.law import packfiles
from gatehouse.law.draft import Draft
from gatehouse.law.pack import _QUOTED, Pack, read_pack
from gatehouse.model import BadInput
from tests.unit.law.packs import DESIGN, changed, copied, with_rule

SCHEMA = "network/schema.cedarschema"
DEEP = "(" * 5000 + "context.own" + ")" * 5000
# What is read beside the network: a state without rules.
FEW = ["us-wy"]
HEAD = (
    '@id("town/1") @cite("Draft 1") @sentence("It is not allowed.")\nforbid (principal, action, resource)\n'
)


class TestHideCodeFromTheReader:
    @pytest.mark.parametrize("sign", ["\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
    def test_code_after_an_end_of_line_that_is_none_is_refused(self, tmp_path: Path, sign: str) -> None:
        with pytest.raises(BadInput, match=f"nobody sees.*U\\+{ord(sign):04X}"):
            with_rule(tmp_path, f"when {{ // c{sign}{DEEP} }}", states=FEW)

    def test_code_after_a_carriage_return_is_refused_in_a_draft(self, tmp_path: Path) -> None:
        path = tmp_path / "draft.cedar"
        path.write_bytes(f"{HEAD}when {{ // c\r{DEEP} }};".encode())
        with pytest.raises(BadInput, match=r"nobody sees.*U\+000D"):
            Draft.read(path, Pack.load())

    def test_lines_that_end_as_on_windows_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "draft.cedar"
        path.write_bytes(f"// A draft.\n{HEAD}when {{ context.own }};\n".replace("\n", "\r\n").encode())
        assert [rule.id for rule in Draft.read(path, Pack.load()).rules] == ["town/1"]

    @pytest.mark.parametrize(
        ("text", "left"),
        [("// c\r(", "\r("), ("// c\n(", "\n("), ('"\\"(" [', " ["), ('"//" [', " [")],
    )
    def test_what_holds_no_code_ends_where_cedar_ends_it(self, text: str, left: str) -> None:
        assert _QUOTED.sub("", text) == left

    @pytest.mark.parametrize("kind", ["{{a: {}}}", "Set<{}>"])
    def test_schema_that_would_crash_the_parser_is_refused(self, tmp_path: Path, kind: str) -> None:
        before, _, after = kind.replace("{{", "{").replace("}}", "}").partition("{}")
        deep = before * 10_000 + "String" + after * 10_000
        with pytest.raises(BadInput, match="too long or nested too deep"):
            changed(
                tmp_path, SCHEMA, lambda text: text.replace("purpose: String", f"purpose: {deep}"), states=FEW
            )

    @pytest.mark.parametrize(
        "sign", ["\U000e0041", "\ufe0f", "\u3164", "\u115f", "\u180e", "\u200b", "\u202e", "\x1b"]
    )
    def test_text_of_a_pack_with_a_hidden_sign_is_refused(self, tmp_path: Path, sign: str) -> None:
        with pytest.raises(BadInput, match=f"nobody sees.*U\\+{ord(sign):04X}"):
            changed(
                tmp_path,
                DESIGN,
                lambda text: text.replace("design limits", f"design{sign}limits"),
                states=FEW,
            )


class TestSteerTheTerminal:
    @pytest.mark.parametrize("note", ["sentence", "cite", "id", "outcome", "unsettled", "provision"])
    @pytest.mark.parametrize(
        ("sign", "shown"), [("\\u{1b}[2J", "001B"), ("\\r", "000D"), ("\\n", "000A"), ("\\u{e0041}", "E0041")]
    )
    def test_escape_in_what_a_rule_is_told_with_is_refused(
        self, tmp_path: Path, note: str, sign: str, shown: str
    ) -> None:
        notes = {"id": "test/rule", "cite": "A test", "sentence": "A test."}
        notes[note] = notes.get(note, "") + sign
        head = "\n".join(f'@{name}("{said}")' for name, said in notes.items())
        rule = f"\n{head}\nforbid (principal, action, resource) when {{ context.own }};\n"
        with pytest.raises(BadInput, match=f"@{note} holds a sign that nobody sees.*U\\+{shown}"):
            changed(tmp_path, DESIGN, lambda text: text + rule, states=FEW)

    @pytest.mark.parametrize("version", ["", " ", "\\u001b[2J", "1\\n2", "1+draft", "-1", "1" * 65])
    def test_version_that_is_none_is_refused(self, tmp_path: Path, version: str) -> None:
        with pytest.raises(BadInput, match="names no version") as caught:
            changed(tmp_path, "pack.toml", lambda _: f'version = "{version}"\n', states=FEW)
        assert str(caught.value).isprintable()


class TestExhaustTheReader:
    def test_version_in_a_deep_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"pack\.toml cannot be read"):
            changed(tmp_path, "pack.toml", lambda text: f"{text}\nx = {'[' * 5000}{']' * 5000}\n", states=FEW)

    def test_folder_beside_those_of_a_pack_is_not_looked_at(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        copied(tmp_path)
        other = tmp_path / "home" / "rules.cedar"
        other.parent.mkdir()
        other.write_text("")
        walked = []
        walk = os.walk

        def watched(top: Path) -> Any:
            walked.append(top.name)
            return walk(top)

        monkeypatch.setattr(os, "walk", watched)
        assert read_pack(tmp_path).rules.keys() == Pack.load().rules.keys()
        assert walked == ["network", "statutes"]

    def test_folder_that_is_no_pack_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match=r"a file of the law pack is missing.*pack\.toml"):
            read_pack(tmp_path)

    def test_folder_of_too_much_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(packfiles, "_MOST_ENTRIES", 20)
        with pytest.raises(BadInput, match="more than a pack does"):
            read_pack(copied(tmp_path))

    def test_file_that_is_too_long_is_refused(self, tmp_path: Path) -> None:
        (copied(tmp_path) / DESIGN).write_text("// \n" * 300_000)
        with pytest.raises(BadInput, match="longer than 1 MiB"):
            read_pack(tmp_path)

    def test_file_that_is_a_folder_is_refused(self, tmp_path: Path) -> None:
        (copied(tmp_path) / "network" / "more.cedar").mkdir()
        with pytest.raises(BadInput, match="no file stands in place of one"):
            read_pack(tmp_path)


class TestLiftARefusalByWords:
    @pytest.mark.parametrize(
        "body",
        [
            'when { !context.signals.contains("vague") }',
            'unless { context.signals.containsAny(["vague"]) }',
            "when { context.signals.isEmpty() }",
            'when { if context.signals.contains("vague") then context.own else !context.own }',
        ],
    )
    def test_rule_that_a_text_could_lift_does_not_load(self, tmp_path: Path, body: str) -> None:
        with pytest.raises(BadInput, match="a text could turn its refusal into a permit"):
            with_rule(tmp_path, body, states=FEW)

    def test_permission_that_reads_words_does_not_load(self, tmp_path: Path) -> None:
        def change(text: str) -> str:
            return text.replace(
                '(context.own || context.agreement == "yes")', 'context.signals.contains("vague")'
            )

        with pytest.raises(BadInput, match="a permission reads signals"):
            changed(tmp_path, "network/permit.cedar", change, states=FEW)
