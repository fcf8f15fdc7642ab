"""How a driver connects: its pool, its time-outs, how it watches servers. The same for each driver.

Docs/connections.md says how many connections come of it. Every option is set here and none left to
the driver, whose defaults depend on the environment; what the URI sets wins, but for the pool's
size, which is the setting's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from motorpool.proxy.settings import Settings

_SELECTION_MS: Final = 10_000
_CONNECTION_MS: Final = 5_000
"""At most. An unreachable server must be said, not suffered until Lambda ends the invocation; the
driver's defaults are 30 s and 20 s. Where the function's own time-out is short: a third and a sixth
of it, so that selection gives up, and is answered, well within it."""

_IDLE_MS: Final = 60_000
"""A connection that was idle for longer is not used again. While an environment is frozen, what
stands between it and the server forgets the connection: an AWS Network Load Balancer after 350 s,
by default, and a listener can be set to 60 s. It is also what MongoDB recommends for Lambda
(docs/connections.md names the sources)."""

_CONNECTING: Final = 2
"""Connections that a pool opens at once; the driver's own default. A pool opens with the first
batch that needs it, and whoever waits takes what comes first: a connection that is opened, or one
that is free again."""

_MONITORING: Final = "poll"
"""One connection to each server for heartbeats, and a question every 10 s while the process runs.
`stream` keeps a second one for round trips, and a question that the server answers when something
changes: in an environment that stands still between invocations, nobody is there to read it. The
driver's `auto` is `poll` in a Lambda alone."""


def client_options(
    settings: Settings, selector: Callable[[Sequence[Any]], Sequence[Any]]
) -> dict[str, Any]:
    """Keyword arguments of the driver's client. `selector`: its `server_selector`."""
    least_ms = settings.timeout * 1000
    options = {
        "minPoolSize": 0,
        "maxIdleTimeMS": _IDLE_MS,
        "maxConnecting": _CONNECTING,
        "serverSelectionTimeoutMS": min(_SELECTION_MS, least_ms // 3),
        "connectTimeoutMS": min(_CONNECTION_MS, least_ms // 6),
        "serverMonitoringMode": _MONITORING,
        "appname": "motorpool",
        # As for collections (`codec.LOSSLESS`): a client's bulk write has no codec of its own.
        "datetime_conversion": "DATETIME_AUTO",
    }
    return {
        **_unless_in_uri(settings.mongodb_uri, options),
        "maxPoolSize": settings.pool_size,
        "server_selector": selector,
    }


def _unless_in_uri(uri: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the URI does not set itself: keywords would win over it."""
    query = uri.lower().partition("?")[2]
    given = {option.partition("=")[0] for option in query.replace(";", "&").split("&")}
    return {name: value for name, value in options.items() if name.lower() not in given}
