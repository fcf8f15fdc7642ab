"""Cursors: a result page by page, and the faces under which a caller asks for it.

Nothing is exported here: `motorpool.client` exports what is public.
"""
