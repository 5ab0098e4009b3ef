-- One key a data subject, wrapped under the vault's own key, which is not in the database.
-- Destroying a subject's key makes all that was sealed under it unreadable for ever, in every copy and backup of the logs.

CREATE TABLE subject_key (
    subject uuid PRIMARY KEY,
    wrapped bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    destroyed_by text,
    reason text,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- Secrets that must outlive a process and be the same for all: the pepper under which identity numbers are looked up.
CREATE TABLE secret (
    name text PRIMARY KEY,
    wrapped bytea NOT NULL
);
