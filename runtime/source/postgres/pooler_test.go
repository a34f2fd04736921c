//go:build pooler

package postgres

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/internal/pgtest"
	"turnkey/internal/port"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/source/sourcetest"
	"turnkey/runtime/value"
)

// The conformance suite once more, behind a real PgBouncer in transaction mode with fewer server
// connections than we have of our own: nothing may depend on a session.

// bouncer starts PgBouncer before a database and gives the connection string through it.
func bouncer(t *testing.T, uri string) string {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	listen, err := port.Free()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "turnkey-bouncer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	ini := fmt.Sprintf(`[databases]
* = host=%s port=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
`, u.Hostname(), u.Port(), u.User.Username(), password, listen)
	path := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(ini), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil { // whatever the umask
		t.Fatal(err)
	}
	args := []string{path}
	if os.Geteuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...) // it refuses to be root
	}
	cmd := exec.Command("pgbouncer", args...)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it would look for a reason to end three times a second, and keeps nothing
		_ = cmd.Wait()
	})
	address := fmt.Sprintf("127.0.0.1:%d", listen)
	for deadline := time.Now().Add(time.Minute); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer does not answer: %s", log.String())
		}
		<-time.After(2 * time.Millisecond)
	}
	u.Host = address
	return u.String()
}

func TestConformanceBehindAPooler(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) *sourcetest.Harness {
		src := open(t, bouncer(t, items(t)))
		h := harness(t, src)
		if !src.pooled {
			t.Fatal("the pooler was not noticed")
		}
		h.Source = ordinary{src}
		return h
	})
}

// A statement by itself has not the settings that a commit needs to be durable whatever the server's default is:
// behind a pooler they live in transactions only.
func TestNothingIsWrittenBareBehindAPooler(t *testing.T) {
	direct := pgtest.URL(t)
	sql(t, direct, itemsTable+"; ALTER DATABASE "+pgx.Identifier{strings.TrimPrefix(mustURL(t, direct).Path, "/")}.Sanitize()+" SET synchronous_commit = off;"+
		`CREATE TABLE seen (how text);
		CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
		CREATE TRIGGER looks AFTER INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION look()`)
	s := open(t, bouncer(t, direct))
	h := harness(t, s)
	insert := source.Change{Kind: source.Insert, Table: h.Items, ID: rowID(1), Doc: &value.Object{Members: []value.Member{{Name: "name", Value: "a"}}}}
	if done, err := s.Write(t.Context(), source.Session{}, []source.Change{insert}, nil, true); done || err != nil {
		t.Error(done, err)
	}
	update := source.Change{Kind: source.Update, Table: h.Items, ID: rowID(1), Doc: &value.Object{Members: []value.Member{{Name: "name", Value: "b"}}},
		Set: []source.Assignment{{Path: []string{"name"}, Value: "b"}}}
	for _, c := range []source.Change{insert, update} {
		tx, err := s.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := tx.Read(t.Context(), []source.Ref{{Table: h.Items, ID: c.ID}}, nil); err != nil {
			t.Fatal(err)
		}
		if err := tx.Apply(t.Context(), []source.Change{c}, &source.Finish{}); err != nil {
			t.Fatal(err)
		}
	}
	var how string
	scan(t, direct, "SELECT string_agg(how, ' ') FROM seen", &how)
	if how != "on on" {
		t.Errorf("the commits were made with synchronous_commit %q", how)
	}
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestConformanceUnderRowLevelSecurityBehindAPooler(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) *sourcetest.Harness {
		direct := items(t)
		sql(t, direct, clientRole)
		return harness(t, ordinary{open(t, bouncer(t, direct), func(o *Options) { o.RLS = &bundle.RowLevelSecurity{Role: "suite_client"} })})
	})
}

// Settings of one user's transaction must not reach the next one on the same server connection.
func TestRowLevelSecurityBehindAPooler(t *testing.T) {
	direct := pgtest.URL(t)
	sql(t, direct, `CREATE TABLE who (id text PRIMARY KEY, name text);
		DO $$ BEGIN CREATE ROLE who_user NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		GRANT SELECT, INSERT, UPDATE, DELETE ON who TO who_user;
		ALTER TABLE who ENABLE ROW LEVEL SECURITY;
		CREATE POLICY own ON who USING (name = current_setting('app.user_id')) WITH CHECK (name = current_setting('app.user_id'))`)
	s := open(t, bouncer(t, direct), func(o *Options) { o.RLS = &bundle.RowLevelSecurity{Role: "who_user"} })
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	table := &source.Table{Name: "who", Collection: "public.who", Key: "id", ID: bundle.TypeString}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for n := range 20 {
				name := fmt.Sprintf("user%d", i)
				tx, err := s.Begin(t.Context(), source.Session{UserID: name})
				if err != nil {
					t.Error(err)
					return
				}
				doc := &value.Object{Members: []value.Member{{Name: "name", Value: name}}}
				if err := tx.Apply(t.Context(), []source.Change{{Kind: source.Insert, Table: table, ID: fmt.Sprintf("%s-%d", name, n), Doc: doc}}, &source.Finish{}); err != nil {
					t.Error(err)
				}
				tx.Rollback(t.Context())
			}
		})
	}
	wg.Wait()
	var rows int
	scan(t, direct, "SELECT count(*) FROM who WHERE id LIKE name || '-%'", &rows)
	if rows != 120 {
		t.Errorf("%d of 120 rows are their writers'", rows)
	}
}
