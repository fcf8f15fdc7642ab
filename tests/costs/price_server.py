"""AWS's Price List Query API on the loopback: GetProducts, in the shapes that AWS answers with.

Answers what a test has put there and remembers what it was asked. It checks no signature.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest

from motorpool.costs.prices import (
    ArchitecturePrices,
    FreeTier,
    PriceTable,
    RegionPrices,
    Source,
    Tier,
)

# A unit is spelled in one way or another, by region.
UNITS = {
    "Request": "Requests",
    "Request-ARM": "Requests",
    "Lambda-Storage-GB-Second": "GB-Seconds",
    "Lambda-Storage-GB-Second-ARM": "GB-Seconds",
    "Lambda-Streaming-Response-Processed-Bytes": "Processed-Gigabytes",
    "Lambda-Streaming-Response-Processed-Bytes-ARM": "Processed-Gigabytes",
    "Lambda-SnapStart-Cached-GB-S": "GB-Seconds",
    "Lambda-SnapStart-Restored-GB": "GB",
}

# us-east-1 as of 2026-09-19: usage type, and (begin, price) of each tier.
US_EAST_1: dict[str, list[tuple[str, str]]] = {
    "Request": [("0", "0.0000002000")],
    "Request-ARM": [("0", "0.0000002000")],
    "Lambda-GB-Second": [
        ("0", "0.0000166667"),
        ("6000000000", "0.0000150000"),
        ("15000000000", "0.0000133334"),
    ],
    "Lambda-GB-Second-ARM": [
        ("0", "0.0000133334"),
        ("7500000000", "0.0000120001"),
        ("18750000000", "0.0000106667"),
    ],
    "Lambda-Provisioned-Concurrency": [("0", "0.0000041667")],
    "Lambda-Provisioned-Concurrency-ARM": [("0", "0.0000033334")],
    "Lambda-Provisioned-GB-Second": [("0", "0.0000097222")],
    "Lambda-Provisioned-GB-Second-ARM": [("0", "0.0000077778")],
    "Lambda-Storage-GB-Second": [("0", "0.0000000309")],
    "Lambda-Storage-GB-Second-ARM": [("0", "0.0000000309")],
    "Lambda-Streaming-Response-Processed-Bytes": [("0", "0.0080000000")],
    "Lambda-Streaming-Response-Processed-Bytes-ARM": [("0", "0.0080000000")],
    "Lambda-SnapStart-Cached-GB-S": [("0", "0.0000015046")],
    "Lambda-SnapStart-Restored-GB": [("0", "0.0001397998")],
}


def item(
    usage_type: str, tiers: list[tuple[str, str]], *, region: str, unit: str, location: str
) -> dict[str, Any]:
    """A product with its on-demand offer, as an element of `PriceList` says it."""
    begins = [begin for begin, _ in tiers]
    rows = zip(begins, [*begins[1:], "Inf"], (price for _, price in tiers), strict=True)
    return {
        "product": {
            "productFamily": "Serverless",
            "attributes": {
                "regionCode": region,
                "servicecode": "AWSLambda",
                "usagetype": usage_type,
                "locationType": "AWS Region",
                "location": location,
                "servicename": "AWS Lambda",
                "operation": "",
            },
            "sku": "TG3M4CAGBA3NYQBH",
        },
        "serviceCode": "AWSLambda",
        "terms": {
            "OnDemand": {
                "TG3M4CAGBA3NYQBH.JRTCKXETXF": {
                    "priceDimensions": {
                        f"TG3M4CAGBA3NYQBH.JRTCKXETXF.{number}": {
                            "unit": unit,
                            "endRange": end,
                            "description": "AWS Lambda",
                            "appliesTo": [],
                            "rateCode": f"TG3M4CAGBA3NYQBH.JRTCKXETXF.{number}",
                            "beginRange": begin,
                            "pricePerUnit": {"USD": price},
                        }
                        for number, (begin, end, price) in enumerate(rows)
                    },
                    "sku": "TG3M4CAGBA3NYQBH",
                    "effectiveDate": "2026-09-01T00:00:00Z",
                    "offerTermCode": "JRTCKXETXF",
                    "termAttributes": {},
                }
            }
        },
        "version": "20260919154031",
        "publicationDate": "2026-09-19T15:40:31Z",
    }


def region_items(
    region: str = "us-east-1",
    *,
    prefix: str = "",
    location: str = "US East (N. Virginia)",
    changes: dict[str, list[tuple[str, str]] | None] | None = None,
) -> list[dict[str, Any]]:
    """All that this project prices of a region; `changes` replaces tiers, or leaves usages out."""
    usages = US_EAST_1 | (changes or {})
    return [
        item(
            f"{prefix}{usage}",
            tiers,
            region=region,
            unit=UNITS.get(usage, "Lambda-GB-Second"),
            location=location,
        )
        for usage, tiers in usages.items()
        if tiers is not None
    ]


class PriceServer:
    """What the server answers, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.items: list[dict[str, Any] | str] = []
        """Of all regions; a text stands for an item that is no JSON."""
        self.page = 100
        self.refusals: list[tuple[int, str, str]] = []
        """Status, code and message of the next answers, before there are products."""
        self.repeats_pages = False
        self.ends_empty = False
        """Whether a page without products is the last."""
        self.instead: bytes | None = None
        """The body of every answer in place of products, as it stands."""
        self.asked: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.targets: list[str] = []

    def add(self, items: list[dict[str, Any]]) -> None:
        self.items += items

    def get_products(self, **request: Any) -> dict[str, Any]:
        """As boto3's client, without boto3 and without the way over the loopback."""
        return self.answer(request)[1]

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(request)
        if self.refusals:
            status, code, message = self.refusals.pop(0)
            return status, {"__type": code, "message": message}
        (region,) = (each["Value"] for each in request["Filters"] if each["Field"] == "regionCode")
        found = [
            each if isinstance(each, str) else json.dumps(each)
            for each in self.items
            if isinstance(each, str) or each["product"]["attributes"]["regionCode"] == region
        ]
        start = int(request.get("NextToken", "0"))
        end = start + min(self.page, request["MaxResults"])
        answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": found[start:end]}
        if self.repeats_pages:
            answer["NextToken"] = "0"
        elif end < len(found) or (self.ends_empty and start < len(found)):
            answer["NextToken"] = str(end)
        return 200, answer


