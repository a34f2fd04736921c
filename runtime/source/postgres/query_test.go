package postgres

import (
	"context"
	"strings"
	"testing"
	"time"

	"turnkey/internal/pgtest"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func condition(name string, op source.Comparison, values ...value.Value) source.Condition {
	return source.Condition{Path: strings.Split(name, "."), Op: op, Values: values}
}

// found lists the keys of the rows that a query finds as a user.
func found(t *testing.T, s *Source, user string, q *source.Query) (string, error) {
	t.Helper()
	tx, err := s.Begin(t.Context(), source.Session{UserID: user})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	rows, fits, err := tx.Find(t.Context(), q)
	if err != nil || !fits {
		return "", err
	}
	n, err := tx.Count(t.Context(), q)
	if err != nil || int(n) != len(rows) {
		t.Errorf("%+v: counted %d of %d: %v", q.Where, n, len(rows), err)
	}
	var keys []string
	for _, r := range rows {
		id, _ := r.Doc.Get(q.Table.Key)
		keys = append(keys, value.FormatID(id))
	}
	return strings.Join(keys, " "), nil
}

// A value is compared as the column's own type, whatever that is.
func TestQueriesCompareEveryType(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN short AS text CHECK (length(value) < 10);
		CREATE TABLE kinds (id int PRIMARY KEY, a smallint, b real, c double precision, d date, e time, f interval, g inet, h mood, i short, j json, k jsonb,
		l text[], m integer[], n uuid, o bytea, p timestamp, q char(3), r varchar(5), s numeric(20,5), t timestamptz)`)
	sql(t, uri, `INSERT INTO kinds VALUES (1, -3, 1.1, 1.1, '2026-01-31', '10:20:30.5', '1 day 02:00', '10.0.0.1/8', 'sad', 'abc', '{"a": 1.0}', '{"b": [1, "x"]}',
		'{a,"b,\"c",NULL}', '{1,NULL,3}', '0190a6b0-0000-7000-8000-000000000001', '\x00ff', '2026-01-31 10:00:00.123456', 'ab', 'xyz', 12345.67890, 'infinity'); INSERT INTO kinds (id) VALUES (2)`)
	s := open(t, uri)
	table := &source.Table{Name: "kinds", Collection: "public.kinds", Key: "id", ID: bundle.TypeInt64}
	var row *value.Object
	tx, err := s.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := tx.Find(t.Context(), &source.Query{Table: table, Limit: 1})
	tx.Rollback(t.Context())
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	row = rows[0].Doc
	for _, m := range row.Members[1:] {
		for _, c := range []struct {
			op   source.Comparison
			want string
		}{{source.Eq, "1"}, {source.Ne, "2"}, {source.In, "1"}, {source.Gte, "1"}, {source.Lt, ""}} {
			got, err := found(t, s, "", &source.Query{Table: table, Where: []source.Condition{condition(m.Name, c.op, m.Value)}})
			if m.Name == "j" {
				if f := source.FailureOf(err); f == nil || f.Code != "SCHEMA_MISMATCH" || !strings.Contains(f.Message, `"j" is of type json`) {
					t.Errorf("json has no comparisons: %v", err)
				}
			} else if err != nil || got != c.want {
				t.Errorf("%s, comparison %d: found %q, want %q: %v", m.Name, c.op, got, c.want, err)
			}
		}
		if got, err := found(t, s, "", &source.Query{Table: table, Where: []source.Condition{condition(m.Name, source.Eq, nil)}}); err != nil || got != "2" {
			t.Errorf("%s is null: found %q, %v", m.Name, got, err)
		}
	}
	for name, c := range map[string]struct {
		where source.Condition
		want  string
	}{
		"a list of lists":          {condition("m", source.In, value.Array{int32(1)}, value.Array{int32(1), nil, int32(3)}), "1"},
		"more than the type holds": {condition("r", source.Eq, "xyzxyzxyz"), ""},
		"padded":                   {condition("q", source.Eq, "ab"), "1"},
	} {
		if got, err := found(t, s, "", &source.Query{Table: table, Where: []source.Condition{c.where}}); err != nil || got != c.want {
			t.Errorf("%s: found %q, want %q: %v", name, got, c.want, err)
		}
	}
	for says, c := range map[string]source.Condition{
		`"nowhere"`: condition("nowhere", source.Eq, "x"), `"k.b" lies inside`: condition("k.b", source.Eq, "x"), "cannot be stored": condition("h", source.Eq, "no mood"),
		`field "a\" OR`: condition(`a" OR true --`, source.Eq, "x"), "NUL": condition("i", source.Eq, "a\x00"),
	} {
		_, err := found(t, s, "", &source.Query{Table: table, Where: []source.Condition{c}})
		if f := source.FailureOf(err); f == nil || f.Class != source.Refused || !strings.Contains(f.Message, says) {
			t.Errorf("want a refusal with %s, got %v", says, err)
		}
	}
}

// Hooks find what the user may see, and change what the user may change.
func TestQueriesAreUnderRowLevelSecurity(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TABLE mine (id text PRIMARY KEY, owner text);
		DO $$ BEGIN CREATE ROLE mine_user NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		GRANT SELECT, INSERT, UPDATE, DELETE ON mine TO mine_user;
		ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
		CREATE POLICY see ON mine FOR SELECT USING (owner = current_setting('app.user_id') OR owner = 'all');
		CREATE POLICY upd ON mine FOR UPDATE USING (owner = current_setting('app.user_id'));
		INSERT INTO mine VALUES ('a', 'u1'), ('b', 'u2'), ('c', 'all')`)
	s := open(t, uri, func(o *Options) { o.RLS = &bundle.RowLevelSecurity{Role: "mine_user"} })
	table := &source.Table{Name: "mine", Collection: "public.mine", Key: "id", ID: bundle.TypeString}
	for user, want := range map[string]string{"u1": "a c", "u2": "b c", "u3": "c"} {
		if got, err := found(t, s, user, &source.Query{Table: table}); err != nil || got != want {
			t.Errorf("%s finds %q, want %q: %v", user, got, want, err)
		}
	}
	tx, err := s.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, _, err := tx.Find(t.Context(), &source.Query{Table: table}); err != nil {
		t.Fatal(err)
	}
	doc := &value.Object{Members: []value.Member{{Name: "owner", Value: "u1"}}}
	err = tx.Apply(t.Context(), []source.Change{{Kind: source.Update, Table: table, ID: "c", Doc: doc, Set: []source.Assignment{{Path: []string{"owner"}, Value: "u1"}}}}, nil)
	if f := source.FailureOf(err); f == nil || f.Code != "UNAUTHORIZED" {
		t.Errorf("a row that is seen but not to be changed: %v", err)
	}
}

