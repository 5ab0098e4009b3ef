-- Reporting's views as they are today. Change a table and its row in projection.py, then rebuild; there are no migrations.
-- The schema is chosen by the kernel (search_path), so that a rebuild can fill the next one beside the live one.
-- No personal data is in any of them.

-- One line a dossier that was handed in. `_on` are Vietnamese days. `unit` decides, `received_by` receives.
CREATE TABLE application (
    stream text PRIMARY KEY,
    code text NOT NULL,
    procedure text NOT NULL,
    procedure_name text NOT NULL,
    level text NOT NULL,
    unit text NOT NULL,
    received_by text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    submitted_at timestamptz NOT NULL,
    submitted_on date NOT NULL,
    taken_up_on date,
    received_at timestamptz,
    received_on date,
    due_first timestamptz,
    due_now timestamptz,
    supplements integer NOT NULL,
    finished_at timestamptz,
    finished_on date,
    ended text NOT NULL,
    not_accepted_on date,
    ground text NOT NULL,
    handed_over_at timestamptz
);
CREATE INDEX application_by_day ON application (submitted_on DESC, stream DESC);
CREATE INDEX application_by_unit ON application (unit, submitted_on DESC, stream DESC);

-- What happened on a day. `waiting` is by how much that day changed what waits to be taken up.
CREATE TABLE tally (
    day date NOT NULL,
    unit text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    received integer NOT NULL,
    granted integer NOT NULL,
    refused integer NOT NULL,
    stopped integer NOT NULL,
    withdrawn integer NOT NULL,
    not_accepted integer NOT NULL,
    waiting integer NOT NULL,
    PRIMARY KEY (day, unit, procedure, channel)
);
CREATE INDEX tally_by_unit ON tally (unit, day);

-- What is open now. The stock of an earlier day is this less what changed since.
CREATE TABLE standing (
    unit text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    in_progress integer NOT NULL,
    waiting integer NOT NULL,
    PRIMARY KEY (unit, procedure, channel)
);

-- One line a visit that led to no dossier there and then. `unit` is where somebody came.
CREATE TABLE visit (
    stream text PRIMARY KEY,
    unit text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    came_at timestamptz NOT NULL,
    came_on date NOT NULL,
    refused boolean NOT NULL
);

CREATE TABLE visit_tally (
    day date NOT NULL,
    unit text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    guided integer NOT NULL,
    paper_refused integer NOT NULL,
    PRIMARY KEY (day, unit, procedure, channel)
);

-- What units and procedures are called from which day on: [{"day": "2025-07-01", "name": "…"}, …], the oldest first.
CREATE TABLE unit (
    unit text PRIMARY KEY,
    history jsonb NOT NULL
);

CREATE TABLE procedure (
    procedure text PRIMARY KEY,
    history jsonb NOT NULL
);
