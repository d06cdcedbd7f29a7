"""The iterations of a project, and what is different between two of them."""
