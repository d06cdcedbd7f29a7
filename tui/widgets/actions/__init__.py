"""What the plan lets one do, and what comes of it."""
