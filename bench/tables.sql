-- The view that the bench folds its events into, and its totals.
CREATE TABLE dossier (
    stream text PRIMARY KEY,
    unit text NOT NULL,
    status text NOT NULL,
    events bigint NOT NULL,
    amount bigint NOT NULL
);
CREATE TABLE dossier_total (
    unit text NOT NULL,
    status text NOT NULL,
    dossiers bigint NOT NULL,
    events bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (unit, status)
);
