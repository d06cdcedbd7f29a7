"""Fixtures of each scope that fail at their teardown: the error belongs to the last test that used them."""

import pytest


@pytest.fixture(scope="class")
def klass():
    yield
    raise RuntimeError("class teardown")


@pytest.fixture(scope="module")
def module():
    yield
    raise RuntimeError("module teardown")


class TestClass:
    def test_first(self, klass):
        pass

    def test_last(self, klass):
        pass


def test_module_first(module):
    pass


def test_module_last(module):
    pass
