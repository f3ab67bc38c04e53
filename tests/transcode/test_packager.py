"""From frames to parts, segments and windows of all renditions of a run."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from transcode.fmp4 import walk_boxes
from transcode.hls.cutter import Frame
from transcode.hls.window import Part, Window, WindowSegment
from transcode.limits import MIN_SEGMENT_MS
from transcode.packager import Packager, Publication, RunStart, Track, align_tracks

WALL_TIME = 1_795_159_800.0
START_MS = 10_000
FRAME_MS = 40


class Show:
    """One run with a source, one rung and sound, fed frame by frame."""

    def __init__(self, tracks: dict[str, Track] | None = None, *, epoch: int = 1) -> None:
        self.tracks = tracks or {name: track(name) for name in ("source", "360p", "audio")}
        base = max(one.window.next_msn for one in self.tracks.values())
        start = RunStart(epoch, base, WALL_TIME + 100 * epoch, START_MS, discontinuity=base > 0)
        self.packager = Packager(start=start, part_target=0.35, leader="source")
        self.made = [
            self.packager.add_video(self.tracks["source"], b"source init", 25.0),
            self.packager.add_audio(self.tracks["audio"], b"audio init", 48_000, 1024),
        ]
        self.rung_joined = False

    def picture(self, name: str, number: int, *, keys_every: int = 50) -> None:
        if name == "360p" and not self.rung_joined:
            self.rung_joined = True
            self.made.append(self.packager.add_video(self.tracks["360p"], b"rung init", 25.0))
        dts = (START_MS + number * FRAME_MS) * 90
        self.made += self.packager.push(name, Frame(dts, b"%s %d;" % (name.encode(), number), number % keys_every == 0))

    def sound(self, number: int) -> None:
        frame = Frame(START_MS * 48 + 1024 * number, b"sound %d;" % number)
        self.made += self.packager.push("audio", frame)

    def play(self, first: int, last: int, *, rung: bool = True, keys_every: int = 50) -> None:
        for number in range(first, last):
            self.picture("source", number, keys_every=keys_every)
            if rung:
                self.picture("360p", number, keys_every=keys_every)
            for sound in range(number * FRAME_MS * 48 // 1024, (number + 1) * FRAME_MS * 48 // 1024):
                self.sound(sound)

    def finish(self) -> None:
        self.made += self.packager.finish()

    def segments(self, name: str) -> list[WindowSegment]:
        return self.tracks[name].window.segments


def track(name: str) -> Track:
    return Track(name, Window(target_duration=2, part_target=0.35))


def media_of(publications: Iterable[Publication], name: str) -> bytes:
    """What the samples of a rendition's parts carry, in order."""
    found = b""
    for entry in publications:
        if entry.rendition == name and entry.part:
            found += b"".join(bytes(box.payload) for box in walk_boxes(entry.part) if box.path == "mdat")
    return found


def pictures(name: str, first: int, last: int) -> bytes:
    return b"".join(b"%s %d;" % (name.encode(), number) for number in range(first, last))


def test_every_rendition_has_the_same_segments_at_the_same_times() -> None:
    show = Show()
    show.play(0, 200)
    show.finish()

    for name in show.tracks:
        segments = show.segments(name)
        assert [segment.msn for segment in segments] == [0, 1, 2, 3]
        for number, segment in enumerate(segments):
            assert abs(segment.starts_at - (WALL_TIME + 100 + 2 * number)) < 0.011
            assert abs(segment.duration - 2.0) < 0.022
    assert media_of(show.made, "source") == pictures("source", 0, 200)
    assert media_of(show.made, "360p") == pictures("360p", 0, 200)


def test_segment_is_its_parts_and_every_part_lists_itself() -> None:
    """A-085: byte for byte; and what a window lists has been published with it or before."""
    show = Show()
    show.play(0, 120)
    parts: dict[str, bytes] = {}
    for entry in show.made:
        if entry.part_name:
            parts[f"{entry.rendition}/{entry.part_name}"] = entry.part
        if entry.finished:
            segment = entry.finished.segment
            names = [f"{entry.rendition}/{segment.epoch}-{segment.msn}.{i}.m4s" for i in range(len(segment.parts))]
            assert entry.finished.body == b"".join(parts[name] for name in names)
            assert segment.size == len(entry.finished.body)
        listed = Window.from_json(entry.window)
        if listed.open is not None:
            for index in range(len(listed.open.parts)):
                assert f"{entry.rendition}/{listed.open.epoch}-{listed.open.msn}.{index}.m4s" in parts


def test_only_first_parts_are_independent_and_start_with_a_segment_type() -> None:
    show = Show()
    show.play(0, 120)

    for segment in show.segments("source"):
        assert [part.independent for part in segment.parts] == [True] + [False] * (len(segment.parts) - 1)
    for entry in show.made:
        if entry.part_name:
            assert (entry.part[4:8] == b"styp") == entry.part_name.endswith(".0.m4s")


