-- What is held beside the log, because nobody may ever join it with what is in the log (kernel/waiting.py).

-- What somebody has begun and not sent, sealed under a key that only they have. Gone when it was sent, or after `until`.
CREATE TABLE truth.kept (
    key uuid PRIMARY KEY,
    value bytea NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX kept_until ON truth.kept (until);

-- What waits to be said together with others of its box: under a random key, without a time, an order or a name. Rows
-- are only ever added; whoever takes some of them writes the others anew, into another file.
CREATE TABLE truth.waiting (
    key uuid PRIMARY KEY,
    box text NOT NULL,
    value bytea NOT NULL
);
