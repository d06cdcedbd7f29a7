import no_such_module_at_all  # noqa: F401  (that it can't be imported is the point)


def test_never():
    pass
