"""Which segmentations are declared otherwise than in the publication that they are compared with, and whether
one can tell what that did."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from include.tidemark.documents.digest import digest_of
from include.tidemark.enabled import families_of
from include.tidemark.run import PublishedRun, Run
from include.tidemark.segmentations.declaration import Segmentation, segmentations_of
from include.tidemark.segmentations.shipped import Shipped, declared, shipped_names
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "control.segmentations"


class Digests(NamedTuple):
    """What a segmentation is made of, in three digests.

    Attributes:
        digest: its file, of one that the project ships with the values of its rules.
        conditions_digest: who is looked at, and which conditions decide.
        features_digest: the rules that what the conditions look at was made by.
    """

    digest: str
    conditions_digest: str
    features_digest: str


def record_declared(run: Run, warehouse: Warehouse) -> tuple[str, ...]:
    """Keep what the run's files declare, and name those of the deployment that were published before and have
    changed since."""
    digests = _digests(run)
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    rows = [identity | {"segmentation": name} | of._asdict() for name, of in digests.items()]
    replace_run_rows(warehouse, TABLE, run.run_key, rows, {"segmentation": list(digests)} if digests else {})
    return tuple(name for name in digests if is_redeclared(run, warehouse, name, run.previous_key_of(name)))


def is_redeclared(run: Run, warehouse: Warehouse, name: str, earlier_key: str) -> bool:
    """Whether the file of a segmentation of the deployment said something else in an earlier run; not where
    it had no such file."""
    earlier = _recorded(warehouse, name, earlier_key)
    return bool(
        earlier and name in segmentations_of(run.config) and earlier["digest"] != _digests(run)[name].digest
    )


def same_rules(run: Run, warehouse: Warehouse) -> dict[str, tuple[str, ...]]:
    """By segmentation and family, the earlier publications that were decided by other conditions over
    features that were made alike.

    Only of these the present conditions can be asked about the rows that the earlier run left.
    """
    found = {
        name: tuple(
            which
            for which, earlier in (
                ("previous", run.previous_of(name)),
                ("year_before", run.year_before_of(name)),
            )
            if earlier and _is_decided_otherwise(digests, name, earlier, warehouse)
        )
        for name, digests in _digests(run).items()
    }
    return {name: which for name, which in found.items() if which}


def _is_decided_otherwise(now: Digests, name: str, earlier: PublishedRun, warehouse: Warehouse) -> bool:
    then = _recorded(warehouse, name, earlier.run_key)
    if not then or not then["conditions_digest"]:
        return False
    decided, made = (str(then[which]) for which in ("conditions_digest", "features_digest"))
    return decided != now.conditions_digest and made == now.features_digest


def _recorded(warehouse: Warehouse, name: str, run_key: str) -> Row | None:
    rows = warehouse.fetch(
        f"select digest, conditions_digest, features_digest from {TABLE} where run_key = ? and segmentation = ?",
        (run_key, name),
    )
    return rows[0] if rows else None


def _digests(run: Run) -> Mapping[str, Digests]:
    """Of each segmentation, and of each family whose rules decide segments."""
    names = dict.fromkeys((*segmentations_of(run.config), *(set(shipped_names()) & set(run.families))))
    of = {name: declared(name, run) for name in sorted(names)}
    shipped = [each for each in of.values() if isinstance(each, Shipped)]
    deciding = {family.name: family.deciding_rules for family in families_of(run) if family.deciding_rules}
    values = run.rules.model_dump(mode="json")
    # Of what people do elsewhere a segmentation of the project makes nothing; one of a deployment may look at
    # other families' segments.
    others = {rule for rules in deciding.values() for rule in rules}
    of_conditions = {rule for each in shipped for rule in each.rules}
    return {
        name: _digest(segmentation, shipped, values, others if name in shipped_names() else ())
        for name, segmentation in of.items()
    } | {
        name: _digest_of_rules({rule: values[rule] for rule in rules}, values, {*others, *of_conditions})
        for name, rules in deciding.items()
    }


def _digest(
    of: Segmentation, shipped: list[Shipped], values: Mapping[str, Any], others: Collection[str]
) -> Digests:
    conditions = [condition.sql if condition else None for condition in of.conditions]
    looked = {name for condition in of.conditions if condition for name in condition.features}
    # Rules that only conditions name make no feature, but for the segment that they decide.
    aside = {rule for each in shipped if each.home.segment not in looked or each is of for rule in each.rules}
    return Digests(
        digest_of({of.name: of.model_dump(mode="json")}),
        digest_of({of.name: {"of": of.of, "segments": list(zip(of.names, conditions, strict=True))}}),
        _digest_of_others(values, {*aside, *others}),
    )


def _digest_of_rules(
    deciding: Mapping[str, Any], values: Mapping[str, Any], aside: Collection[str]
) -> Digests:
    decided = digest_of({"rules": dict(deciding)})
    return Digests(decided, decided, _digest_of_others(values, aside))


def _digest_of_others(values: Mapping[str, Any], aside: Collection[str]) -> str:
    return digest_of({"rules": {name: value for name, value in values.items() if name not in aside}})
