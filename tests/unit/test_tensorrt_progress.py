"""A builder's nested phases as one number."""

from workers.tensorrt_bridge.monitor import Progress


def progress(said, stopping=lambda: False):
    return Progress(
        say=lambda name, done: said.append((name, done)), stopping=stopping, low=0.1, high=0.9
    )


def test_phases_fill_the_steps_of_those_around_them():
    said = []
    phases = progress(said)
    phases.start("Building", None, 2)
    phases.start("Timing", "Building", 4)
    assert phases.step("Timing")
    assert said[-1] == ("timing", 0.1 + 0.4 / 4)
    phases.finish("Timing")
    assert said[-1][1] == 0.5
    phases.step("Building")
    phases.step("Building")
    assert said[-1] == ("building", 0.9)


def test_it_never_goes_back():
    said = []
    phases = progress(said)
    phases.start("Building", None, 1)
    for attempt in range(3):
        phases.start("Trying", "Building", 3)
        for _ in range(3 - attempt):
            phases.step("Trying")
        phases.finish("Trying")
    numbers = [done for _, done in said]
    assert numbers == sorted(numbers)
    assert numbers[-1] <= 0.9


def test_more_steps_than_announced_stay_within():
    said = []
    phases = progress(said)
    phases.start("Building", None, 0)
    for _ in range(5):
        assert phases.step("Building")
    assert said[-1][1] == 0.9


def test_small_steps_are_told_in_larger_ones():
    said = []
    phases = progress(said)
    phases.start("Building", None, 10_000)
    for _ in range(10_000):
        phases.step("Building")
    assert 50 <= len(said) <= 90


def test_once_stopped_it_stays_stopped():
    answers = iter([False, True, False])
    phases = progress([], stopping=lambda: next(answers))
    phases.start("Building", None, 9)
    assert phases.step("Building")
    assert not phases.step("Building")
    assert not phases.step("Building")
    assert phases.stopped


def test_phases_that_nobody_announced_are_no_trouble():
    phases = progress([])
    assert phases.step("Unknown")
    phases.finish("Unknown")
    phases.start("Child", "of nobody", 2)
    assert phases.step("Child")
