"""Who gets an encoding slot, and where a broadcast goes."""

import pytest

from transcode.slots import CPU_QUEUE, GPU_QUEUE, Job, Machine, free_slots, give_slots, merge_workers, place

ONE = Machine("one", CPU_QUEUE, slots=1, room=10)
TWO = Machine("two", CPU_QUEUE, slots=2, room=10)
GPU = Machine("gpu", GPU_QUEUE, slots=1, room=10)
PARTNER, AFFILIATE, EVERYONE = 0, 3, 5


def queue(*jobs: Job) -> list[Job]:
    """As the ledger reads them: by priority, then in the order in which they came."""
    return sorted(jobs, key=lambda job: job.priority)


def on(machine: str | None, name: str, priority: int = EVERYONE, *, slot: str | None = None) -> Job:
    return Job(name, priority, machine, slot)


@pytest.mark.parametrize(
    ("jobs", "given"),
    [
        ([], {}),
        ([on("one", "alice")], {"alice": "one"}),
        ([on(None, "alice")], {}),  # nobody works on it yet
        ([on("one", "alice"), on("one", "bob")], {"alice": "one"}),
        ([on("one", "alice"), on("one", "bob", PARTNER)], {"bob": "one"}),
        ([on("one", "alice"), on("one", "bob", AFFILIATE), on("one", "charlie", PARTNER)], {"charlie": "one"}),
        # Who has a slot keeps it, whoever comes.
        ([on("one", "alice", slot="one"), on("one", "bob", PARTNER)], {"alice": "one"}),
        # The holder's worker was killed: it will be taken over, or was taken over on another machine, or cannot be.
        ([on(None, "alice", slot="one"), on("one", "bob", PARTNER)], {"alice": "one"}),
        ([on(None, "alice", slot="lost"), on("one", "bob")], {"bob": "one"}),
        ([on("two", "alice", slot="one"), on("one", "bob")], {"alice": "two", "bob": "one"}),
        # A machine that is not heard of sells nothing, and takes nothing back.
        ([on("lost", "alice"), on("lost", "bob", slot="lost")], {"bob": "lost"}),
        ([Job("alice", EVERYONE, "one", "one", needs_slot=False), on("one", "bob")], {"bob": "one"}),
    ],
)
def test_slots_go_by_priority_and_stay_where_they_are(jobs: list[Job], given: dict[str, str]) -> None:
    assert give_slots([ONE, TWO], queue(*jobs)) == given


def test_a_decision_that_was_carried_out_is_not_made_again() -> None:
    jobs = queue(*(on("two", f"job{number}", number % 6) for number in range(9)))
    given = give_slots([TWO], jobs)
    settled = [Job(job.stream_id, job.priority, job.machine, given.get(job.stream_id)) for job in jobs]

    assert len(given) == 2
    assert give_slots([TWO], settled) == given
    assert free_slots([TWO], settled) == {"two": 0}


def test_a_machine_that_sells_fewer_than_before_owes_nothing() -> None:
    jobs = [on("one", "alice", slot="one"), on("one", "bob", slot="one")]
    assert free_slots([ONE], jobs) == {"one": 0}
    assert give_slots([ONE], jobs) == {"alice": "one", "bob": "one"}


@pytest.mark.parametrize(
    ("machines", "jobs", "placed"),
    [
        ([], [on(None, "alice")], {}),
        ([ONE, GPU], [on(None, "alice")], {"alice": "gpu"}),
        ([ONE, GPU], [on("gpu", "bob", slot="gpu"), on(None, "alice")], {"alice": "one"}),
        # Every slot is taken: on air all the same.
        ([ONE], [on("one", "bob", slot="one"), on(None, "alice")], {"alice": "one"}),
        # It was killed and goes where its slot is kept.
        ([ONE, TWO], [on(None, "alice", slot="one")], {"alice": "one"}),
        # A partner who waits for a slot of a machine is before those who would come there.
        ([ONE, TWO], [on("one", "bob", PARTNER), on(None, "alice")], {"alice": "two"}),
        (
            [ONE, TWO],
            [on(None, "alice"), on(None, "bob"), on(None, "charlie")],
            {"alice": "two", "bob": "two", "charlie": "one"},
        ),
    ],
)
def test_broadcasts_go_where_a_slot_is_free(machines: list[Machine], jobs: list[Job], placed: dict[str, str]) -> None:
    waiting = [job.stream_id for job in jobs if job.machine is None]
    found = place(machines, queue(*jobs), waiting)
    assert found.keys() == placed.keys()
    assert sorted(found.values()) == sorted(placed.values())


def test_where_there_is_no_room_the_first_of_the_queue_go_first() -> None:
    small = Machine("small", CPU_QUEUE, slots=5, room=2)
    jobs = queue(on("small", "alice"), on(None, "bob"), on(None, "charlie", PARTNER))
    assert place([small], jobs, ["bob", "charlie"]) == {"charlie": "small"}


def test_workers_of_one_machine_share_its_slots_and_add_their_room() -> None:
    assert merge_workers({"live-1": ONE, "live-2": ONE, "far": TWO}) == [Machine("one", CPU_QUEUE, 1, 20), TWO]
