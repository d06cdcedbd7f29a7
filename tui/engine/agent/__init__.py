"""The agent: the folder that is sent into the tested project's interpreter.

It is put on PYTHONPATH, never imported by the program, and imports nothing but the standard
library and pytest, in the syntax of Python 3.9. What it says is decoded by ``engine.wire``.
"""
