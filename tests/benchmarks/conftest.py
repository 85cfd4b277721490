"""Benchmarks import packages that the tests don't need, so only their tests are collected."""

collect_ignore_glob = ["[!t]*.py", "comparison/*", "table_memory.py"]
