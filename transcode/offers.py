"""What players are offered of a broadcast: its renditions and their rates, told as they become true."""

from collections.abc import Awaitable, Callable, Mapping

from transcode import signals
from transcode.hls.window import Window
from transcode.live_run import LiveRun
from transcode.live_state import LiveState
from transcode.packager import Track
from transcode.renditions import describe_renditions, merge_renditions, update_rates
from transcode.reports import Reports


class Offers:
    """Keeps `LiveState.renditions` true. Asked whenever something became visible."""

    def __init__(self, tracks: Mapping[str, Track], reports: Reports, put_state: Callable[[], Awaitable[None]]) -> None:
        """`put_state` tells the origins."""
        self._tracks, self._reports, self._put_state = tracks, reports, put_state
        self._announced_epoch = 0
        self._described_epoch = 0
        self._described: set[str] = set()  # renditions of that run that the multivariant playlist speaks of
        self._rated_msn = -1

    async def look(self, run: LiveRun, state: LiveState) -> None:
        """Say "live" once per run: at the broadcast's first complete segment, later at a run's first part."""
        if not state.ready and not run.is_complete:
            return
        await self._tell_renditions(run, state)
        if self._announced_epoch != run.plan.start.epoch:
            self._announced_epoch = run.plan.start.epoch
            self._reports.signal(signals.run_live, epoch=run.plan.start.epoch)

    async def _tell_renditions(self, run: LiveRun, state: LiveState) -> None:
        """A rendition is offered once it has a segment, and while it is made."""
        if self._described_epoch != run.plan.start.epoch:
            self._described_epoch, self._described = run.plan.start.epoch, set()
        windows = {name: track.window for name, track in self._tracks.items()}
        raised = self._raise_rates(windows, state)
        new = [plan for plan in run.made if plan.name not in self._described and run.has_segment(plan.name)]
        if new:
            self._described.update(plan.name for plan in new)
            described = describe_renditions(new, run.description, run.codecs, windows)
            state.renditions = merge_renditions(state.renditions, described)
        if new or raised:
            self._reports.save_renditions(state.renditions)
        paused = run.paused(state)
        if new or raised or paused != state.paused:
            state.ready, state.paused = True, paused
            await self._put_state()

    def _raise_rates(self, windows: Mapping[str, Window], state: LiveState) -> bool:
        """Correct bit rates that proved too low; looked at once per segment."""
        newest = max(window.last_msn for window in windows.values())
        if newest == self._rated_msn:
            return False
        self._rated_msn = newest
        before, state.renditions = state.renditions, update_rates(state.renditions, windows)
        return state.renditions != before
