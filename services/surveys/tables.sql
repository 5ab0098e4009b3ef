-- Surveys' views as they are today. Change a table and its row in projection/, then rebuild; there are no migrations.
-- The schema is chosen by the kernel (search_path), so that a rebuild can fill the next one beside the live one.

-- Answers

CREATE TABLE sheet (
    sheet uuid PRIMARY KEY,
    campaign text NOT NULL,
    questionnaire text NOT NULL,
    edition integer NOT NULL,
    cell text NOT NULL,
    answers text NOT NULL,
    week date NOT NULL,
    void boolean NOT NULL
);
CREATE INDEX sheet_campaign ON sheet (campaign, cell);

CREATE TABLE tally (
    campaign text NOT NULL,
    cell text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (campaign, cell, question, answer)
);

-- Invitations

CREATE TABLE invitation (
    stream text PRIMARY KEY,
    campaign text NOT NULL,
    cell text NOT NULL,
    carrier text NOT NULL,
    printing text NOT NULL,
    status text NOT NULL,
    way text NOT NULL,
    used_at timestamptz,
    entered boolean NOT NULL
);
CREATE INDEX invitation_open ON invitation (campaign, cell) WHERE status IN ('issued', 'opened');

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

CREATE TABLE ending (
    stream text PRIMARY KEY,
    noticed_at timestamptz NOT NULL,
    withheld boolean NOT NULL,
    frozen boolean NOT NULL
);
