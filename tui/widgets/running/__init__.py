"""What the workers do now."""
