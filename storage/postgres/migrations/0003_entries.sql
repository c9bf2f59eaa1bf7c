-- oldest code: 1
--
-- What adapters and applications keep in buckets. The library does not look at the values.

CREATE SEQUENCE clientele.entry_versions;

CREATE TABLE clientele.entries (
    bucket     varchar(64) COLLATE "C",
    key        varchar(255) COLLATE "C",
    value      bytea NOT NULL,
    version    bigint NOT NULL,
    expires_at timestamptz,
    account_id bigint REFERENCES clientele.accounts ON DELETE CASCADE, -- of the account whose prefix the key has
    PRIMARY KEY (bucket, key)
);

CREATE INDEX entries_expires ON clientele.entries (bucket, expires_at, key) WHERE expires_at IS NOT NULL;
CREATE INDEX entries_account ON clientele.entries (account_id) WHERE account_id IS NOT NULL;

ALTER SEQUENCE clientele.entry_versions OWNED BY clientele.entries.version;

COMMENT ON TABLE clientele.entries IS 'Entries of buckets. Use the library to change them: it locks keys first.';
