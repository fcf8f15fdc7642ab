"""The readable encoding: BSON values as MongoDB Extended JSON v2, written and read by orjson.

For people and for other languages; the client speaks packed BSON (`codec`). What is written is
canonical, so types survive; what is read may be relaxed too: a person may type `{"age": 3}`.

Cannot carry: a document of the user's own whose keys are Extended JSON's (`{"$oid": "abc"}`).
It would be read as the value that it spells. Packed BSON carries it.

Specification: mongodb/specifications, source/extended-json/extended-json.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from bson.codec_options import DatetimeConversion
from bson.errors import BSONError
from bson.json_util import JSONMode, JSONOptions, default, object_hook

from motorpool.batching.errors import ProtocolError

# Dates past year 9999 stay as `DatetimeMS` instead of failing the document that holds one.
_OPTIONS: Final[JSONOptions] = JSONOptions(
    json_mode=JSONMode.CANONICAL, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)


def to_extended(value: Any) -> Any:
    """Turn BSON values into JSON values, canonically.

    Raises TypeError for a value that is not BSON.
    """
    if isinstance(value, Mapping):
        return {key: to_extended(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_extended(item) for item in value]
    # bson.json_util.default knows every leaf (a DBRef and a scoped Code with all that they hold);
    # it leaves str, bool and None to the JSON encoder.
    return default(value, _OPTIONS)


def from_extended(value: Any) -> Any:
    """Turn JSON values into BSON values; relaxed and canonical forms are both read.

    Raises ProtocolError for a `$` wrapper that does not hold what it says.
    """
    try:
        return _from_extended(value)
    except (BSONError, TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        message = f"not MongoDB Extended JSON v2: {error}"
        raise ProtocolError(message) from error
    except RecursionError as error:
        message = "not readable: nested too deeply"
        raise ProtocolError(message) from error


def _from_extended(value: Any) -> Any:
    if isinstance(value, dict):
        return object_hook(
            {key: _from_extended(item) for key, item in value.items()}, json_options=_OPTIONS
        )
    if isinstance(value, list):
        return [_from_extended(item) for item in value]
    return value


def dumps(document: Any) -> bytes:
    """Write JSON values as bytes. Raises TypeError for what is not JSON."""
    return orjson.dumps(document)


def loads(data: bytes) -> Any:
    """Read JSON. Raises ProtocolError for what is not."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        message = f"not JSON: {error}"
        raise ProtocolError(message) from error
