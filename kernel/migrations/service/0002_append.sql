-- The usual case, one event a command and no keys, is now a statement of its own (kernel/store.py): it needs four arrays
-- less, and no function. So this is the same function without that case.

-- Append many commands' events at once. One entry a command: its id, idempotency key (NULL: none) and fingerprint.
-- One entry an event: `owner` is the command's index from 1; events of a command are of one stream, in order.
-- Answers a row for each command that was NOT appended: 'conflict' (someone wrote that number first) or
-- 'repeated' (its key was answered before). The first event of a command is the compare-and-set: who gets
-- (stream, number) owns the numbers behind it, so the rest can't collide.
CREATE OR REPLACE FUNCTION truth.append(
    commands uuid[], keys text[], fingerprints bytea[],
    owners integer[], ids uuid[], streams text[], numbers integer[], types text[], versions smallint[],
    metas bytea[], datas bytea[]
) RETURNS TABLE (command integer, outcome text)
LANGUAGE plpgsql AS $$
DECLARE
    repeated integer[] := '{}';
    lost integer[] := '{}';
BEGIN
    IF array_remove(keys, NULL) <> '{}' THEN
        WITH wanted AS (
            SELECT c.n::integer AS n, c.id, c.key, c.fingerprint, e.stream, e.first, e.last
            FROM unnest(commands, keys, fingerprints) WITH ORDINALITY AS c(id, key, fingerprint, n)
            JOIN (SELECT owner, min(stream) AS stream, min(number) AS first, max(number) AS last
                  FROM unnest(owners, streams, numbers) AS e(owner, stream, number) GROUP BY owner) e ON e.owner = c.n
            WHERE c.key IS NOT NULL
        ), kept AS (
            INSERT INTO truth.answers (key, fingerprint, command, stream, first, last)
            SELECT key, fingerprint, id, stream, first, last FROM wanted ORDER BY key
            ON CONFLICT (key) DO NOTHING RETURNING answers.command
        )
        SELECT coalesce(array_agg(n), '{}') INTO repeated
        FROM wanted WHERE id NOT IN (SELECT kept.command FROM kept);
    END IF;

    WITH firsts AS (
        SELECT DISTINCT ON (e.owner) e.*
        FROM unnest(owners, ids, streams, numbers, types, versions, metas, datas)
            AS e(owner, id, stream, number, type, version, meta, data)
        WHERE e.owner <> ALL (repeated)
        ORDER BY e.owner, e.number
    ), won AS (
        INSERT INTO truth.events (id, stream, number, type, version, meta, data)
        SELECT id, stream, number, type, version, meta, data FROM firsts ORDER BY stream, number
        ON CONFLICT (stream, number) DO NOTHING RETURNING id, row
    ), queued AS (
        INSERT INTO truth.outbox (row) SELECT row FROM won
    )
    SELECT coalesce(array_agg(owner), '{}') INTO lost FROM firsts WHERE id NOT IN (SELECT id FROM won);

    IF cardinality(ids) > cardinality(commands) THEN
        WITH rest AS (
            INSERT INTO truth.events (id, stream, number, type, version, meta, data)
            SELECT e.id, e.stream, e.number, e.type, e.version, e.meta, e.data
            FROM (SELECT *, min(number) OVER (PARTITION BY owner) AS first
                  FROM unnest(owners, ids, streams, numbers, types, versions, metas, datas)
                      AS u(owner, id, stream, number, type, version, meta, data)) e
            WHERE e.number > e.first AND e.owner <> ALL (repeated) AND e.owner <> ALL (lost)
            ORDER BY e.stream, e.number
            RETURNING row
        )
        INSERT INTO truth.outbox (row) SELECT row FROM rest;
    END IF;

    IF lost <> '{}' THEN
        DELETE FROM truth.answers a USING unnest(lost) AS l(n) WHERE a.command = commands[l.n];
    END IF;
    RETURN QUERY SELECT n, 'repeated' FROM unnest(repeated) AS n UNION ALL SELECT n, 'conflict' FROM unnest(lost) AS n;
END $$;
