"""Checks of the driver's client keywords, in its words (pymongo/common.py). Pure.

Each takes the keyword as it was written and its value, and gives the value that is meant.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Final

from bson.binary import UuidRepresentation
from bson.codec_options import DatetimeConversion, TypeRegistry
from bson.raw_bson import RawBSONDocument

from motorpool.client.read_preferences import MODES


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise ValueError(f"The value of {name} must be 'true' or 'false'")
        return value == "true"
    if isinstance(value, bool):
        return value
    raise TypeError(f"{name} must be True or False, was: {name}={value}")


def _optional_boolean(name: str, value: Any) -> bool:
    return False if value is None else _boolean(name, value)


def _integer(name: str, value: Any) -> int:
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise ValueError(f"The value of {name} must be an integer") from None
    raise TypeError(f"Wrong type for {name}, value must be an integer, not {type(value)}")


def _count(name: str, value: Any) -> int:
    number = _integer(name, value)
    if number < 0:
        raise ValueError(f"The value of {name} must be a non negative integer")
    return number


def _staleness(name: str, value: Any) -> int:
    if value in (-1, "-1"):
        return -1
    number = _integer(name, value)
    if number <= 0:
        raise ValueError(f"The value of {name} must be a positive integer")
    return number


def _members(name: str, value: Any) -> int | str:
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        raise TypeError(
            f"Wrong type for {name}, value must be an non negative integer or a "
            f"string, not {type(value)}"
        )
    try:
        number = int(value)
    except ValueError:
        return value
    return _count(name, number)


def _level(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"Wrong type for {name}, value must be an instance of str, not {type(value)}")


def _mode(name: str, value: Any) -> Any:
    del name
    if value not in MODES:
        raise ValueError(f"Not a valid read preference. Must be one of: {', '.join(MODES)}")
    return value


def _tags(name: str, value: Any) -> list[dict[str, str]]:
    return [_tag_set(name, tags) for tags in (value if isinstance(value, list) else [value])]


def _tag_set(name: str, tags: Any) -> dict[str, str]:
    if tags == "":
        return {}
    from urllib.parse import unquote_plus  # noqa: PLC0415 - 1.5 ms, for one keyword

    try:
        pairs = [tag.split(":") for tag in tags.split(",")]
        return {unquote_plus(key): unquote_plus(value) for key, value in pairs}
    except Exception:  # noqa: BLE001 - as the driver does, of whatever it was
        raise ValueError(f"{tags!r} not a valid value for {name}") from None


def _document_class(name: str, value: Any) -> Any:
    if not value:  # as in the driver: `document_class or dict`
        return dict
    checked = getattr(value, "__origin__", value)  # of `dict[str, Any]`, dict
    if isinstance(checked, type) and issubclass(checked, MutableMapping | RawBSONDocument):
        return value
    raise TypeError(
        f"{name} must be dict, bson.son.SON, "
        "bson.raw_bson.RawBSONDocument, or a "
        "subclass of collections.MutableMapping"
    )


def _type_registry(name: str, value: Any) -> TypeRegistry | None:
    if value is None or isinstance(value, TypeRegistry):
        return value
    raise TypeError(f"{name} must be an instance of {TypeRegistry}")


def _unicode_handler(name: str, value: Any) -> Any:
    del name
    handlers = frozenset(["strict", "replace", "ignore"])
    if value not in handlers:
        raise ValueError(f"Invalid Unicode decode error handler. Must be one of {tuple(handlers)}")
    return value


def _tzinfo(name: str, value: Any) -> Any:
    del name
    from datetime import tzinfo  # noqa: PLC0415 - for one keyword

    if value is not None and not isinstance(value, tzinfo):
        raise TypeError(f"{value} must be an instance of datetime.tzinfo")
    return value


_UUIDS: Final = {
    "unspecified": UuidRepresentation.UNSPECIFIED,
    "standard": UuidRepresentation.STANDARD,
    "pythonLegacy": UuidRepresentation.PYTHON_LEGACY,
    "javaLegacy": UuidRepresentation.JAVA_LEGACY,
    "csharpLegacy": UuidRepresentation.CSHARP_LEGACY,
}


def _uuid_representation(name: str, value: Any) -> int:
    del name
    if value in _UUIDS:
        return _UUIDS[value]
    raise ValueError(f"{value} is an invalid UUID representation. Must be one of {tuple(_UUIDS)}")


def _datetime_conversion(name: str, value: Any) -> DatetimeConversion:
    if value is None:
        return DatetimeConversion.DATETIME
    if isinstance(value, int):
        return DatetimeConversion(value)
    if isinstance(value, str):
        return DatetimeConversion(int(value)) if value.isdigit() else DatetimeConversion[value]
    raise TypeError(
        f"{name} must be a str or int representing DatetimeConversion, not {type(value)}"
    )


CHECKS: Final[dict[str, Callable[[str, Any], Any]]] = {
    "document_class": _document_class,
    "tz_aware": _optional_boolean,
    "tzinfo": _tzinfo,
    "type_registry": _type_registry,
    "uuidrepresentation": _uuid_representation,
    "unicode_decode_error_handler": _unicode_handler,
    "datetime_conversion": _datetime_conversion,
    "w": _members,
    "wtimeoutms": _count,
    "journal": _boolean,
    "fsync": _boolean,
    "readpreference": _mode,
    "readpreferencetags": _tags,
    "maxstalenessseconds": _staleness,
    "readconcernlevel": _level,
}
"""Keywords of the driver's that are taken here, in lower case."""
