-- Surveys' views as they are today. Change a table and its row in projection/, then rebuild; there are no migrations.
-- The schema is chosen by the kernel (search_path), so that a rebuild can fill the next one beside the live one.

-- One line a campaign.
CREATE TABLE campaign (
    stream text PRIMARY KEY,
    number integer NOT NULL,
    kind text NOT NULL,
    title_vi text NOT NULL,
    title_en text NOT NULL,
    asked text NOT NULL,
    questionnaire text NOT NULL,
    edition integer NOT NULL,
    starts date NOT NULL,
    ends date NOT NULL,
    batch integer NOT NULL,
    unit text NOT NULL,
    remind_after text NOT NULL,
    target integer NOT NULL,
    previous text NOT NULL,
    planned_at timestamptz NOT NULL,
    status text NOT NULL,
    schools integer NOT NULL,
    drawn_at timestamptz,
    opened_at timestamptz,
    over_at timestamptz,
    closed_at timestamptz,
    noticed_at timestamptz,
    withheld integer,
    voidings integer NOT NULL,
    frozen_at timestamptz
);
CREATE INDEX campaign_over ON campaign (over_at, stream) WHERE over_at IS NOT NULL;

-- The editions of questionnaires.
CREATE TABLE questionnaire (
    questionnaire text,
    edition integer,
    title_vi text NOT NULL,
    title_en text NOT NULL,
    asked text NOT NULL,
    PRIMARY KEY (questionnaire, edition)
);

-- One line an applicant who is asked about a result; and how many of a unit's were reached.
CREATE TABLE contact (
    stream text PRIMARY KEY,
    application text NOT NULL,
    unit text NOT NULL,
    handed_over_at timestamptz NOT NULL,
    noted_at timestamptz NOT NULL,
    campaign text NOT NULL,
    invitation text NOT NULL,
    turn integer NOT NULL,
    reached integer NOT NULL,
    reminders integer NOT NULL,
    carrier text NOT NULL,
    invited_at timestamptz,
    asked_at timestamptz,
    skipped text NOT NULL
);
-- Who waits for a first invitation, who for one that was lost on the way, who for a reminder.
CREATE INDEX contact_due ON contact (handed_over_at, stream) WHERE turn = 0 AND skipped = '';
CREATE INDEX contact_lost ON contact (invited_at, stream) WHERE turn > reached AND skipped = '';
CREATE INDEX contact_remind ON contact (campaign, reminders, asked_at) WHERE turn = reached AND skipped = '';
CREATE TABLE outreach (
    campaign text,
    unit text,
    due bigint NOT NULL,
    invited bigint NOT NULL,
    reached bigint NOT NULL,
    reminders bigint NOT NULL,
    skipped bigint NOT NULL,
    PRIMARY KEY (campaign, unit)
);

-- Who applied, sealed, and whether the answer was late.
CREATE TABLE dossier (
    stream text PRIMARY KEY,
    subject uuid,
    applicant bytea NOT NULL,
    notify text NOT NULL,
    procedure_name text NOT NULL,
    late boolean
);
CREATE INDEX dossier_subject ON dossier (subject);

-- What units are called.
CREATE TABLE unit (
    unit text PRIMARY KEY,
    name text NOT NULL
);

-- Answers

CREATE TABLE sheet (
    sheet uuid PRIMARY KEY,
    campaign text NOT NULL,
    cell text NOT NULL,
    answers text NOT NULL,
    week date NOT NULL,
    void boolean NOT NULL
);
CREATE INDEX sheet_campaign ON sheet (campaign, cell);

-- Invitations

CREATE TABLE invitation (
    stream text PRIMARY KEY,
    campaign text NOT NULL,
    cell text NOT NULL,
    carrier text NOT NULL,
    printing text NOT NULL,
    state text NOT NULL,
    way text NOT NULL,
    used_at timestamptz
);
CREATE INDEX invitation_open ON invitation (campaign, cell) WHERE state IN ('issued', 'opened');

CREATE TABLE invited (
    campaign text NOT NULL,
    cell text NOT NULL,
    issued bigint NOT NULL,
    opened bigint NOT NULL,
    used bigint NOT NULL,
    revoked bigint NOT NULL,
    PRIMARY KEY (campaign, cell)
);

CREATE TABLE used_by_minute (
    campaign text NOT NULL,
    cell text NOT NULL,
    way text NOT NULL,
    minute timestamptz NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (campaign, cell, way, minute)
);

-- What people wrote, sealed, apart from what they ticked.
CREATE TABLE remark (
    stream text PRIMARY KEY,
    campaign text NOT NULL,
    cell text NOT NULL,
    question text NOT NULL,
    subject uuid NOT NULL,
    text bytea NOT NULL,
    week date NOT NULL
);
CREATE INDEX remark_campaign ON remark (campaign, question, week);
CREATE INDEX remark_subject ON remark (subject);
