"""The head of the board: may it go on, why, for what, how far."""
