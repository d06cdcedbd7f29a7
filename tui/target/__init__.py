"""The environment under test, as the session sees it: starting it, naming it to tests, asking whether it answers."""