def test_initialization_comes_with_the_rendition() -> None:
    show = Show(epoch=7)
    show.picture("360p", 0)

    assert [(entry.rendition, entry.init_name, entry.init) for entry in show.made] == [
        ("source", "7.init.mp4", b"source init"),
        ("audio", "7.init.mp4", b"audio init"),
        ("360p", "7.init.mp4", b"rung init"),
    ]


@given(st.sampled_from([24, 25, 30, 50, 60]), st.integers(0, 60), st.sampled_from([0, 2]))
def test_sound_becomes_visible_together_with_the_picture(rate: int, late_ms: int, b_frames: int) -> None:
    """Whatever is cut is cut when the source's part ends, or when it is announced by `next_cut_ms`."""
    show = Show()
    source, sound = show.packager.runs["source"], 0
    for number in range(rate * 9):
        expected_ms = show.packager.next_cut_ms
        dts_ms = START_MS + number * 1000 // rate
        offset = b_frames * 1000 // rate
        frame = Frame(dts_ms * 90, b"source", number % (2 * rate) == 0, composition_offset=offset * 90)
        made: list[Publication] = []
        while (START_MS * 48 + sound * 1024) / 48 + late_ms <= dts_ms:  # encoders send what is first first
            made += show.packager.push("audio", Frame(START_MS * 48 + sound * 1024, b"sound"))
            sound += 1
        made += show.packager.push("source", frame)
        show.made += made
        if made and number > 4 * rate:  # key frames are known to come every two seconds
            assert dts_ms > expected_ms - 2

    audio = show.segments("audio")
    assert [segment.msn for segment in audio] == [0, 1, 2, 3]
    for segment in audio:
        assert segment.parts == () or max(part.duration for part in segment.parts) <= 0.35
        assert all(part.duration >= 0.85 * 0.35 for part in segment.parts[:-1])
    assert source.end_ms > START_MS + 8000
    if not late_ms and not b_frames and rate < 60:  # whose parts are longer than whole packets of sound can be
        visible_at = [[entry.rendition for entry in made if entry.part_name] for made in _batches(show.made)]
        assert all("audio" in names for names in visible_at if "source" in names)


def _batches(made: list[Publication]) -> Iterable[list[Publication]]:
    """Publications from each part of the source to the next."""
    batch: list[Publication] = []
    for entry in made:
        if entry.rendition == "source" and entry.part_name and batch:
            yield batch
            batch = []
        batch.append(entry)


