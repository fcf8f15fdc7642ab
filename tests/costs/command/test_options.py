"""Options made from figures, and figures made from options."""

import argparse
import re
from decimal import Decimal
from pathlib import Path

import pytest

from motorpool.costs.command import options
from motorpool.costs.errors import InputError
from motorpool.costs.load import Load
from motorpool.costs.setup import Function, Setup
from motorpool.local.cli import main
from tests.costs.command.conftest import Cost

LEAST = ("--requests", "3e6", "--queries", "8")


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_load_options(parser)
    return parser.parse_args(arguments)


def test_nothing_given_but_the_load_is_the_models_own_defaults() -> None:
    args = parsed(*LEAST)

    assert options.load_of(args) == Load(requests=Decimal(3_000_000), queries=Decimal(8))
    assert options.setup_of(args) == Setup()


@pytest.mark.parametrize("text", ["3e6", "3_000_000", "3000000", "3.0E6", " 3e6 "])
def test_a_number_may_have_an_exponent_or_underscores(text: str) -> None:
    assert options.load_of(parsed("--requests", text, "--queries", "1")).requests == 3_000_000


def test_every_figure_of_a_load_has_its_option() -> None:
    load = options.load_of(
        parsed(
            *["--requests", "10", "--queries", "9", "--waves", "3", "--query-ms", "4.5"],
            *["--round-trips", "2", "--app-ms", "7", "--request-bytes", "100"],
            *["--response-bytes", "200", "--cold-share", "0.5", "--peak-factor", "2"],
        )
    )

    assert load == Load(
        requests=Decimal(10),
        queries=Decimal(9),
        waves=Decimal(3),
        query_ms=Decimal("4.5"),
        round_trips=Decimal(2),
        app_ms=Decimal(7),
        request_bytes=Decimal(100),
        response_bytes=Decimal(200),
        cold_share=Decimal("0.5"),
        peak_factor=Decimal(2),
    )


def test_the_proxys_options_are_plain_and_the_applications_have_a_prefix() -> None:
    setup = options.setup_of(
        parsed(
            *LEAST,
            *["--memory", "256", "--reserved-concurrency", "20", "--architecture", "arm64"],
            *["--provisioned-concurrency", "2", "--provisioned-hours", "8"],
            *["--app-memory", "1024", "--app-reserved-concurrency", "50"],
            *["--app-provisioned-concurrency", "3", "--app-provisioned-hours", "9"],
            *["--app-architecture", "x86"],
        )
    )

    assert setup.proxy == Function(
        memory_mb=Decimal(256),
        reserved_concurrency=Decimal(20),
        provisioned_concurrency=Decimal(2),
        provisioned_hours=Decimal(8),
        architecture="arm64",
    )
    assert setup.app == Function(
        memory_mb=Decimal(1024),
        reserved_concurrency=Decimal(50),
        provisioned_concurrency=Decimal(3),
        provisioned_hours=Decimal(9),
        architecture="x86_64",
    )


def test_every_figure_of_a_setup_has_its_option() -> None:
    names = [field.name for field in options.figures_of(Setup)]
    values = {name: Decimal(number) for number, name in enumerate(names, start=1000)}
    values |= {"servers": Decimal(5), "pool_size": Decimal(7)}
    given = [
        text
        for name, value in values.items()
        for text in (f"--{name.replace('_', '-')}", str(value))
    ]

    setup = options.setup_of(
        parsed(*LEAST, *given, "--network", "nat", "--region", "eu-west-1", "--no-free-tier")
    )

    assert {name: getattr(setup, name) for name in names} == values
    assert (setup.network, setup.region, setup.has_free_tier) == ("nat", "eu-west-1", False)


def test_memory_has_its_full_name_as_well() -> None:
    setup = options.setup_of(parsed(*LEAST, "--memory-mb", "300", "--app-memory-mb", "400"))

    assert setup.proxy.memory_mb == Decimal(300)
    assert setup.app.memory_mb == Decimal(400)


def test_none_takes_the_limit_away() -> None:
    setup = options.setup_of(parsed(*LEAST, "--reserved-concurrency", "none"))

    assert setup.proxy.reserved_concurrency is None


def test_the_hours_of_a_day_are_a_load_by_themselves() -> None:
    hourly = ",".join(["0"] * 23 + ["2400"])

    load = options.load_of(parsed("--hourly", hourly, "--queries", "8"))

    assert load.requests == 2400 * 365 / Decimal(12)
    assert load.hourly == (*[Decimal(0)] * 23, Decimal(2400))


