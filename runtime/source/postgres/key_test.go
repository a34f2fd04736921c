package postgres

import (
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// What cannot be a key is the configuration's fault, found at activation: with it every write would be refused, or
// some lost.
func TestColumnsThatCannotBeKeys(t *testing.T) {
	s, _ := prepared(t, `CREATE TABLE later (id text PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, n integer);
		CREATE TABLE parts (id text, part integer, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
		CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE UNIQUE INDEX ON parts_1 (id);
		CREATE TABLE uuids (id uuid PRIMARY KEY); CREATE TABLE numbers (id integer PRIMARY KEY); CREATE DOMAIN own AS uuid; CREATE TABLE owns (id own PRIMARY KEY);
		CREATE VIEW seen AS SELECT * FROM uuids; CREATE TABLE texts (id varchar(50) PRIMARY KEY);
		CREATE TABLE both_ways (id text PRIMARY KEY DEFERRABLE); CREATE UNIQUE INDEX ON both_ways (id)`)
	for name, c := range map[string]struct {
		table string
		id    bundle.TypeName
		hint  string // "": it is a key
	}{
		"a constraint that is checked later":         {"later", bundle.TypeString, "DEFERRABLE"},
		"beside an index that is checked at once":    {"both_ways", bundle.TypeString, ""},
		"unique in one partition":                    {"parts", bundle.TypeString, "all partitions"},
		"a uuid column for text":                     {"uuids", bundle.TypeString, "tables.uuids.id to uuid"},
		"a uuid column for numbers":                  {"uuids", bundle.TypeInt64, "tables.uuids.id to uuid"},
		"a uuid column for uuids":                    {"uuids", bundle.TypeUUID, ""},
		"a domain over uuid for text":                {"owns", bundle.TypeString, "tables.owns.id to uuid"},
		"the same through a view":                    {"seen", bundle.TypeString, "tables.seen.id to uuid"},
		"an integer column for uuids":                {"numbers", bundle.TypeUUID, "tables.numbers.id to int64"},
		"an integer column for numbers":              {"numbers", bundle.TypeInt64, ""},
		"a text column for ids in one spelling only": {"texts", bundle.TypeUUID, ""},
	} {
		tab := table(c.table)
		tab.ID = c.id
		_, err := s.Columns(t.Context(), tab)
		f := source.FailureOf(err)
		switch {
		case c.hint == "" && f != nil:
			t.Errorf("%s: %+v", name, f)
		case c.hint != "" && (f == nil || f.Class != source.Misconfigured || f.Code != "source_key" || !strings.Contains(f.Hint, c.hint)):
			t.Errorf("%s: %+v, want a hint at %s", name, f, c.hint)
		}
	}
}

// A row is found by every spelling of its id, alone as among others: one that is not found counts as deleted, and the
// write as done.
func TestKeysOfSeveralSpellings(t *testing.T) {
	s, _ := prepared(t, `CREATE TABLE codes (id char(8) PRIMARY KEY, n integer); INSERT INTO codes VALUES ('a', 1), ('b', 2);
		CREATE TABLE sums (id numeric PRIMARY KEY, n integer); INSERT INTO sums VALUES (1.50, 1), (2, 2)`)
	for _, c := range []struct {
		table    string
		ids, has []string
		code     string
	}{
		{"codes", []string{"a"}, []string{"a"}, ""},
		{"codes", []string{"a       "}, []string{"a       "}, ""},
		{"codes", []string{"a", "b  ", "c"}, []string{"a", "b  "}, ""},
		{"codes", []string{"a", "a "}, nil, "INVALID_DATA"},
		{"sums", []string{"1.5", "2.0", "3"}, []string{"1.5", "2.0"}, ""},
		{"sums", []string{"2", "2.0"}, nil, "INVALID_DATA"},
	} {
		tx, err := s.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		refs := make([]source.Ref, len(c.ids))
		for i, id := range c.ids {
			refs[i] = source.Ref{Table: table(c.table), ID: value.Value(id)}
			refs[i].Table = refs[0].Table
		}
		rows, _, err := tx.Read(t.Context(), refs, nil)
		if got := code(source.FailureOf(err)); got != c.code {
			t.Errorf("%q: %v", c.ids, err)
		}
		var found []string
		for i := range rows {
			if rows[i].Doc != nil {
				found = append(found, c.ids[i])
			}
		}
		if strings.Join(found, ",") != strings.Join(c.has, ",") {
			t.Errorf("%q: found %q, want %q", c.ids, found, c.has)
		}
		tx.Rollback(t.Context())
	}
}
