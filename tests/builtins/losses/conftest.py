"""What makes the reference needs torch, and is no test."""

collect_ignore = ["make_reference.py"]
