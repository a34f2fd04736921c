package postgres

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"turnkey/internal/dial"
	"turnkey/internal/fault"
	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func TestConnectionStrings(t *testing.T) {
	t.Setenv("PGHOST", "evil.example")
	t.Setenv("PGUSER", "evil")
	t.Setenv("PGPASSWORD", "evil")
	t.Setenv("PGOPTIONS", "-c search_path=evil")
	t.Setenv("PGSSLMODE", "disable")
	t.Setenv("PGAPPNAME", "evil")
	for uri, want := range map[string]string{
		"postgres://u:p@db.example/app":                              "",
		"postgresql://u:p@db.example:6543/app?sslmode=require":       "",
		"postgres://u:p%40ss@db.example/app?application_name=x":      "",
		"postgres://u:p@db.example/app?sslmode=disable":              "sslmode",
		"postgres://u:p@db.example/app?sslrootcert=/etc/passwd":      "sslrootcert",
		"postgres://u:p@db.example/app?sslcert=x":                    "sslcert",
		"postgres://u:p@db.example/app?passfile=/root/.pgpass":       "passfile",
		"postgres://u:p@db.example/app?service=x":                    "service",
		"postgres://u:p@db.example/app?servicefile=x":                "servicefile",
		"postgres://u:p@db.example/app?options=-csearch_path%3Devil": "options",
		"postgres://u:p@db.example/app?host=/var/run/postgresql":     "host",
		"postgres://u:p@db.example/app?krbsrvname=x":                 "krbsrvname",
		"postgres://u:p@db.example/app?pool_max_conns=1000":          "pool_max_conns",
		"postgres://u:p@db.example/app?default_query_exec_mode=x":    "default_query_exec_mode",
		"postgres://u:p@%2Fvar%2Frun%2Fpostgresql/app":               "URL",
		"postgres://u:p@a.example,b.example/app":                     "several hosts",
		"postgres:///app":                                            "host",
		"postgres://db.example/app":                                  "user",
		"postgres://u:p@db.example":                                  "database",
		"postgres://u:p@db.example:99999/app":                        "port",
		"host=db.example user=u password=p dbname=app":               "URL",
		"mysql://u:p@db.example/app":                                 "URL",
		"":                                                           "URL",
	} {
		cfg, err := connConfig(Options{URI: redact.New(uri), Dial: (&net.Dialer{}).DialContext})
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", uri, err)
			} else if cfg.Host != "db.example" || cfg.User != "u" || cfg.Database != "app" || cfg.TLSConfig == nil || cfg.TLSConfig.InsecureSkipVerify || cfg.TLSConfig.ServerName != "db.example" ||
				len(cfg.RuntimeParams) != 1 || cfg.RuntimeParams["application_name"] != "turnkey" || len(cfg.Fallbacks) != 0 {
				t.Errorf("%s: the environment or a weak setting shows: %+v", uri, cfg.Config.RuntimeParams)
			}
			continue
		}
		if !fault.Is(err, "source_uri") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), ":p@") {
			t.Errorf("%s: got %v, want a refusal that names %s and shows no password", uri, err, want)
		}
	}
}

