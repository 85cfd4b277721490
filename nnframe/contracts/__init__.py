"""What plugin authors write: one frozen dataclass of pure functions for each kind, and the hooks that return them."""
