import threading
import time


def waits_elsewhere():
    time.sleep(1000)


def test_sleeps():
    threading.Thread(target=waits_elsewhere, daemon=True).start()
    time.sleep(1000)


def test_after_sleep():
    pass
