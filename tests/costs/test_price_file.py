"""The file of a price table: what is read from it, and how it is written."""

import json
import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from motorpool.costs.errors import PricesError
from motorpool.costs.price_file import read_prices, write_prices
from motorpool.costs.price_text import price_text
from motorpool.costs.prices import ArchitecturePrices, PriceTable, RegionPrices, Tier
from tests.costs.command.tables import TABLE
from tests.costs.price_documents import X86, document, region, written


def test_the_least_file_leaves_all_else_unknown(tmp_path: Path) -> None:
    path = written(tmp_path, document())

    table = read_prices(path)

    assert table == PriceTable(
        as_of=date(2026, 9, 19),
        confirmed="",
        origin=str(path),
        free_tier=TABLE.free_tier,
        regions={
            "eu-west-1": RegionPrices(
                region="eu-west-1",
                name="Europe (Ireland)",
                request=Decimal("0.0000002"),
                architectures={
                    "x86_64": ArchitecturePrices(
                        duration=(
                            Tier(up_to=Decimal(6_000_000_000), price=Decimal("0.0000166667")),
                            Tier(up_to=None, price=Decimal("0.0000133334")),
                        )
                    ),
                    "arm64": ArchitecturePrices(
                        duration=(Tier(up_to=None, price=Decimal("0.0000133334")),)
                    ),
                },
            )
        },
    )


def test_a_number_without_quotes_is_as_exact(tmp_path: Path) -> None:
    bare = '{"duration": [[null, 0.1000000000000000000001]]}'
    text = json.dumps(region(request="0.1", x86_64="X86")).replace('"X86"', bare)

    table = read_prices(written(tmp_path, text.replace('"0.1"', "0.1")))

    prices = table.region("eu-west-1")
    assert prices.request == Decimal("0.1")
    assert prices.on("x86_64").duration[0].price == Decimal("0.1000000000000000000001")


def test_null_is_a_price_that_is_not_known(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        region(nat_gateway_hour=None, x86_64=X86 | {"ephemeral_storage": None}),
    )

    prices = read_prices(path).region("eu-west-1")

    assert prices.nat_gateway_hour is None
    assert prices.on("x86_64").ephemeral_storage is None


def test_a_price_of_zero_is_a_price(tmp_path: Path) -> None:
    assert read_prices(written(tmp_path, region(request="0"))).region("eu-west-1").request == 0


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document()), encoding="utf-8-sig")

    assert list(read_prices(path).regions) == ["eu-west-1"]


def test_quotas_in_a_file_are_no_concern_of_the_prices(tmp_path: Path) -> None:
    path = written(tmp_path, document(quotas={}, billing={}, atlas_connections={}))

    assert list(read_prices(path).regions) == ["eu-west-1"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.json"

    with pytest.raises(PricesError) as caught:
        read_prices(path)

    assert str(caught.value) == f"{path} cannot be read: No such file or directory"
    assert caught.value.exit_code == 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(PricesError, match="cannot be read: Is a directory"):
        read_prices(tmp_path)


def test_a_table_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "prices.json"

    write_prices(TABLE, path)

    assert read_prices(path) == replace(TABLE, origin=str(path))
    assert [each.name for each in path.parent.iterdir()] == ["prices.json"]


def test_the_packaged_table_is_the_same_when_it_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"

    write_prices(read_prices(), path)

    assert read_prices(path) == replace(read_prices(), origin=str(path))


def test_a_table_is_text_that_a_person_can_read() -> None:
    lines = price_text(TABLE).splitlines()

    assert '  "as_of": "2026-09-19",' in lines
    assert (
        '    {"id": "page", "what": "Lambda\'s pricing page", "where": "its text", '
        '"date": "2026-08-01"},'
    ) in lines
    assert '    "eu-west-1": {' in lines
    assert '      "request": "0.0000003",' in lines
    assert '      "snapstart_restore_gb": null,' in lines
    assert '      "internet_egress": [["10240", "0.09"], [null, "0.05"]],' in lines
    assert [line for line in lines if '"ephemeral_storage": "0.0000000309"' in line] != []


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, document())
    before = path.read_text()

    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(PricesError) as caught:
        write_prices(TABLE, path)

    assert str(caught.value) == f"{path} cannot be written: No space left on device"
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["mine.json"]


def test_a_table_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = written(tmp_path, document())
    before = path.read_text()
    first = next(iter(TABLE.regions))
    named = replace(TABLE.regions[first], name="two\nlines")

    with pytest.raises(PricesError, match=r"us-east-1\.name must be one line of text"):
        write_prices(replace(TABLE, regions={first: named}), path)

    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["mine.json"]


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, document()) / "prices.json"

    with pytest.raises(PricesError, match=r"mine.json/prices.json cannot be written: "):
        write_prices(TABLE, path)


def test_a_table_is_written_as_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    before = os.umask(0o022)
    try:
        write_prices(TABLE, path)
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o644
