"""Who may encode, and where a broadcast goes: facts in, decision out (pure).

A machine sells a fixed number of encoding slots; one broadcast's rungs take one slot. Without a slot a broadcast is on
air with its source and sound, which cost next to nothing, so nobody is kept off air for lack of one.

* A free slot goes to the first in the queue: partner before affiliate before everyone, then who came first.
* A slot is never taken from a broadcast that has it. Its viewers are watching those qualities, some because their
  connection carries no more; a partner who finds every slot taken is on air with the source at once and gets the
  next slot that comes free, ahead of everyone who waited longer.
* A slot comes back by itself: nothing has to be returned by a worker that was killed. The broadcast it worked on is
  taken over within seconds and keeps its slot if that is on the same machine; on another one it queues anew, and a
  broadcast that has ended, or whose machine is gone, has none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GPU_QUEUE, CPU_QUEUE = "live.gpu", "live.cpu"


def machine_queue(machine: str) -> str:
    """The queue that only this machine's live workers take broadcasts from."""
    return f"live.on.{machine}"


@dataclass(frozen=True)
class Machine:
    """What the live workers of one machine offer: encoding slots, and room for so many broadcasts in all."""

    name: str
    queue: str
    slots: int
    room: int


@dataclass(frozen=True)
class Job:
    """One broadcast's media work. `machine`: whose worker has its lease; `slot`: where a slot was given to it."""

    stream_id: str
    priority: int
    machine: str | None = None
    slot: str | None = None
    needs_slot: bool = True

    @property
    def holds_slot(self) -> bool:
        """Without a machine it is being taken over at this moment."""
        return self.needs_slot and self.slot is not None and self.machine in {self.slot, None}

    @property
    def waits_for_slot(self) -> bool:
        return self.needs_slot and self.machine is not None and not self.holds_slot


def give_slots(machines: Sequence[Machine], jobs: Sequence[Job]) -> dict[str, str]:
    """Who has a slot from now on: stream id → machine. `jobs` in the order of the queue."""
    alive = {machine.name for machine in machines}
    given = {
        job.stream_id: job.slot
        for job in jobs
        if job.slot and job.holds_slot and (job.machine is not None or job.slot in alive)
    }
    free = free_slots(machines, jobs)
    for job in jobs:
        if job.waits_for_slot and job.machine and free.get(job.machine, 0) > 0:
            free[job.machine] -= 1
            given[job.stream_id] = job.machine
    return given


def free_slots(machines: Iterable[Machine], jobs: Iterable[Job]) -> dict[str, int]:
    """Unsold slots of each machine; none below 0, also where a machine was set to sell fewer than it had sold."""
    taken = Counter(job.slot for job in jobs if job.holds_slot)
    return {machine.name: max(machine.slots - taken[machine.name], 0) for machine in machines}


def place(machines: Sequence[Machine], jobs: Sequence[Job], waiting: Iterable[str]) -> dict[str, str]:
    """To which machine's workers each of these broadcasts goes, in the order of the queue: where a slot is free, a
    machine with hardware encoders first; else where most room is left. Those for whom there is no room are missing."""
    by_name = {machine.name: machine for machine in machines}
    running = Counter(job.machine for job in jobs)
    slots = free_slots(machines, jobs)
    for job in jobs:  # whoever waits for a slot on a machine is ahead of those who have yet to come there
        if job.waits_for_slot and job.machine in slots:
            slots[job.machine] -= 1
    room = {machine.name: machine.room - running[machine.name] for machine in machines}
    placed: dict[str, str] = {}
    wanted = set(waiting)
    for job in jobs:
        open_ = [name for name, left in room.items() if left > 0]
        if job.stream_id not in wanted or not open_:
            continue
        if job.slot in open_ and job.slot is not None:
            best = job.slot  # its own is still kept for it there
        else:
            best = max(open_, key=lambda name: _preference(by_name[name], slots[name], room[name]))
            slots[best] -= 1
        placed[job.stream_id] = best
        room[best] -= 1
    return placed


def _preference(machine: Machine, slots: int, room: int) -> tuple[bool, bool, int, int]:
    return slots > 0, machine.queue == GPU_QUEUE, slots, room


def merge_workers(offers: Mapping[str, Machine]) -> list[Machine]:
    """The machines behind workers: workers of one machine share its slots and add their room."""
    machines: dict[str, Machine] = {}
    for offer in offers.values():
        known = machines.get(offer.name)
        room = offer.room + (known.room if known else 0)
        slots = max(offer.slots, known.slots if known else 0)
        queue = GPU_QUEUE if GPU_QUEUE in {offer.queue, known.queue if known else ""} else CPU_QUEUE
        machines[offer.name] = Machine(offer.name, queue, slots, room)
    return sorted(machines.values(), key=lambda machine: machine.name)
