"""The tests of what is selected: a tier, a group of failures, or what a search finds."""
