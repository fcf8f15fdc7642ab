"""Holds the documentation against the code: tables that are made from it, and code that runs."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

import motorpool.client
from motorpool.batching.operations import BULK_REQUESTS, OPERATIONS, OperationSpec
from motorpool.client import InProcessTransport, ProxyClient
from motorpool.proxy.lifecycle import Proxy
from motorpool.proxy.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()


def table(specs: Iterable[OperationSpec]) -> str:
    rows = ["", "| operation | | arguments |", "|---|---|---|"]
    for spec in specs:
        arguments = ", ".join(
            f"**`{name}`**" if argument.required else f"`{name}`"
            for name, argument in spec.arguments.items()
        )
        rows.append(f"| `{spec.name}` | {spec.effect}s | {arguments} |")
    return "\n".join([*rows, "", ""])


@pytest.mark.parametrize(
    ("name", "specs"), [("operations", OPERATIONS), ("requests", BULK_REQUESTS)]
)
def test_the_protocols_tables_are_those_of_the_code(
    name: str, specs: Mapping[str, OperationSpec]
) -> None:
    written = re.search(rf"<!-- {name}: .*?-->\n(.*?)<!-- /{name} -->", PROTOCOL, re.DOTALL)

    assert written is not None
    assert written[1] == table(specs.values())


def test_the_architectures_settings_are_those_of_the_proxy() -> None:
    written = re.findall(r"^\| `MOTORPOOL_(\w+)` \| (\S+) \|", ARCHITECTURE, re.MULTILINE)
    fields = Settings.__dataclass_fields__
    optional = {name: str(fields[name].default) for name in fields if name != "mongodb_uri"}
    optional["fuse"] = {"True": "on", "False": "off"}[optional["fuse"]]

    assert {name.lower(): default for name, default in written if name != "MONGODB_URI"} == optional


def test_every_file_that_the_documentation_names_exists() -> None:
    rooms = r"(?:batching|client|costs|docs|local|proxy|tests)"
    named = set(re.findall(rf"`({rooms}/[\w/.]*)`", README + ARCHITECTURE + PROTOCOL))

    assert len(named) > 30
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_link_within_the_architecture_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", ARCHITECTURE, re.MULTILINE)
    anchors = {heading.lower().replace("'", "").replace(" ", "-") for heading in headings}

    assert set(re.findall(r"\]\(#([\w-]+)\)", ARCHITECTURE)) <= anchors


def python_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_readmes_two_pages_differ_in_the_line_that_makes_the_client() -> None:
    before, after, *_ = python_blocks()

    assert before.partition("\n\n\n")[2] == after.partition("\n\n\n")[2]
    assert len(after.strip().splitlines()) <= 13


async def test_the_readmes_code_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Proxy(Settings(mongodb_uri="mongomock://"))
    transport = InProcessTransport(proxy.handle)

    def in_process(function_name: str, **options: Any) -> ProxyClient:
        assert function_name == "motorpool-proxy"
        return ProxyClient(transport=transport, **options)

    monkeypatch.setattr(motorpool.client, "ProxyClient", in_process)
    _, page, application, *_ = python_blocks()
    names: dict[str, Any] = {"asyncio": asyncio}
    exec(page + application, names)  # noqa: S102 - the README's own code

    await names["db"].customers.insert_one({"_id": 1, "views": 0})
    customer, orders, updated = await names["page"](1)
    await names["stock"]()
    cheap, count = await asyncio.to_thread(names["handler"], {"below": 30}, None)
    modified, prices = await names["restock"]()

    assert (customer["_id"], orders, updated.modified_count) == (1, [], 1)
    assert [product["_id"] for product in cheap] == [0, 1, 2]
    assert count == 5
    assert (modified, sorted(prices)) == (1, [0, 10, 20, 30, 40])
    await transport.aclose()
    proxy.close()


async def test_the_readmes_test_passes() -> None:
    *_, example = python_blocks()
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102 - the README's own code

    fixture = names["db"].__wrapped__ if hasattr(names["db"], "__wrapped__") else names["db"]
    generator = fixture()
    await names["test_a_customer_is_found"](await anext(generator))
    with pytest.raises(StopAsyncIteration):
        await anext(generator)
