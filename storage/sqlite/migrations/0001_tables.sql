-- oldest code: 1
--
-- The tables of clientele. Times are microseconds since 1970, in UTC; attributes and details are JSON objects, or empty. Texts
-- are compared byte by byte. Columns called search and sort_name hold text that the library folded; they are the library's own
-- and may change their form.
--
-- Columns called ordinal repeat the id in indexes: SQLite does not begin a range at (created_at, id) if id is the row's own
-- number, but would skip all rows with that created_at.
--
-- There are no foreign keys: SQLite checks them only where a connection asks for that. A level is 0 for an account, 1 for a
-- subscription and 2 for a domain.

-- One row. Its numbers only rise, so that nothing is given twice.
CREATE TABLE clientele_state (
    single          INTEGER PRIMARY KEY CHECK (single = 1),
    account_id      INTEGER NOT NULL, -- the last id that was allocated
    subscription_id INTEGER NOT NULL,
    domain_id       INTEGER NOT NULL,
    entry_version   INTEGER NOT NULL,
    event           INTEGER NOT NULL, -- the last number that was given to an event
    pruned          INTEGER NOT NULL  -- the highest number of an event that was pruned
) STRICT;
INSERT INTO clientele_state VALUES (1, 0, 0, 0, 0, 0, 0);

CREATE TABLE clientele_accounts (
    id              INTEGER PRIMARY KEY,
    login           TEXT NOT NULL,
    password_hash   TEXT NOT NULL,
    name            TEXT NOT NULL,
    company         TEXT NOT NULL,
    email           TEXT NOT NULL,
    phone           TEXT NOT NULL,
    address         TEXT NOT NULL,
    city            TEXT NOT NULL,
    state           TEXT NOT NULL,
    postal_code     TEXT NOT NULL,
    country         TEXT NOT NULL,
    additional_info TEXT NOT NULL,
    description     TEXT NOT NULL,
    external_id     TEXT NOT NULL, -- may be empty
    locale          TEXT NOT NULL,
    attributes      TEXT NOT NULL,
    session_epoch   INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    sort_name       TEXT NOT NULL,
    search          TEXT NOT NULL,
    ordinal         INTEGER NOT NULL GENERATED ALWAYS AS (id) STORED
) STRICT;

CREATE UNIQUE INDEX clientele_accounts_login ON clientele_accounts (login);
CREATE UNIQUE INDEX clientele_accounts_external_id ON clientele_accounts (external_id) WHERE external_id <> '';
CREATE INDEX clientele_accounts_created ON clientele_accounts (created_at, ordinal);
CREATE INDEX clientele_accounts_sort_name ON clientele_accounts (sort_name, ordinal);
CREATE INDEX clientele_accounts_country ON clientele_accounts (country);

CREATE TABLE clientele_subscriptions (
    id             INTEGER PRIMARY KEY,
    account_id     INTEGER, -- NULL: the provider's own
    name           TEXT NOT NULL,
    plan           TEXT NOT NULL,
    description    TEXT NOT NULL,
    external_id    TEXT NOT NULL, -- may be empty
    attributes     TEXT NOT NULL,
    expires_at     INTEGER,
    due_at         INTEGER, -- expires_at, but NULL while it has the hold "expired"
    main_domain_id INTEGER NOT NULL, -- 0: it has no domains
    version        INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    search         TEXT NOT NULL,
    ordinal        INTEGER NOT NULL GENERATED ALWAYS AS (id) STORED
) STRICT;

CREATE UNIQUE INDEX clientele_subscriptions_external_id ON clientele_subscriptions (external_id) WHERE external_id <> '';
CREATE INDEX clientele_subscriptions_created ON clientele_subscriptions (created_at, ordinal);
CREATE INDEX clientele_subscriptions_account ON clientele_subscriptions (account_id, created_at, ordinal);
CREATE INDEX clientele_subscriptions_plan ON clientele_subscriptions (plan, account_id);
CREATE INDEX clientele_subscriptions_expires ON clientele_subscriptions (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX clientele_subscriptions_due ON clientele_subscriptions (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE clientele_domains (
    id              INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL,
    account_id      INTEGER, -- that of the subscription, for lists by name
    name            TEXT NOT NULL,
    reversed        TEXT NOT NULL, -- its labels from the last to the first: com.example.www
    attributes      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    search          TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX clientele_domains_name ON clientele_domains (name);
CREATE INDEX clientele_domains_subscription ON clientele_domains (subscription_id, name);
CREATE INDEX clientele_domains_account ON clientele_domains (account_id, name);
CREATE INDEX clientele_domains_reversed ON clientele_domains (reversed, account_id);

-- Holds have a table of their own: placing one touches no index of the row that has it.
CREATE TABLE clientele_holds (
    level     INTEGER NOT NULL,
    row_id    INTEGER NOT NULL, -- the account, subscription or domain
    cause     TEXT NOT NULL,
    note      TEXT NOT NULL,
    message   TEXT NOT NULL,
    public    TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    placed_at INTEGER NOT NULL,
    PRIMARY KEY (level, row_id, cause)
) STRICT, WITHOUT ROWID;

CREATE INDEX clientele_holds_cause ON clientele_holds (level, cause);

-- Events outlive what they are about.
CREATE TABLE clientele_events (
    number          INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    type            TEXT NOT NULL,
    actor           TEXT NOT NULL,
    account_id      INTEGER NOT NULL, -- 0: none
    subscription_id INTEGER NOT NULL,
    domain_id       INTEGER NOT NULL,
    domain          TEXT NOT NULL,
    details         TEXT NOT NULL, -- without the texts
    texts           TEXT NOT NULL, -- personal data: texts of holds, logins; empty when their subject is gone
    subject         INTEGER NOT NULL -- the row that it is about: four times its id, plus its level
) STRICT;

CREATE INDEX clientele_events_account ON clientele_events (account_id);
CREATE INDEX clientele_events_at ON clientele_events (at);
CREATE INDEX clientele_events_texts ON clientele_events (subject) WHERE texts <> '';

-- What adapters and applications keep in buckets. The library does not look at the values.
CREATE TABLE clientele_entries (
    bucket     TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      BLOB NOT NULL,
    version    INTEGER NOT NULL,
    expires_at INTEGER,
    account_id INTEGER NOT NULL -- of the account whose prefix the key has; 0: none
) STRICT;

CREATE UNIQUE INDEX clientele_entries_key ON clientele_entries (bucket, key);
CREATE INDEX clientele_entries_expires ON clientele_entries (bucket, expires_at, key) WHERE expires_at IS NOT NULL;
CREATE INDEX clientele_entries_account ON clientele_entries (account_id) WHERE account_id <> 0;

-- Finds the rows whose search text may have a term; whether it has is decided by the rows. The number of a row is four times
-- its id, plus its level. Texts of rows that were removed or changed may remain here for a while, until those below are moved.
CREATE VIRTUAL TABLE clientele_search USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);

-- The texts that are not in clientele_search yet; empty for rows that were removed.
CREATE TABLE clientele_search_pending (
    row  INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
