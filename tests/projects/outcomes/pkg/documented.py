def double(number):
    """
    >>> double(2)
    4
    """
    return 2 * number


def triple(number):
    """
    >>> triple(2)
    7
    """
    return 3 * number
