package postgres

import (
	"strings"
	"testing"
	"time"

	"turnkey/internal/pgtest"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// versionOne is what the first version of Prepare made, with a rejection in it.
const versionOne = `CREATE SCHEMA turnkey;
	CREATE TABLE turnkey.turnkey_rejections (id text PRIMARY KEY, user_id text NOT NULL, table_name text NOT NULL, row_id text NOT NULL, error_code text NOT NULL, message text NOT NULL, hint text NOT NULL, status text NOT NULL, created_at timestamptz NOT NULL);
	CREATE INDEX turnkey_rejections_user ON turnkey.turnkey_rejections (user_id, created_at);
	CREATE TABLE turnkey.rejection_details (id text PRIMARY KEY REFERENCES turnkey.turnkey_rejections ON DELETE CASCADE, client_id text NOT NULL, request_id text NOT NULL, deployment integer NOT NULL, operation integer NOT NULL, detail text NOT NULL, payload_bytes bigint NOT NULL);
	CREATE TABLE turnkey.payloads (id text NOT NULL REFERENCES turnkey.turnkey_rejections ON DELETE CASCADE, kind text NOT NULL, part integer NOT NULL, data bytea NOT NULL, PRIMARY KEY (id, kind, part));
	CREATE TABLE turnkey.meta (name text PRIMARY KEY, version integer NOT NULL);
	INSERT INTO turnkey.meta (name, version) VALUES ('layout', 1);` + versionOneRejection

// versionOneRejection is how a runtime of the first version writes, before and after an upgrade.
const versionOneRejection = `
	INSERT INTO turnkey.turnkey_rejections VALUES ('rej_1', 'u1', 'items', 'r', 'INVALID_DATA', 'no', '', 'open', now());
	INSERT INTO turnkey.rejection_details (id, client_id, request_id, deployment, operation, detail, payload_bytes) VALUES ('rej_1', 'c', 'q', 3, 0, 'd', 2);
	INSERT INTO turnkey.payloads VALUES ('rej_1', 'payload', 0, '{}');`

func TestUpgradeOfTheLayout(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, versionOne)
	s := open(t, uri)
	if _, err := s.Rejections(t.Context(), source.RejectionFilter{Limit: 9}); source.FailureOf(err).Code != "SOURCE_NOT_PREPARED" {
		t.Errorf("before the upgrade: %v", err)
	}
	for range 2 {
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sql(t, uri, strings.ReplaceAll(versionOneRejection, "rej_1", "rej_2"))
	for _, id := range []string{"rej_1", "rej_2"} {
		r, err := s.Rejection(t.Context(), id)
		if err != nil || r == nil || r.Group != id || string(r.Payload) != "{}" || r.Deployment != 3 || r.Claims != nil || r.Attempts != 0 {
			t.Errorf("%s: %+v %v", id, r, err)
		}
	}
	list, err := s.Rejections(t.Context(), source.RejectionFilter{Group: "rej_2", Limit: 9})
	if err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
}

// versionTwo is what the second version had not: it takes the tables of the third away, and the version back.
const versionTwo = `DROP TABLE turnkey.conflict_payloads, turnkey.conflict_details, turnkey.turnkey_conflicts, turnkey.tombstones, turnkey.traces;
	UPDATE turnkey.meta SET version = 2 WHERE name = 'layout'`

// A database of the second version takes conflicts after Prepare, and its runtimes go on beside ours.
func TestUpgradeFromTheSecondLayout(t *testing.T) {
	s, uri := prepared(t, "CREATE TABLE items (id text PRIMARY KEY)")
	sql(t, uri, versionTwo)
	sql(t, uri, strings.ReplaceAll(versionOneRejection, "rej_1", "rej_2"))
	record := &source.Finish{Conflicts: []source.ConflictRecord{{ID: "cnf_1", UserID: "u1", Status: source.ConflictOpen, CreatedAt: time.Now(), Rejection: "rej_2"}}}
	if f := source.FailureOf((&tx{src: s}).Apply(t.Context(), nil, record)); f == nil || f.Code != "SOURCE_NOT_PREPARED" {
		t.Errorf("before the upgrade: %+v", f)
	}
	for range 2 {
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := (&tx{src: s}).Apply(t.Context(), nil, record); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Conflicts(t.Context(), source.ConflictFilter{Rejection: "rej_2", Limit: 9}); err != nil || len(list) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	if r, err := s.Rejection(t.Context(), "rej_2"); err != nil || r == nil || string(r.Payload) != "{}" {
		t.Errorf("%+v %v", r, err)
	}
}

// versionThree is what the third version had not.
const versionThree = `ALTER TABLE turnkey.rejection_details DROP COLUMN instance; ALTER TABLE turnkey.conflict_details DROP COLUMN instance;
	ALTER TABLE turnkey.outbox DROP COLUMN instance; UPDATE turnkey.meta SET version = 3 WHERE name = 'layout'`

// A database of the third version takes records of instances after Prepare; what it had belongs to all of them, and so
// does what its runtimes add beside ours.
func TestUpgradeFromTheThirdLayout(t *testing.T) {
	s, uri := prepared(t, "CREATE TABLE items (id text PRIMARY KEY)")
	sql(t, uri, versionThree)
	sql(t, uri, versionOneRejection)
	records := map[string]*source.Finish{
		"a conflict":  {Conflicts: []source.ConflictRecord{{ID: "cnf_1", UserID: "u1", Status: source.ConflictOpen, CreatedAt: time.Now()}}},
		"a delivery":  {Deliveries: []source.Delivery{{ID: "dlv_1", Kind: source.Webhook, Lane: "crm", CreatedAt: time.Now()}}},
		"a rejection": {Rejection: &source.Rejection{ID: "rej_3", UserID: "u1", CreatedAt: time.Now()}},
	}
	for name, finish := range records {
		if f := source.FailureOf((&tx{src: s}).Apply(t.Context(), nil, finish)); f == nil || f.Code != "SOURCE_NOT_PREPARED" {
			t.Errorf("%s before the upgrade: %+v", name, f)
		}
	}
	for range 2 {
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	one := open(t, uri, func(o *Options) { o.Instance = "ins_1" })
	for name, finish := range records {
		if err := (&tx{src: one}).Apply(t.Context(), nil, finish); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	sql(t, uri, strings.ReplaceAll(versionOneRejection, "rej_1", "rej_2"))
	for instance, want := range map[string]int{"ins_1": 3, "ins_2": 2} {
		of := open(t, uri, func(o *Options) { o.Instance = instance })
		if list, err := of.Rejections(t.Context(), source.RejectionFilter{Limit: 9}); err != nil || len(list) != want {
			t.Errorf("%s sees %d rejections, want %d: %v", instance, len(list), want, err)
		}
	}
}

// Streams select everything of these tables: nothing may be added to them.
func TestColumnsOfTheSyncStream(t *testing.T) {
	_, uri := prepared(t, "SELECT")
	for table, want := range map[string]string{
		"turnkey_rejections": "id user_id table_name row_id error_code message hint status created_at",
		"turnkey_conflicts":  "id user_id table_name row_id client_data server_data status created_at",
	} {
		var columns string
		scan(t, uri, "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'turnkey' AND table_name = '"+table+"'", &columns)
		if columns != want {
			t.Errorf("%s has %s", table, columns)
		}
	}
}

// Where the operator runs the statements of the hint, everything works.
func TestStatementsOfTheHint(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TABLE notes (id text PRIMARY KEY, n integer);
		DO $$ BEGIN CREATE ROLE hinted LOGIN PASSWORD 'hinted'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT ALL ON notes TO hinted`)
	s := open(t, strings.Replace(uri, uri[strings.Index(uri, "//")+2:strings.Index(uri, "@")], "hinted:hinted", 1))
	insert := source.Change{Kind: source.Insert, Table: table("notes"), ID: "a", Doc: fields("n", int32(1))}
	if f := write(t, s, insert, true); code(f) != "SOURCE_NOT_PREPARED" || f.Class != source.Misconfigured {
		t.Errorf("without our tables: %+v", f)
	}
	f := source.FailureOf(s.Prepare(t.Context()))
	if code(f) != "SOURCE_NOT_PREPARED" {
		t.Fatalf("%+v", f)
	}
	sql(t, uri, "CREATE SCHEMA turnkey")
	sql(t, uri, strings.TrimPrefix(f.Hint, "Run this as a user who may: "))
	if err := s.Prepare(t.Context()); err != nil {
		t.Error(err)
	}
	if f := write(t, s, insert, true); f != nil {
		t.Errorf("with our tables: %+v", f)
	}
	if _, err := s.Sweep(t.Context(), time.Now(), source.Retention{}); err != nil {
		t.Error(err)
	}
}

func TestLeaseOfTheSweeper(t *testing.T) {
	s, uri := prepared(t, "SELECT")
	hold := func(until string) {
		sql(t, uri, "INSERT INTO turnkey.meta (name, version, holder, held_until) VALUES ('sweep', 0, 'somebody', clock_timestamp() + '"+until+"') ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until")
	}
	for _, c := range []struct {
		until string
		busy  bool
	}{{"10 seconds", true}, {"-1 second", false}} {
		hold(c.until)
		swept, err := s.Sweep(t.Context(), time.Now(), source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour})
		if err != nil || swept.Busy != c.busy {
			t.Errorf("a lease for %s: %+v %v", c.until, swept, err)
		}
	}
	swept, err := s.Sweep(t.Context(), time.Now(), source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour})
	if err != nil || swept.Busy {
		t.Errorf("the lease was not given back: %+v %v", swept, err)
	}
}

// A runtime that stalls between its statements and their commit lets go of the rows within 2 s.
func TestAStalledRuntimeLetsGo(t *testing.T) {
	took := time.Hour
	for try := 0; took > 2*time.Second && try < 5; try++ { // the machine may stand still as well
		took = waitForStalled(t)
	}
	if took > 2*time.Second {
		t.Errorf("the next writer waited %s", took)
	}
}

// waitForStalled is how long a writer waits for one that stalls.
func waitForStalled(t *testing.T) time.Duration {
	t.Helper()
	s, _ := prepared(t, `CREATE TABLE notes (id text PRIMARY KEY, n integer); INSERT INTO notes VALUES ('a', 1);
		DO $$ BEGIN CREATE ROLE stalled NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT ALL ON notes TO stalled`,
		func(o *Options) { o.RLS = &bundle.RowLevelSecurity{Role: "stalled"} })
	change := source.Change{Kind: source.Update, Table: table("notes"), ID: "a", Doc: fields("n", int32(5)), Set: assign(fields("n", int32(5)))}
	begun, err := s.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Rollback(t.Context())
	stalled := begun.(*tx)
	if _, _, err := stalled.Read(t.Context(), []source.Ref{{Table: change.Table, ID: "a"}}, nil); err != nil {
		t.Fatal(err)
	}
	statements, err := stalled.statements(t.Context(), []source.Change{change})
	if err != nil {
		t.Fatal(err)
	}
	script := &script{}
	script.add(shortIdle, nil, nil)
	script.add(statements[0].sql, statements[0].args, nil)
	if err := stalled.run(t.Context(), script); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	again := func() (f *source.Failure) {
		for f = write(t, s, change, true); f != nil && f.Class == source.Conflict; f = write(t, s, change, true) {
		}
		return f
	}
	if f := again(); f != nil {
		t.Errorf("the next writer: %v", f)
	}
	return time.Since(start)
}
