"""The Lambda: the only place that holds connections, and the only one that runs operations.

Never imports the client. A batch passes through in this order: `handler` (the entry), `lifecycle`
(loop and driver, for the life of the environment), `requests` and `models` (what was asked),
`executor` (run it), `drivers` (by which driver), `failures` (what went wrong), `responses` (what
fits into an answer). `settings` is read once, at start.
"""
