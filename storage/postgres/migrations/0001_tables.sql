-- oldest code: 1
--
-- The tables of clientele. Text stands here as "clientele." where the schema's name comes; Migrate puts it in.
--
-- What is sorted, searched or compared bytewise is COLLATE "C". Columns called search and sort_name hold text that the
-- library folded; they are the library's own and may change their form. A search column has a blank before each word.

CREATE SEQUENCE clientele.account_ids;
CREATE SEQUENCE clientele.subscription_ids;
CREATE SEQUENCE clientele.domain_ids;

CREATE TABLE clientele.accounts (
    id              bigint,
    login           varchar(60) COLLATE "C" NOT NULL UNIQUE,
    password_hash   text NOT NULL,
    name            varchar(120) NOT NULL,
    company         varchar(255) NOT NULL,
    email           varchar(255) NOT NULL,
    phone           varchar(30) NOT NULL,
    address         varchar(255) NOT NULL,
    city            varchar(120) NOT NULL,
    state           varchar(120) NOT NULL,
    postal_code     varchar(20) NOT NULL,
    country         varchar(2) COLLATE "C" NOT NULL,
    additional_info varchar(4096) NOT NULL,
    description     varchar(4096) NOT NULL,
    external_id     varchar(255) COLLATE "C" UNIQUE,
    locale          varchar(35) NOT NULL,
    attributes      jsonb,
    session_epoch   bigint NOT NULL,
    version         bigint NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    sort_name       text COLLATE "C" NOT NULL,
    search          text COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
) WITH (fillfactor = 90);

CREATE INDEX accounts_created ON clientele.accounts (created_at, id);
CREATE INDEX accounts_sort_name ON clientele.accounts (sort_name, id);
CREATE INDEX accounts_country ON clientele.accounts (country, created_at, id);

CREATE TABLE clientele.subscriptions (
    id                 bigint,
    account_id         bigint REFERENCES clientele.accounts, -- NULL: the provider's own
    name               varchar(255) NOT NULL,
    plan               varchar(100) COLLATE "C" NOT NULL,
    description        varchar(4096) NOT NULL,
    external_id        varchar(255) COLLATE "C" UNIQUE,
    attributes         jsonb,
    expires_at         timestamptz,
    due_at             timestamptz, -- expires_at, but NULL while the hold "expired" lies on it
    main_domain_id     bigint,
    version            bigint NOT NULL,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    search             text COLLATE "C" NOT NULL,
    PRIMARY KEY (id) INCLUDE (account_id) -- the way of searches, from domains to accounts
) WITH (fillfactor = 90);

CREATE INDEX subscriptions_created ON clientele.subscriptions (created_at, id);
CREATE INDEX subscriptions_account ON clientele.subscriptions (account_id, created_at, id);
CREATE INDEX subscriptions_plan ON clientele.subscriptions (plan, created_at, id) INCLUDE (account_id);
CREATE INDEX subscriptions_expires ON clientele.subscriptions (expires_at, id) WHERE expires_at IS NOT NULL;
CREATE INDEX subscriptions_due ON clientele.subscriptions (due_at, id) WHERE due_at IS NOT NULL;

CREATE TABLE clientele.domains (
    id              bigint PRIMARY KEY,
    subscription_id bigint NOT NULL REFERENCES clientele.subscriptions,
    name            varchar(253) COLLATE "C" NOT NULL UNIQUE,
    reversed        varchar(253) COLLATE "C" NOT NULL, -- its labels from the last to the first: com.example.www
    attributes      jsonb,
    created_at      timestamptz NOT NULL,
    search          text COLLATE "C" NOT NULL,
    UNIQUE (subscription_id, id)
);

CREATE INDEX domains_subscription ON clientele.domains (subscription_id, name);
CREATE INDEX domains_reversed ON clientele.domains (reversed) INCLUDE (subscription_id);

