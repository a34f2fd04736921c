package upload_test

import (
	"testing"
)

// An id that no row can have is the fault of its operation, also where only the database knows.
func TestIDsThatNoRowCanHave(t *testing.T) {
	w := postgresWorld(t, `
  small: {id: int64, table: public.small, key: id, allow: {create: "true", update: "true"}, fields: {name: {type: string}}}
  moods: {id: string, table: public.moods, key: id, allow: {create: "true", update: "true"}, fields: {name: {type: string}}}
  notes: {id: string, table: public.notes, key: id, allow: {create: "true", update: "true"}, fields: {name: {type: string}}}
`)
	w.sql(`CREATE TABLE small (id integer PRIMARY KEY, name text); CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE TABLE moods (id mood PRIMARY KEY, name text);
		CREATE TABLE notes (id text PRIMARY KEY, name text)`)
	put := func(table, id string) string {
		return `{"op":"PUT","table":"` + table + `","id":"` + id + `","data":{"name":"x"}}`
	}
	for name, c := range map[string]struct {
		crud []string
		want string
	}{
		"a number that is too large": {[]string{put("small", "3000000000")}, "fatal_error INVALID_DATA 0"},
		"among others":               {[]string{put("small", "1"), put("notes", "a"), put("small", "3000000000"), put("small", "2")}, "fatal_error INVALID_DATA 2"},
		"no value of the type":       {[]string{put("notes", "b"), put("moods", "angry")}, "fatal_error INVALID_DATA 1"},
		"a NUL":                      {[]string{put("notes", "c"), put("notes", `d\u0000`)}, "fatal_error INVALID_DATA 1"},
	} {
		t.Run(name, func(t *testing.T) { w.want(transactions(crud(c.crud...)), c.want) })
	}
	// What was refused with them waits. It must not be in the way of rows that it would have made, though those with
	// them never can be.
	w.want(transactions(crud(put("small", "1"), put("notes", "a"), put("moods", "ok"))), "success")
	w.want(transactions(crud(put("notes", "b")), crud(put("notes", "c"))), "success", "success")
}
