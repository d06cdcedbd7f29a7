"""One test's failure: what it is, what it said, what it printed, how often it was tried."""
