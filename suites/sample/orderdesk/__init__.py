"""A small shop: the thing that the sample project's tests are about."""
