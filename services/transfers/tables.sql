-- Transfers' views as they are today. Change a table and its row in projection/, then rebuild; there are no migrations.
-- The schema is chosen by the kernel (search_path), so that a rebuild can fill the next one beside the live one.

-- One line a case. Facts, findings, steps and rules are JSON; what people wrote is sealed.
CREATE TABLE transfer (
    stream text PRIMARY KEY,
    number integer NOT NULL,
    application text NOT NULL,
    tracking text NOT NULL,
    code text NOT NULL,
    procedure text NOT NULL,
    received_by text NOT NULL,
    decided_by text NOT NULL,
    applicant uuid NOT NULL,
    submitted_at timestamptz NOT NULL,
    status text NOT NULL,
    facts text NOT NULL,
    pupil uuid,
    who bytea,
    from_school text NOT NULL,
    to_school text NOT NULL,
    to_class text NOT NULL,
    held boolean,
    kind text NOT NULL,
    year integer NOT NULL,
    special boolean NOT NULL,
    grounds text NOT NULL,
    findings text NOT NULL,
    steps text NOT NULL,
    rule text NOT NULL,
    received_at timestamptz,
    raised bytea,
    drafts integer NOT NULL,
    draft bytea,
    consultation uuid,
    consultation_number text NOT NULL,
    consultation_issued_at timestamptz,
    opinion text NOT NULL,
    reply_number text NOT NULL,
    reply bytea,
    replied_at timestamptz,
    replied_by text NOT NULL,
    reply_signed_on date,
    scan text NOT NULL,
    reply_reason bytea,
    outcome text NOT NULL,
    ground text NOT NULL,
    reason bytea,
    decision text NOT NULL,
    document_number text NOT NULL,
    decided_at timestamptz,
    ended_at timestamptz,
    entered_late boolean NOT NULL,
    lost_at timestamptz,
    place_why text NOT NULL,
    place_late boolean NOT NULL,
    elsewhere text,
    confirmed bytea,
    corrected_at timestamptz,
    corrected_by text NOT NULL,
    correction bytea
);
-- By tracking code, by dossier, a school's cases, what is open, precedents, a pupil to be erased.
CREATE INDEX transfer_tracking ON transfer (tracking);
CREATE INDEX transfer_application ON transfer (application);
CREATE INDEX transfer_from ON transfer (from_school, submitted_at);
CREATE INDEX transfer_to ON transfer (to_school, submitted_at);
CREATE INDEX transfer_undescribed ON transfer (received_by, submitted_at) WHERE status = 'undescribed';
CREATE INDEX transfer_special ON transfer (coalesce(decided_at, replied_at)) WHERE special AND (outcome <> '' OR opinion <> '');
CREATE INDEX transfer_attention ON transfer (submitted_at)
WHERE status = 'open' AND (elsewhere IS NOT NULL OR lost_at IS NOT NULL);
CREATE INDEX transfer_consultation ON transfer (consultation) WHERE consultation IS NOT NULL;
CREATE INDEX transfer_pupil ON transfer (pupil);
CREATE TABLE cases (
    month date NOT NULL,
    school text NOT NULL,
    kind text NOT NULL,
    special boolean NOT NULL,
    outcome text NOT NULL,
    cases bigint NOT NULL,
    PRIMARY KEY (month, school, kind, special, outcome)
);

-- One line each opening of a step.
CREATE TABLE step (
    stream text NOT NULL,
    step text NOT NULL,
    turn integer NOT NULL,
    application text NOT NULL,
    from_school text NOT NULL,
    to_school text NOT NULL,
    unit text NOT NULL,
    days integer NOT NULL,
    status text NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz,
    ended_at timestamptz,
    escalated_at timestamptz,
    to_unit text NOT NULL,
    note bytea,
    PRIMARY KEY (stream, step, turn)
);
CREATE INDEX step_inbox ON step (unit, opened_at) WHERE status = 'open';
CREATE INDEX step_escalated ON step (to_unit, opened_at) WHERE status = 'open' AND to_unit <> '';
CREATE TABLE work (
    unit text NOT NULL,
    step text NOT NULL,
    open bigint NOT NULL,
    escalated bigint NOT NULL,
    PRIMARY KEY (unit, step)
);

