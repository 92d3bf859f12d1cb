"""Errors, problems, located YAML, digests, clock, registry. Closed: see docs/decisions."""
