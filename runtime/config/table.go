package config

import (
	"sort"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
)

func (r *reader) tables(n *node, path string) {
	if !n.isMap {
		r.fail(path, "type", "This is "+n.kind()+"; it must be a mapping of the client's tables.", "")
		return
	}
	for _, e := range n.entries {
		at := join(path, e.key)
		if !columnName(e.key) {
			r.fail(at, "identifier", "This is not the name of a client table.", "")
		}
		r.table(e.value, at, e.key)
	}
}

// table reads one client table.
func (r *reader) table(n *node, path, name string) {
	t := bundle.Table{UnknownFields: bundle.RejectUnknown, Fields: map[string]bundle.Field{}, ClientHandling: []string{}}
	postgres := r.cfg.Source.Type == bundle.PostgreSQL
	m := members{
		"id": func(n *node, path string) {
			t.ID = bundle.TypeName(r.choice(n, path, "string", "objectid", "uuid", "int64"))
		},
		"allow": func(n *node, path string) { r.allow(n, path, &t) },
		"unknown_fields": func(n *node, path string) {
			t.UnknownFields = bundle.UnknownFields(r.choice(n, path, "reject", "keep"))
		},
		"client_handling": func(n *node, path string) {
			t.ClientHandling = r.texts(n, path)
			if len(t.ClientHandling) > 0 {
				r.warn(path, "blocks_queue", "Writes refused with these codes stay on the device until the app decides, and block everything behind them.", "")
			}
		},
		"fields":      func(n *node, path string) { r.fields(n, path, &t) },
		"deletes":     func(n *node, path string) { r.deletes(n, path, &t) },
		"on_conflict": func(n *node, path string) { r.onConflict(n, path, &t) },
	}
	if postgres {
		m["table"] = func(n *node, path string) { t.Collection = r.text(n, path) }
		m["key"] = func(n *node, path string) { t.Key = r.text(n, path) }
	} else {
		m["collection"] = func(n *node, path string) { t.Collection = r.text(n, path) }
	}
	if !r.object(n, path, m) {
		return
	}
	r.required(n, path, "id", "The type of row ids: string, objectid, uuid or int64.")
	r.place(path, name, &t, postgres)
	r.rules(path, &t)
	r.paths(path, &t)
	r.policies(path, &t)
	r.cfg.Tables[name] = t
}

// place settles where the rows live.
func (r *reader) place(path, name string, t *bundle.Table, postgres bool) {
	if !postgres {
		t.Key = "_id"
		if t.Collection == "" {
			t.Collection = name
		}
		reserved := strings.HasPrefix(t.Collection, "turnkey_") || strings.HasPrefix(t.Collection, "system.") || strings.HasPrefix(t.Collection, "_powersync")
		if reserved || strings.ContainsAny(t.Collection, "$\x00") || len(t.Collection) > 120 {
			r.fail(join(path, "collection"), "reserved", "This collection cannot be written to.", "Names with $, and turnkey_, system. and _powersync collections, are not for clients.")
		}
		return
	}
	if t.Collection == "" {
		t.Collection = "public." + name
	}
	if t.Key == "" {
		t.Key = "id"
	}
	if !strings.Contains(t.Collection, ".") {
		t.Collection = "public." + t.Collection
	}
	schema, table, _ := strings.Cut(t.Collection, ".")
	if !columnName(schema) || !columnName(table) {
		r.fail(join(path, "table"), "identifier", "This is not the name of a table.", "Write schema.table, such as public.todos.")
	}
	if !columnName(t.Key) {
		r.fail(join(path, "key"), "identifier", "This is not the name of a column.", "")
	}
	if schema == r.cfg.Source.Database || schema == "pg_catalog" || schema == "information_schema" {
		r.fail(join(path, "table"), "reserved", "This schema cannot be written to.", "It holds tables of the database's or Turnkey's own.")
	}
}

func (r *reader) allow(n *node, path string, t *bundle.Table) {
	r.object(n, path, members{
		"create": func(n *node, path string) { t.Allow.Create = r.expression(n, path) },
		"update": func(n *node, path string) { t.Allow.Update = r.expression(n, path) },
		"delete": func(n *node, path string) { t.Allow.Delete = r.expression(n, path) },
	})
}

// rules compiles every rule, and warns where anyone or nobody may write.
func (r *reader) rules(path string, t *bundle.Table) {
	declared := []string{t.Key}
	for _, f := range t.Fields {
		top, _, _ := strings.Cut(f.Path, ".")
		declared = append(declared, top)
	}
	sort.Strings(declared)
	open, none := 0, 0
	for verb, expr := range map[string]string{"create": t.Allow.Create, "update": t.Allow.Update, "delete": t.Allow.Delete} {
		at := join(path, "allow."+verb)
		if expr == "" {
			none++
			continue
		}
		if r.bad(at) {
			continue
		}
		compiled, err := rule.Compile(expr, declared)
		if err != nil {
			r.fail(at, "rule", fault.Of(err).Message, "Rules are CEL over user, old, new and changed.")
			continue
		}
		if allow, ok := compiled.Constant(); ok && allow {
			open++
		}
		r.comparisons(at, compiled, t)
	}
	at := join(path, "allow")
	if open > 0 {
		r.warn(at, "open", "Anyone with a token may write this table.", "Compare the row with the user: new.owner_id == user.id.")
	}
	if none == 3 && !r.bad(at) {
		r.warn(at, "closed", "Nobody may write this table.", "Add allow.create, allow.update and allow.delete.")
	}
}

// paths makes sure that no two columns write the same place.
func (r *reader) paths(path string, t *bundle.Table) {
	names := make([]string, 0, len(t.Fields))
	for name, f := range t.Fields {
		if f.Ignored {
			continue
		}
		names = append(names, name)
		if f.Path == t.Key || f.Path == "_id" {
			r.fail(join(path, "fields."+name+".path"), "key", "The row's key is not a column.", "It is the row's id on the device, typed by the table's id setting.")
		}
	}
	sort.Strings(names)
	for i, a := range names {
		for _, b := range names[i+1:] {
			pa, pb := t.Fields[a].Path, t.Fields[b].Path
			if pa == pb || strings.HasPrefix(pa, pb+".") || strings.HasPrefix(pb, pa+".") {
				r.fail(join(path, "fields."+b+".path"), "overlap", "The columns "+a+" and "+b+" write the same place.", "Give one of them another path, or mark it ignored: true.")
			}
		}
	}
}
