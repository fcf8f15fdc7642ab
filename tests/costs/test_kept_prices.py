"""Which table is used: the one that is named, the refreshed one, or the packaged one."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from motorpool.costs.errors import PricesError
from motorpool.costs.price_file import (
    PACKAGED,
    find_prices,
    read_prices,
    user_prices_path,
    write_prices,
)
from motorpool.costs.prices import PriceTable
from tests.costs.command.tables import TABLE
from tests.costs.price_documents import document, written


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's refreshed table is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "motorpool" / "prices.json"


def of_day(as_of: date) -> PriceTable:
    return replace(TABLE, as_of=as_of)


def test_the_packaged_table_is_used_where_there_is_no_other(cache: Path) -> None:
    assert not cache.exists()
    assert find_prices() is read_prices()


def test_the_file_that_is_named_is_used(cache: Path, tmp_path: Path) -> None:
    write_prices(of_day(date(2026, 11, 28)), cache)
    path = written(tmp_path, document())

    assert find_prices(path).origin == str(path)


def test_a_refreshed_table_is_used_in_place_of_the_packaged(cache: Path) -> None:
    write_prices(of_day(date(2026, 11, 28)), cache)

    assert find_prices().origin == str(cache)


def test_a_table_of_which_some_regions_were_refreshed_is_used(cache: Path) -> None:
    write_prices(of_day(read_prices().as_of), cache)

    assert find_prices().origin == str(cache)


def test_a_packaged_table_that_is_later_is_used_in_place_of_a_refreshed(cache: Path) -> None:
    write_prices(of_day(read_prices().as_of - timedelta(days=1)), cache)

    assert find_prices().origin == PACKAGED


def test_a_refreshed_table_that_is_broken_is_said_with_the_way_out(cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("{}")

    with pytest.raises(PricesError) as caught:
        find_prices()

    assert str(caught.value) == (
        f"{cache}: schema is missing (remove that file, or write it anew: "
        "`motorpool cost prices --refresh`)"
    )


@pytest.mark.parametrize("name", ["", "relative/cache"])
def test_the_cache_is_below_the_home_folder_unless_it_is_named_in_full(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", name)
    monkeypatch.setenv("HOME", str(tmp_path))

    assert user_prices_path() == tmp_path / ".cache" / "motorpool" / "prices.json"


def test_a_user_without_a_home_folder_has_the_packaged_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)

    assert user_prices_path() is None
    assert find_prices() is read_prices()


def test_a_home_folder_of_somebody_else_is_none(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_prices(of_day(date(2026, 11, 28)), cache)

    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", denied)

    assert find_prices() is read_prices()
