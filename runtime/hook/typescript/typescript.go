// Package typescript writes an instance's tables as TypeScript, for editors: what turnkey.d.ts leaves open (Tables,
// Columns, StoredAs) is filled from a configuration, in the form in which hooks see rows.
// It must not know who asks, and must not read code: nothing here parses TypeScript.
//
//	Tables     rows as they are stored: every declared member, null where it may be absent; the key
//	Columns    what a device sends of one: members may be missing, dates may be assigned as Date
//	StoredAs   the source's names of tables, for ctx.db
package typescript

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
)

// Declare gives turnkey.d.ts with the tables of a configuration; with nil no table is known, and all rows stay open.
func Declare(cfg *bundle.Config) string {
	if cfg == nil || len(cfg.Tables) == 0 {
		return hook.TypeScript
	}
	w, called := &writer{}, typeNames(cfg)
	w.line("")
	w.line("// ---- your tables, from the configuration ----")
	w.line("")
	names := slices.Sorted(maps.Keys(cfg.Tables))
	for _, name := range names {
		w.row(called[name], cfg.Tables[name])
		w.columns(called[name], cfg.Tables[name])
	}
	w.index("Tables", names, func(table string) string { return called[table] + "Row" })
	w.index("Columns", names, func(table string) string { return called[table] + "Columns" })
	stored := storedAs(cfg)
	w.index("StoredAs", slices.Sorted(maps.Keys(stored)), func(name string) string { return quoted(stored[name]) })
	return strings.TrimRight(hook.TypeScript, "\n") + "\n" + w.String()
}

// typeNames gives each table a name for its types, so that what a compiler says about them can be read.
func typeNames(cfg *bundle.Config) map[string]string {
	out, taken := map[string]string{}, map[string]bool{}
	for _, table := range slices.Sorted(maps.Keys(cfg.Tables)) {
		base := ""
		for word := range strings.FieldsFuncSeq(table, func(r rune) bool { return r == '_' || r == '-' }) {
			base += strings.ToUpper(word[:1]) + word[1:]
		}
		if base == "" || base[0] <= '9' {
			base = "Table" + base
		}
		name := base
		for n := 2; taken[name]; n++ {
			name = base + strconv.Itoa(n)
		}
		out[table], taken[name] = name, true
	}
	return out
}

// storedAs lists the source's names that stand for one table each: a name that the configuration gives to a
// table stands for that one, and one that several share for none.
func storedAs(cfg *bundle.Config) map[string]string {
	seen := map[string][]string{}
	for name, t := range cfg.Tables {
		seen[t.Collection] = append(seen[t.Collection], name)
		if _, short, dotted := strings.Cut(t.Collection, "."); dotted && cfg.Source.Type == bundle.PostgreSQL {
			seen[short] = append(seen[short], name)
		}
	}
	out := map[string]string{}
	for stored, names := range seen {
		if _, taken := cfg.Tables[stored]; !taken && len(names) == 1 {
			out[stored] = names[0]
		}
	}
	return out
}

// index writes one of the interfaces that turnkey.d.ts looks into.
func (w *writer) index(name string, keys []string, value func(key string) string) {
	if len(keys) == 0 {
		return
	}
	w.open("interface " + name + " {")
	for _, key := range keys {
		w.line(member(key) + ": " + value(key) + ";")
	}
	w.close("}")
}

// row writes a table's stored rows. The configuration says what devices may write of a row, so objects of which it
// declares leaves may hold more.
func (w *writer) row(name string, t bundle.Table) {
	about := "A row of " + t.Collection + "."
	if t.UnknownFields != bundle.KeepUnknown {
		about += " What the configuration does not declare is not listed: (row as any).name has it."
	}
	w.doc(about)
	w.open("type " + name + "Row = {")
	w.doc("The key. " + typeDocs[t.ID])
	w.line(member(t.Key) + ": " + scalar(t.ID) + ";")
	for _, n := range tree(t).sorted() {
		if n.name == t.Key {
			continue
		}
		w.doc(n.doc())
		w.line(member(n.name) + ": " + orNull(n.stored()) + ";")
	}
	w.end(t)
}

// columns writes what devices send. A date is read as text and may be assigned as a Date.
func (w *writer) columns(name string, t bundle.Table) {
	w.doc("What devices send of a row of " + t.Collection + ".")
	w.open("type " + name + "Columns = {")
	for _, n := range tree(t).sorted() {
		if !n.sent() {
			continue
		}
		w.doc(n.doc())
		if f := n.field; f != nil && f.Type.Name == bundle.TypeDate {
			w.line("get " + member(n.name) + "(): string | null | undefined;")
			w.line("set " + member(n.name) + "(value: string | Date | null | undefined);")
			continue
		}
		w.line(member(n.name) + "?: " + orNull(n.given(t.UnknownFields == bundle.KeepUnknown)) + ";")
	}
	w.end(t)
}

func (w *writer) end(t bundle.Table) {
	if t.UnknownFields == bundle.KeepUnknown {
		w.line(anyMember)
	}
	w.close("};")
}
