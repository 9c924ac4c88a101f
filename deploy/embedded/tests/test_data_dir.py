"""DATA_DIR: what is taken, what is refused, what is remembered."""

import json
from pathlib import Path

import pytest

from embedded.data_dir import open_data_dir
from embedded.errors import DataDirError


def test_new_folder_is_made_and_taken_again_with_the_same_secrets(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data"
    with open_data_dir(path) as folder:
        first = folder.secrets
        assert folder.ended_cleanly()
    with open_data_dir(path) as folder:
        assert folder.secrets == first
    assert (path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o700


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    with open_data_dir(tmp_path / "data") as folder:
        assert folder.secrets.cursor_secret not in repr(folder.secrets)


def test_only_an_orderly_end_counts_as_one(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with open_data_dir(path) as folder:
        folder.begin_run()
        folder.end_run()
    with open_data_dir(path) as folder:
        assert folder.ended_cleanly()
    with open_data_dir(path) as folder:  # one that fails before the stores start changes nothing
        assert folder.ended_cleanly()
        folder.begin_run()
    with open_data_dir(path) as folder:
        assert not folder.ended_cleanly()


def test_foreign_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(DataDirError, match="holds other files"), open_data_dir(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_folder_left_by_a_crash_before_its_marker_is_taken(tmp_path: Path) -> None:
    (tmp_path / "private-generations.new").write_text("{")
    with open_data_dir(tmp_path):
        pass


@pytest.mark.parametrize(
    ("marker", "sentence"),
    [
        ("{", "is broken"),
        ("[]", "is broken"),
        ("{}", "is broken"),
        (json.dumps({"format": 2}), "has format 2, this version knows 1"),
    ],
)
def test_folder_of_another_format_is_refused(tmp_path: Path, marker: str, sentence: str) -> None:
    (tmp_path / "private-generations.json").write_text(marker)
    with pytest.raises(DataDirError, match=sentence), open_data_dir(tmp_path):
        pass


def test_broken_secrets_are_refused_and_not_quoted(tmp_path: Path) -> None:
    with open_data_dir(tmp_path):
        pass
    (tmp_path / "secrets.json").write_text('{"s3_access_key": "sesame"}')
    with pytest.raises(DataDirError, match=r"secrets\.json is broken") as refused, open_data_dir(tmp_path):
        pass
    assert "sesame" not in str(refused.value)


def test_folder_in_use_is_refused(tmp_path: Path) -> None:
    with open_data_dir(tmp_path):  # noqa: SIM117
        with pytest.raises(DataDirError, match="already running as pid"), open_data_dir(tmp_path):
            pass
    with open_data_dir(tmp_path):
        pass


def test_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match="is full"), open_data_dir(tmp_path, minimum_free_bytes=10**18):
        pass


def test_place_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/private-generations")):
        with pytest.raises(DataDirError), open_data_dir(path):
            pass
