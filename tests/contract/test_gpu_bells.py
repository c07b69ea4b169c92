"""Doorbells of GPU steps: each kind of device that would do is woken, and no other."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.bells import Bells
from shared.adapters.database import Database
from shared.adapters.fleet import Workers
from shared.domain.gpus import ANY, Needs
from shared.domain.offers import Queue
from shared.ports import Wanted
from shared.services.sweep import Sweep
from tests.support.gpus import H100, H200, L4, claim_on, device, gpu_offer, ready
from tests.support.queue import TERM, World, world

AGE = timedelta(seconds=5)


@pytest.fixture
def queue(database_url: str) -> Iterator[World]:
    with world(database_url) as made:
        made.fleet.announce(gpu_offer("two", H100, device(H100.name, "9.0", 80)))
        made.fleet.announce(gpu_offer("mixed", H100, L4, queues=(Queue.CPU, Queue.GPU), slots=3))
        made.fleet.announce(gpu_offer("gone", H200))
        made.fleet.leave("gone")
        yield made


def test_each_gpu_on_line_is_a_slot_behind_the_bell_of_its_kind(queue: World) -> None:
    assert queue.fleet.slots() == {"cpu": 2 + 3, H100.bell: 3, L4.bell: 1}
    assert Counter(gpu.kind for gpu in queue.fleet.gpus()) == {H100.kind: 3, L4.kind: 1}
    queue.fleet.leave("mixed")
    assert queue.fleet.slots() == {"cpu": 2, H100.bell: 2}


def test_offers_that_differ_by_their_gpus_are_distinct(queue: World) -> None:
    (two,) = (each.offer for each in queue.fleet.roster().members if each.offer.worker == "two")
    queue.fleet.announce(gpu_offer("two again", *two.gpus))
    assert len(queue.fleet.roster().members) == 4
    queue.fleet.announce(gpu_offer("other", device(L4.name, "8.9", 22)))
    assert len(queue.fleet.roster().members) == 5


@pytest.mark.parametrize(
    ("needs", "rung"),
    [
        (ANY, {H100.bell: 1, L4.bell: 1}),
        (Needs(gpu="H100"), {H100.bell: 1}),
        (Needs(compute_capability="8.9"), {L4.bell: 1}),
        (Needs(gpu="H200"), {}),
    ],
)
def test_a_step_rings_for_all_that_would_do(
    queue: World, needs: Needs, rung: dict[str, int]
) -> None:
    ready(queue, needs)
    del queue.bell.times["cpu"]
    assert queue.bell.times == rung


def test_equal_pieces_of_work_ring_once(queue: World) -> None:
    bells = Bells(queue.bell, queue.fleet)
    queue.bell.times.clear()
    bells.ring(
        [
            Wanted("a", Queue.GPU, ANY),
            Wanted("a", Queue.GPU, ANY),
            Wanted("a", Queue.GPU, Needs(gpu="L4")),
            Wanted("b", Queue.CPU, ANY),
        ]
    )
    assert queue.bell.times == {H100.bell: 1, L4.bell: 2, "cpu": 1}


def test_who_does_not_know_the_fleet_rings_for_the_cpu_all_the_same(queue: World) -> None:
    away = Workers(Database("postgresql://nobody@127.0.0.1:1/none"), TERM)
    queue.bell.times.clear()
    Bells(queue.bell, away).ring([Wanted("a", Queue.GPU, ANY), Wanted("b", Queue.CPU, ANY)])
    assert queue.bell.times == {"cpu": 1}


def test_the_unheard_are_counted_by_what_they_need(queue: World) -> None:
    for number, needs in enumerate(
        [ANY, Needs(gpu="L4"), Needs(gpu="NVIDIA l4"), Needs(gpu="l4")]
    ):
        ready(queue, needs, label=number)
    queue.job()
    assert queue.steps.unheard(AGE) == {}
    queue.age(6)
    assert queue.steps.unheard(AGE) == {
        (Queue.CPU, ANY): 1,
        (Queue.GPU, ANY): 1,
        (Queue.GPU, Needs(gpu="l4")): 2,
        (Queue.GPU, Needs(gpu="nvidia l4")): 1,
    }


def test_the_sweeper_rings_at_each_bell_as_often_as_it_has_slots(queue: World) -> None:
    for number in range(9):
        ready(queue, Needs(gpu="H100") if number % 2 else ANY, label=number)
    ready(queue, Needs(gpu="H200"), label="none has it")
    queue.age(6)
    queue.bell.times.clear()
    sweep = Sweep(queue.steps, queue.fleet, queue.bell, lambda: 0, term=TERM)
    assert sweep().rung == 3 + 1
    assert queue.bell.times == {H100.bell: 3, L4.bell: 1}
    queue.fleet.announce(gpu_offer("gone", H200))
    queue.bell.times.clear()
    sweep()
    assert queue.bell.times == {H100.bell: 3, L4.bell: 1, H200.bell: 1}


def test_what_was_claimed_is_rung_for_no_more(queue: World) -> None:
    ready(queue, Needs(gpu="L4"))
    queue.age(6)
    assert claim_on(queue, L4) is not None
    assert queue.steps.unheard(AGE) == {}
