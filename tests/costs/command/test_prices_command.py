"""`motorpool cost prices`: what it shows, and a refresh from the command to the next report."""

import csv
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.command import invoice, prices
from motorpool.costs.price_file import read_prices, write_prices
from motorpool.local.cli import main
from tests.costs.command.conftest import Ran
from tests.costs.command.tables import TABLE, write_table
from tests.costs.price_server import OLD_TABLE, PriceServer, aws_environment, region_items

TODAY = date(2026, 11, 28)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's refreshed table is kept; nothing is there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "motorpool" / "prices.json"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PriceServer]:
    with aws_environment(monkeypatch, tmp_path) as server:
        yield server


class Command:
    """`motorpool cost prices …` on one day, in a home of its own."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        code = main(["cost", "prices", *arguments])
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)

    def data(self, *arguments: str) -> dict[str, Any]:
        code, out, err = self(*arguments, "--json")
        assert (code, err) == (0, "")
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cache: Path
) -> Command:
    assert not cache.exists()
    for module in (invoice, prices):
        monkeypatch.setattr(module, "today", lambda: TODAY)
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return Command(capsys)


def row(out: str, *begins: str) -> list[str]:
    """The cells of the one line that begins with these words."""
    (line,) = (line for line in out.splitlines() if line.split()[: len(begins)] == list(begins))
    return line.split()


def test_all_regions_are_listed_with_both_architectures(command: Command) -> None:
    code, out, err = command()

    assert (code, err) == (0, "")
    assert out.startswith("Prices of AWS Lambda in 35 regions\n")
    for name in read_prices().regions:
        assert row(out, name, "x86_64")
        assert row(out, name, "arm64")


def test_a_line_has_the_prices_by_the_million_their_day_and_sources(command: Command) -> None:
    _, out, _ = command()

    assert row(out, "us-east-1", "x86_64") == [
        "us-east-1",
        "x86_64",
        "0.2",
        *("16.6667", "/", "15", "/", "13.3334"),
        "4.1667",
        "9.7222",
        "0.0309",
        "2026-09-28",
        *("Q,", "R,", "P1,", "P2,", "P3,", "P4"),
    ]
    assert row(out, "ap-east-1", "arm64")[2:9] == [
        "0.28",
        *("18.3", "/", "16.5", "/", "14.7"),
        "4.5722",
    ]


def test_what_is_not_known_is_called_so_and_never_nothing(command: Command) -> None:
    _, out, _ = command("--region", "ap-southeast-7")

    cells = [cell.strip() for cell in _line(out, "ap-southeast-7  ", 2).split("  ") if cell]
    assert cells == ["ap-southeast-7", *["not known"] * 3, "0.108", *["not known"] * 2, "0.5"]


def _line(out: str, begin: str, number: int) -> str:
    return [line for line in out.splitlines() if line.startswith(begin)][number]


def test_what_stands_beside_lambda_is_in_its_column(command: Command, tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    write_prices(OLD_TABLE, mine)

    _, out, _ = command("--prices", str(mine))
    _, bare, _ = command("--prices", write_table(tmp_path))

    assert _line(out, "us-east-1", 2).split()[-4:] == ["0.09", "0.045", "0.046", "0.5"]
    assert _line(bare, "us-east-1", 2).split()[-5:] == ["0.09", "0.045", "0.045", "not", "known"]


def test_the_table_is_named_with_its_days_and_what_was_read_again(command: Command) -> None:
    _, out, _ = command()

    assert (
        "Prices of 2025-06-05 to 2026-09-28, from motorpool's own price table, in US dollars "
        "before tax."
    ) in out
    assert read_prices().confirmed in out


def test_a_table_that_is_out_of_date_is_said_once(command: Command) -> None:
    _, out, _ = command()

    assert out.count("The prices are of 2025-06-05, 541 days ago") == 1


def test_several_regions_of_one_day_are_said_to_be_out_of_date_once(command: Command) -> None:
    _, out, _ = command("--region", "us-east-2", "--region", "eu-west-1")

    assert out.count("The prices are of 2025-06-05, 541 days ago") == 1


def test_a_region_that_was_read_since_is_not_out_of_date(command: Command) -> None:
    _, fresh, _ = command("--region", "us-east-1")
    _, stale, _ = command("--region", "us-east-2")

    assert "days ago" not in fresh
    assert "541 days ago" in stale


def test_a_region_has_every_price_with_its_own_source(command: Command) -> None:
    figures = command.data("--region", "ap-northeast-2")["figures"]

    told = {
        (each["what"], each["from"]): (each["usd"], each["unit"], each["sources"])
        for each in figures
    }
    assert told == {
        ("request", 0): (2e-07, "request", "Q"),
        ("duration on x86_64", 0): (1.66667e-05, "GB-second", "Q R P3"),
        ("duration on x86_64", 6_000_000_000): (1.5e-05, "GB-second", "Q R P3"),
        ("duration on x86_64", 15_000_000_000): (1.33334e-05, "GB-second", "Q R P3"),
        ("provisioned concurrency on x86_64", 0): (5.1254e-06, "GB-second", "Q"),
        ("provisioned duration on x86_64", 0): (1.19592e-05, "GB-second", "Q"),
        ("ephemeral storage on x86_64", 0): (3.52e-08, "GB-second", "Q"),
        ("duration on arm64", 0): (1.33334e-05, "GB-second", "Q R P3"),
        ("duration on arm64", 7_500_000_000): (1.20001e-05, "GB-second", "Q R P3"),
        ("duration on arm64", 18_750_000_000): (1.06667e-05, "GB-second", "Q R P3"),
        ("provisioned concurrency on arm64", 0): (4.1003e-06, "GB-second", "Q"),
        ("provisioned duration on arm64", 0): (9.5674e-06, "GB-second", "Q"),
        ("ephemeral storage on arm64", 0): (3.52e-08, "GB-second", "Q"),
        ("response streaming", 0): (0.008, "GB", "Q"),
        ("SnapStart cache", 0): (1.8383e-06, "GB-second", "P3"),
        ("SnapStart restore", 0): (0.0001674588, "GB", "P3"),
        ("internet egress", 0): (0.126, "GB", "Q P3"),
        ("internet egress", 10_240): (0.122, "GB", "Q P3"),
        ("internet egress", 51_200): (0.117, "GB", "Q P3"),
        ("internet egress", 153_600): (0.108, "GB", "Q P3"),
        ("NAT gateway hours", 0): (None, "hour", ""),
        ("NAT gateway data", 0): (None, "GB", ""),
        ("logs", 0): (0.76, "GB", "Q P3"),
        ("logs", 10_240): (0.38, "GB", "Q P3"),
        ("logs", 30_720): (0.152, "GB", "Q P3"),
        ("logs", 51_200): (0.076, "GB", "Q P3"),
    }
    assert figures[1]["to"] == 6_000_000_000
    assert figures[3]["to"] is None


def test_how_a_border_between_tiers_is_known_is_said_with_the_tier(command: Command) -> None:
    _, out, _ = command("--region", "me-south-1")

    tier = _line(out, "me-south-1  duration on x86_64", 1)
    assert "6,000,000,000 a month" in tier
    assert tier.endswith("; the tiers' borders: assumed")
    first = _line(out, "me-south-1  duration on x86_64", 0)
    assert "borders" not in first
    assert "a month" not in first


def test_the_sources_are_those_that_are_named(command: Command) -> None:
    assert [each["id"] for each in command.data("--region", "ap-southeast-1")["sources"]] == [
        "Q",
        "R",
        "P2",
        "B2",
    ]


def test_what_is_free_every_month_is_said_with_a_region(command: Command) -> None:
    _, out, _ = command("--region", "eu-west-1")

    assert row(out, "1,000,000") == ["1,000,000", "400,000", "100", "100"]


def test_several_regions_are_listed_in_the_order_in_which_they_are_named(
    command: Command,
) -> None:
    found = command.data("--region", "us-east-1", "--region", "eu-west-1", "--region", "us-east-1")

    assert [each["region"] for each in found["prices"]] == ["us-east-1"] * 2 + ["eu-west-1"] * 2
    assert found["title"] == "Prices of AWS Lambda in 2 regions"


def test_a_region_that_is_not_in_the_table_is_said_in_one_line(command: Command) -> None:
    code, out, err = command("--region", "eu-west-11")

    assert (code, out) == (2, "")
    assert err.startswith("motorpool: error: region 'eu-west-11' is not in the price table of 2025")
    assert "did you mean eu-west-1" in err
    assert err.count("\n") == 1


def test_as_csv_it_has_a_line_for_each_architecture_and_units_in_the_heading(
    command: Command,
) -> None:
    code, out, _ = command("--csv")

    lines = list(csv.DictReader(out.splitlines()))
    assert code == 0
    assert len(lines) == 70
    assert lines[0]["gb_second_usd"] == "0.0000166667"
    assert lines[1]["provisioned_gb_second_usd"] == "0.0000033334"
    assert lines[0]["request_usd"] == "0.0000002"
    assert lines[0]["as_of"] == "2026-09-28"
    assert lines[0]["sources"] == "Q R P1 P2 P3 P4"


def test_every_form_can_be_had(command: Command, tmp_path: Path) -> None:
    page = tmp_path / "prices.html"

    assert command("--region", "eu-west-1", "-o", str(page)).code == 0
    assert "Prices of AWS Lambda in eu-west-1 (EU (Ireland))" in page.read_text()
    assert "| eu-west-1 | x86_64 |" in command("--region", "eu-west-1", "--markdown").out


def test_a_table_of_ones_own_is_shown(command: Command, tmp_path: Path) -> None:
    path = write_table(tmp_path)

    found = command.data("--prices", path)

    assert found["origin"] == path
    assert {each["region"] for each in found["prices"]} == {"us-east-1", "eu-west-1"}


def test_the_table_can_be_saved_to_be_changed(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"

    code, out, _ = command("--save", str(path), "--region", "eu-west-1")

    assert code == 0
    assert f"The table was written to {path}." in out
    assert read_prices(path).regions == read_prices().regions


def test_a_refresh_is_kept_and_used_from_then_on(
    command: Command, aws: PriceServer, cache: Path
) -> None:
    aws.add(region_items(changes={"Request": [("0", "0.0000007")], "Request-ARM": None}))

    code, out, err = command("--refresh", "--region", "us-east-1")

    assert (code, err) == (0, "")
    assert (
        f"AWS's prices of today were written to {cache}; the other commands use it from now on."
    ) in out
    assert f"Prices of 2026-11-28, from {cache}" in out
    assert read_prices(cache).confirmed in out
    assert row(out, "us-east-1", "x86_64")[2] == "0.7"
    assert "price-list-2026-11-28" in row(out, "us-east-1", "arm64")
    later = command.data("--region", "us-east-1")
    assert later["origin"] == str(cache)
    assert later["prices"][0]["request_usd"] == 7e-07
    assert later["others_as_of"] == "2025-06-05"
    assert len(command.data()["prices"]) == 70


def test_without_a_region_every_region_of_the_table_is_refreshed(
    command: Command, aws: PriceServer, cache: Path, tmp_path: Path
) -> None:
    aws.add(region_items())
    aws.add(region_items("eu-west-1", prefix="EU-"))
    mine = tmp_path / "mine.json"
    write_prices(OLD_TABLE, mine)

    code, out, _ = command("--refresh", "--prices", str(mine), "--save", str(mine))

    assert code == 0
    assert f"AWS's prices of today were written to {mine}.\n" in out
    assert [each["Filters"][0]["Value"] for each in aws.asked] == ["us-east-1", "eu-west-1"]
    assert read_prices(mine).as_of == TODAY
    assert command.data("--prices", str(mine))["others_as_of"] == "2025-06-05"
    assert not cache.exists()


def test_a_table_of_ones_own_is_not_refreshed_over_everybodys(
    command: Command, aws: PriceServer, cache: Path, tmp_path: Path
) -> None:
    code, _, err = command("--refresh", "--prices", write_table(tmp_path))

    assert code == 2
    assert "--refresh of --prices' table needs --save FILE" in err
    assert aws.asked == []
    assert not cache.exists()


def test_a_refresh_that_fails_changes_nothing(
    command: Command, aws: PriceServer, cache: Path
) -> None:
    write_prices(TABLE, cache)
    before = cache.read_bytes()
    aws.add(region_items())

    code, out, err = command("--refresh", "--region", "us-east-1", "--region", "eu-west-9")

    assert (code, out) == (1, "")
    assert err == ("motorpool: error: AWS's price list has no region 'eu-west-9' for Lambda\n")
    assert cache.read_bytes() == before
    assert os.listdir(cache.parent) == ["prices.json"]  # noqa: PTH208 - names alone


def test_a_broken_table_is_mended_by_a_refresh(
    command: Command, aws: PriceServer, cache: Path
) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("{}")
    aws.add(region_items())

    assert command("--region", "us-east-1").code == 2
    assert command("--refresh", "--region", "us-east-1").code == 0
    assert command("--region", "us-east-1").code == 0


def test_a_broken_table_of_ones_own_is_not_taken_for_the_packaged_one(
    command: Command, aws: PriceServer, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text("{}")

    code, _, err = command("--refresh", "--prices", str(mine), "--save", str(mine))

    assert code == 2
    assert "mine.json: schema is missing" in err
    assert aws.asked == []
    assert mine.read_text() == "{}"


def test_a_user_without_a_home_folder_must_say_where(
    command: Command, aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "user_prices_path", lambda: None)

    code, _, err = command("--refresh", "--region", "us-east-1")

    assert code == 2
    assert "--save must be given: there is no home folder to keep prices in" in err
    assert aws.asked == []


def test_somebody_who_waits_is_told_which_region_is_asked_for(
    command: Command, aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.add(region_items())
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)

    _, _, err = command("--refresh", "--region", "us-east-1")

    assert err == "asking AWS for us-east-1\n"
