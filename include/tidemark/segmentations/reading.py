"""Reading the files of segmentations: each checked as a whole, and their names against what the project
has."""

from collections.abc import Collection, Mapping
from typing import Any

from include.tidemark.documents.document import Document, unknown_name, validate
from include.tidemark.documents.reserved import reserved_words
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.paths import DBT_DIR
from include.tidemark.segmentations.catalogue import Feature
from include.tidemark.segmentations.conditions import compile_condition, compile_order
from include.tidemark.segmentations.declaration import Audience, Segmentation
from include.tidemark.segmentations.shipped import shipped_names


def load_segmentations(documents: Mapping[str, Document], families: Collection[str]) -> None:
    """Check every segmentation's file, and that no name is taken.

    Raises:
        SettingsError: as `load_segmentation`; or a name is that of a family or table of the project or a word
            of SQL, or two files declare an audience of one name.
    """
    taken = _taken_names()
    audiences: dict[str, str] = {}
    for document in documents.values():
        read = load_segmentation(document, families)
        if read.name in taken or read.name in reserved_words():
            whose = "a family or table of the project" if read.name in taken else "SQL"
            raise SettingsError(
                f"{document.where(('name',))}: the name {read.name} is taken by {whose}; choose another, and call the file like it."
            )
        for number, audience in enumerate(read.audiences):
            if audience.name in audiences:
                raise SettingsError(
                    f"{document.where(('audiences', number, 'name'))}: the audience {audience.name} is declared by"
                    f" {audiences[audience.name]}.yml, too; rename one of them."
                )
            audiences[audience.name] = read.name


def load_segmentation(
    document: Document, families: Collection[str], kind: type[Segmentation] = Segmentation
) -> Segmentation:
    """A segmentation's file, checked as a whole.

    Args:
        families: the enabled ones, whose features can be used.
        kind: another kind for a file of the project.

    Raises:
        SettingsError: something in it can't be used; the message names file and line.
    """
    read = validate(document, kind)
    if read.name != document.path.stem:
        raise SettingsError(
            f"{document.where(('name',))}: the file is called {document.path.name}, so its name is {document.path.stem}"
            f" (found '{read.name}'); rename one of them."
        )
    features = read.known
    for number, name in enumerate(read.means):
        _refuse(document, ("means", number), lambda name=name: _mean(name, features))
    for place, text in _expressions(read):
        _refuse(
            document,
            place,
            lambda text=text, place=place: (
                compile_order(text, features)
                if place[-1] == "order_by"
                else compile_condition(text, features, read.rules)
            ),
        )
    for number, audience in enumerate(read.audiences):
        _refuse(document, ("audiences", number, "limit"), lambda audience=audience: _limit(read, audience))
    if read.of == "customers" and "customer_segments" not in families:
        raise SettingsError(
            f"{document.where(('of',))}: who is a customer is computed by the family customer_segments, which TIDEMARK_FAMILIES"
            " does not name; add it there, or segment users."
        )
    for feature in read.features:
        if feature.family and feature.family not in families:
            raise SettingsError(
                f"{document.path}: the feature {feature.name} is computed by the family {feature.family}, which TIDEMARK_FAMILIES"
                " does not name; add it there, or use another feature."
            )
    return read


def _taken_names() -> set[str]:
    """Families, models, and the views that show the published rows of one."""
    models = {file.stem for file in (DBT_DIR / "models").rglob("*.sql")}
    return {
        *known_families(),
        *shipped_names(),
        *models,
        *(name.removesuffix("_published") for name in models),
    }


def _expressions(read: Segmentation) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    for number, segment in enumerate(read.segments):
        if segment.when is not None:
            found.append((("segments", number, "when"), segment.when))
    for number, audience in enumerate(read.audiences):
        for key in ("where", "order_by"):
            text = getattr(audience, key)
            if text is not None:
                found.append((("audiences", number, key), text))
    return found


def _mean(name: str, features: Mapping[str, Feature]) -> None:
    if name not in features:
        raise SettingsError(unknown_name(name, name, sorted(features), may_list=False))
    if features[name].sort != "number":
        raise SettingsError(f"{name} has no mean: it is no number.")


def _limit(read: Segmentation, audience: Audience) -> None:
    if not isinstance(audience.limit, str):
        return
    name = audience.limit.removeprefix("rule.")
    if name not in read.rules:
        raise SettingsError(unknown_name(audience.limit, name, sorted(read.rules)))
    if not _is_count(read.rules[name]):
        raise SettingsError(f"the limit {audience.limit} is no whole number of 1 or more; correct the rule.")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _refuse(document: Document, place: tuple[str | int, ...], look: Any) -> None:
    try:
        look()
    except SettingsError as error:
        raise SettingsError(f"{document.where(place)}: {error}") from None
