"""Test suites that come with the program: plain pytest projects, which know nothing of it."""
