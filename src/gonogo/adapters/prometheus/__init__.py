"""Counts from a Prometheus server."""

from gonogo.adapters.prometheus.metrics import PrometheusMetrics

__all__ = ["PrometheusMetrics"]
