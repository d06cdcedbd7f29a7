"""What fails, grouped by signature."""
