"""How far a search may ask: the packaged caps name every code, and what they do not name stays at home."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatehouse.law.pack import Pack, read_pack
from gatehouse.law.scopes import NAME, Reach, Scopes, read_scopes
from gatehouse.model import OFFENSES, BadInput, Purpose, Scope
from tests.unit.law.packs import changed, copied

SCOPES = Pack.load().scopes


def read(text: str) -> Scopes:
    return read_scopes(text, where="a test")


def test_scopes_packaged_name_every_purpose_and_offense() -> None:
    assert set(SCOPES.purposes) == set(Purpose)
    assert set(SCOPES.offenses) == OFFENSES


@pytest.mark.parametrize("offense", ["IMMIG_CIV", "IMMIG_CRIM", "49C", "30A"])
def test_reach_immigration_offense_stays_at_home(offense: str) -> None:
    for purpose in Purpose:
        assert SCOPES.reach(purpose, offense) == Reach(Scope.OWN, Scope.OWN)


def test_reach_offense_narrows_its_purpose() -> None:
    found = [SCOPES.reach(Purpose.CRIMINAL_INVESTIGATION, each) for each in (None, "240", "290", "90Z")]
    assert found == [
        Reach(Scope.NEIGHBORS, Scope.NETWORK),
        Reach(Scope.NEIGHBORS, Scope.NETWORK),
        Reach(Scope.NEIGHBORS, Scope.REGION),
        Reach(Scope.NEIGHBORS, Scope.NEIGHBORS),
    ]


def test_reach_offense_never_widens_its_purpose() -> None:
    assert SCOPES.reach(Purpose.PARKING_TOLL_ACCESS, "09A") == Reach(Scope.OWN, Scope.OWN)


def test_reach_not_listed_is_own() -> None:
    listed = read("[purposes]\nother = { proposed = 'region', widest = 'network' }\n[offenses]\n")
    assert listed.reach(Purpose.OTHER, "240") == Reach(Scope.OWN, Scope.OWN)
    assert listed.reach(Purpose.EXIGENT_THREAT, None) == Reach(Scope.OWN, Scope.OWN)


def test_read_pack_without_scopes_leaves_own(tmp_path: Path) -> None:
    folder = copied(tmp_path, states=["us-il"])
    (folder / NAME).unlink()
    assert read_pack(folder).scopes == Scopes()


def test_read_pack_with_other_scopes_has_another_hash(tmp_path: Path) -> None:
    before = read_pack(copied(tmp_path / "a", states=["us-il"]))
    after = changed(tmp_path / "b", NAME, lambda text: text.replace('"09A", ', "", 1), states=["us-il"])
    assert before.id.sha256 != after.id.sha256


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "[purposes]\n",
        "[purposes]\n[offenses]\n[more]\n",
        "[purposes]\nspying = { proposed = 'own', widest = 'own' }\n[offenses]\n",
        "[purposes]\nother = 'own'\n[offenses]\n",
        "[purposes]\nother = { proposed = 'own', widest = 'world' }\n[offenses]\n",
        "[purposes]\nother = { proposed = 'own', widest = ['own'] }\n[offenses]\n",
        "[purposes]\nother = { proposed = 'own', widest = 'own', ground = true }\n[offenses]\n",
        "[purposes]\nother = { proposed = 'network', widest = 'own' }\n[offenses]\n",
        "[purposes]\n[offenses]\nworld = []\n",
        "[purposes]\n[offenses]\nown = '240'\n",
        "[purposes]\n[offenses]\nown = ['999']\n",
        "[purposes]\n[offenses]\nown = [240]\n",
        "[purposes]\n[offenses]\nown = [['240']]\n",
        "[purposes]\n[offenses]\nown = ['240']\nregion = ['240']\n",
    ],
)
def test_read_scopes_unsound_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="law pack is refused"):
        read(text)
