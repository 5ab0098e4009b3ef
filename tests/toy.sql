CREATE TABLE box (
    stream text PRIMARY KEY,
    unit text NOT NULL,
    weight integer NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT not_too_heavy CHECK (weight < 1000000)
);
CREATE INDEX box_unit ON box (unit);

CREATE TABLE per_unit (
    unit text,
    state text,
    boxes bigint NOT NULL,
    weight bigint NOT NULL,
    PRIMARY KEY (unit, state)
);

CREATE TABLE unit (
    unit text PRIMARY KEY,
    opened bigint NOT NULL,
    asked bigint NOT NULL
);
