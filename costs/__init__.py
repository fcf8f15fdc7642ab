"""What invocations cost, in invocations and in US dollars.

This room is arithmetic on published prices and counted numbers: it calls nothing, measures
nothing, and never imports the proxy.
"""

from motorpool.costs.invocations import USD_PER_MILLION_REQUESTS, RequestCharge, request_charge

__all__ = ["USD_PER_MILLION_REQUESTS", "RequestCharge", "request_charge"]
