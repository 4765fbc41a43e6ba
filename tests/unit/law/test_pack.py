"""Loading a pack: every way known in which a Cedar rule could fail open is refused before it decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.law import pack as pack_module
from gatehouse.law.canaries import canary
from gatehouse.law.engine import CedarEngine
from gatehouse.law.pack import Pack, read_pack
from gatehouse.law.packfiles import sealed
from gatehouse.model import BadInput
from tests.unit.law.packs import DESIGN, ILLINOIS, PACKAGED, changed, copied, with_rule, without_rule

SCHEMA = "network/schema.cedarschema"
FACTS = "statutes/us-il/facts.toml"


class TestTraps:
    """Each body was seen to pass some evaluator, or to be skipped by Cedar, which then allows."""

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            # Overflow at run time: strictly valid, and the forbid is skipped.
            ("when { context.reach * 9223372036854775807 > 1 }", "no rule can say"),
            ("when { context.reach + resource.retention > 1 }", "no rule can say"),
            ("when { context.reach - 1 > 1 }", "no rule can say"),
            ("when { -context.reach < 0 }", "no rule can say"),
            # Membership of entities, mistaken for membership in a set.
            ('when { context.purpose in ["other"] }', "does not fit the schema"),
            ("when { [].contains(context.purpose) }", "does not fit the schema"),
            ("when { context.signals == [] }", "does not fit the schema"),
            ("when { context.purpos == 1 }", "does not fit the schema"),
            ("when { context.purpose == 1 }", "does not fit the schema"),
            ("when { context.approvals }", "does not fit the schema"),
            ("when { context.purpose.length > 1 }", "does not fit the schema"),
            ('when { context has purpose && context.purpose == "other" }', "no rule can say"),
            ("when { context has plate }", "no rule can say"),
            ('when { context.purpose like "crim*" }', "no rule can say"),
            ('when { ip("10.0.0.1").isLoopback() }', "no rule can say"),
            ('when { decimal("1.5").lessThan(decimal("2.5")) }', "no rule can say"),
            ("when { principal is Searcher }", "no rule can say"),
            ('when { principal.getTag("kind") == "police" }', "does not fit the schema"),
            ("when { context.signals == resource.bans }", "no rule can say"),
            ("when { principal == resource }", "no rule can say"),
            ('when { principal in Jurisdiction::"illinois" }', "no rule can say"),
            ('when { principal in [Jurisdiction::"us-il", resource] }', "does not fit|no rule can say"),
            ("when {", "not Cedar"),
        ],
    )
    def test_load_rule_that_could_fail_is_refused(self, tmp_path: Path, body: str, said: str) -> None:
        with pytest.raises(BadInput, match=said):
            CedarEngine(with_rule(tmp_path, body))

    @pytest.mark.parametrize(
        "body",
        [
            'when { context.purpose == "other" && context.purpose == "" }',
            "when { context.reach < 5 && context.reach > 5 }",
            'when { context.declared.contains("a") && context.declared.isEmpty() }',
            "when { context.own && !context.own }",
            "when { context.reach > resource.retention && context.reach < 10 && resource.retention > 20 }",
        ],
    )
    def test_load_rule_that_nothing_meets_is_refused(self, tmp_path: Path, body: str) -> None:
        with pytest.raises(BadInput, match=r"no situation was found.*test/rule"):
            CedarEngine(with_rule(tmp_path, body))

    @pytest.mark.parametrize(
        "head",
        [
            'forbid (principal is Searcher, action == Action::"search", resource)',
            'forbid (principal == Searcher::"1", action == Action::"search", resource)',
            'forbid (principal, action == Action::"read", resource)',
            'forbid (principal, action in [Action::"search"], resource)',
            'forbid (principal, action == Action::"search", resource == Owner::"0")',
            'forbid (principal == ?principal, action == Action::"search", resource)',
            'forbid (principal in Jurisdiction::"us-il", action == Action::"search", resource)',
        ],
    )
    def test_load_scope_that_names_more_than_a_rule_may_is_refused(self, tmp_path: Path, head: str) -> None:
        with pytest.raises(BadInput, match="the law pack is refused"):
            with_rule(tmp_path, "when { context.own }", head=head)

    def test_load_second_permission_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="one permission"):
            with_rule(tmp_path, "when { context.own }", head="permit (principal, action, resource)")

    def test_load_permission_without_conditions_is_refused(self, tmp_path: Path) -> None:
        blanket = '@id("gatehouse/permit") @cite("a") @sentence("A.") permit (principal, action, resource);\n'
        with pytest.raises(BadInput, match="one permission, and it has conditions"):
            changed(tmp_path, "network/permit.cedar", lambda _: blanket)

    def test_load_permission_in_a_statute_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="a statute's rule forbids"):
            changed(tmp_path, ILLINOIS, lambda text: text.replace("forbid", "permit", 1))


class TestForm:
    @pytest.mark.parametrize(
        ("name", "old", "new", "said"),
        [
            (
                DESIGN,
                '@id("gatehouse/no-dragnet")',
                '@id("gatehouse/no-personal-use")',
                "two rules have one id",
            ),
            (DESIGN, '@id("gatehouse/no-dragnet")', '@id("us-il/2-130(c)/federal")', "two rules have one id"),
            (DESIGN, '@id("gatehouse/no-dragnet")\n', "", "no @id"),
            (DESIGN, '@id("gatehouse/no-dragnet")', '@id("no dragnet")', "other signs"),
            (DESIGN, '@cite("Gatehouse design: what it never does")\n', "", "no @cite"),
            (DESIGN, '@id("gatehouse/no-dragnet")', '@id("gatehouse/no-dragnet") @effect("x")', "@effect"),
            (
                DESIGN,
                '@id("gatehouse/no-dragnet")',
                '@id("gatehouse/no-dragnet") @outcome("permit")',
                "neither",
            ),
            (DESIGN, "design limits", "design\u202elimits", r"nobody sees.*U\+202E"),
            (DESIGN, "design limits", "design\u200blimits", r"nobody sees.*U\+200B"),
            (ILLINOIS, 'Jurisdiction::"us-il"', 'Jurisdiction::"us-mo"', "scope of the rule is not us-il"),
            (ILLINOIS, ', resource in Jurisdiction::"us-il"', ", resource", "scope of the rule is not us-il"),
            (ILLINOIS, '@provision("us-il/2-130(b)")', '@provision("us-il/2-130(x)")', "names no provision"),
            (ILLINOIS, '@provision("us-il/2-130(b)")', '@provision("us-il/2-130(d)")', "names no provision"),
            (ILLINOIS, "625 ILCS 5/2-130(b)", "625 ILCS 5/2-130(z)", "not the citation"),
            (ILLINOIS, '@id("us-il/2-130(c)/federal")', '@id("us-mo/federal")', "begins neither"),
            (FACTS, 'code = "us-il"', 'code = "us-mo"', "us-mo"),
            (FACTS, 'no_rule = "a duty', 'no_rules = "a duty', "unknown key"),
            (FACTS, "2024-01-01", '"2024"', "a date that is none"),
            (SCHEMA, "purpose: String", "purpose?: String", "does not fit the schema"),
            (SCHEMA, "reach: Long", "reach: String", "does not fit the schema"),
            (SCHEMA, "bans: Set<String>", "bans: Set<Long>", "does not fit the schema"),
            ("pack.toml", "version =", "versions =", "no version"),
        ],
    )
    def test_load_pack_with_a_fault_is_refused(
        self, tmp_path: Path, name: str, old: str, new: str, said: str
    ) -> None:
        with pytest.raises(BadInput, match=said):
            changed(tmp_path, name, lambda text: text.replace(old, new, 1))

    @pytest.mark.parametrize("name", [SCHEMA, ILLINOIS, FACTS, "pack.toml", "network/permit.cedar"])
    def test_load_pack_without_a_file_is_refused(self, tmp_path: Path, name: str) -> None:
        (copied(tmp_path) / name).unlink()
        with pytest.raises(BadInput, match=r"the law pack is refused|cannot be read"):
            CedarEngine(read_pack(tmp_path))

    @pytest.mark.parametrize("name", ["statutes/us-il/more.cedar", "network/more/rules.cedar", "more.cedar"])
    def test_load_rules_in_a_file_that_is_not_read_are_refused(self, tmp_path: Path, name: str) -> None:
        path = copied(tmp_path) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        with pytest.raises(BadInput, match=r"no pack is read from.*\.cedar"):
            read_pack(tmp_path)

    def test_load_text_that_is_no_utf8_is_refused(self, tmp_path: Path) -> None:
        (copied(tmp_path) / DESIGN).write_bytes(b"\xff\xfe")
        with pytest.raises(BadInput, match="not UTF-8"):
            read_pack(tmp_path)

    @pytest.mark.parametrize(
        "condition",
        [
            "!(" * 5000 + "context.own" + ")" * 5000,
            "(" * 5000 + "context.own" + ")" * 5000,
            "if context.own then context.own else " * 400 + "context.own",
            "[" * 5000 + "]" * 5000 + ".isEmpty()",
            "context" + ".own" * 20_000,
            "context.own || " * 1200 + "context.own",
        ],
    )
    def test_load_condition_that_would_crash_the_parser_is_refused(
        self, tmp_path: Path, condition: str
    ) -> None:
        with pytest.raises(BadInput, match="too long or nested too deep"):
            with_rule(tmp_path, f"when {{ {condition} }}")

    def test_load_folder_with_another_name_is_refused(self, tmp_path: Path) -> None:
        copied(tmp_path)
        (tmp_path / "statutes" / "us-il").rename(tmp_path / "statutes" / "illinois")
        with pytest.raises(BadInput, match="not called like us-il"):
            read_pack(tmp_path)

    def test_load_any_changed_byte_changes_the_hash(self, tmp_path: Path) -> None:
        pack = changed(tmp_path, DESIGN, lambda text: text + "\n")
        assert pack.id.version == Pack.load().id.version
        assert pack.id.sha256 != Pack.load().id.sha256

    def test_load_rule_that_is_dropped_leaves_a_provision_bare(self, tmp_path: Path) -> None:
        def drop(text: str) -> str:
            return without_rule(without_rule(text, "us-il/trust-act/use"), "us-il/trust-act/release")

        with pytest.raises(BadInput, match=r"neither a rule nor a reason why.*us-il/trust-act"):
            changed(tmp_path, ILLINOIS, drop)

    def test_load_every_packaged_rule_has_a_canary(self) -> None:
        for rule in Pack.load().rules.values():
            assert canary(rule), rule.id


def test_load_unsettled_signal_that_the_rule_does_not_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="@unsettled names what the rule does not"):
        changed(
            tmp_path,
            ILLINOIS,
            lambda text: text.replace('@unsettled("immigration_agency")', '@unsettled("vague")'),
            states=["us-il"],
        )


class TestUnsettledFlow:
    @pytest.mark.parametrize(
        ("flow", "body"),
        [
            ("federal", "when { context.federal }"),
            ("out_of_state", "when { context.out_of_state && context.approvals < 1 }"),
        ],
    )
    def test_load_flow_that_the_rule_reads_is_held(self, tmp_path: Path, flow: str, body: str) -> None:
        pack = with_rule(
            tmp_path,
            body,
            head=f'@unsettled("{flow}")\nforbid (principal, action, resource)',
            states=["us-il"],
        )
        assert pack.rules["test/rule"].unsettled == {flow}

    @pytest.mark.parametrize(
        ("flow", "body"),
        [
            ("federal", "when { context.out_of_state }"),
            ("out_of_state", "when { context.federal }"),
            ("federal", 'when { context.kinds.contains("federal") }'),
            ("own", "when { context.own }"),
        ],
    )
    def test_load_flow_that_the_rule_does_not_read_is_refused(
        self, tmp_path: Path, flow: str, body: str
    ) -> None:
        head = f'@unsettled("{flow}")\nforbid (principal, action, resource)'
        with pytest.raises(BadInput, match="@unsettled names what the rule does not"):
            with_rule(tmp_path, body, head=head, states=["us-il"])


class TestSeal:
    """A pack whose `pack.toml` names the hash of the other files."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = copied(tmp_path, ["us-il"])
        (folder / "pack.toml").write_text(sealed(folder))
        return folder

    def test_load_packaged_pack_is_sealed(self) -> None:
        assert Pack.load().sealed

    def test_load_sealed_pack_is_read(self, folder: Path) -> None:
        assert read_pack(folder).sealed

    def test_load_pack_without_a_hash_is_not_sealed(self, tmp_path: Path) -> None:
        assert not read_pack(copied(tmp_path, ["us-il"])).sealed

    @pytest.mark.parametrize("name", [DESIGN, ILLINOIS, FACTS, SCHEMA])
    def test_load_changed_file_shows_in_the_version(self, folder: Path, name: str) -> None:
        before = read_pack(folder).id
        path = folder / name
        path.write_text(path.read_text() + "\n")
        after = read_pack(folder)
        assert (after.id.version, after.sealed) == (f"{before.version}+changed", False)
        assert after.id.sha256 != before.sha256

    def test_load_added_state_shows_in_the_version(self, folder: Path) -> None:
        (folder / "statutes" / "us-wy").mkdir()
        (folder / "statutes" / "us-wy" / "facts.toml").write_bytes(
            (PACKAGED / "statutes/us-wy/facts.toml").read_bytes()
        )
        assert read_pack(folder).id.version.endswith("+changed")

    @pytest.mark.parametrize("value", ['""', "5", "[]", '"SHA"'])
    def test_load_hash_that_is_none_shows_in_the_version(self, folder: Path, value: str) -> None:
        (folder / "pack.toml").write_text(f'version = "1"\nsha256 = {value}\n')
        assert read_pack(folder).id.version == "1+changed"

    def test_load_packaged_pack_that_was_changed_is_refused(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is installed stands for its version; nobody asked for another."""
        (folder / ILLINOIS).write_text((folder / ILLINOIS).read_text() + "\n")
        monkeypatch.setattr(pack_module, "_HERE", folder)
        with pytest.raises(BadInput, match="its files changed since its version was named"):
            pack_module._packaged.__wrapped__()

    def test_seal_of_a_sealed_pack_changes_nothing(self, folder: Path) -> None:
        text = (folder / "pack.toml").read_text()
        assert sealed(folder) == text
        (folder / ILLINOIS).write_text((folder / ILLINOIS).read_text() + "\n")
        (folder / "pack.toml").write_text(sealed(folder))
        assert (folder / "pack.toml").read_text().count("sha256 =") == text.count("sha256 =") == 1
        assert read_pack(folder).sealed
