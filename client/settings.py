"""The driver's own keywords of a client: which of them are taken here, checked as it checks them.

What concerns documents and concerns is the application's, and becomes its client's `Options`.
What concerns connections is the proxy's, whose URI is the place for it. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bson.codec_options import DEFAULT_CODEC_OPTIONS, CodecOptions

from motorpool.client.concerns import ReadConcern, WriteConcern
from motorpool.client.keyword_checks import CHECKS
from motorpool.client.options import Options
from motorpool.client.read_preferences import CLASSES, MODES
from motorpool.client.refusals import misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(NamedTuple):
    """What a client's keywords say."""

    options: Options
    rest: dict[str, Any]
    """Keywords that are none of the driver's: the transport's."""


def client_settings(keywords: Mapping[str, Any], given: Mapping[str, Any]) -> Settings:
    """Read a client's keywords.

    `given`: the objects that `ProxyClient` takes: codec_options, read_preference, read_concern,
    write_concern, each of them or None. Raises TypeError, ValueError, KeyError and
    `pymongo.errors.ConfigurationError` as the driver does, ConfigurationError for a keyword that
    concerns connections, and TypeError where an object and its keywords are given together.
    """
    said: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in keywords.items():
        key = name.lower()  # as in the driver, `readpreference` is `readPreference`
        if key in CONNECTION or key.startswith(CONNECTION_PREFIXES):
            misconfigured(
                f"{name}: the proxy holds the connections, so this is said in its own URI "
                "(MOTORPOOL_MONGODB_URI), and not here"
            )
        if key in CHECKS:
            said[key] = CHECKS[key](name, value)
        else:
            rest[name] = value
    for name, keys in _OBJECTS.items():
        both = [key for key in keywords if key.lower() in keys]
        if given[name] is not None and both:
            raise TypeError(f"{', '.join(both)}: not taken together with {name}=…")
    options = Options().but(
        given["codec_options"] or _codec_options(said),
        given["read_preference"] or _read_preference(said),
        given["write_concern"] or _write_concern(said),
        given["read_concern"] or _read_concern(said),
    )
    return Settings(options, rest)


def _codec_options(said: Mapping[str, Any]) -> CodecOptions[Any]:
    named = {
        "uuid_representation" if key == "uuidrepresentation" else key: said[key]
        for key in _OBJECTS["codec_options"]
        if key in said
    }
    return CodecOptions(**named) if named else DEFAULT_CODEC_OPTIONS


def _read_preference(said: Mapping[str, Any]) -> Any:
    if not said.keys() & _OBJECTS["read_preference"]:
        return None
    mode = MODES.index(said.get("readpreference", "primary"))
    tags, staleness = said.get("readpreferencetags"), said.get("maxstalenessseconds", -1)
    if mode:
        return CLASSES[mode](tags, staleness)
    if tags not in (None, [{}]):
        misconfigured("Read preference primary cannot be combined with tags")
    if staleness != -1:
        misconfigured("Read preference primary cannot be combined with maxStalenessSeconds")
    return CLASSES[mode]()


def _write_concern(said: Mapping[str, Any]) -> WriteConcern | None:
    if not said.keys() & _OBJECTS["write_concern"]:
        return None
    return WriteConcern(
        said.get("w"), said.get("wtimeoutms"), said.get("journal"), said.get("fsync")
    )


def _read_concern(said: Mapping[str, Any]) -> ReadConcern | None:
    return ReadConcern(said["readconcernlevel"]) if "readconcernlevel" in said else None


_OBJECTS: Final = {
    "codec_options": (
        "document_class",
        "tz_aware",
        "tzinfo",
        "type_registry",
        "uuidrepresentation",
        "unicode_decode_error_handler",
        "datetime_conversion",
    ),
    "write_concern": ("w", "wtimeoutms", "journal", "fsync"),
    "read_preference": ("readpreference", "readpreferencetags", "maxstalenessseconds"),
    "read_concern": ("readconcernlevel",),
}
"""The keywords that an object says at once."""

CONNECTION_PREFIXES: Final = ("auth", "tls", "srv")
CONNECTION: Final = frozenset(
    {
        "appname",
        "auto_encryption_opts",
        "compressors",
        "connect",
        "connecttimeoutms",
        "directconnection",
        "driver",
        "enable_overload_retargeting",
        "enableoverloadretargeting",
        "event_listeners",
        "heartbeatfrequencyms",
        "host",
        "loadbalanced",
        "localthresholdms",
        "max_adaptive_retries",
        "maxadaptiveretries",
        "maxconnecting",
        "maxidletimems",
        "maxpoolsize",
        "minpoolsize",
        "password",
        "port",
        "replicaset",
        "retryreads",
        "retrywrites",
        "server_api",
        "server_selector",
        "servermonitoringmode",
        "serverselectiontimeoutms",
        "sockettimeoutms",
        "ssl",
        "timeoutms",
        "username",
        "waitqueuemultiple",
        "waitqueuetimeoutms",
        "zlibcompressionlevel",
    }
)
"""Keywords of the driver's that concern connections, in lower case; a test holds both sets against
the driver's own list."""
