import unittest


class TestCase(unittest.TestCase):
    def test_passed(self):
        self.assertEqual(1, 1)

    def test_failed(self):
        self.assertEqual(1, 2)

    @unittest.skip("unittest skips")
    def test_skipped(self):
        pass

    @unittest.expectedFailure
    def test_expected_failure(self):
        self.fail("as expected")

    @unittest.expectedFailure
    def test_unexpected_success(self):
        pass

    def test_subtests(self):
        for number in range(3):
            with self.subTest("counting", number=number):
                self.assertNotEqual(number, 1)


class TestSetUpClass(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("setUpClass broke")

    def test_never(self):
        pass


class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def test_awaits(self):
        self.assertTrue(True)
