"""The benchmark suite, `make bench`: every figure against a peer measured in the same run.

    shapes     what is asked: the same operations for every side
    sides      who answers: the handler, a driver's gather, the bare command
    worker     a process with one side in it, so that no side shares a heap or threads with another
    harness    rounds in which the sides take turns; medians, quartiles, ratios, verdicts
    servers    the compiled wire server: found, or built
    parts/     one file for each measurement
    report     the table, the JSON, docs/performance.md and its plot

Measures and judges; changes nothing outside `build/`, `docs/performance.*` and its own database.
"""
