"""Configurations: what Lambda would refuse is refused; the template's defaults are its own."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from motorpool.costs.errors import InputError
from motorpool.costs.setup import Function, Setup
from motorpool.local import load_function

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def test_defaults_that_name_the_template_are_the_templates() -> None:
    deployed = load_function(TEMPLATE, environment={"MOTORPOOL_MONGODB_URI": "mongomock://"})
    setup = Setup()

    assert setup.proxy.memory_mb == Function().memory_mb == deployed.memory_mb
    assert setup.proxy.reserved_concurrency == deployed.reserved_concurrency
    assert setup.pool_size == Decimal(deployed.environment["MOTORPOOL_POOL_SIZE"])


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"memory_mb": 127}, "memory_mb must be from 128 to 10240, and is 127"),
        ({"memory_mb": 10_241}, "memory_mb must be from 128 to 10240, and is 10241"),
        ({"memory_mb": "256.5"}, "memory_mb must be a whole number, and is 256.5"),
        ({"reserved_concurrency": -1}, "reserved_concurrency must be 0 or more, and is -1"),
        ({"reserved_concurrency": "1.5"}, "reserved_concurrency must be a whole number, and is 1"),
        ({"provisioned_concurrency": "1.5"}, "provisioned_concurrency must be a whole number, an"),
        ({"provisioned_hours": 745}, "provisioned_hours must be from 0 to 744, and is 745"),
        ({"architecture": "arm"}, "architecture must be x86_64 or arm64, and is 'arm'"),
    ],
)
def test_a_function_that_lambda_would_refuse_is_refused(figures: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        Function(**figures)

    assert str(refused.value).startswith(said)


def test_more_provisioned_than_reserved_concurrency_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        Function(reserved_concurrency=Decimal(5), provisioned_concurrency=Decimal(6))

    assert str(refused.value) == (
        "provisioned_concurrency must be at most reserved_concurrency (5), and is 6"
    )
    both = Function(reserved_concurrency=Decimal(5), provisioned_concurrency=Decimal(5))
    assert both.provisioned_concurrency == 5


def test_a_function_may_be_reserved_no_environment_at_all() -> None:
    assert Function(reserved_concurrency=Decimal(0)).reserved_concurrency == 0


@pytest.mark.parametrize("memory_mb", [1769, 1770, 3538, 10_240])
def test_one_loop_uses_one_processor_at_most(memory_mb: int) -> None:
    assert Function(memory_mb=Decimal(memory_mb)).cpu_share == 1


def test_below_1769_mb_a_processor_is_given_in_proportion_to_memory() -> None:
    assert Function(memory_mb=Decimal(128)).cpu_share * 1769 == pytest.approx(Decimal(128))
    assert Function(memory_mb=Decimal(1768)).cpu_share < 1


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"pool_size": 0}, "pool_size must be from 1 to 10000, and is 0"),
        ({"pool_size": "2.5"}, "pool_size must be a whole number, and is 2.5"),
        ({"app_pool_size": "2.5"}, "app_pool_size must be a whole number, and is 2.5"),
        ({"servers": 51}, "servers must be from 1 to 50, and is 51"),
        ({"servers": "1.5"}, "servers must be a whole number, and is 1.5"),
        ({"environment_life_s": 0}, "environment_life_s must be from 1 to 1000000, and is 0"),
        ({"account_concurrency": 0}, "account_concurrency must be 1 or more, and is 0"),
        ({"account_concurrency": "9.5"}, "account_concurrency must be a whole number, and is 9.5"),
        ({"batch_ms": -1}, "batch_ms must be from 0 to 900000, and is -1"),
        ({"network": "vpn"}, "network must be vpc, internet or nat, and is 'vpn'"),
    ],
)
def test_a_setup_that_cannot_be_is_refused(figures: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        Setup(**figures)

    assert str(refused.value).startswith(said)


def test_durations_are_computed_unless_they_are_given() -> None:
    assert Setup().single_ms is None
    assert Setup(batch_ms=Decimal("12.5")).batch_ms == Decimal("12.5")
