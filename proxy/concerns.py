"""Read preferences and concerns, of the documents that carry them. Pure but for PyMongo's classes.

What a caller has set on a collection travels as the documents that PyMongo's own classes write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pymongo

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODES: Final = {
    "primary": "Primary",
    "primaryPreferred": "PrimaryPreferred",
    "secondary": "Secondary",
    "secondaryPreferred": "SecondaryPreferred",
    "nearest": "Nearest",
}


def concerns_told(told: Mapping[str, Any]) -> dict[str, Any]:
    """The driver's keyword arguments for `read_preference`, `read_concern` and `write_concern`."""
    made: dict[str, Any] = {}
    if "read_concern" in told:
        made["read_concern"] = pymongo.read_concern.ReadConcern(**told["read_concern"])
    if "write_concern" in told:
        made["write_concern"] = pymongo.WriteConcern(**told["write_concern"])
    if "read_preference" in told:
        made["read_preference"] = read_preference_told(told["read_preference"])
    return made


def read_preference_told(told: Mapping[str, Any]) -> Any:
    """PyMongo's read preference of a document such as `{"mode": "secondary", "tags": […]}`.

    Raises ValueError for a mode that there is not, and what the driver raises.
    """
    mode = told.get("mode")
    if mode not in _MODES:
        raise ValueError(f"'read_preference.mode' must be one of {', '.join(_MODES)}")
    cls = getattr(pymongo.read_preferences, _MODES[mode])
    options = {
        name: told[field]
        for name, field in (
            ("tag_sets", "tags"),
            ("max_staleness", "maxStalenessSeconds"),
            ("hedge", "hedge"),
        )
        if field in told
    }
    return cls(**options)