@contextmanager
def price_server() -> Iterator[PriceServer]:
    """A running server; `url` is where."""
    state = PriceServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.authorizations.append(self.headers.get("Authorization", ""))
            state.targets.append(self.headers.get("X-Amz-Target", ""))
            status, answer = state.answer(json.loads(body))
            text = json.dumps(answer).encode() if state.instead is None else state.instead
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def old_region(region: str, name: str) -> RegionPrices:
    """A region of an old table: what a refresh replaces costs 9 dollars there."""
    wrong = ArchitecturePrices(
        duration=(Tier(up_to=None, price=Decimal(9)),), borders="assumed", sources=("Q",)
    )
    return RegionPrices(
        region=region,
        name=name,
        request=Decimal(9),
        architectures={"x86_64": wrong, "arm64": wrong},
        internet_egress=(Tier(up_to=None, price=Decimal("0.09")),),
        nat_gateway_hour=Decimal("0.045"),
        nat_gateway_gb=Decimal("0.046"),
        logs=(Tier(up_to=None, price=Decimal("0.5")),),
        sources={"request": ("Q",), "internet_egress": ("Q",), "nat_gateway": ("N",)},
    )


OLD = date(2025, 6, 5)
OLD_TABLE = PriceTable(
    as_of=OLD,
    confirmed="never since",
    origin="an old file",
    free_tier=FreeTier(
        requests=Decimal(1_000_000),
        gb_seconds=Decimal(400_000),
        response_stream_gb=Decimal(100),
        egress_gb=Decimal(100),
    ),
    regions={
        "us-east-1": old_region("us-east-1", "Virginia"),
        "eu-west-1": old_region("eu-west-1", "Ireland"),
    },
    sources=(
        Source(id="Q", what="old prices", where="somewhere", date="2025-06-05"),
        Source(id="N", what="old NAT prices", where="somewhere", date="2025-06-05"),
    ),
)


@contextmanager
def aws_environment(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[PriceServer]:
    """A running server that boto3 finds as it finds AWS's, with credentials that are none."""
    nowhere = str(folder / "no-such-file")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
    }.items():
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL"):
        patch.delenv(name, raising=False)
    # Between its tries botocore waits for a second or two.
    patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
    with price_server() as server:
        patch.setenv("AWS_ENDPOINT_URL_PRICING", server.url)
        yield server
