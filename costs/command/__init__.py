"""`motorpool cost`: the command over the pure room, and all that prints or plots."""
