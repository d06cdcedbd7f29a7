"""Stagewatch: watch test suites during a deploy, and know whether it may go on."""

__version__ = "0.1.0"
