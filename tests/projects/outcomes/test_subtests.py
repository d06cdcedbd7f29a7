def test_all_pass(subtests):
    for number in range(3):
        with subtests.test("counting", number=number):
            assert number < 3


def test_one_fails(subtests):
    for number in range(3):
        with subtests.test("counting", number=number):
            assert number != 1, "one is bad"


def test_fails_outside_too(subtests):
    with subtests.test("inside"):
        raise ValueError("inside")
    raise KeyError("outside")
