"""Who answers a doorbell: each class of work has its own places."""

import threading
from collections import Counter

import pytest

from shared.domain.offers import Offer, Queue
from tests.support.gpus import H100, L4
from workers.tasks import Answering, places


def _offer(*gpus, slots=1, queues=(Queue.CPU, Queue.GPU)):
    nothing = {"memory": 1, "converters": (), "runtimes": ()}
    return Offer(worker="w", host="h", queues=queues, slots=slots, gpus=gpus, **nothing)


class Work:
    """Steps to be done, by queue; while the gate is shut, those that were begun do not end."""

    def __init__(self, **steps):
        self.left = Counter({Queue(queue): number for queue, number in steps.items()})
        self.done = Counter()
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, queue):
        if self.left[queue] == 0:
            return False
        self.left[queue] -= 1
        self.begun.release()
        assert self.gate.wait(20)
        self.done[queue] += 1
        return True

    def hold(self, answering, bell):
        """A thread that answers and gets stuck in its step."""
        self.gate.clear()
        thread = threading.Thread(target=answering, args=(bell,))
        thread.start()
        assert self.begun.acquire(timeout=20)
        return thread

    def free(self, *threads):
        self.gate.set()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


def test_one_bell_does_all_the_work_there_is():
    work = Work(cpu=3, gpu=2)
    assert Answering(work, _offer(L4))("cpu")
    assert work.done == {Queue.CPU: 3, Queue.GPU: 2}


def test_a_bell_that_nobody_needs_any_more_is_not_passed_on():
    answering = Answering(Work(), _offer(L4, H100))
    assert answering("cpu")
    assert answering(L4.bell)


def test_the_cpu_takes_no_place_of_a_gpu():
    work = Work(cpu=2)
    answering = Answering(work, _offer(L4))
    held = work.hold(answering, "cpu")
    assert not answering("cpu"), "its only slot is taken: somebody else may have one"
    work.left[Queue.GPU] = 1
    gpu = work.hold(answering, L4.bell)
    work.free(held, gpu)
    assert work.done == {Queue.CPU: 2, Queue.GPU: 1}


def test_a_bell_for_a_busy_device_is_passed_on():
    work = Work(gpu=1)
    answering = Answering(work, _offer(L4))
    held = work.hold(answering, L4.bell)
    assert not answering(L4.bell)
    work.free(held)
    assert answering(L4.bell)


def test_of_two_devices_one_is_free():
    work = Work(gpu=1)
    other = L4.model_copy(update={"uuid": "GPU-other"})
    answering = Answering(work, _offer(L4, other))
    held = work.hold(answering, L4.bell)
    assert answering(L4.bell)
    work.free(held)


def test_who_turned_away_is_heard_by_who_comes_back():
    """A step becomes ready between a thread's last look and the end of its place."""
    looks = []

    def execute(_):
        looks.append(len(looks))
        if len(looks) == 1:
            assert not answering("cpu"), "the place is taken, so nobody looks"
        return False

    answering = Answering(execute, _offer(queues=(Queue.CPU,)))
    assert answering("cpu")
    assert len(looks) == 2, "the second bell would have been lost"


def test_a_place_is_free_again_after_a_failure():
    def execute(queue):
        raise RuntimeError(queue)

    answering = Answering(execute, _offer(queues=(Queue.CPU,)))
    for _ in range(3):
        with pytest.raises(RuntimeError, match="cpu"):
            answering("cpu")


def test_places_are_slots_and_devices():
    assert places(_offer(L4, H100, slots=3)) == 5
    assert places(_offer(L4, H100, slots=3, queues=(Queue.GPU,))) == 2
    assert places(_offer(queues=())) == 0
