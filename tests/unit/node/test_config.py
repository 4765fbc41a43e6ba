"""The configuration file: every key described and bounded, nothing unknown, no secret in it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatehouse.model import BadInput, BadUse, PartUnavailable
from gatehouse.node.config import Config, Located, SearchConfig, keys_of, load_config, read_config
from gatehouse.node.node import _limits
from gatehouse.search.limits import Limits


def test_config_every_key_is_described_and_every_number_bounded() -> None:
    keys = list(keys_of(Config()))
    assert len({each.name for each in keys}) == len(keys)
    for each in keys:
        assert each.description.endswith("."), each.name
        if isinstance(each.default, int) and not isinstance(each.default, bool):
            assert " to " in each.bounds, each.name


def test_config_bounds_shown_are_the_narrower_ones() -> None:
    bounds = {each.name: each.bounds for each in keys_of(Config())}
    assert bounds["ledger.receipt_wait"] == "1 to 600"
    assert bounds["ledger.export_every"] == "1 to 86400"
    assert bounds["oidc.issuer"] == "at most 1024 long"


@pytest.mark.parametrize(
    ("found", "place"),
    [
        ({"htttp": {}}, "htttp"),
        ({"http": {"prt": 1}}, "http.prt"),
        ({"http": {"port": 70_000}}, "http.port"),
        ({"http": {"port": "many"}}, "http.port"),
        ({"http": {"url": "ftp://x"}}, "http.url"),
        ({"vault": {"sweep_every": 5}}, "vault.sweep_every"),
        ({"search": {"review_hours": 169}}, "search.review_hours"),
        ({"log": {"level": "loud"}}, "log.level"),
        ({"oidc": {"issuer": "https://id.example.org"}}, "oidc.client_id"),
        (
            {"oidc": {"issuer": "https://x", "client_id": "n", "client_secret": "hunter2"}},
            "oidc.client_secret",
        ),
    ],
)
def test_config_that_says_something_else_is_refused_with_its_place(found: dict[str, Any], place: str) -> None:
    with pytest.raises(BadInput, match="what is said of the configuration does not fit") as refused:
        read_config(found, where="node.toml")
    assert refused.value.where == f"node.toml, {place}"
    assert "hunter2" not in str(refused.value)


def test_config_keeps_what_it_was_given() -> None:
    config = read_config({"http": {"port": 0}, "intake": {"most_waiting": 5_000}}, where="node.toml")
    assert (config.http.port, config.intake.most_waiting, config.search.officer_hour) == (0, 5_000, 120)
    assert config.oidc is None


@pytest.mark.parametrize("text", ["[http\n", "http = 1 = 2", "\udce9"])
def test_config_file_that_is_not_toml_is_bad_input(tmp_path: Path, text: str) -> None:
    (tmp_path / "node.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadInput, match="not TOML"):
        load_config(tmp_path)


def test_folder_without_a_node_is_bad_use(tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="holds no node"):
        load_config(tmp_path)


class TestSecrets:
    def located(self, folder: Path, **reads: str) -> Located:
        return Located(folder, read_config({"reads": reads} if reads else {}, where="node.toml"))

    def test_secret_of_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        located = self.located(tmp_path, url="env:GATEHOUSE_READS")
        with pytest.raises(PartUnavailable, match="not in the environment"):
            located.reads_url()
        monkeypatch.setenv("GATEHOUSE_READS", "postgresql://node@db/reads")
        assert located.reads_url() == "postgresql://node@db/reads"

    def test_secret_of_a_file_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "dsn"
        path.write_text("postgresql://node@db/reads\n")
        path.chmod(0o600)
        assert self.located(tmp_path, url="file:dsn").reads_url() == "postgresql://node@db/reads"
        path.chmod(0o640)
        with pytest.raises(BadInput, match="others may read"):
            self.located(tmp_path, url="file:dsn").reads_url()

    def test_relative_read_store_lies_in_the_nodes_folder(self, tmp_path: Path) -> None:
        assert self.located(tmp_path).reads_url() == f"sqlite:///{tmp_path}/reads.sqlite"
        absolute = self.located(tmp_path, url="sqlite:////srv/reads.sqlite")
        assert absolute.reads_url() == "sqlite:////srv/reads.sqlite"


def test_limits_of_the_door_are_those_of_the_file_and_its_defaults_those_of_the_door(tmp_path: Path) -> None:
    assert _limits(Located(tmp_path, Config())) == Limits()
    given = {
        "review_hours": 1,
        "signature_minutes": 2,
        "candidates": 3,
        "officer_hour": 4,
        "agency_hour": 5,
        "paper_hours": 6,
        "cases": 7,
        "same_plate": 8,
        "same_plate_days": 9,
        "volume": 10,
        "volume_ratio": 11,
        "hours_known": 12,
        "hours_apart": 11,
        "history_days": 30,
    }
    assert given.keys() == SearchConfig.model_fields.keys()
    assert _limits(Located(tmp_path, read_config({"search": given}, where="node.toml"))) == Limits(
        signature_age=timedelta(minutes=2),
        review=timedelta(hours=1),
        candidates=3,
        cases=7,
        officer_hour=4,
        agency_hour=5,
        paper=timedelta(hours=6),
        same_plate=8,
        same_plate_within=timedelta(days=9),
        volume=10,
        volume_ratio=11,
        hours_known=12,
        hours_apart=11,
        history=timedelta(days=30),
    )
