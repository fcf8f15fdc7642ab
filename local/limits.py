"""AWS Lambda's limits, in one place, each with where it is documented.

Only what this service enforces stands here; nothing is computed here. Source, where no other is
named: AWS Lambda Developer Guide, "Lambda quotas", read 2026-11-24.
"""

from typing import Final

# "Invocation payload (request and response): 6 MB each for request and response (synchronous)".
# The exact number is in Lambda's refusal: "… byte payload is too large for the RequestResponse
# invocation type (limit 6291456 bytes)".
MAX_REQUEST_BYTES: Final = 6_291_456
# "… 1 MB (asynchronous)"; in the refusal "(limit 1048576 bytes)".
MAX_EVENT_BYTES: Final = 1_048_576
# 100 bytes more than a request may have; the number is in the error's text: "… exceeded maximum
# allowed payload size (6291556 bytes)."
MAX_RESPONSE_BYTES: Final = 6_291_556

# "Function timeout: 900 seconds"; 3 is the documented default of `Timeout`.
MAX_TIMEOUT_S: Final = 900
DEFAULT_TIMEOUT_S: Final = 3
# "Function memory allocation: 128 MB to 10,240 MB"; 128 is the default of `MemorySize`.
MIN_MEMORY_MB: Final = 128
MAX_MEMORY_MB: Final = 10_240
DEFAULT_MEMORY_MB: Final = 128
# What a function without reserved concurrency gets here. On Lambda it shares the account's
# concurrency, 1,000 by default; a thousand processes are more than a machine should be asked for.
UNRESERVED_CONCURRENCY: Final = 10

# "Lambda execution environment lifecycle", Init phase: "limited to 10 seconds".
INIT_TIMEOUT_S: Final = 10.0
# Same page, Shutdown phase: at most 2 s between SIGTERM and SIGKILL.
STOP_GRACE_S: Final = 2.0

# Invoke API, `LogType`: the last 4 KB of the execution log.
LOG_TAIL_BYTES: Final = 4_096

# The runtime sends an exception's X-Ray cause as one header of up to 1 MiB (awslambdaric 4.2,
# `post_invocation_error`). aiohttp takes 8,190 bytes unless told, and its 400 would end the
# environment: a long traceback would become an exit.
MAX_RUNTIME_HEADER_BYTES: Final = 1024 * 1024 + 1024
