"""A module whose import never comes to an end."""

import time

time.sleep(60)
