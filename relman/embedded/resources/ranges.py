"""Ranges: within what the numbers and quantities of a service are, once defaults are filled in (row U10).

What it is not: what this machine gives (``limits``). Whatever passes here can be told to the data plane.

Sources: https://cloud.google.com/run/docs/configuring/request-timeout, .../configuring/concurrency,
.../configuring/max-instances; the sentences are Google's, as far as they were seen (goblet #287, and the
conformance test of justinswe/rules_cloudrun).
"""

from __future__ import annotations

import re

from google.protobuf.message import Message

from relman.embedded.resources.refusals import invalid

LONGEST_TIMEOUT_S = 3600
MOST_REQUESTS = 1000
LARGEST = 2**31 - 1
CPU = re.compile(r"\d+(\.\d+)?|\d+m")
MEMORY = re.compile(r"\d+(\.\d+)?([kKMGT]i?)?")


def check(service: Message) -> None:
    """Refuse a number that nothing can be done with.

    Raises:
        InvalidArgument: Names the field and the range.
    """
    template = service.template
    _check_timeout(template.timeout)
    concurrency = template.max_instance_request_concurrency
    if not 1 <= concurrency <= MOST_REQUESTS:
        field = "service.template.max_instance_request_concurrency"
        raise invalid(field, f"{field}: Must be a number between 0 and {MOST_REQUESTS}.")
    _check_scaling("service.template.scaling", template.scaling)
    _check_scaling("service.scaling", service.scaling)
    _within("service.scaling.manual_instance_count", service.scaling.manual_instance_count, 0, LARGEST)
    for number, container in enumerate(template.containers):
        limits = container.resources.limits
        for resource, pattern in (("cpu", CPU), ("memory", MEMORY)):
            _check_quantity(number, resource, limits[resource], pattern)


def _check_timeout(timeout: Message) -> None:
    field = "service.template.timeout"
    if timeout.seconds > LONGEST_TIMEOUT_S:
        raise invalid(field, f"{field}: maximum allowed time is one hour.")
    _within(field, timeout.seconds, 1, LONGEST_TIMEOUT_S)
    if timeout.nanos:
        raise invalid(field, f"{field}: must be a whole number of seconds.")


def _check_scaling(field: str, scaling: Message) -> None:
    low, high = scaling.min_instance_count, scaling.max_instance_count
    for name, count in ((f"{field}.min_instance_count", low), (f"{field}.max_instance_count", high)):
        if count < 0:
            raise invalid(name, f"{name}: must be greater than or equal to zero.")
    if high and low > high:
        most = f"{field}.max_instance_count"
        raise invalid(most, f"{most}: must be greater than or equal to min_instance_count.")


def _check_quantity(number: int, resource: str, text: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(text):
        field = f"service.template.containers[{number}].resources.limits.{resource}"
        raise invalid(field, f"{field}: Could not parse Quantity '{text}'.")


def _within(field: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise invalid(field, f"{field}: must be within {least} to {most}, it is {number}.")