def test_beside_requests_only_the_hours_proportions_count(tmp_path: Path) -> None:
    file = tmp_path / "day.txt"
    file.write_text("1\n" * 12 + "2, " * 11 + "2\n", encoding="utf-8")

    load = options.load_of(parsed(*LEAST, "--hourly", str(file)))

    assert load.requests == 3_000_000
    assert load.hourly == (*[Decimal(1)] * 12, *[Decimal(2)] * 12)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "--queries must be given: the queries of one request, such as 8"),
        (
            ["--queries", "8"],
            (
                "--requests must be given: requests a month, such as 3e6 (or those of a day's "
                "hours: --hourly)"
            ),
        ),
        (["--requests", "1", "--queries", "0"], "--queries must be from 1 to 10000, and is 0"),
        (["--requests", "1", "--queries", "-5"], "--queries must be from 1 to 10000, and is -5"),
        (
            ["--requests", "3,000,000", "--queries", "8"],
            "--requests must be a number such as 2500, 0.5, 3e6 or 3_000_000, not '3,000,000'",
        ),
        (
            ["--requests", "3M", "--queries", "8"],
            "--requests must be a number such as 2500, 0.5, 3e6 or 3_000_000, not '3M'",
        ),
        (
            [*LEAST, "--query-ms", "none"],
            "--query-ms must be a number such as 2500, 0.5, 3e6 or 3_000_000, not 'none'",
        ),
        ([*LEAST, "--cold-share", "2"], "--cold-share must be from 0 to 1, and is 2"),
        (
            [*LEAST, "--waves", "9"],
            "--waves must be from 1 to --queries (8): a wave has at least one query, and is 9",
        ),
        (
            [*LEAST, "--round-trips", "5"],
            "--round-trips must be from 1 to the queries of a wave (4), and is 5",
        ),
        ([*LEAST, "--memory", "1"], "--memory must be from 128 to 10240, and is 1"),
        ([*LEAST, "--app-memory", "1"], "--app-memory must be from 128 to 10240, and is 1"),
        (
            [*LEAST, "--provisioned-concurrency", "11"],
            "--provisioned-concurrency must be at most --reserved-concurrency (10), and is 11",
        ),
        (
            [*LEAST, "--architecture", "mips"],
            "--architecture must be x86_64 or arm64, and is 'mips'",
        ),
        (
            [*LEAST, "--app-architecture", "mips"],
            "--app-architecture must be x86_64 or arm64, and is 'mips'",
        ),
        ([*LEAST, "--pool-size", "0"], "--pool-size must be from 1 to 10000, and is 0"),
        ([*LEAST, "--network", "tin"], "--network must be vpc, internet or nat, and is 'tin'"),
        (
            [*LEAST, "--hourly", "1,2"],
            "--hourly must be 24 numbers, not all of them 0, and has 2",
        ),
        (
            [*LEAST, "--hourly", "1,x"],
            "--hourly must be a number such as 2500, 0.5, 3e6 or 3_000_000, not 'x'",
        ),
        (
            [*LEAST, "--hourly", "no-file"],
            (
                "--hourly must be 24 numbers apart by commas, or a file of them; 'no-file' cannot "
                "be read: No such file or directory"
            ),
        ),
        (
            [*LEAST, "--design", "other"],
            "--design must be direct or single or batched, and is 'other'",
        ),
        (
            [*LEAST, "--nonsense"],
            "unrecognized arguments: --nonsense (see motorpool --help)",
        ),
        (
            ["--requests", "--queries", "8"],
            "argument --requests: expected one argument (see motorpool cost estimate --help)",
        ),
    ],
)
def test_bad_input_is_one_line_that_names_the_option(
    arguments: list[str], line: str, cost: Cost
) -> None:
    assert cost("estimate", *arguments) == (2, "", f"motorpool: error: {line}\n")


def test_a_file_of_hours_that_is_no_text_is_one_line(cost: Cost, tmp_path: Path) -> None:
    file = tmp_path / "day.bin"
    file.write_bytes(b"\xff\xfe\x00")

    code, out, err = cost("estimate", *LEAST, "--hourly", str(file))

    assert (code, out) == (2, "")
    assert err.endswith(f"{str(file)!r} cannot be read: it is not text in UTF-8\n")
    assert err.count("\n") == 1


def test_an_unknown_region_is_answered_with_near_ones(cost: Cost) -> None:
    code, out, err = cost("estimate", *LEAST, "--region", "us-est-1")

    assert (code, out) == (2, "")
    assert "region 'us-est-1' is not in the price table" in err
    assert "did you mean us-east-1" in err
    assert err.count("\n") == 1


def test_a_price_table_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["cost", "estimate", *LEAST, "--prices", "/nowhere/prices.json"])

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith("motorpool: error: /nowhere/prices.json cannot be read")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["estimate", "compare"])
def test_help_says_unit_default_and_source_of_every_figure(command: str, cost: Cost) -> None:
    code, out, _ = cost(command, "--help")

    text = " ".join(out.split())
    assert code == 0
    assert "--requests N requests that the application serves [a month; needed]" in text
    assert "[bytes; default 300, assumed]" in text
    assert "[MB; default 128, template.yaml]" in text
    assert "[MB; default 512, assumed]" in text
    assert '[of 1; default 0.01, AWS: "under 1% of invocations"' in text
    for group in ("load:", "proxy function:", "application function:", "times:", "output:"):
        assert group in text
    for kind, prefix in ((Load, ""), (Function, ""), (Function, "app-"), (Setup, "")):
        for field in options.figures_of(kind):
            flag = options.flags(prefix, field.name)[0]
            assert re.search(rf"{flag}\b.*?\[{field.metadata['unit']};", text), flag


def test_an_error_inside_is_spelled_as_the_option_and_another_as_it_is() -> None:
    with (
        pytest.raises(InputError, match=r"^--a must be below --b \(1\) or c \(2\)$"),
        options.spelled({"a": "--a", "b": "--b"}),
    ):
        raise InputError("a", "must be below b (1) or c (2)")
    with pytest.raises(InputError, match=r"^other must be$"), options.spelled({"a": "--a"}):
        raise InputError("other", "must be")