def test_followers_are_never_ahead_of_the_source() -> None:
    show = Show()
    for number in range(200):  # sound and rung arrive half a second early
        show.picture("360p", number)
        show.sound(number * FRAME_MS * 48 // 1024)
        if number >= 12:
            show.picture("source", number - 12)
        for name in ("360p", "audio"):
            assert show.tracks[name].window.next_msn <= show.tracks["source"].window.next_msn

    assert [segment.msn for segment in show.segments("360p")] == [0, 1, 2]


def test_rung_that_comes_late_starts_with_gaps() -> None:
    show = Show()
    show.play(0, 120, rung=False)
    for number in range(100, 170):
        show.picture("360p", number)
        show.picture("source", number + 20) if number + 20 >= 120 else None

    gaps = show.segments("360p")[:2]
    assert [(gap.msn, gap.gap, gap.duration) for gap in gaps] == [(0, True, 2.0), (1, True, 2.0)]
    assert [gap.starts_at for gap in gaps] == [segment.starts_at for segment in show.segments("source")[:2]]
    assert show.segments("360p")[2].parts[0].independent


def test_restarted_encoder_loses_no_frame_and_repeats_none() -> None:
    show = Show()
    show.play(0, 117)
    resume = show.packager.resume_ms("360p")
    for number in range(117, 130):
        show.picture("source", number)

    assert resume == START_MS + 100 * FRAME_MS  # the open segment's key frame
    for number in range(100, 160):
        show.picture("360p", number)
    for number in range(130, 160):
        show.picture("source", number)
    show.finish()

    assert media_of(show.made, "360p") == pictures("360p", 0, 160)
    assert [segment.msn for segment in show.segments("360p")] == [0, 1, 2, 3]
    assert not any(segment.gap for segment in show.segments("360p"))


@given(st.lists(st.integers(3, 160), max_size=6))
def test_encoder_may_die_at_any_moment_and_often(deaths: list[int]) -> None:
    show = Show()
    fed = 0
    for death in [*sorted(deaths), 170]:
        for number in range(fed, death):
            show.picture("source", number)
            show.picture("360p", number)
        fed = max(fed, death)
        resume = show.packager.resume_ms("360p")
        for number in range(round((resume - START_MS) / FRAME_MS), fed):
            show.picture("360p", number)
    show.finish()

    assert media_of(show.made, "360p") == pictures("360p", 0, 170)


def test_source_that_falls_silent_is_shown_up_to_its_last_picture() -> None:
    """A-086: and its end, or its return, adds nothing late and repeats nothing."""
    show = Show()
    show.play(0, 55)
    assert media_of(show.made, "source") != pictures("source", 0, 55)
    for name in show.tracks:
        show.made += show.packager.flush(name)
    assert media_of(show.made, "source") == pictures("source", 0, 55)
    assert media_of(show.made, "360p") == pictures("360p", 0, 55)
    assert b"".join(show.tracks["audio"].open_parts)
    for name in show.tracks:
        assert show.packager.flush(name) == []
    before = len(show.made)
    show.play(55, 120)
    assert media_of(show.made[before:], "360p").startswith(pictures("360p", 55, 112))

    show.made += [entry for name in show.tracks for entry in show.packager.flush(name)]
    before = len(show.made)
    show.finish()
    assert [entry for entry in show.made[before:] if entry.part_name] == []
    assert media_of(show.made, "360p") == media_of(show.made, "source").replace(b"source", b"360p")
    assert {one.window.next_msn for one in show.tracks.values()} == {3}


def test_end_of_a_run_publishes_the_last_short_segment() -> None:
    show = Show()
    show.play(0, 57)
    show.finish()

    assert [segment.msn for segment in show.segments("source")] == [0, 1]
    assert media_of(show.made, "source") == pictures("source", 0, 57)
    assert show.tracks["source"].window.open is None


def test_next_run_goes_on_with_the_numbers_after_a_discontinuity() -> None:
    first = Show()
    first.play(0, 120)
    first.finish()
    assert align_tracks(first.tracks.values()) == []
    second = Show(first.tracks, epoch=2)
    second.play(0, 110)

    for name in second.tracks:
        segments = second.segments(name)
        assert [segment.msn for segment in segments] == [0, 1, 2, 3, 4]
        assert [segment.discontinuity for segment in segments] == [False, False, False, True, False]
        assert [segment.epoch for segment in segments] == [1, 1, 1, 2, 2]
        assert segments[3].starts_at == WALL_TIME + 200


def test_rung_that_never_made_a_segment_of_the_run_gets_gaps_before_the_next() -> None:
    show = Show()
    show.play(0, 120, rung=False)
    show.finish()
    finished = align_tracks(show.tracks.values())

    assert [(entry.rendition, entry.segment.msn, entry.body) for entry in finished] == [
        ("360p", 0, b""),
        ("360p", 1, b""),
        ("360p", 2, b""),
    ]
    assert {one.window.next_msn for one in show.tracks.values()} == {3}


def test_take_over_closes_what_was_open_and_marks_what_was_lost() -> None:
    """A worker died: the next one has the windows, and the open parts' bytes unless Redis lost them."""
    show = Show()
    show.play(0, 130)
    taken = {
        name: Track(name, Window.from_json(one.window.to_json()), list(one.open_parts))
        for name, one in show.tracks.items()
    }
    taken["audio"].open_parts.pop()
    finished = {entry.rendition: entry for entry in align_tracks(taken.values())}

    assert finished["source"].body == b"".join(show.tracks["source"].open_parts)
    assert not finished["source"].segment.gap
    assert finished["audio"].segment.gap
    assert finished["audio"].body == b""
    assert {one.window.next_msn for one in taken.values()} == {3}
    assert [segment.msn for segment in taken["audio"].window.segments] == [0, 1, 2]


def test_take_over_lists_a_gap_where_a_rendition_lagged_when_its_worker_died() -> None:
    """Segments of one number cover the same time: what the source has of it and the rung has not is told."""
    show = Show()
    show.play(0, 130)
    source, rung = show.tracks["source"], show.tracks["360p"]
    assert rung.window.open is not None
    assert source.window.open is not None
    rung.window.open.parts.pop()
    rung.open_parts.pop()
    finished = {entry.rendition: entry for entry in align_tracks(show.tracks.values())}

    whole, gap = finished["source"].segment, finished["360p"].segment
    assert gap.gap
    assert not whole.gap
    assert gap.msn == whole.msn
    assert abs(gap.ends_at - whole.ends_at) < 0.1
    assert not finished["audio"].segment.gap
    assert rung.window.next_msn == source.window.next_msn


def test_rendition_that_was_away_for_longer_than_the_window_keeps_whole_numbers() -> None:
    """Its old segments leave with the others': a playlist cannot skip a number."""
    ahead, behind = track("source"), track("360p")
    for number in range(60):
        for one in (ahead, behind) if number < 5 else (ahead,):
            one.window.open_segment(epoch=1, starts_at=2.0 * number, discontinuity=number in {2, 7})
            one.window.add_part(Part(2.0, 1, independent=True))
            one.window.close_segment()
    align_tracks([ahead, behind])

    numbers = [segment.msn for segment in behind.window.segments]
    assert numbers == [segment.msn for segment in ahead.window.segments]
    assert behind.window.discontinuity_sequence == ahead.window.discontinuity_sequence == 2


def test_rendition_that_joins_later_counts_the_discontinuities_before_it() -> None:
    ahead, new = track("source"), track("audio")
    for number in range(60):
        ahead.window.open_segment(epoch=1, starts_at=2.0 * number, discontinuity=number in {2, 50})
        ahead.window.add_part(Part(2.0, 1, independent=True))
        ahead.window.close_segment()
    align_tracks([ahead, new])

    assert new.window.discontinuity_sequence == 1
    assert new.window.next_msn == 60


def test_rendition_that_a_later_run_does_not_make_gets_its_gaps_as_the_run_goes_on() -> None:
    """B-11: the encoder came back without sound. Its playlist goes on, and every row of the index is complete."""
    first = Show()
    first.play(0, 100)
    first.finish()
    align_tracks(first.tracks.values())
    start = RunStart(2, 2, WALL_TIME + 200, START_MS, discontinuity=True)
    packager = Packager(start=start, part_target=0.35, leader="source", absent=[first.tracks["audio"]])
    packager.add_video(first.tracks["source"], b"source init", 25.0)
    for number in range(130):
        packager.push("source", Frame((START_MS + number * FRAME_MS) * 90, b"x", number % 50 == 0))
        source, audio = (first.tracks[name].window for name in ("source", "audio"))
        assert audio.last_msn == source.last_msn
    packager.finish()

    gaps = first.segments("audio")[2:]
    assert [(gap.msn, gap.gap, gap.discontinuity) for gap in gaps] == [
        (2, True, True),
        (3, True, False),
        (4, True, False),
    ]
    assert [(s.msn, s.starts_at, s.duration) for s in gaps] == [
        (s.msn, s.starts_at, s.duration) for s in first.segments("source")[2:]
    ]


def test_scene_cuts_do_not_make_tiny_segments() -> None:
    show = Show()
    show.play(0, 200, keys_every=3)
    show.finish()

    assert all(segment.duration * 1000 >= MIN_SEGMENT_MS for segment in show.segments("source")[:-1])


def decode_times(made: Iterable[Publication], timescale: int) -> list[float]:
    """Where each finished segment begins on its files' timeline, in seconds."""
    bodies = [entry.finished.body for entry in made if entry.finished and entry.finished.body]
    fields = [next(box.payload for box in walk_boxes(body) if box.path == "moof/traf/tfdt") for body in bodies]
    return [int.from_bytes(field[4:12], "big") / timescale for field in fields]


def test_media_times_count_from_one_anchor_through_all_runs_as_dates_do() -> None:
    anchor, ends = WALL_TIME - 11.25, 0.0
    tracks = {"source": track("source"), "audio": track("audio")}
    times: dict[str, list[float]] = {"source": [], "audio": []}
    dates: dict[str, list[float]] = {"source": [], "audio": []}
    for epoch, begins in ((1, WALL_TIME), (2, WALL_TIME + 3.0004)):  # the second while the first is still listed
        base = tracks["source"].window.next_msn
        start = RunStart.on_timeline(
            anchor, epoch=epoch, base_msn=base, not_before=max(begins, ends), first_pts_ms=START_MS
        )
        packager = Packager(start=start, part_target=0.35, leader="source")
        packager.add_video(tracks["source"], b"init", 25.0)
        packager.add_audio(tracks["audio"], b"init", 44_100, 1024)
        made = []
        for number in range(150):
            made += packager.push("source", Frame((START_MS + number * FRAME_MS) * 90, b"picture", number % 50 == 0))
        for number in range(260):
            made += packager.push("audio", Frame(START_MS * 441 // 10 + 1024 * number, b"sound"))
        made += packager.finish()
        for name, timescale in (("source", 90_000), ("audio", 44_100)):
            mine = [entry for entry in made if entry.rendition == name]
            times[name] += decode_times(mine, timescale)
            dates[name] += [entry.finished.segment.starts_at for entry in mine if entry.finished]
        ends = max(one.window.segments[-1].ends_at for one in tracks.values())

    for name in tracks:
        assert len(times[name]) == 6
        assert [round(at - anchor, 4) for at in dates[name]] == [round(at, 4) for at in times[name]]
    assert times["source"][0] == 11.25
    assert times["source"][3] >= times["source"][2] + 2.0
