"""One table a benchmark, beside a peer in the same run: ``python -m benchmarks``."""
