"""The embedded database: mongomock-motor behind the `Driver` protocol, for tests and the demo.

Imported when the URI names it (`motorpool.proxy.drivers`), never in a Lambda.
"""
