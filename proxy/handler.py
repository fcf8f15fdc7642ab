"""The Lambda's entry: `motorpool.proxy.handler.handler`, synchronous, returns bytes.

Importing it is the init phase: it reads the settings (a missing MOTORPOOL_MONGODB_URI stops it
here), makes the driver and begins to open the first connection. Build another proxy in the same
process, for tests, with `motorpool.proxy.lifecycle.Proxy(settings).handle`.
"""

from __future__ import annotations

import time

_imported = time.perf_counter()  # before the imports, which are most of the init phase

from motorpool.proxy.lifecycle import LambdaContext, Proxy  # noqa: E402 - see above
from motorpool.proxy.settings import read_settings  # noqa: E402 - see above
from motorpool.proxy.usage import process_began  # noqa: E402 - see above

__all__ = ["handler"]

_proxy = Proxy(read_settings(), began=process_began(_imported))


def handler(event: object, context: LambdaContext | None = None) -> bytes:
    """Run the batch in `event` and answer it (docs/protocol.md).

    Returns JSON as bytes, at most 6,291,556 of them, which Lambda's runtime passes through. Never
    raises for what a caller sent: a batch that cannot be read is answered with `err`.
    """
    return _proxy.handle(event, context)
