"""The built wheel against the tree.

An unlisted sub-package is left out of a wheel without a word, and a stale build folder puts in
what is gone; so the wheel is built from a copy of the tree, and its files are compared one by one.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("batching", "client", "costs", "local", "proxy")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source") / "motorpool"
    ignored = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    built = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(files: dict[str, bytes]) -> Message:
    (name,) = (name for name in files if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(files[name].decode())


def files_of_the_tree() -> set[str]:
    """Return the rooms' modules, type markers and prices, named as the wheel must name them."""
    return {
        f"motorpool/{path.relative_to(ROOT).as_posix()}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix == ".py" or path.name in {"py.typed", "prices.json"}
    }


class Required(NamedTuple):
    """One line of the wheel's requirements, such as `motor<4,>=3.7; extra == "proxy"`."""

    name: str
    operators: frozenset[str]
    marker: str


def requirements(metadata: Message) -> list[Required]:
    rows = (row.partition(";") for row in metadata.get_all("Requires-Dist", []))
    required = []
    for what, _, marker in rows:
        name, *operators = re.split(r"([<>=!~]=?)", what.strip())
        required.append(Required(name, frozenset(operators[::2]), marker.strip()))
    return required


def test_every_module_of_every_room_is_in_the_wheel_and_nothing_else(
    files: dict[str, bytes],
) -> None:
    shipped = {name for name in files if ".dist-info/" not in name and ".data/" not in name}

    assert shipped == files_of_the_tree()


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_that_it_is_typed(room: str, files: dict[str, bytes]) -> None:
    assert f"motorpool/{room}/py.typed" in files


def test_the_namespace_itself_has_no_init(files: dict[str, bytes]) -> None:
    assert "motorpool/__init__.py" not in files


def test_the_template_is_shipped_as_it_is(files: dict[str, bytes]) -> None:
    (name,) = (name for name in files if ".data/" in name)

    assert name.endswith(".data/data/share/motorpool/template.yaml")
    assert files[name] == (ROOT / "template.yaml").read_bytes()


def test_the_license_is_shipped(files: dict[str, bytes]) -> None:
    (name,) = (name for name in files if name.endswith("LICENSE"))

    assert files[name] == (ROOT / "LICENSE").read_bytes()


def test_the_extras_are_those_that_are_documented(metadata: Message) -> None:
    assert metadata.get_all("Provides-Extra") == ["client", "proxy", "local", "costs", "dev"]


def test_an_application_installs_neither_driver_nor_pydantic(metadata: Message) -> None:
    rows = requirements(metadata)

    assert {row.name for row in rows if row.marker == ""} == {"pymongo", "orjson", "pybase64"}
    assert {row.name for row in rows if row.marker == 'extra == "client"'} == {"aioboto3"}


def test_only_the_development_extra_names_the_test_server(metadata: Message) -> None:
    markers = [row.marker for row in requirements(metadata) if row.name.lower() == "secantusdb"]

    assert markers == ['extra == "dev"']


def test_every_requirement_is_bounded_on_both_sides(metadata: Message) -> None:
    unbounded = [
        row
        for row in requirements(metadata)
        # motorpool's own extras are of the same release by construction.
        if not row.name.startswith("motorpool[") and not row.operators >= {">=", "<"}
    ]

    assert unbounded == []


def test_the_command_is_motorpool(files: dict[str, bytes]) -> None:
    (name,) = (name for name in files if name.endswith(".dist-info/entry_points.txt"))

    assert files[name].decode().split("\n")[:2] == [
        "[console_scripts]",
        "motorpool = motorpool.local.cli:main",
    ]
