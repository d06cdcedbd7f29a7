"""The embedded staging environment: an agent platform in a few processes on loopback.

README.md says what it promises.
"""
