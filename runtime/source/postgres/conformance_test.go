package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"turnkey/internal/pgtest"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/source/sourcetest"
	"turnkey/runtime/value"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t testing.TB, uri string, change ...func(*Options)) *Source {
	t.Helper()
	var d net.Dialer
	o := Options{URI: redact.New(uri), Dial: d.DialContext, AllowPrivate: true, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	for _, c := range change {
		c(&o)
	}
	s, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sql runs statements as the superuser.
func sql(t testing.TB, uri, statements string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), statements, args...); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// scan reads one value as the superuser.
func scan(t testing.TB, uri, query string, into any, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(context.Background(), query, args...).Scan(into); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("%s: %v", query, err)
	}
}

const itemsTable = `CREATE TABLE items (id uuid PRIMARY KEY, name text, code text UNIQUE, n bigint, at timestamptz, done boolean, amount numeric);
	CREATE TABLE others (id uuid PRIMARY KEY, name text)`

func rowID(n int) value.Value {
	id, err := value.ParseID(bundle.TypeUUID, fmt.Sprintf("0190a6b0-0000-7000-8000-%012x", n))
	if err != nil {
		panic(err)
	}
	return id
}

// items gives a database with the suite's tables and our own: a suite makes a hundred of them.
func items(t *testing.T) (uri string) {
	t.Helper()
	return pgtest.Like(t, func(ctx context.Context, uri string) error {
		sql(t, uri, itemsTable)
		s := open(t, uri)
		return errors.Join(s.Prepare(ctx), s.Close())
	})
}

// harness prepares a source for the suite.
func harness(t *testing.T, src source.Source) *sourcetest.Harness {
	if err := src.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &sourcetest.Harness{
		Source: src, ID: rowID,
		Items:  &source.Table{Name: "items", Collection: "public.items", Key: "id", ID: bundle.TypeUUID},
		Others: &source.Table{Name: "others", Collection: "public.others", Key: "id", ID: bundle.TypeUUID},
		Down: func(t *testing.T) source.Source {
			return open(t, "postgres://u:p@127.0.0.1:1/db?sslmode=disable")
		},
		Of: func(t *testing.T, instance string) source.Source {
			own, ok := src.(*Source)
			if o, is := src.(ordinary); is {
				own, ok = o.Source.(*Source)
			}
			if !ok {
				t.Fatalf("not a source of this package: %T", src)
			}
			return open(t, own.opt.URI.Reveal(), func(o *Options) { o.RLS, o.Instance = own.opt.RLS, instance })
		},
	}
}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) *sourcetest.Harness {
		uri := items(t)
		h := harness(t, open(t, uri))
		h.Locked = func(t *testing.T) source.Source {
			return open(t, strings.Replace(uri, "postgres://postgres:", "postgres://postgres:not-", 1))
		}
		return h
	})
}

// ordinary is a source without its shortcut for new rows.
type ordinary struct{ source.Source }

const clientRole = `DO $$ BEGIN CREATE ROLE suite_client NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
	GRANT SELECT, INSERT, UPDATE, DELETE ON items, others TO suite_client;
	ALTER TABLE items ENABLE ROW LEVEL SECURITY;
	CREATE POLICY everybody ON items USING (current_setting('app.user_id') IS NOT NULL)`

// The role of clients may not even see our own tables: they are the connection's own user's.
func TestConformanceUnderRowLevelSecurity(t *testing.T) {
	sourcetest.Run(t, func(t *testing.T) *sourcetest.Harness {
		uri := items(t)
		sql(t, uri, clientRole)
		return harness(t, ordinary{open(t, uri, func(o *Options) { o.RLS = &bundle.RowLevelSecurity{Role: "suite_client"} })})
	})
}

func TestNothingRunsOnAfterClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	uri := pgtest.URL(t)
	sql(t, uri, itemsTable)
	s := open(t, uri)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

// Every type that the catalog may name comes back as it was, through an update of another column and
// through its own rewriting.
func TestTypes(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN short AS text CHECK (length(value) < 10);
		CREATE TABLE kinds (id text PRIMARY KEY, a smallint, b real, c double precision, d date, e time, f interval, g inet, h mood, i short, j json, k jsonb,
		l text[], m integer[], n uuid, o bytea, p timestamp, q char(3), r varchar(5), s numeric(20,5), t timestamptz, u timestamp[], v timestamptz, note text, total integer GENERATED ALWAYS AS (a * 2) STORED)`)
	sql(t, uri, `INSERT INTO kinds VALUES ('x', -3, 1.1, 'NaN', '2026-01-31', '10:20:30.5', '1 day 02:00', '10.0.0.1/8', 'sad', 'abc', '{"a": 1.0}', '{"b": [1, "x"]}',
		'{a,"b,\"c",NULL}', '{1,NULL,3}', '0190a6b0-0000-7000-8000-000000000001', '\x00ff', '2026-01-31 10:00:00.123456', 'ab', 'xyz', 12345.67890, 'infinity', '{2026-01-31 10:00:00.5,infinity}', '0044-03-15 12:00:00+00 BC', 'old')`)
	const all = `SELECT row_to_json(z)::text FROM (SELECT a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v::text FROM kinds) z`
	var before, after string
	scan(t, uri, all, &before)

	s := open(t, uri)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	table := &source.Table{Name: "kinds", Collection: "public.kinds", Key: "id", ID: bundle.TypeString}
	tx, err := s.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := tx.Read(t.Context(), []source.Ref{{Table: table, ID: "x"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := rows[0].Doc.Get("b"); b != 1.1 {
		t.Errorf("a real is %v, its digits say 1.1", b)
	}
	next := rows[0].Doc.Clone()
	ch := source.Change{Kind: source.Update, Table: table, ID: "x", Doc: next}
	for _, m := range rows[0].Doc.Members {
		if m.Name == "id" || m.Name == "total" {
			continue
		}
		ch.Set = append(ch.Set, source.Assignment{Path: []string{m.Name}, Value: m.Value})
	}
	next.Set("note", "new")
	if err := tx.Apply(t.Context(), []source.Change{ch}, &source.Finish{}); err != nil {
		t.Fatal(err)
	}
	scan(t, uri, all, &after)
	if before != after {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	var note string
	scan(t, uri, "SELECT note FROM kinds", &note)
	if note != "new" {
		t.Errorf("note is %q", note)
	}
	columns, err := s.Columns(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bundle.TypeName{"a": bundle.TypeInt32, "c": bundle.TypeDouble, "h": bundle.TypeString, "k": bundle.TypeJSON, "l": bundle.TypeArray, "n": bundle.TypeUUID, "s": bundle.TypeDecimal, "t": bundle.TypeDate} {
		if columns[name].Name != want {
			t.Errorf("%s is %s, want %s", name, columns[name].Name, want)
		}
	}
	err = func() error {
		tx, _ := s.Begin(t.Context(), source.Session{})
		defer tx.Rollback(t.Context())
		return tx.Apply(t.Context(), []source.Change{{Kind: source.Insert, Table: table, ID: "y", Doc: &value.Object{Members: []value.Member{{Name: "total", Value: int32(1)}}}}}, &source.Finish{})
	}()
	if f := source.FailureOf(err); f == nil || f.Class != source.Refused || !strings.Contains(f.Message, "computed") {
		t.Errorf("a generated column: %v", err)
	}
}
