"""Inputs and places that cannot be used: each gets a message, an exit code and, asked for, one document."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from pathlib import Path

import openpyxl
import pytest

from gatehouse.cli.app import main
from tests.attack.exports import AUDIT, record, write


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return a sound export."""
    return write(tmp_path / "audit.csv", [record(number) for number in range(3)])


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str | None]]:
    """Run a command that has to fail and return its code and its one document."""
    code = main([*arguments, "--json"])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, json.loads(printed.out)


class TestFiles:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n\r\n  \n",
            b"\xef\xbb\xbf",
            b"\0" * 3000,
            bytes(range(256)) * 40,
            b"PK\x03\x04 and no archive",
            b"%PDF-1.7 and no document",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no workbook",
            b"a,b\n1,2\n",
        ],
    )
    def test_file_of_nothing_readable_is_bad_input(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
    ) -> None:
        path = tmp_path / "export.csv"
        path.write_bytes(content)
        code, document = refusal(["audit", str(path)], capsys)
        assert (code, document["error"], document["where"]) == (3, "BadInput", str(path))
        assert document["next"]

    def test_pipe_is_bad_input_before_it_is_waited_for(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        code, document = refusal(["audit", str(path)], capsys)
        assert (code, document["got"]) == (3, "a pipe or a device")

    def test_links_that_lead_to_each_other_are_bad_input(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "one").symlink_to(tmp_path / "two")
        (tmp_path / "two").symlink_to(tmp_path / "one")
        code, document = refusal(["audit", str(tmp_path / "one")], capsys)
        assert (code, document["what"]) == (3, "the file cannot be opened")

    def test_archive_with_another_table_is_reported(self, export: Path, tmp_path: Path) -> None:
        path = tmp_path / "release.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(export, "audit.csv")
            archive.writestr("other.csv", "x,y\n1,2\n")
        assert main(["audit", str(path), "-o", str(tmp_path / "out")]) == 0

    def test_file_name_that_is_not_utf_8_is_read_and_shown_escaped(
        self, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
        export.rename(path)
        assert main(["audit", str(path), "--json", "-o", str(tmp_path / "out")]) == 0
        document = json.loads(capsys.readouterr().out)
        assert [file["path"] for file in document["files"]] == [f"{tmp_path}/\\xff.csv"]

    def test_owner_that_is_not_utf_8_is_bad_use(
        self, export: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, document = refusal(["audit", f"{export}@\udcff"], capsys)
        assert (code, document["what"]) == (2, "the name of the owner is not UTF-8")

    def test_files_of_odd_names_are_read(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        names = ["a@b.csv", "a!b.csv", "a\nb.csv", "<b>.csv", " b .csv", "=b.csv"]
        paths = [
            str(write(tmp_path / name, [record(number, {"ID": f"{name} {number}"}) for number in range(3)]))
            for name in names
        ]
        assert main(["audit", *paths, "--json"]) == 0
        assert [file["path"] for file in json.loads(capsys.readouterr().out)["files"]] == paths


class TestCommandLine:
    @pytest.mark.parametrize(
        "arguments",
        [["audit"], ["audit", "--nope"], ["audit", "x.csv", "--fail-on", "worst"], ["frobnicate"], []],
    )
    def test_unusable_command_line_is_one_document(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, document = refusal(arguments, capsys)
        assert (code, document["error"], document["where"]) == (2, "BadUse", "the command line")

    @pytest.mark.parametrize(
        "option", ["--sharing", "--policies", "--mapping", "--adjudicated", "--token-key"]
    )
    @pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00PK"])
    def test_file_beside_the_export_that_is_none_is_bad_input(
        self,
        export: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        option: str,
        content: bytes | None,
    ) -> None:
        path = tmp_path / "beside"
        if content is not None:
            path.write_bytes(content)
        code, document = refusal(
            ["audit", str(export), option, str(path), "-o", str(tmp_path / "out")], capsys
        )
        assert (code, document["error"]) == (3, "BadInput")

    @pytest.mark.parametrize("option", ["--sharing", "--policies", "--mapping"])
    @pytest.mark.parametrize("value", ["[" * 5000 + "]" * 5000, "1" * 5000])
    def test_toml_that_exhausts_its_reader_is_bad_input(
        self, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
    ) -> None:
        path = tmp_path / "beside.toml"
        path.write_text(f"a = {value}")
        code, document = refusal(["audit", str(export), option, str(path)], capsys)
        assert (code, document["error"]) == (3, "BadInput")
        code, document = refusal(["reasons", "ICE", "--lexicon", str(path)], capsys)
        assert (code, document["error"]) == (3, "BadInput")


class TestPlaces:
    @pytest.mark.parametrize("below", ["", "/deeper"])
    @pytest.mark.parametrize("command", [["audit"], ["audit", "reconcile"]])
    def test_results_into_a_file_are_bad_use(
        self, export: Path, capsys: pytest.CaptureFixture[str], command: list[str], below: str
    ) -> None:
        code, document = refusal([*command, str(export), str(export), "-o", f"{export}{below}"], capsys)
        assert (code, document["what"]) == (2, "results cannot be written there")

    def test_full_disk_is_an_unavailable_part(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("gatehouse.records.synth.generate", full)
        code, document = refusal(["records", "synth", "--rows", "9", "-o", str(tmp_path)], capsys)
        assert (code, document["what"]) == (5, "there is no space left to write to")


class TestExtremes:
    def test_years_that_no_search_can_be_of_are_rejects(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        moments = ["01/01/0001, 12:00:00 AM UTC", "12/31/9999, 11:59:59 PM UTC"]
        rows = [record(number) for number in range(9)]
        rows += [record(9 + number, {"Search Time": moment}) for number, moment in enumerate(moments)]
        path = write(tmp_path / "audit.csv", rows)
        sharing = write(
            tmp_path / "list.csv", [["Tarrinholt TX PD", "TX", "police"]], ("Name", "State", "Type")
        )
        days = f"{sharing}@0001-01-01..9999-12-31"
        command = ["audit", f"{path}@Prairie Bend IL PD", "--sharing", days, "--json"]
        assert main([*command, "-o", str(tmp_path / "out")]) == 0
        document = json.loads(capsys.readouterr().out)
        (file,) = document["files"]
        assert (file["searches"], file["rejects"]) == (9, 2)
        assert document["pathways"]["back"]["n"] == 0

    def test_truncated_workbook_is_bad_input(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in [AUDIT, *(record(number) for number in range(50))]:
            sheet.append(list(row))
        path = tmp_path / "audit.xlsx"
        book.save(path)
        assert main(["audit", str(path), "--json"]) == 0
        capsys.readouterr()
        content = path.read_bytes()
        for kept in (1, 2, 3):
            path.write_bytes(content[: len(content) * kept // 4])
            code, document = refusal(["audit", str(path)], capsys)
            assert (code, document["error"]) == (3, "BadInput")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_folder_without_permission_is_bad_use(
        self, export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        locked = tmp_path / "locked"
        locked.mkdir(mode=0o500)
        code, document = refusal(["audit", str(export), "-o", str(locked / "out")], capsys)
        assert (code, document["what"]) == (2, "results cannot be written there")

    def test_folder_that_the_system_refuses_is_bad_use(
        self,
        export: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(os, "access", lambda *_: False)
        code, document = refusal(["audit", str(export), "-o", str(tmp_path / "out")], capsys)
        assert (code, document["got"]) == (2, f"no permission to write to {tmp_path}")
