"""The sizes that Lambda and MongoDB impose, and what they leave for a batch. Numbers only.

Source of the payload sizes: AWS Lambda developer guide, "Lambda quotas": 6 MB each for a
synchronous request and response; the exact response figure is in the error that the service
itself prints ("exceeded maximum allowed payload size (6291556 bytes)").
"""

from __future__ import annotations

from typing import Final

LAMBDA_REQUEST_BYTES: Final = 6 * 1024 * 1024
"""Largest event of a synchronous invocation, in bytes of JSON."""

LAMBDA_RESPONSE_BYTES: Final = 6_291_556
"""Largest response, in bytes; one byte more kills the execution environment and its pool."""

PACKED_OVERHEAD_BYTES: Final = 128
"""Room for `{"v":1,"bson":"…","z":"zlib"}` around the base64 text, generously."""

PACKED_REQUEST_BYTES: Final = (LAMBDA_REQUEST_BYTES - PACKED_OVERHEAD_BYTES) // 4 * 3
"""Largest batch document, in bytes of BSON before base64 (4 characters for 3 bytes)."""

BATCH_BYTES: Final = PACKED_REQUEST_BYTES - 128
"""Largest sum of operations in a batch, in bytes of BSON; the document around them has the rest."""

UNPACKED_REQUEST_BYTES: Final = 32 * 1024 * 1024
"""Largest BSON document that the proxy unpacks from a compressed request.

Compression makes a small event out of a large document, on purpose or in malice; two full
16 MiB documents (MongoDB's own limit for one) are room enough, and a 128 MB function lives.
"""

MAX_OPERATIONS: Final = 10_000
"""Most operations that the proxy takes in one batch."""