-- Classes that take pupils.
CREATE TABLE class (
    stream text PRIMARY KEY,
    class_id text NOT NULL,
    school text NOT NULL,
    year integer NOT NULL,
    grade integer NOT NULL,
    name text NOT NULL,
    places integer NOT NULL,
    subjects text NOT NULL,
    opened_at timestamptz NOT NULL
);
CREATE INDEX class_school ON class (school, year, grade);
CREATE INDEX class_id ON class (class_id);

-- What each case has of a class.
CREATE TABLE place (
    stream text NOT NULL,
    transfer text NOT NULL,
    class_id text NOT NULL,
    submitted_at timestamptz,
    status text NOT NULL,
    PRIMARY KEY (stream, transfer)
);
CREATE TABLE seats (
    stream text NOT NULL,
    taken bigint NOT NULL,
    reserved bigint NOT NULL,
    waiting bigint NOT NULL,
    PRIMARY KEY (stream)
);

-- Where pupils go to school.
CREATE TABLE pupil (
    stream text PRIMARY KEY,
    pupil uuid NOT NULL,
    school text NOT NULL,
    class_id text NOT NULL,
    claim text NOT NULL,
    moved_at timestamptz,
    moves integer NOT NULL
);

-- Letters on the document exchange.
CREATE TABLE document (
    stream text PRIMARY KEY,
    document uuid NOT NULL,
    application text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    from_unit text NOT NULL,
    to_unit text NOT NULL,
    letter_number text NOT NULL,
    status text NOT NULL,
    queued_at timestamptz NOT NULL,
    response_to uuid,
    sent_at timestamptz,
    code text NOT NULL,
    said_at timestamptz,
    statuses text NOT NULL,
    failed_at timestamptz,
    failure text NOT NULL,
    requeued integer NOT NULL
);
CREATE INDEX document_status ON document (status, queued_at);
CREATE INDEX document_from ON document (from_unit, queued_at);
CREATE INDEX document_to ON document (to_unit, queued_at);
CREATE INDEX document_application ON document (application);

-- Consultations at the Department.
CREATE TABLE opinion (
    stream text PRIMARY KEY,
    document uuid NOT NULL,
    application text NOT NULL,
    from_unit text NOT NULL,
    to_unit text NOT NULL,
    letter_number text NOT NULL,
    pupil uuid NOT NULL,
    text bytea NOT NULL,
    arrived_at timestamptz NOT NULL,
    status text NOT NULL,
    opinion text NOT NULL,
    reply uuid,
    reply_number text NOT NULL,
    reply_text bytea,
    given_at timestamptz,
    signed_by text NOT NULL,
    position text NOT NULL,
    delegation text NOT NULL
);
CREATE INDEX opinion_inbox ON opinion (to_unit, arrived_at) WHERE status = 'asked';
CREATE INDEX opinion_application ON opinion (application);

-- What arrived and could not be used by itself.
CREATE TABLE arrival (
    stream text PRIMARY KEY,
    arrival uuid NOT NULL,
    unit text NOT NULL,
    reason text NOT NULL,
    digest text NOT NULL,
    size integer NOT NULL,
    sender text NOT NULL,
    document_id text NOT NULL,
    response_to text NOT NULL,
    letter_number text NOT NULL,
    application text NOT NULL,
    fault text NOT NULL,
    arrived_at timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by text NOT NULL
);
CREATE INDEX arrival_waiting ON arrival (unit, arrived_at) WHERE settled_at IS NULL;

-- Deputies and their days.
CREATE TABLE delegation (
    stream text NOT NULL,
    delegation uuid NOT NULL,
    unit text NOT NULL,
    head text NOT NULL,
    deputy text NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL,
    letter_number text NOT NULL,
    given_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (stream, delegation)
);
CREATE INDEX delegation_unit ON delegation (unit, ends);

-- What units are called.
CREATE TABLE unit (
    unit text PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL,
    parent text NOT NULL,
    organ text NOT NULL,
    address text NOT NULL,
    phone text NOT NULL,
    levels text NOT NULL
);
CREATE INDEX unit_organ ON unit (organ) WHERE organ <> '';

-- What dossiers of intake brought with them.
CREATE TABLE dossier (
    stream text PRIMARY KEY,
    procedure text NOT NULL,
    procedure_name text NOT NULL,
    subject uuid NOT NULL,
    applicant bytea NOT NULL,
    documents text NOT NULL,
    submitted_at timestamptz NOT NULL,
    code text NOT NULL
);
CREATE INDEX dossier_subject ON dossier (subject);
