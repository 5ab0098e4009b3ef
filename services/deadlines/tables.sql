-- Deadlines' views as they are today. Change a table and its row in projection/, then rebuild; there are no migrations.
-- The schema is chosen by the kernel (search_path), so that a rebuild can fill the next one beside the live one.

-- One line a dossier's clock.
CREATE TABLE clock (
    stream text PRIMARY KEY,
    application text NOT NULL,
    tracking text NOT NULL,
    code text NOT NULL,
    procedure text NOT NULL,
    procedure_name text NOT NULL,
    level text NOT NULL,
    channel text NOT NULL,
    received_by text NOT NULL,
    decided_by text NOT NULL,
    subject uuid NOT NULL,
    received_at timestamptz NOT NULL,
    first_promise text NOT NULL,
    promise text NOT NULL,
    first_due_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    due_on date NOT NULL,
    started_at timestamptz NOT NULL,
    calendar integer NOT NULL,
    phase text NOT NULL,
    warn_at timestamptz,
    notice_by timestamptz,
    forecast_from timestamptz,
    paused_at timestamptz,
    answer_by timestamptz,
    lapsed boolean NOT NULL,
    stage integer NOT NULL,
    role text NOT NULL,
    unit text NOT NULL,
    stage_started_at timestamptz,
    stage_due_at timestamptz,
    stage_late boolean NOT NULL,
    approaching boolean NOT NULL,
    overdue boolean NOT NULL,
    expected_at timestamptz,
    reappointed_at timestamptz,
    kept text NOT NULL,
    answered_at timestamptz,
    outcome text NOT NULL,
    late_days integer,
    late_minutes integer,
    again_days integer,
    again_minutes integer,
    late_unit text NOT NULL,
    late_role text NOT NULL,
    ended_at timestamptz,
    alarm_at timestamptz
);
-- What time brings next, what may be late, what a changed calendar touches; the work of a unit; one dossier.
CREATE INDEX clock_alarm ON clock (alarm_at, stream) WHERE alarm_at IS NOT NULL;
CREATE INDEX clock_forecast ON clock (forecast_from, stream)
    WHERE phase = 'running' AND expected_at IS NULL AND NOT overdue AND reappointed_at IS NULL;
CREATE INDEX clock_calendar ON clock (calendar, due_at, stream) WHERE phase IN ('running', 'paused');
CREATE INDEX clock_work ON clock (unit, due_at) WHERE phase IN ('running', 'paused');
CREATE INDEX clock_decided ON clock (decided_by, due_at) WHERE phase IN ('running', 'paused');
CREATE INDEX clock_application ON clock (application);
CREATE INDEX clock_code ON clock (code);
CREATE INDEX clock_tracking ON clock (tracking);
CREATE INDEX clock_subject ON clock (subject);

-- What units have before them.
CREATE TABLE load (
    decided_by text,
    unit text,
    open bigint NOT NULL,
    paused bigint NOT NULL,
    approaching bigint NOT NULL,
    overdue bigint NOT NULL,
    PRIMARY KEY (decided_by, unit)
);
-- What each finished stage used, and its sum a unit, role and day.
CREATE TABLE finished_stage (
    stream text,
    number integer,
    day date NOT NULL,
    unit text NOT NULL,
    role text NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (stream, number)
);
CREATE TABLE pace (
    unit text,
    role text,
    day date,
    finished bigint NOT NULL,
    used bigint NOT NULL,
    PRIMARY KEY (unit, role, day)
);
CREATE INDEX pace_day ON pace (day);

-- One line an apology. `reason` and `letter` open only with the key of `subject`.
CREATE TABLE apology (
    stream text PRIMARY KEY,
    number integer NOT NULL,
    clock text NOT NULL,
    application text NOT NULL,
    code text NOT NULL,
    procedure text NOT NULL,
    decided_by text NOT NULL,
    subject uuid NOT NULL,
    status text NOT NULL,
    cause text NOT NULL,
    due_at timestamptz NOT NULL,
    issue_by timestamptz NOT NULL,
    became_at timestamptz NOT NULL,
    missed boolean NOT NULL,
    drafts integer NOT NULL,
    reason bytea,
    new_due_at timestamptz,
    answered_at timestamptz,
    letter_number text NOT NULL,
    letter bytea,
    form text NOT NULL,
    title text NOT NULL,
    rule text NOT NULL,
    way text NOT NULL,
    position text NOT NULL,
    issued_at timestamptz,
    in_time boolean,
    delivered_at timestamptz,
    proof text NOT NULL,
    undelivered text NOT NULL,
    alarm_at timestamptz
);
CREATE INDEX apology_alarm ON apology (alarm_at, stream) WHERE alarm_at IS NOT NULL;
CREATE INDEX apology_clock ON apology (clock);
CREATE INDEX apology_open ON apology (status, issue_by, stream) WHERE status IN ('due', 'issued', 'undeliverable');
CREATE INDEX apology_subject ON apology (subject);

-- One line a step of a transfer.
CREATE TABLE leg (
    stream text PRIMARY KEY,
    transfer text NOT NULL,
    application text NOT NULL,
    step text NOT NULL,
    turn integer NOT NULL,
    unit text NOT NULL,
    days integer NOT NULL,
    started_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    rule text NOT NULL,
    open boolean NOT NULL,
    overdue boolean NOT NULL,
    outcome text NOT NULL,
    finished_at timestamptz,
    late_days integer,
    late_minutes integer,
    alarm_at timestamptz
);
CREATE INDEX leg_alarm ON leg (alarm_at, stream) WHERE alarm_at IS NOT NULL;
CREATE INDEX leg_open ON leg (due_at, stream) WHERE open;
CREATE INDEX leg_work ON leg (unit, due_at) WHERE open;
CREATE INDEX leg_application ON leg (application);

-- To whom the letters about a dossier go, sealed.
CREATE TABLE recipient (
    stream text PRIMARY KEY,
    subject uuid NOT NULL,
    applicant bytea NOT NULL,
    content bytea,
    notify text NOT NULL
);
CREATE INDEX recipient_subject ON recipient (subject);

-- What units are called.
CREATE TABLE unit (
    unit text PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL,
    parent text NOT NULL,
    address text NOT NULL,
    phone text NOT NULL
);

-- What the deadlines service declared of working time: one row (see kernel/calendar_view.py).
CREATE TABLE calendar (
    id text PRIMARY KEY,
    number integer NOT NULL,
    days text NOT NULL
);
