"""The refresh over the wire: boto3's own client against a Price List API on the loopback."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from motorpool.costs.errors import RefreshError
from motorpool.costs.price_list import refresh
from motorpool.costs.prices import PriceTable
from tests.costs.price_server import (
    OLD_TABLE,
    PriceServer,
    aws_environment,
    price_server,
    region_items,
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PriceServer]:
    with aws_environment(monkeypatch, tmp_path) as server:
        yield server


def ask(*regions: str) -> PriceTable:
    return refresh(regions, table=OLD_TABLE, today=date(2026, 11, 28))


def test_it_is_asked_for_lambda_in_the_region_and_signed_for_the_price_list(
    aws: PriceServer,
) -> None:
    aws.add(region_items())

    ask("us-east-1")

    assert aws.asked == [
        {
            "ServiceCode": "AWSLambda",
            "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}],
            "MaxResults": 100,
        }
    ]
    assert aws.targets == ["AWSPriceListService.GetProducts"]
    assert "AKIDEXAMPLE/" in aws.authorizations[0]
    assert "/us-east-1/pricing/aws4_request" in aws.authorizations[0]


def test_every_page_is_read(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.page = 3

    region = ask("us-east-1").region("us-east-1")

    assert [each.get("NextToken") for each in aws.asked] == [None, "3", "6", "9", "12"]
    assert region.snapstart_restore_gb == Decimal("0.0001397998")


def test_a_last_page_may_be_empty(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.ends_empty = True

    assert ask("us-east-1").region("us-east-1").request == Decimal("0.0000002")
    assert [each.get("NextToken") for each in aws.asked] == [None, "100"]


def test_a_region_that_aws_does_not_list_is_named(aws: PriceServer) -> None:
    aws.add(region_items())

    with pytest.raises(RefreshError) as caught:
        ask("us-east-1", "eu-west-9")

    assert str(caught.value) == "AWS's price list has no region 'eu-west-9' for Lambda"


def test_missing_credentials_are_said_in_one_line(
    aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(RefreshError, match="pricing:GetProducts, and none were found") as caught:
        ask("us-east-1")

    assert "\n" not in str(caught.value)
    assert "AWS_PROFILE" in str(caught.value)
    assert aws.asked == []


def test_half_of_the_credentials_are_none(
    aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(RefreshError, match="none were found"):
        ask("us-east-1")

    assert aws.asked == []


def test_a_profile_that_does_not_exist_is_named(
    aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(RefreshError, match=r"could not be asked: .*\(nobody\)"):
        ask("us-east-1")

    assert aws.asked == []


@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    ],
)
def test_credentials_that_are_refused_are_said_with_what_they_must_allow(
    aws: PriceServer, code: str
) -> None:
    aws.refusals = [(400, code, "User: arn is not\nauthorized")]

    with pytest.raises(RefreshError) as caught:
        ask("us-east-1")

    assert str(caught.value) == (
        f"AWS's price list refused: {code}: User: arn is not authorized; the credentials must be "
        "valid and allow pricing:GetProducts"
    )


def test_another_refusal_is_told_as_aws_tells_it(aws: PriceServer) -> None:
    aws.refusals = [(400, "InvalidNextTokenException", "The token is invalid")]

    with pytest.raises(RefreshError) as caught:
        ask("us-east-1")

    assert str(caught.value) == (
        "AWS's price list refused: InvalidNextTokenException: The token is invalid"
    )


def test_a_refusal_for_now_is_tried_again(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.refusals = [(400, "ThrottlingException", "Rate exceeded")] * 2

    assert ask("us-east-1").region("us-east-1").request == Decimal("0.0000002")
    assert len(aws.asked) == 3


def test_a_refusal_that_lasts_is_said(aws: PriceServer) -> None:
    aws.refusals = [(400, "ThrottlingException", "Rate exceeded")] * 9

    with pytest.raises(RefreshError, match="refused: ThrottlingException: Rate exceeded"):
        ask("us-east-1")

    assert len(aws.asked) == 3


def test_that_aws_cannot_be_reached_is_said(
    aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with price_server() as gone:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", gone.url)

    with pytest.raises(RefreshError, match="could not be reached: Could not connect") as caught:
        ask("us-east-1")

    assert "\n" not in str(caught.value)
    assert aws.asked == []


def test_an_endpoint_that_is_none_is_named(
    aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "nowhere")

    with pytest.raises(RefreshError) as caught:
        ask("us-east-1")

    assert str(caught.value) == "AWS's price list could not be asked: Invalid endpoint: nowhere"
    assert aws.asked == []


@pytest.mark.parametrize("text", [b"<html>sign in</html>", b"", b"{}", b'{"PriceList": null}'])
def test_an_answer_without_products_is_not_taken_for_a_region_without_them(
    aws: PriceServer, text: bytes
) -> None:
    aws.instead = text

    with pytest.raises(RefreshError) as caught:
        ask("us-east-1")

    assert str(caught.value) == "AWS's price list answered without products for us-east-1"


def test_an_answer_that_is_no_object_is_said_in_one_line(aws: PriceServer) -> None:
    aws.instead = b"[]"

    with pytest.raises(RefreshError, match="could not be asked: ") as caught:
        ask("us-east-1")

    assert "\n" not in str(caught.value)


def test_a_page_that_comes_again_and_again_ends(aws: PriceServer) -> None:
    aws.add(region_items())
    aws.repeats_pages = True

    with pytest.raises(RefreshError, match="no end: us-east-1: a page came twice"):
        ask("us-east-1")


def test_that_boto3_is_missing_is_said_with_what_brings_it(
    aws: PriceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(RefreshError, match=r"pip install 'motorpool\[costs\]'"):
        ask("us-east-1")

    assert aws.asked == []


def test_importing_the_refresh_does_not_bring_boto3() -> None:
    program = (
        "import sys, motorpool.costs.price_list\n"
        "print(sorted({'boto3', 'botocore', 'aiohttp'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
