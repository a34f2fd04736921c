package upload

import (
	"sort"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/conflict"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
)

// plan is a deployment's tables, compiled once: names resolved, paths split, rules ready to run.
type plan struct {
	tables    map[string]*table
	onFailure bundle.OnFailure
	database  bundle.SourceType
	// showServer lets devices see what their writes met.
	showServer bool
	hold       bool // of writes to rows whose creation was refused
	program    *program
}

// table is one client table.
type table struct {
	source.Table
	fields        map[string]*field
	keepUnknown   bool
	create        *rule.Rule // nil: nobody may
	update        *rule.Rule
	delete        *rule.Rule
	handling      map[string]bool
	policy        conflict.Policy
	puts, patches guesses
	hooks         hookedTable

	declared []string          // top-level members that rules and hooks see as null when they are absent
	ordered  []*field          // by path
	byPath   map[string]*field // by dotted path
	inner    map[string]bool   // paths that lead to columns and are none
}

// field is one client column.
type field struct {
	name     string // the client's
	path     []string
	dotted   string
	declared bundle.Type
	ignored  bool
	guard    conflict.Guard
	policy   conflict.Field
}

// compile turns a configuration into a plan. Its error is a fault: the configuration was validated
// when it was deployed, so one here means a bundle made by a control plane that knows more than we.
func compile(c *bundle.Config) (*plan, error) {
	p := &plan{tables: make(map[string]*table, len(c.Tables)), onFailure: c.OnFailure, database: c.Source.Type, hold: !c.Rejections.ReleaseDependents, showServer: c.Conflicts.ShowServer}
	for name, t := range c.Tables {
		compiled, err := compileTable(name, t)
		if err != nil {
			return nil, err
		}
		p.tables[name] = compiled
	}
	return p, nil
}

func compileTable(name string, t bundle.Table) (*table, error) {
	out := &table{
		Table:       source.Table{Name: name, Collection: t.Collection, Key: t.Key, ID: t.ID},
		fields:      make(map[string]*field, len(t.Fields)),
		keepUnknown: t.UnknownFields == bundle.KeepUnknown,
		handling:    make(map[string]bool, len(t.ClientHandling)),
		policy:      conflict.Policy{OnConflict: t.OnConflict, Deletes: t.Deletes},
	}
	if err := carriesOut(name, t); err != nil {
		return nil, err
	}
	for _, code := range t.ClientHandling {
		out.handling[code] = true
	}
	for column, f := range t.Fields {
		out.fields[column] = &field{
			name: column, path: strings.Split(f.Path, "."), dotted: f.Path, declared: f.Type,
			ignored: f.Ignored, guard: conflict.Guard{Immutable: f.Immutable, Transitions: f.Transitions},
			policy: conflict.Field{Name: column, Merge: f.Merge, Type: f.Type.Name, Within: conflict.Within(&f.Type)},
		}
	}
	out.index()
	for _, r := range []struct {
		expr string
		into **rule.Rule
		name string
	}{{t.Allow.Create, &out.create, "create"}, {t.Allow.Update, &out.update, "update"}, {t.Allow.Delete, &out.delete, "delete"}} {
		if r.expr == "" {
			continue
		}
		compiled, err := rule.Compile(r.expr, out.declared)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "bundle_rule", "The rule tables."+name+".allow."+r.name+" does not compile.")
		}
		*r.into = compiled
	}
	return out, nil
}

// index arranges the fields by where they are in the row.
func (t *table) index() {
	seen := map[string]bool{t.Key: true}
	t.byPath, t.inner = make(map[string]*field, len(t.fields)), map[string]bool{}
	for _, f := range t.fields {
		seen[f.path[0]] = true
		t.ordered = append(t.ordered, f)
		if other := t.byPath[f.dotted]; other == nil || other.ignored {
			t.byPath[f.dotted] = f
		}
		for n := 1; n < len(f.path) && !f.ignored; n++ {
			t.inner[strings.Join(f.path[:n], ".")] = true
		}
	}
	sort.Slice(t.ordered, func(i, j int) bool { return t.ordered[i].dotted < t.ordered[j].dotted })
	for n := range seen {
		t.declared = append(t.declared, n)
	}
	sort.Strings(t.declared)
}

// field resolves a client column. A nil field with a nil refusal is to be passed over.
func (t *table) field(column string) (*field, *Refusal) {
	if f := t.fields[column]; f != nil {
		if f.ignored {
			return nil, nil
		}
		return f, nil
	}
	if !t.keepUnknown {
		return nil, refuse(CodeSchemaMismatch, "The column "+quote(column)+" is not configured for table "+quote(t.Name)+".").
			hint("Declare it under tables." + t.Name + ".fields, or set tables." + t.Name + ".unknown_fields: keep.")
	}
	if column == t.Key || !plainName(column) {
		return nil, refuse(CodeInvalidData, "The column name "+quote(column)+" cannot be stored.").
			hint("Column names start with a letter or underscore and hold letters, digits, underscores and dashes.")
	}
	return &field{name: column, path: []string{column}, dotted: column, policy: conflict.Field{Name: column}}, nil
}

// plainName accepts names that can never be an operator or a path in either database.
func plainName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// quote shows a name that a client sent: short, without control characters.
func quote(s string) string {
	const most = 80
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
	if len(clean) > most {
		clean = strings.ToValidUTF8(clean[:most], "") + "..."
	}
	return `"` + clean + `"`
}
