"""Worked examples that AWS has published: each comes out to the cent, line by line.

What stands here is AWS's own text, with its date; where that contradicts itself, the test says so.
"""
