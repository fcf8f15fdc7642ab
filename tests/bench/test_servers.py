"""Which server is measured on."""

from pathlib import Path

import pytest

from bench.suite import servers


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MOTORPOOL_TEST_URI", raising=False)
    monkeypatch.delenv("MOTORPOOL_BENCH_SERVER", raising=False)
    monkeypatch.setattr(servers, "BUILT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_users_own_server_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTORPOOL_TEST_URI", "mongodb://elsewhere/")

    with servers.server() as (uri, _):
        assert uri == "mongodb://elsewhere/"


def test_one_that_is_built_already_is_not_built_again(tmp_path: Path) -> None:
    built = tmp_path / "bin" / "secantusd-rs"
    built.parent.mkdir()
    built.touch()

    assert servers.find_or_build() == built


def test_without_a_server_and_without_cargo_it_says_what_to_do() -> None:
    with pytest.raises(servers.NoServer, match=r"MOTORPOOL_TEST_URI .* or install cargo"):
        servers.find_or_build()


def test_a_path_that_names_no_file_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOTORPOOL_BENCH_SERVER", str(tmp_path / "none"))

    with pytest.raises(servers.NoServer, match="MOTORPOOL_BENCH_SERVER names no file"):
        servers.find_or_build()


def test_a_build_that_fails_is_said(tmp_path: Path) -> None:
    cargo = tmp_path / "cargo"
    cargo.write_text("#!/bin/sh\nexit 1\n")
    cargo.chmod(0o755)

    with pytest.raises(servers.NoServer, match="cargo could not build secantus-mdb"):
        servers.find_or_build()
