package connect

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"turnkey/runtime/bundle"
)

// column is one column of a client's table; SQLite has three types for them.
type column struct {
	Name string
	Kind string // text, integer or real
	// path is where the row has it.
	path string
}

// table is one of the client's.
type table struct {
	Name    string
	Columns []column
	source  bundle.Table
}

// The tables that we fill for users; design: "Seen by the user".
var (
	rejectionColumns = texts("user_id", "table_name", "row_id", "error_code", "message", "hint", "status", "created_at")
	conflictColumns  = texts("user_id", "table_name", "row_id", "client_data", "server_data", "status", "created_at")
)

func texts(names ...string) (list []column) {
	for _, n := range names {
		list = append(list, column{Name: n, Kind: "text", path: n})
	}
	return list
}

// kinds are how PowerSync sends each type down.
var kinds = map[bundle.TypeName]string{
	bundle.TypeInt32: "integer", bundle.TypeInt64: "integer", bundle.TypeBool: "integer", bundle.TypeDouble: "real",
}

// tables lists a configuration's, in the order of their names. Columns that old versions of an app still send, and
// binary ones, which PowerSync cannot sync, are not part of a new schema.
func tables(cfg *bundle.Config) []table {
	list := make([]table, 0, len(cfg.Tables))
	for _, name := range slices.Sorted(maps.Keys(cfg.Tables)) {
		t := table{Name: name, source: cfg.Tables[name]}
		for _, c := range slices.Sorted(maps.Keys(t.source.Fields)) {
			f := t.source.Fields[c]
			if f.Ignored || f.Type.Name == bundle.TypeBinary || c == "id" {
				continue
			}
			kind := kinds[f.Type.Name]
			if kind == "" {
				kind = "text"
			}
			t.Columns = append(t.Columns, column{Name: c, Kind: kind, path: f.Path})
		}
		list = append(list, t)
	}
	return list
}

// ownership is a rule that says whose a row is, the way nearly everybody writes it.
var ownership = regexp.MustCompile(`(?:^|&&)\s*\(?\s*(?:old\.([A-Za-z_][A-Za-z0-9_]*)\s*==\s*user\.id|user\.id\s*==\s*old\.([A-Za-z_][A-Za-z0-9_]*))\s*\)?\s*(?:$|&&)`)

// owner is the path that holds a row's user, as the update or delete rule has it; "" when neither says so.
func (t table) owner() string {
	for _, rule := range []string{t.source.Allow.Update, t.source.Allow.Delete} {
		if strings.Contains(rule, "||") {
			continue
		}
		if m := ownership.FindStringSubmatch(rule); m != nil {
			return m[1] + m[2]
		}
	}
	return ""
}
