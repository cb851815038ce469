"""The buckets of ``run.googleapis.com/request_latencies``, known to who counts and to who tells.

What it is not: a histogram. It says which bucket a latency falls into, and where a bucket begins.

Bucket 0 is below ``SCALE``, bucket ``i`` is [SCALE·GROWTH^(i-1), SCALE·GROWTH^i), the last one is open
(``google.api.Distribution.BucketOptions.Exponential``).

Source: Google's page of metrics does not tell the layout. Six bounds that GitLab reads from Cloud Run
through ``stackdriver_exporter`` (19.48717100000001, 74.00249944258171, 1067.1895716335973,
4052.650622296292, 27264.20685613271 and 32989.690295920576 ms, in the ``runbooks`` repository) are
10·1.1^7, ^21, ^49, ^63, ^83 and ^85 to 15 digits. How many buckets there are was not seen (?): 150
reach beyond the longest timeout that a request may have, an hour.
"""

from __future__ import annotations

import math

SCALE = 10.0
"""Milliseconds."""
GROWTH = 1.1
FINITE = 150
_PER_BUCKET = 1 / math.log(GROWTH)


def bucket(latency: float) -> int:
    """The number of the bucket that a latency in milliseconds falls into."""
    if latency < SCALE:
        return 0
    # A latency that stands on a bound belongs above it, whatever the logarithm's last digit says.
    found = int(math.log(latency / SCALE) * _PER_BUCKET + 1e-9) + 1
    return min(found, FINITE + 1)


def floor(number: int) -> float:
    """Where a bucket begins, in milliseconds; no latency is negative."""
    return SCALE * GROWTH ** (number - 1) if number else 0.0
