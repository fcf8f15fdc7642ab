"""A Lambda service on this machine, for development and tests.

It serves Lambda's Invoke API and runs the handler in real `awslambdaric` processes. It is never
deployed, never imported by the rooms that are, and never reaches beyond the loopback by itself.

    async with LocalLambda(load_function(Path("template.yaml"), environment=…)) as local:
        client = session.client("lambda", endpoint_url=local.url, …)
"""

from typing import TYPE_CHECKING

from motorpool.local.errors import InputError, ListenError, LocalError, TemplateError

if TYPE_CHECKING:
    from motorpool.local.config import FunctionConfig
    from motorpool.local.environment import State
    from motorpool.local.report import Report
    from motorpool.local.service import EnvironmentInfo, LocalLambda
    from motorpool.local.template import load_function

__all__ = [
    "EnvironmentInfo",
    "FunctionConfig",
    "InputError",
    "ListenError",
    "LocalError",
    "LocalLambda",
    "Report",
    "State",
    "TemplateError",
    "load_function",
]

# The command imports this package first and must start without aiohttp (60 ms) and PyYAML, so
# these names are fetched when they are first asked for (PEP 562).
_LAZY = {
    "EnvironmentInfo": "service",
    "FunctionConfig": "config",
    "LocalLambda": "service",
    "Report": "report",
    "State": "environment",
    "load_function": "template",
}


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted(__all__)