-- The main domain is one of the subscription's own. Deferred, because each of the two rows comes before the other.
ALTER TABLE clientele.subscriptions ADD CONSTRAINT subscriptions_main_domain
    FOREIGN KEY (id, main_domain_id) REFERENCES clientele.domains (subscription_id, id) DEFERRABLE INITIALLY DEFERRED;

ALTER SEQUENCE clientele.account_ids OWNED BY clientele.accounts.id;
ALTER SEQUENCE clientele.subscription_ids OWNED BY clientele.subscriptions.id;
ALTER SEQUENCE clientele.domain_ids OWNED BY clientele.domains.id;

-- Holds lie in tables of their own: placing one touches no index of the thing that it lies on.
CREATE TABLE clientele.account_holds (
    account_id bigint REFERENCES clientele.accounts ON DELETE CASCADE,
    cause      varchar(32) COLLATE "C",
    note       varchar(4096) NOT NULL,
    message    varchar(4096) NOT NULL,
    public     varchar(4096) NOT NULL,
    placed_by  varchar(255) NOT NULL,
    placed_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, cause)
);

CREATE TABLE clientele.subscription_holds (
    subscription_id bigint REFERENCES clientele.subscriptions ON DELETE CASCADE,
    cause           varchar(32) COLLATE "C",
    note            varchar(4096) NOT NULL,
    message         varchar(4096) NOT NULL,
    public          varchar(4096) NOT NULL,
    placed_by       varchar(255) NOT NULL,
    placed_at       timestamptz NOT NULL,
    PRIMARY KEY (subscription_id, cause)
);

CREATE TABLE clientele.domain_holds (
    domain_id bigint REFERENCES clientele.domains ON DELETE CASCADE,
    cause     varchar(32) COLLATE "C",
    note      varchar(4096) NOT NULL,
    message   varchar(4096) NOT NULL,
    public    varchar(4096) NOT NULL,
    placed_by varchar(255) NOT NULL,
    placed_at timestamptz NOT NULL,
    PRIMARY KEY (domain_id, cause)
);

CREATE INDEX account_holds_cause ON clientele.account_holds (cause, account_id);
CREATE INDEX subscription_holds_cause ON clientele.subscription_holds (cause, subscription_id);
CREATE INDEX domain_holds_cause ON clientele.domain_holds (cause, domain_id);

-- Events have no references: they outlive what they tell of.
CREATE TABLE clientele.events (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of appending
    number          bigint UNIQUE, -- the order of reading; NULL until a reader finds it committed
    at              timestamptz NOT NULL,
    type            varchar(64) NOT NULL,
    actor           varchar(255) NOT NULL,
    account_id      bigint,
    subscription_id bigint,
    domain_id       bigint,
    domain          varchar(253) COLLATE "C" NOT NULL,
    details         jsonb, -- without the texts
    texts           jsonb  -- personal data: texts of holds, logins; NULL when there are none, or when their subject is gone
);

CREATE INDEX events_account ON clientele.events (account_id, number);
CREATE INDEX events_unnumbered ON clientele.events (id) WHERE number IS NULL;
CREATE INDEX events_at ON clientele.events (at) WHERE number IS NOT NULL;
CREATE INDEX events_account_texts ON clientele.events (account_id)
    WHERE texts IS NOT NULL AND subscription_id IS NULL AND domain_id IS NULL;
CREATE INDEX events_subscription_texts ON clientele.events (subscription_id)
    WHERE texts IS NOT NULL AND domain_id IS NULL;
CREATE INDEX events_domain_texts ON clientele.events (domain_id) WHERE texts IS NOT NULL;

-- One row, from which events get their numbers. It is never computed from them: pruning must not give a number twice.
CREATE TABLE clientele.event_log (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    last   bigint NOT NULL DEFAULT 0, -- the last number that was given
    pruned bigint NOT NULL DEFAULT 0  -- the highest number that was pruned
);
INSERT INTO clientele.event_log DEFAULT VALUES;
