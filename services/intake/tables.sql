-- Intake's views as they are today. Change a table and its row in projection.py, then rebuild; there are no migrations.
-- The schema is chosen by the kernel (search_path), so that a rebuild can fill the next one beside the live one.

-- The register: one line a dossier. Sealed columns (bytea) open only with the key of `subject`.
CREATE TABLE application (
    stream text PRIMARY KEY,
    number integer NOT NULL,
    tracking text NOT NULL,
    code text NOT NULL,
    status text NOT NULL,
    portal_status integer NOT NULL,
    procedure text NOT NULL,
    procedure_name text NOT NULL,
    terms_from date,
    level text NOT NULL,
    field text NOT NULL,
    received_by text NOT NULL,
    decided_by text NOT NULL,
    channel text NOT NULL,
    delivery text NOT NULL,
    notify text NOT NULL,
    subject uuid,
    applicant bytea,
    authorised bytea,
    content bytea,
    documents text NOT NULL,
    file_names bytea,
    results text NOT NULL,
    sets integer NOT NULL,
    fee_vnd bigint,
    visit uuid,
    assisted_by text NOT NULL,
    portal_code text NOT NULL,
    submitted_at timestamptz,
    received_at timestamptz,
    due_at timestamptz,
    first_due_at timestamptz,
    promises text NOT NULL,
    supplement_by timestamptz,
    supplements_left integer NOT NULL,
    asked_at timestamptz,
    wanted bytea,
    asked_reason bytea,
    answer_by timestamptz,
    supplied_at timestamptz,
    supplement_unchecked boolean NOT NULL,
    stage integer NOT NULL,
    role text NOT NULL,
    holder text NOT NULL,
    officer text NOT NULL,
    stage_due_at timestamptz,
    hand_overs text NOT NULL,
    consultations text NOT NULL,
    opinions_awaited integer NOT NULL,
    outcome text NOT NULL,
    ground text NOT NULL,
    reason bytea,
    document_number text NOT NULL,
    resolved_at timestamptz,
    handed_over_at timestamptz,
    way text NOT NULL,
    ended_at timestamptz,
    corrected integer NOT NULL,
    late_entries integer NOT NULL,
    late_reason text NOT NULL,
    imported_from text NOT NULL,
    rule_pack text NOT NULL,
    rule_version text NOT NULL,
    rule text NOT NULL,
    updated_at timestamptz
);
-- Found by what is printed on the receipt, by what is typed on the telephone, by person (erasure), by queue of a desk.
CREATE INDEX application_code ON application (code) WHERE code <> '';
CREATE INDEX application_tracking ON application (tracking);
CREATE INDEX application_subject ON application (subject);
CREATE INDEX application_queue ON application (received_by, status, due_at);
CREATE INDEX application_holder ON application (holder, status, stage_due_at);

-- A desk's figures: dossiers by state, and what came and was finished a day.
CREATE TABLE application_by_state (
    received_by text,
    decided_by text,
    status text,
    dossiers bigint NOT NULL,
    PRIMARY KEY (received_by, decided_by, status)
);
CREATE TABLE application_by_day (
    received_by text,
    procedure text,
    day date,
    received bigint NOT NULL,
    online bigint NOT NULL,
    finished bigint NOT NULL,
    PRIMARY KEY (received_by, procedure, day)
);

-- All terms of all procedures; in force on a day is the latest line that is not later.
CREATE TABLE procedure (
    procedure text,
    effective_from date,
    stream text NOT NULL,
    withdrawn boolean NOT NULL,
    national_code text NOT NULL,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    level text NOT NULL,
    field text NOT NULL,
    authority text NOT NULL,
    online_level integer,
    fee_vnd bigint,
    official boolean NOT NULL,
    confidence text NOT NULL,
    terms text NOT NULL,
    replaced_by text NOT NULL,
    decision text NOT NULL,
    number integer NOT NULL,
    PRIMARY KEY (procedure, effective_from)
);

-- What each unit's electronic one-stop shows.
CREATE TABLE shown (
    unit text,
    procedure text,
    terms_from date NOT NULL,
    published_on date NOT NULL,
    PRIMARY KEY (unit, procedure)
);

CREATE TABLE unit (
    stream text PRIMARY KEY,
    unit text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    parent text NOT NULL,
    codes text NOT NULL,
    address text NOT NULL,
    hours text NOT NULL,
    how_to_find text NOT NULL,
    phone text NOT NULL,
    invented boolean NOT NULL,
    effective_from date,
    ended_on date,
    successors text NOT NULL,
    history text NOT NULL,
    number integer NOT NULL
);
CREATE INDEX unit_id ON unit (unit);

-- Visits that led to no dossier there and then, and the dossier that followed.
CREATE TABLE visit (
    visit text PRIMARY KEY,
    kind text NOT NULL,
    unit text NOT NULL,
    procedure text NOT NULL,
    channel text NOT NULL,
    came_at timestamptz,
    day date,
    level integer,
    guidance text NOT NULL,
    rule text NOT NULL,
    application text NOT NULL
);
CREATE TABLE visit_by_day (
    unit text,
    procedure text,
    day date,
    guided bigint NOT NULL,
    paper_refused bigint NOT NULL,
    followed bigint NOT NULL,
    PRIMARY KEY (unit, procedure, day)
);

-- What the deadlines service declared of working time: one row (see kernel/calendar_view.py).
CREATE TABLE calendar (
    id text PRIMARY KEY,
    number integer NOT NULL,
    days text NOT NULL
);