// A column without nulls is sorted in the order of its indexes: a sort of the whole table for one page would be slow.
func TestQueriesSortByIndexes(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, `CREATE TABLE pages (id int PRIMARY KEY, n int NOT NULL, m int)`)
	s := open(t, uri)
	table := &source.Table{Name: "pages", Collection: "public.pages", Key: "id", ID: bundle.TypeInt64}
	for order, sort := range map[string][]source.SortKey{
		`ORDER BY "id"`:                      nil,
		`ORDER BY "n" DESC, "id"`:            {{Path: []string{"n"}, Descending: true}},
		`ORDER BY "n", "id"`:                 {{Path: []string{"n"}}},
		`ORDER BY "m" NULLS FIRST, "id"`:     {{Path: []string{"m"}}},
		`ORDER BY "m" DESC NULLS LAST, "id"`: {{Path: []string{"m"}, Descending: true}},
	} {
		tx := &tx{src: s}
		sel, err := tx.selection(t.Context(), &source.Query{Table: table, Sort: sort, Limit: 7, Skip: 3})
		if err != nil || !strings.HasSuffix(sel.find(), order+" LIMIT 7 OFFSET 3") {
			t.Errorf("%v: %v", sel, err)
		}
	}
}

// A transaction that meets a table for the first time asks the catalog on its own connection, however few there are.
func TestQueriesNeedNoSecondConnection(t *testing.T) {
	uri := pgtest.URL(t)
	sql(t, uri, itemsTable+`; CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER touched BEFORE UPDATE ON others FOR EACH ROW EXECUTE FUNCTION touch()`)
	s := open(t, uri, func(o *Options) { o.MaxConns = 1 })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tx, err := s.Begin(ctx, source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	for name, effects := range map[string]bool{"items": false, "others": true} {
		table := &source.Table{Name: name, Collection: "public." + name, Key: "id", ID: bundle.TypeUUID}
		if _, _, err := tx.Find(ctx, &source.Query{Table: table}); err != nil {
			t.Fatal(err)
		}
		columns, alone, err := tx.Describe(ctx, table)
		if err != nil || columns["name"].Name != bundle.TypeString || alone != effects {
			t.Errorf("%s: %v, alone %v, %v", name, columns, alone, err)
		}
	}
	_, _, err = tx.Find(ctx, &source.Query{Table: &source.Table{Name: "no", Collection: "public.nowhere", Key: "id"}})
	if f := source.FailureOf(err); f == nil || f.Code != "source_table_missing" {
		t.Errorf("a missing table: %v", err)
	}
	if _, _, err := tx.Describe(ctx, &source.Table{Name: "items", Collection: "public.items", Key: "id"}); err == nil {
		t.Error("a transaction that is over answers")
	}
}
