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

// write reads a row and makes a change of it in one transaction, alone or together with the row
// "other" of the same table.
func write(t *testing.T, s *Source, c source.Change, alone bool) *source.Failure {
	t.Helper()
	tx, err := s.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	refs := []source.Ref{{Table: c.Table, ID: c.ID}}
	if !alone {
		refs = append(refs, source.Ref{Table: c.Table, ID: "other"})
	}
	if _, _, err := tx.Read(t.Context(), refs, nil); err != nil {
		return source.FailureOf(err)
	}
	return source.FailureOf(tx.Apply(t.Context(), []source.Change{c}, &source.Finish{}))
}

func fields(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func assign(o *value.Object) (set []source.Assignment) {
	for _, m := range o.Members {
		set = append(set, source.Assignment{Path: []string{m.Name}, Value: m.Value})
	}
	return set
}

// prepared opens a source on a database with the given statements.
func prepared(t *testing.T, statements string, change ...func(*Options)) (*Source, string) {
	t.Helper()
	uri := pgtest.URL(t)
	sql(t, uri, statements)
	s := open(t, uri, change...)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, uri
}

func table(name string) *source.Table {
	return &source.Table{Name: name, Collection: "public." + name, Key: "id", ID: bundle.TypeString}
}

// An explicit cast to varchar(5) cuts off in silence; the column itself refuses. Domains over domains
// are what is under them.
func TestTypesWithLimits(t *testing.T) {
	s, uri := prepared(t, `CREATE DOMAIN small AS integer CHECK (value < 100); CREATE DOMAIN smaller AS small CHECK (value < 10); CREATE DOMAIN tags AS text[];
		CREATE TABLE kinds (id text PRIMARY KEY, five varchar(5), three char(3), cents numeric(5,2), n smaller, tags tags)`)
	kinds := table("kinds")
	for name, c := range map[string]struct {
		doc  *value.Object
		want string
	}{
		"a text that fits":             {fields("five", "abcde", "three", "ab", "n", int32(7), "tags", value.Array{"a", "b"}), ""},
		"a text that is too long":      {fields("five", "abcdef"), "INVALID_DATA"},
		"a character that is too many": {fields("three", "abcd"), "INVALID_DATA"},
		"a number that is too large":   {fields("cents", value.Decimal("1000.00")), "INVALID_DATA"},
		"a domain's own rule":          {fields("n", int32(11)), "CHECK_VIOLATION"},
		"the rule of what is under it": {fields("n", int32(101)), "CHECK_VIOLATION"},
	} {
		for _, alone := range []bool{true, false} {
			f := write(t, s, source.Change{Kind: source.Insert, Table: kinds, ID: name + map[bool]string{true: "1", false: "2"}[alone], Doc: c.doc}, alone)
			if code(f) != c.want {
				t.Errorf("%s, alone %v: %v, want %q", name, alone, f, c.want)
			}
		}
	}
	columns, err := s.Columns(t.Context(), kinds)
	if err != nil || columns["n"].Name != bundle.TypeInt32 || columns["tags"].Name != bundle.TypeArray || columns["five"].Name != bundle.TypeString {
		t.Errorf("%+v %v", columns, err)
	}
	var n int
	scan(t, uri, "SELECT count(*) FROM kinds WHERE n = 7 AND tags = '{a,b}'", &n)
	if n != 2 {
		t.Errorf("%d rows of domains", n)
	}
}

func code(f *source.Failure) string {
	if f == nil {
		return ""
	}
	return f.Code
}

// What a view or a policy hides from a write is a refusal, never a success that did nothing.
func TestHiddenRows(t *testing.T) {
	s, uri := prepared(t, `CREATE TABLE base (id text PRIMARY KEY, kind text, n integer);
		CREATE VIEW shown AS SELECT * FROM base WHERE kind = 'shown' WITH CHECK OPTION;
		CREATE TABLE guarded (id text PRIMARY KEY, kind text, n integer);
		ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
		CREATE POLICY see ON guarded FOR SELECT USING (true);
		CREATE POLICY make ON guarded FOR INSERT WITH CHECK (true);
		CREATE POLICY change ON guarded FOR UPDATE USING (kind = 'shown');
		INSERT INTO base VALUES ('a', 'shown', 1), ('b', 'hidden', 1); INSERT INTO guarded SELECT * FROM base;
		DO $$ BEGIN CREATE ROLE plain LOGIN PASSWORD 'plain'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
		GRANT ALL ON base, shown, guarded TO plain`)
	sql(t, uri, "GRANT USAGE ON SCHEMA turnkey TO plain; GRANT ALL ON ALL TABLES IN SCHEMA turnkey TO plain")
	plain := open(t, strings.Replace(uri, uri[strings.Index(uri, "//")+2:strings.Index(uri, "@")], "plain:plain", 1))
	n := func(i int32) *value.Object { return fields("n", i) }
	for name, c := range map[string]struct {
		src  *Source
		in   string
		id   string
		kind source.ChangeKind
		doc  *value.Object
		want string
	}{
		"a view: a row it shows":                {s, "shown", "a", source.Update, n(2), ""},
		"a view: a row it does not show":        {s, "shown", "b", source.Update, n(2), "UNAUTHORIZED"},
		"a view: making what it would not show": {s, "shown", "c", source.Insert, fields("kind", "hidden"), "CONSTRAINT_VIOLATION"},
		"a view: making a row that it hides":    {s, "shown", "b", source.Insert, fields("kind", "shown"), "UNAUTHORIZED"},
		"a policy: a row it allows":             {plain, "guarded", "a", source.Update, n(2), ""},
		"a policy: a row it hides":              {plain, "guarded", "b", source.Update, n(2), "UNAUTHORIZED"},
		"a policy: deleting without one":        {plain, "guarded", "a", source.Delete, nil, "UNAUTHORIZED"},
	} {
		ch := source.Change{Kind: c.kind, Table: table(c.in), ID: c.id, Doc: c.doc}
		if c.kind == source.Update {
			ch.Set = assign(c.doc)
		}
		for _, alone := range []bool{true, false} {
			if f := write(t, c.src, ch, alone); code(f) != c.want {
				t.Errorf("%s, alone %v: %v, want %q", name, alone, f, c.want)
			}
		}
	}
}

func TestTheFieldOfATakenValue(t *testing.T) {
	s, _ := prepared(t, `CREATE TABLE people (id text PRIMARY KEY, mail text, nick text, born integer) PARTITION BY HASH (id);
		CREATE TABLE people_0 PARTITION OF people FOR VALUES WITH (MODULUS 1, REMAINDER 0);
		CREATE UNIQUE INDEX one_mail ON people_0 (mail); CREATE UNIQUE INDEX one_pair ON people_0 (nick, born);
		INSERT INTO people VALUES ('a', 'm', 'n', 1)`)
	for want, doc := range map[string]*value.Object{"mail": fields("mail", "m"), "one_pair": fields("nick", "n", "born", int32(1))} {
		for _, alone := range []bool{true, false} {
			f := write(t, s, source.Change{Kind: source.Insert, Table: table("people"), ID: "b", Doc: doc}, alone)
			if code(f) != "UNIQUE_VIOLATION" || f.Field != want || f.Change != 0 {
				t.Errorf("alone %v: %+v, want the field %s", alone, f, want)
			}
		}
	}
}

// A write names one row; with a key that is not unique it would touch many.
func TestKeysAreUnique(t *testing.T) {
	s, uri := prepared(t, `CREATE TABLE loose (id text, n integer); CREATE UNIQUE INDEX few ON loose (id) WHERE n > 0;
		INSERT INTO loose VALUES ('a', 0), ('a', -1)`)
	loose := table("loose")
	change := source.Change{Kind: source.Update, Table: loose, ID: "a", Doc: fields("n", int32(5)), Set: assign(fields("n", int32(5)))}
	for _, alone := range []bool{true, false} {
		if f := write(t, s, change, alone); code(f) != "source_key" || f.Class != source.Misconfigured || !strings.Contains(f.Hint, "CREATE UNIQUE INDEX") {
			t.Errorf("alone %v: %+v", alone, f)
		}
	}
	if _, err := s.Columns(t.Context(), loose); source.FailureOf(err) == nil {
		t.Error("activation does not notice")
	}
	if _, _, err := s.Lookup(t.Context(), "loose", map[string]value.Value{"n": int32(0)}, "id"); err != nil {
		t.Errorf("a look-up takes any column: %v", err)
	}
	sql(t, uri, "DELETE FROM loose; CREATE UNIQUE INDEX ON loose (id); INSERT INTO loose VALUES ('a', 0)")
	s.forget()
	for _, alone := range []bool{true, false} {
		if f := write(t, s, change, alone); f != nil {
			t.Errorf("alone %v: %+v", alone, f)
		}
	}
}

// A trigger that drops a write without an error is the database's decision, for one row as for many.
func TestTriggersThatDropWrites(t *testing.T) {
	s, _ := prepared(t, `CREATE TABLE fixed (id text PRIMARY KEY, n integer); INSERT INTO fixed VALUES ('a', 1);
		CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
		CREATE TRIGGER ignored BEFORE INSERT OR UPDATE OR DELETE ON fixed FOR EACH ROW EXECUTE FUNCTION ignore()`)
	for _, c := range []source.Change{
		{Kind: source.Update, ID: "a", Doc: fields("n", int32(5)), Set: assign(fields("n", int32(5)))},
		{Kind: source.Insert, ID: "b", Doc: fields("n", int32(5))},
		{Kind: source.Delete, ID: "a"},
	} {
		c.Table = table("fixed")
		for _, alone := range []bool{true, false} {
			if f := write(t, s, c, alone); f != nil {
				t.Errorf("kind %d, alone %v: %+v", c.Kind, alone, f)
			}
		}
	}
}

// A transaction that asked the catalog for a second connection in its midst would wait for itself.
func TestOneConnectionIsEnough(t *testing.T) {
	now := time.Now()
	s, _ := prepared(t, `CREATE TABLE few (id text PRIMARY KEY, n integer)`, func(o *Options) {
		o.MaxConns = 1
		o.Now = func() time.Time { return now }
	})
	tx, err := s.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	few := table("few")
	if _, _, err := tx.Read(t.Context(), []source.Ref{{Table: few, ID: "a"}, {Table: few, ID: "b"}}, nil); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * relationsFor)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := tx.Apply(ctx, []source.Change{{Kind: source.Insert, Table: few, ID: "a", Doc: fields("n", int32(1))}}, &source.Finish{}); err != nil {
		t.Error(err)
	}
}
