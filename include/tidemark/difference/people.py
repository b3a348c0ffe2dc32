"""Who came, who went, and who is in another segment, of each segmentation that both runs hold."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from include.tidemark.difference.result import Move, MovedUser, PeopleChange, SegmentSize
from include.tidemark.paths import DBT_DIR
from include.tidemark.segmentations.home import Home
from include.tidemark.segmentations.shipped import shipped, shipped_names
from include.tidemark.warehouse.base import Row, Warehouse

_SHARED = Home()


@dataclass(frozen=True)
class _Members:
    """Where the users of a segmentation are."""

    name: str
    home: Home
    of_the_deployment: bool

    @property
    def family(self) -> str:
        """The family is called as the folder of the model's file is."""
        if self.of_the_deployment:
            return self.name
        (file,) = (DBT_DIR / "models").glob(f"*/{self.home.model}.sql")
        return file.parent.name

    @property
    def where(self) -> str:
        return "run_key = ?" + (" and segmentation = ?" if self.of_the_deployment else "")

    def parameters(self, run_key: str) -> tuple[str, ...]:
        return (run_key, self.name) if self.of_the_deployment else (run_key,)


def people_changes(warehouse: Warehouse, earlier: str, later: str, *, ids: bool) -> list[PeopleChange]:
    """The changes of every segmentation that has a row in both runs.

    Args:
        earlier: the key of the earlier run.
        later: the key of the later one.
        ids: whether to name the users, too.
    """
    return [
        change
        for members in _segmentations(warehouse, (earlier, later))
        if (change := _change(warehouse, members, earlier, later, ids=ids))
    ]


def _segmentations(warehouse: Warehouse, run_keys: tuple[str, str]) -> Iterator[_Members]:
    for name in shipped_names():
        home = shipped(name).home
        # A user of periods has a segment in each of them, and moves within one run.
        if home.period is None and {home.person, home.segment} <= {*warehouse.columns("runs", home.model)}:
            yield _Members(name, home, of_the_deployment=False)
    if warehouse.columns("runs", _SHARED.model):
        for row in warehouse.fetch(
            f"select distinct segmentation from {_SHARED.members} where run_key in (?, ?) order by segmentation",
            run_keys,
        ):
            yield _Members(row["segmentation"], _SHARED, of_the_deployment=True)


def _change(
    warehouse: Warehouse, members: _Members, earlier: str, later: str, *, ids: bool
) -> PeopleChange | None:
    both, parameters = _both(members), (*members.parameters(earlier), *members.parameters(later))
    counted = warehouse.fetch(
        f"{both} select what, from_segment, to_segment, count(*) as users from paired group by 1, 2, 3",
        parameters,
    )
    of = {
        what: sum(int(row["users"]) for row in counted if row["what"] == what)
        for what in ("added", "gone", "moved", "stays")
    }
    stayed_or_moved = of["stays"] + of["moved"]
    if not stayed_or_moved + of["gone"] or not stayed_or_moved + of["added"]:
        return None
    moves = sorted(
        (
            Move(from_segment=row["from_segment"], to_segment=row["to_segment"], users=int(row["users"]))
            for row in counted
            if row["what"] != "stays"
        ),
        key=lambda move: (-move.users, move.from_segment or "", move.to_segment or ""),
    )
    return PeopleChange(
        segmentation=members.name,
        family=members.family,
        earlier=stayed_or_moved + of["gone"],
        later=stayed_or_moved + of["added"],
        added=of["added"],
        gone=of["gone"],
        moved=of["moved"],
        segments=tuple(_sizes(counted)),
        moves=tuple(moves),
        users=_users(warehouse, both, parameters) if ids else None,
    )


def _sizes(counted: Sequence[Row]) -> Iterator[SegmentSize]:
    then, now = Counter[str | None](), Counter[str | None]()
    for row in counted:
        if row["what"] != "added":
            then[row["from_segment"]] += int(row["users"])
        if row["what"] != "gone":
            now[row["to_segment"]] += int(row["users"])
    for segment in sorted({*then, *now}, key=lambda name: name or ""):
        yield SegmentSize(segment=segment, earlier=then[segment], later=now[segment])


def _users(warehouse: Warehouse, both: str, parameters: tuple[str, ...]) -> tuple[MovedUser, ...]:
    rows = warehouse.fetch(
        f"{both} select user_id, from_segment, to_segment from paired where what <> 'stays' order by user_id",
        parameters,
    )
    return tuple(MovedUser(**row) for row in rows)


def _both(members: _Members) -> str:
    """A query of every user of either run: who, from where, to where, and what that is."""
    home = members.home
    person, segment = home.person, home.segment
    return (
        f"with earlier as (select {person} as user_id, {segment} as segment from {home.members} where {members.where}),"
        f" later as (select {person} as user_id, {segment} as segment from {home.members} where {members.where}),"
        " paired as (select coalesce(earlier.user_id, later.user_id) as user_id, earlier.segment as from_segment,"
        " later.segment as to_segment, case when earlier.user_id is null then 'added' when later.user_id is null then 'gone'"
        " when earlier.segment is not distinct from later.segment then 'stays' else 'moved' end as what"
        " from earlier full outer join later on earlier.user_id = later.user_id)"
    )
