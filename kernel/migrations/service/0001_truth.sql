-- The truth of one service: what happened, in which order it was sealed, what was heard, and what was answered.
-- Migrations are numbered and never edited once they have run anywhere; views are not here, they are rebuilt.

CREATE SCHEMA truth;
CREATE SCHEMA view;

-- Append-only. `row` is the order of insertion and may have gaps; the gap-free order is truth.seals.
CREATE TABLE truth.events (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    stream text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    type text NOT NULL,
    version smallint NOT NULL,
    meta bytea NOT NULL,
    data bytea NOT NULL,
    UNIQUE (stream, number)
);

-- A queue, not a cursor: what commits late is sealed later instead of being passed over.
CREATE TABLE truth.outbox (row bigint PRIMARY KEY)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE truth.seals (
    position bigint PRIMARY KEY,
    row bigint NOT NULL,
    leaf bytea NOT NULL
);

-- One line: the sequencer's epoch, the last sealed and the last published position.
CREATE TABLE truth.log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch bigint NOT NULL DEFAULT 0,
    position bigint NOT NULL DEFAULT 0,
    published bigint NOT NULL DEFAULT 0 CHECK (published <= position)
);
INSERT INTO truth.log DEFAULT VALUES;

-- The first answer to each idempotency key: which events it was made of. The answer is derived from them again.
CREATE TABLE truth.answers (
    key text PRIMARY KEY,
    fingerprint bytea NOT NULL,
    command uuid NOT NULL,
    stream text NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answers_at ON truth.answers (at);

-- How far each partition was heard. The database owns the offsets.
CREATE TABLE truth.heard (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL DEFAULT 0,
    last_position bigint NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);

-- Events that could not be heard, with the reason; later events of the same stream wait behind them (reason ''). What
-- an operator gave up stays, with who and why in `dropped`, so that a rebuild passes it over too.
CREATE TABLE truth.parked (
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    stream text NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    headers bytea NOT NULL,
    value bytea NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    dropped text,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX parked_stream ON truth.parked (topic, partition, stream);

-- Append many commands' events at once. One entry a command: its id, idempotency key (NULL: none) and fingerprint.
-- One entry an event: `owner` is the command's index from 1; events of a command are of one stream, in order.
-- Answers a row for each command that was NOT appended: 'conflict' (someone wrote that number first) or
-- 'repeated' (its key was answered before). The first event of a command is the compare-and-set: who gets
-- (stream, number) owns the numbers behind it, so the rest can't collide.
CREATE FUNCTION truth.append(
    commands uuid[], keys text[], fingerprints bytea[],
    owners integer[], ids uuid[], streams text[], numbers integer[], types text[], versions smallint[],
    metas bytea[], datas bytea[]
) RETURNS TABLE (command integer, outcome text)
LANGUAGE plpgsql AS $$
DECLARE
    repeated integer[] := '{}';
    lost integer[] := '{}';
    appended integer;
BEGIN
    -- The usual case, one event a command and no keys, is one statement when nobody was there first.
    IF cardinality(ids) = cardinality(commands) AND array_remove(keys, NULL) = '{}' THEN
        WITH won AS (
            INSERT INTO truth.events (id, stream, number, type, version, meta, data)
            SELECT * FROM unnest(ids, streams, numbers, types, versions, metas, datas) AS e(id, stream, number)
            ORDER BY e.stream, e.number
            ON CONFLICT (stream, number) DO NOTHING RETURNING row
        )
        INSERT INTO truth.outbox (row) SELECT row FROM won;
        GET DIAGNOSTICS appended = ROW_COUNT;
        IF appended < cardinality(ids) THEN
            RETURN QUERY
            SELECT n.owner, 'conflict' FROM unnest(owners, ids, streams, numbers) AS n(owner, id, stream, number)
            WHERE NOT EXISTS (
                SELECT FROM truth.events e WHERE e.stream = n.stream AND e.number = n.number AND e.id = n.id
            );
        END IF;
        RETURN;
    END IF;

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

-- The Merkle leaf of an event (RFC 6962: a leaf is hashed with a leading zero byte): a line that names it, its meta
-- line, its data. No field but the last can hold a newline, so no two events have the same preimage.
CREATE FUNCTION truth.leaf(id uuid, stream text, number integer, type text, version smallint, meta bytea, data bytea)
RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256('\x00'::bytea || convert_to(concat_ws(' ', id, stream, number, type, version) || E'\n', 'UTF8')
        || meta || '\x0a'::bytea || data)
$$;

-- Become the sequencer: a new epoch, which fences the one before.
CREATE FUNCTION truth.take_over() RETURNS bigint LANGUAGE sql AS $$
    UPDATE truth.log SET epoch = epoch + 1 RETURNING epoch
$$;

-- Drain up to `most` queued events, in insertion order, into the sealed log. Answers the last sealed position, or NULL
-- where a later epoch has taken over.
CREATE FUNCTION truth.seal(mine bigint, most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    base bigint;
    bound bigint;
    sealed bigint;
BEGIN
    SELECT position INTO base FROM truth.log WHERE epoch = mine FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT max(d.row) INTO bound FROM (SELECT o.row FROM truth.outbox o ORDER BY o.row LIMIT most) d;
    IF bound IS NULL THEN
        RETURN base;
    END IF;
    -- LATERAL: one look-up by key a row, whatever the planner believes about a queue that is empty most of the time.
    WITH drained AS (
        DELETE FROM truth.outbox o WHERE o.row <= bound RETURNING o.row
    ), placed AS (
        INSERT INTO truth.seals (position, row, leaf)
        SELECT base + row_number() OVER (ORDER BY d.row), d.row, l.leaf
        FROM drained d CROSS JOIN LATERAL (
            SELECT truth.leaf(e.id, e.stream, e.number, e.type, e.version, e.meta, e.data) AS leaf
            FROM truth.events e WHERE e.row = d.row
        ) l
        RETURNING 1
    )
    SELECT count(*) INTO sealed FROM placed;
    UPDATE truth.log SET position = base + sealed WHERE epoch = mine;
    RETURN base + sealed;
END $$;
