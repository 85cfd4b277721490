"""Benchmarks need packages that the tests do without, so only their tests are collected."""

collect_ignore_glob = ["[!t]*.py", "comparison/*", "table_memory.py"]
