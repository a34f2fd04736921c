-- The demo's tables, as an app developer would make them.
CREATE TABLE IF NOT EXISTS lists (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    owner_id   text NOT NULL,
    created_at timestamptz,
    archived   boolean NOT NULL DEFAULT false,
    position   integer
);

CREATE TABLE IF NOT EXISTS todos (
    id           uuid PRIMARY KEY,
    list_id      uuid REFERENCES lists (id) ON DELETE CASCADE,
    owner_id     text NOT NULL,
    description  text,
    completed    boolean NOT NULL DEFAULT false,
    created_at   timestamptz,
    completed_at timestamptz,
    priority     integer CHECK (priority BETWEEN 0 AND 9),
    effort       bigint,
    cost         numeric,
    place        jsonb,
    items        jsonb
);

CREATE INDEX IF NOT EXISTS todos_list ON todos (list_id);

INSERT INTO lists (id, name, owner_id, created_at, position)
VALUES ('0190a6b0-0000-7000-8000-000000000001', 'Groceries', 'demo', '2026-01-05T08:00:00Z', 1)
ON CONFLICT DO NOTHING;

INSERT INTO todos (id, list_id, owner_id, description, created_at, priority, effort, cost, place, items)
VALUES ('0190a6b0-0000-7000-8000-000000000002', '0190a6b0-0000-7000-8000-000000000001', 'demo', 'Buy milk',
        '2026-01-05T08:05:00Z', 2, 5, 3.20,
        '{"city": "Cape Town", "indoor": true, "visited": "2026-01-04T10:00:00.000Z"}',
        '[{"product_id": "0190a6b0-0000-7000-8000-0000000000aa", "quantity": 2, "due": "2026-01-06T00:00:00.000Z", "done": false}]')
ON CONFLICT DO NOTHING;
