"""From a batch to the fewest round trips with the same answers: which operations go together.

Pure: decides, and deals a common answer back to its operations; asks no database (see `fusing`).
Each rule stands in a module of its own. What a rule cannot show to give the same answer, it leaves
alone.
"""
