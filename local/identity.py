"""Who this Lambda says it is: region, account and the names made of them.

Nothing here reaches AWS; the values only have to look right and agree with each other.
"""

import os
import re
from typing import Final

__all__ = ["ACCOUNT_ID", "VERSION", "function_arn", "invoked_name", "region"]

# The account number of AWS's own documentation examples.
ACCOUNT_ID: Final = "123456789012"
# Nothing is published here, so the version is always the unpublished one.
VERSION: Final = "$LATEST"

# Lambda API reference, Invoke, FunctionName: a name, a partial ARN (account:function:name) or a
# full one, each with a version or an alias after it if need be.
_FUNCTION_NAME = re.compile(
    r"((arn:aws[a-zA-Z-]*:lambda:[a-z]{2}(-[a-z]+)+-\d:)?\d{12}:function:)?"
    r"(?P<name>[a-zA-Z0-9_-]+)"
    r"(:(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


def region() -> str:
    """The region of the shell that started us, as the AWS tools find it; else us-east-1."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def function_arn(name: str, qualifier: str | None = None) -> str:
    """The ARN of a function of this account, with the qualifier it was invoked by, if any."""
    arn = f"arn:aws:lambda:{region()}:{ACCOUNT_ID}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def invoked_name(given: str) -> tuple[str, str | None] | None:
    """Name and qualifier out of what a caller put in `FunctionName`; None if it is neither."""
    match = _FUNCTION_NAME.fullmatch(given)
    return (match["name"], match["qualifier"]) if match else None
