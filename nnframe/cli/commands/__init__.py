"""The built-in commands, each registered by a hook as any plugin's are."""
