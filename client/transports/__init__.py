"""How a batch gets to the proxy: one Protocol (`base`), and what implements it.

A transport carries bytes and maps foreign errors to `TransportError`s at this one boundary. It
never retries and never looks into a payload. Each is a module that is imported when it is chosen;
`aioboto3`, 200 ms of a cold start, when a `LambdaTransport` is made.
"""
