"""Price tables as somebody may write them: the least that is read, and changes to it."""

import json
from pathlib import Path
from typing import Any

LEFT_OUT = object()

X86 = {"duration": [["6000000000", "0.0000166667"], [None, "0.0000133334"]]}
ARM = {"duration": [[None, "0.0000133334"]]}


def document(**changes: Any) -> dict[str, Any]:
    """The least that a file may hold, with changes at its top."""
    return {
        "schema": 1,
        "as_of": "2026-09-19",
        "free_tier": {
            "requests": "1000000",
            "gb_seconds": "400000",
            "response_stream_gb": "100",
            "egress_gb": "100",
        },
        "regions": {
            "eu-west-1": {
                "name": "Europe (Ireland)",
                "request": "0.0000002",
                "x86_64": X86,
                "arm64": ARM,
            }
        },
    } | changes


def region(**changes: Any) -> dict[str, Any]:
    """The least file, with changes in its region; LEFT_OUT leaves a key out."""
    whole = document()
    entry = whole["regions"]["eu-west-1"] | changes
    left = {key: value for key, value in entry.items() if value != LEFT_OUT}
    whole["regions"] = {"eu-west-1": left}
    return whole


def written(folder: Path, content: dict[str, Any] | str | bytes) -> Path:
    path = folder / "mine.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path
