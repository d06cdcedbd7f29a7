"""The last row: keys, what was answered, and what is asked."""
