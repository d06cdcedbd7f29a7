"""What tests of the board stand on: a feed that is told what happens, and runs made of real events."""