func TestPrivateHostsAreNotDialled(t *testing.T) {
	guard := dial.New(dial.Options{Timeout: time.Second})
	for _, host := range []string{"127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0.0.0.0", "[fd00::1]", "100.64.0.1"} {
		s, err := Open(t.Context(), Options{URI: redact.New("postgres://u:p@" + host + ":5432/db"), Dial: guard.DialContext, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			continue // refused even earlier
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		report, err := s.Test(ctx)
		if err != nil || report.OK {
			t.Errorf("%s: %+v %v", host, report, err)
		}
		cancel()
		_ = s.Close()
	}
}

func TestPlainTextOnlyToPrivateAddresses(t *testing.T) {
	public := &net.TCPAddr{IP: net.ParseIP("198.51.100.7"), Port: 5432}
	s, err := Open(t.Context(), Options{
		URI: redact.New("postgres://u:p@db.example/app?sslmode=disable"), AllowPrivate: true, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			t.Cleanup(func() { server.Close() })
			return addressed{client, public}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Prepare(t.Context()); source.FailureOf(err).Code != "tls_required" {
		t.Errorf("got %v", err)
	}
}

// addressed is a connection that claims to lead somewhere.
type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

func TestRowLevelSecurity(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TABLE notes (id text PRIMARY KEY, owner text, body text);
		DO $$ BEGIN CREATE ROLE notes_user NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO notes_user;
		ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
		CREATE POLICY see ON notes FOR SELECT USING (true);
		CREATE POLICY ins ON notes FOR INSERT WITH CHECK (owner = current_setting('request.jwt.claims')::json->>'sub');
		CREATE POLICY upd ON notes FOR UPDATE USING (owner = current_setting('app.user_id'));
		CREATE POLICY del ON notes FOR DELETE USING (owner = current_setting('app.user_id'));
		INSERT INTO notes VALUES ('theirs', 'u2', 'x')`)
	s := open(t, uri, func(o *Options) { o.RLS = &bundle.RowLevelSecurity{Role: "notes_user"} })
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	table := &source.Table{Name: "notes", Collection: "public.notes", Key: "id", ID: bundle.TypeString}
	body := func(owner, text string) *value.Object {
		return &value.Object{Members: []value.Member{{Name: "owner", Value: owner}, {Name: "body", Value: text}}}
	}
	run := func(c source.Change) string {
		c.Table = table
		tx, err := s.Begin(t.Context(), source.Session{UserID: "u1", Claims: map[string]any{"plan": "free"}})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		rows, _, err := tx.Read(t.Context(), []source.Ref{{Table: table, ID: c.ID}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind != source.Insert && rows[0].Doc == nil {
			t.Fatalf("the row %v cannot be seen, so its refusal would look like success", c.ID)
		}
		if err := tx.Apply(t.Context(), []source.Change{c}, &source.Finish{}); err != nil {
			return source.FailureOf(err).Code
		}
		return "success"
	}
	set := []source.Assignment{{Path: []string{"body"}, Value: "changed"}}
	for name, c := range map[string]struct {
		change source.Change
		want   string
	}{
		"insert one's own": {source.Change{Kind: source.Insert, ID: "mine", Doc: body("u1", "x")}, "success"},
		"insert another's": {source.Change{Kind: source.Insert, ID: "forged", Doc: body("u2", "x")}, "UNAUTHORIZED"},
		"update another's": {source.Change{Kind: source.Update, ID: "theirs", Doc: body("u2", "changed"), Set: set}, "UNAUTHORIZED"},
		"delete another's": {source.Change{Kind: source.Delete, ID: "theirs"}, "UNAUTHORIZED"},
	} {
		if got := run(c.change); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := run(source.Change{Kind: source.Update, ID: "mine", Doc: body("u1", "changed"), Set: set}); got != "success" {
		t.Errorf("update one's own: %s", got)
	}
	var theirs string
	scan(t, uri, "SELECT body FROM notes WHERE id = 'theirs'", &theirs)
	if theirs != "x" {
		t.Errorf("the other's row is %q", theirs)
	}
	var role string // a pooled connection keeps nothing of the last user
	pool, err := s.connections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.QueryRow(t.Context(), "SELECT current_user || coalesce(current_setting('app.user_id', true), '')").Scan(&role); err != nil || role != "postgres" {
		t.Errorf("afterwards: %q %v", role, err)
	}
}

func TestOperatorsTroubleIsNeverTheUsersFault(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TABLE items (id text PRIMARY KEY, name text);
		DO $$ BEGIN CREATE ROLE weak LOGIN PASSWORD 'weak'; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	weak := strings.Replace(uri, uri[strings.Index(uri, "//")+2:strings.Index(uri, "@")], "weak:weak", 1)
	table := &source.Table{Name: "items", Collection: "public.items", Key: "id", ID: bundle.TypeString}
	write := func(s *Source, table *source.Table) *source.Failure {
		tx, err := s.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		doc := &value.Object{Members: []value.Member{{Name: "name", Value: "x"}}}
		return source.FailureOf(tx.Apply(t.Context(), []source.Change{{Kind: source.Insert, Table: table, ID: "1", Doc: doc}}, &source.Finish{}))
	}
	if f := write(open(t, weak), table); f == nil || f.Class != source.Misconfigured || f.Code != "source_privilege" {
		t.Errorf("a missing privilege: %+v", f)
	}
	s := open(t, uri)
	missing := *table
	missing.Collection = "public.nowhere"
	if f := write(s, &missing); f == nil || f.Class != source.Misconfigured || f.Code != "source_table_missing" {
		t.Errorf("a missing table: %+v", f)
	}
	if f := write(s, table); f != nil {
		t.Fatal(f)
	}
	sql(t, uri, "ALTER TABLE items DROP COLUMN name")
	if f := write(s, table); f == nil || f.Class != source.Misconfigured || f.Code != "source_column_missing" {
		t.Errorf("a dropped column: %+v", f)
	}
	f := source.FailureOf(open(t, weak).Prepare(t.Context()))
	if f == nil || f.Code != "SOURCE_NOT_PREPARED" || !strings.Contains(f.Hint, "CREATE TABLE") || !strings.Contains(f.Hint, `TO "weak"`) {
		t.Errorf("preparing without the privilege: %+v", f)
	}
}
