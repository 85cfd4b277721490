"""The numpy engine, made for speed."""
