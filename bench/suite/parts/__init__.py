"""One file for each measurement; each has `run(bench) -> list[Row]`."""
