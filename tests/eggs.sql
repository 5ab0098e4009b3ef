CREATE TABLE egg (
    stream text PRIMARY KEY,
    at timestamptz,
    times integer NOT NULL
);
CREATE INDEX egg_at ON egg (at, stream);
