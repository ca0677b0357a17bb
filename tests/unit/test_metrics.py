"""Metrics count in one go what the library would count one by one."""

import pytest
from prometheus_client import CollectorRegistry, Histogram

from api.operations import metrics

AMOUNTS = [0.0, 0.0005, 0.0006, 0.3, 2.5, 2.6, 10, 11, 0.3]


def samples(histogram):
    """Every sample of a histogram but the time when it was made."""
    return [
        (each.name, each.labels.get("le"), each.value)
        for family in histogram.collect()
        for each in family.samples
        if not each.name.endswith("_created")
    ]


def test_many_amounts_make_the_samples_that_single_ones_make():
    one, all_ = [
        Histogram("x", "x", buckets=metrics.SECONDS, registry=CollectorRegistry())
        for _ in range(2)
    ]
    for amount in AMOUNTS:
        one.observe(amount)
    metrics.observe_all(all_, AMOUNTS)
    for (*told, value), (*expected, single) in zip(
        samples(all_), samples(one), strict=True
    ):
        assert told == expected
        assert value == pytest.approx(single)
