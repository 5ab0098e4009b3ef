"""Was it fair? An auditor of places in plain SQL, over what intake and transfers wrote down, as JSON. It shares nothing
with the services but the names of their events.

Fair is: at no moment more places are reserved or taken than the class has; at the end the places are with the first by
the time of submission (which intake said) among those whose dossiers were not withdrawn; every case is in exactly one
of held, waiting, closed, and knows it; nothing is parked.
"""

from typing import Any

SUBMITTED = """
SELECT stream, (convert_from(data, 'UTF8')::jsonb ->> 'submitted_at')::timestamptz, EXISTS (
    SELECT FROM truth.events w WHERE w.stream = s.stream AND w.type = 'intake.application_withdrawn'
)
FROM truth.events s WHERE type = 'intake.application_submitted'
"""
SAID = """
CREATE TEMP TABLE submitted (
    application text PRIMARY KEY, submitted_at timestamptz NOT NULL, withdrawn boolean NOT NULL
);
CREATE TEMP TABLE said AS
SELECT stream, number, split_part(type, '.', 2) AS what, convert_from(data, 'UTF8')::jsonb AS data,
    convert_from(data, 'UTF8')::jsonb ->> 'transfer' AS transfer
FROM truth.events WHERE starts_with(stream, 'class-') OR starts_with(stream, 'transfer-');
CREATE TEMP TABLE cases AS
SELECT stream AS transfer, min(data ->> 'application') AS application,
    bool_or(what = 'transfer_closed' OR (what = 'transfer_decided' AND data ->> 'outcome' = 'refused')) AS closed,
    count(*) FILTER (WHERE what = 'transfer_decided' AND data ->> 'outcome' = 'granted') AS grants,
    coalesce(
        (array_agg((data ->> 'held')::boolean ORDER BY number DESC) FILTER (WHERE what = 'place_held'))[1], false
    ) AS held
FROM said WHERE starts_with(stream, 'transfer-') GROUP BY stream;
CREATE TEMP TABLE turns AS
SELECT stream AS class, transfer, (array_agg(what ORDER BY number DESC))[1] AS last
FROM said
WHERE what IN ('place_asked', 'place_reserved', 'place_passed_on', 'place_taken', 'place_given_back')
GROUP BY stream, transfer;
CREATE TEMP TABLE classes AS
SELECT stream AS class, (array_agg((data ->> 'places')::integer ORDER BY number DESC))[1] AS places
FROM said WHERE what IN ('class_opened', 'places_changed') GROUP BY stream;
"""
CHECKS = {
    "more places are kept than there are": """
WITH steps AS (
    SELECT stream, number, transfer, (data ->> 'places')::integer AS places,
        lag((data ->> 'places')::integer, 1, 0) OVER own AS had,
        (what IN ('place_reserved', 'place_taken'))::integer AS kept,
        lag((what IN ('place_reserved', 'place_taken'))::integer, 1, 0) OVER own AS kept_before
    FROM said WHERE starts_with(stream, 'class-') AND what <> 'place_refused'
    WINDOW own AS (PARTITION BY stream, transfer ORDER BY number)
), walked AS (
    SELECT stream, number,
        sum(CASE WHEN transfer IS NULL THEN 0 ELSE kept - kept_before END) OVER so_far AS kept,
        sum(CASE WHEN transfer IS NULL THEN places - had ELSE 0 END) OVER so_far AS places
    FROM steps WINDOW so_far AS (PARTITION BY stream ORDER BY number)
)
SELECT stream || ' ' || number || ': ' || kept || ' of ' || places FROM walked WHERE kept > places OR kept < 0
""",
    "a place is not with who comes first": """
SELECT class || ' ' || transfer || ': turn ' || turn || ' of ' || places || CASE WHEN kept THEN ' has one' ELSE '' END
FROM (
    SELECT t.class, t.transfer, t.last IN ('place_reserved', 'place_taken') AS kept, row_number() OVER (
        PARTITION BY t.class ORDER BY s.submitted_at, t.transfer COLLATE "C"
    ) AS turn
    FROM turns t JOIN cases c USING (transfer) JOIN submitted s USING (application) WHERE NOT s.withdrawn
) queue LEFT JOIN classes USING (class)
WHERE kept IS DISTINCT FROM (turn <= coalesce(places, 0))
""",
    "a case is not in one of held, waiting, closed": """
SELECT s.application || ': closed ' || coalesce(c.closed::text, '-') || ', kept ' || coalesce(q.kept, 0)
    || ', waits ' || coalesce(q.waits, 0) || ', knows of its place ' || coalesce(c.held::text, '-')
FROM submitted s LEFT JOIN cases c USING (application) LEFT JOIN (
    SELECT transfer, count(*) FILTER (WHERE last IN ('place_reserved', 'place_taken')) AS kept,
        count(*) FILTER (WHERE last IN ('place_asked', 'place_passed_on')) AS waits
    FROM turns GROUP BY transfer
) q USING (transfer)
WHERE c.transfer IS NULL
    OR c.closed::integer + coalesce(q.kept, 0) + coalesce(q.waits, 0) <> 1
    OR c.closed <> s.withdrawn
    OR (NOT c.closed AND c.held <> (coalesce(q.kept, 0) = 1))
""",
    "there are not as many cases as dossiers": """
SELECT count(*)::text FROM cases HAVING count(*) <> (SELECT count(*) FROM submitted)
""",
    "a grant without a place taken, or the other way round": """
SELECT transfer FROM cases LEFT JOIN (
    SELECT transfer, count(*) FILTER (WHERE last = 'place_taken') AS taken FROM turns GROUP BY transfer
) t USING (transfer)
WHERE grants <> coalesce(taken, 0)
""",
    "an event is parked": "SELECT type || ' ' || reason FROM truth.parked",
}
GONE = "DROP TABLE IF EXISTS submitted, said, cases, turns, classes"


async def problems(intake: Any, transfers: Any) -> list[str]:
    """All that is wrong, by what both services have written down; nothing where all is well. Two connections, and
    nothing more to be heard."""
    await transfers.execute(GONE)
    await transfers.execute(SAID)
    await transfers.copy_records_to_table("submitted", records=await intake.fetch(SUBMITTED))
    await transfers.execute("ANALYZE submitted; ANALYZE said; ANALYZE cases; ANALYZE turns")
    found = [f"{what}: {row[0]}" for what, statement in CHECKS.items() for row in await transfers.fetch(statement)]
    await transfers.execute(GONE)
    return found
