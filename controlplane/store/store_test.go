package store

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/controlplane"
	"turnkey/internal/fault"
	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestMigrateTogether: four replicas start at once on an empty database, and again on a full one.
func TestMigrateTogether(t *testing.T) {
	url := redact.New(pgtest.URL(t))
	for round := range 2 {
		var wg sync.WaitGroup
		errs := make(chan error, 4)
		for range 4 {
			wg.Go(func() { errs <- Migrate(t.Context(), url) })
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
	}
	conn, err := pgx.Connect(t.Context(), url.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var versions, twice int
	err = conn.QueryRow(t.Context(), `SELECT count(DISTINCT version_id), count(*) - count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0`).Scan(&versions, &twice)
	if err != nil || versions == 0 || twice != 0 {
		t.Errorf("%d versions, %d applied twice, %v", versions, twice, err)
	}
}

func open(t *testing.T) (*Store, string) {
	t.Helper()
	url := pgtest.Like(t, func(ctx context.Context, url string) error { return Migrate(ctx, redact.New(url)) })
	s, err := Open(t.Context(), redact.New(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, url
}

func someOrganization(id string) controlplane.Organization {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return controlplane.Organization{ID: id, Name: id, Version: 1, LogDays: controlplane.DefaultLogDays, CreatedAt: now, UpdatedAt: now}
}

func exists(t *testing.T, s *Store, id string) bool {
	t.Helper()
	err := s.InTx(t.Context(), func(tx controlplane.Tx) error {
		_, err := tx.GetOrganization(t.Context(), id)
		return err
	})
	if err != nil && !fault.IsKind(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// TestJoin: what takes part in a joined transaction lives and dies with it, and one part may fail alone.
func TestJoin(t *testing.T) {
	s, _ := open(t)
	for _, keep := range []bool{true, false} {
		opened, last := 0, 0
		name := map[bool]string{true: "kept", false: "undone"}[keep]
		ctx, end := s.Join(t.Context(), func(controlplane.Tx) error { opened++; return nil })
		if err := s.View(ctx, func(controlplane.Tx) error { return nil }); err != nil || opened != 0 {
			t.Fatalf("a look begins it: %v", err)
		}
		insert := func(id string) error {
			return s.InTx(ctx, func(tx controlplane.Tx) error { return tx.InsertOrganization(ctx, someOrganization(id)) })
		}
		if err := insert(name); err != nil {
			t.Fatal(err)
		}
		if err := insert(name); !fault.IsKind(err, fault.Conflict) {
			t.Errorf("the same id twice: %v", err)
		}
		if err := insert(name + "2"); err != nil {
			t.Errorf("after a part failed: %v", err)
		}
		seen := func(tx controlplane.Tx) error { _, err := tx.GetOrganization(ctx, name); return err }
		if err := s.View(ctx, seen); err != nil {
			t.Errorf("it does not see its own change: %v", err)
		}
		if exists(t, s, name) {
			t.Error("others see it before the commit")
		}
		refused := errors.New("refused")
		if keep {
			refused = nil
		}
		if err := end(refused, func(controlplane.Tx) error { last++; return nil }); !errors.Is(err, refused) {
			t.Errorf("end: %v", err)
		}
		if opened != 1 || last != map[bool]int{true: 1}[keep] {
			t.Errorf("%s: opened %d times, ended by %d", name, opened, last)
		}
		if exists(t, s, name) != keep || exists(t, s, name+"2") != keep {
			t.Errorf("%s: there is %v", name, exists(t, s, name))
		}
	}
}

// TestJoinRefused: what the opening refuses changes nothing, and says so each time.
func TestJoinRefused(t *testing.T) {
	s, _ := open(t)
	refused := errors.New("refused")
	ctx, end := s.Join(t.Context(), func(controlplane.Tx) error { return refused })
	for range 2 {
		err := s.InTx(ctx, func(tx controlplane.Tx) error { return tx.InsertOrganization(ctx, someOrganization("never")) })
		if !errors.Is(err, refused) {
			t.Errorf("a change: %v", err)
		}
	}
	if err := end(nil, func(controlplane.Tx) error { t.Error("ran the end"); return nil }); !errors.Is(err, refused) {
		t.Errorf("the end: %v", err)
	}
	if exists(t, s, "never") {
		t.Error("it changed something")
	}
}

// TestContention: two transactions that deadlock both succeed in the end.
func TestContention(t *testing.T) {
	s, _ := open(t)
	for _, id := range []string{"org_a", "org_b"} {
		err := s.InTx(t.Context(), func(tx controlplane.Tx) error { return tx.InsertOrganization(t.Context(), someOrganization(id)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	meet := make(chan struct{})
	for _, order := range [][2]string{{"org_a", "org_b"}, {"org_b", "org_a"}} {
		wg.Go(func() {
			tries := 0
			err := s.InTx(t.Context(), func(tx controlplane.Tx) error {
				if _, err := tx.LockOrganization(t.Context(), order[0]); err != nil {
					return err
				}
				if tries++; tries == 1 {
					select { // each holds its first row before it wants the other's
					case meet <- struct{}{}:
					case <-meet:
					}
				}
				_, err := tx.LockOrganization(t.Context(), order[1])
				return err
			})
			if err != nil {
				t.Errorf("%v: %v", order, err)
			}
		})
	}
	wg.Wait()
}

// TestFaults: the driver's errors arrive as faults that say what to do and quote nothing.
func TestFaults(t *testing.T) {
	s, _ := open(t)
	for _, bad := range []string{"nonsense://hunter2", "postgres://u:hunter2@127.0.0.1:notaport/x", "postgres://turnkey:hunter2@127.0.0.1:1/x?connect_timeout=2"} {
		_, err := Open(t.Context(), redact.New(bad))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("open of a bad URL: %v", err)
		}
		if err := Migrate(t.Context(), redact.New(bad)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("migrate of a bad URL: %v", err)
		}
	}
	if _, err := Open(t.Context(), redact.New("postgres://turnkey@127.0.0.1:1/x")); !fault.IsKind(err, fault.Unavailable) {
		t.Errorf("nobody listens: %v", err)
	}
	err := s.InTx(t.Context(), func(tx controlplane.Tx) error {
		o := someOrganization("org_nul")
		o.Name = "a\x00b"
		return tx.InsertOrganization(t.Context(), o)
	})
	if !fault.IsKind(err, fault.Invalid) {
		t.Errorf("NUL in text: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.InTx(canceled, func(controlplane.Tx) error { return nil }); !fault.IsKind(err, fault.Unavailable) {
		t.Errorf("given up: %v", err)
	}
}

// TestAuditChain: whoever edits, removes or forges an event past the program is found; the program itself cannot.
func TestAuditChain(t *testing.T) {
	s, url := open(t)
	plane, err := controlplane.New(planeOver(t, s))
	if err != nil {
		t.Fatal(err)
	}
	_, secret, err := plane.Accounts.SignUp(t.Context(), controlplane.Actor{IP: "203.0.113.7"}, controlplane.NewAccount{Email: "a@example.com", Password: redact.New("correct horse battery")})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := plane.Accounts.BySession(t.Context(), secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	id := actor.Grants[0].Organization
	for i := range int64(5) {
		if _, err := plane.Organizations.Rename(t.Context(), actor, id, i+1, "Name "+string(rune('a'+i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := plane.Audit.Verify(t.Context(), id); err != nil {
		t.Fatalf("an honest log: %v", err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range []string{`UPDATE audit_events SET kind = 'x'`, `DELETE FROM audit_events`, `TRUNCATE audit_events`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("the database allows %s", sql)
		}
	}
	if _, err := conn.Exec(t.Context(), `ALTER TABLE audit_events DISABLE TRIGGER USER`); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE audit_events SET changes = replace(changes, 'Name b', 'Name x') WHERE seq = 3`,
		`UPDATE audit_events SET user_id = 'usr_x' WHERE seq = 2`,
		`UPDATE audit_events SET at = at + interval '1 microsecond' WHERE seq = 6`,
		`UPDATE audit_events SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE seq = 1`,
		`DELETE FROM audit_events WHERE seq = 6`,
		`DELETE FROM audit_events WHERE seq = 3`,
		`DELETE FROM audit_events`,
		`UPDATE audit_heads SET seq = 5, hash = (SELECT hash FROM audit_events WHERE seq = 4)`,
	} {
		begun, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if tag, err := begun.Exec(t.Context(), sql); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %d rows, %v", sql, tag.RowsAffected(), err)
		}
		joined := &Store{pool: s.pool}
		ctx := context.WithValue(t.Context(), jointKey{}, &joint{tx: begun}) // Verify sees the forger's transaction
		verifier, err := controlplane.New(planeOver(t, joined))
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Audit.Verify(ctx, id); !fault.Is(err, "audit_log_altered") {
			t.Errorf("not found: %s (%v)", sql, err)
		}
		if err := begun.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// planeOver configures a domain whose keys and runtimes exist and do not work: no test here needs them.
func planeOver(t *testing.T, s *Store) controlplane.Config {
	return controlplane.Config{
		Store: s, Now: time.Now, Random: rand.Reader, Log: discard(t), Signup: controlplane.SignupOpen,
		Password: controlplane.PasswordCost{MemoryKiB: 8, Iterations: 1}, Listen: s.Listen,
		Vault: struct{ controlplane.Vault }{}, Bundles: struct{ controlplane.Sealer }{}, Commander: struct{ controlplane.Commander }{},
	}
}
