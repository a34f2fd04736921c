package config

import (
	"slices"
	"sort"
	"strings"

	"turnkey/runtime/bundle"
)

func (r *reader) conflicts(n *node, path string) {
	r.object(n, path, members{
		"ttl":         func(n *node, path string) { r.cfg.Conflicts.TTL = r.duration(n, path, day, 3650*day) },
		"show_server": func(n *node, path string) { r.cfg.Conflicts.ShowServer = r.boolean(n, path) },
	})
}

func (r *reader) tombstones(n *node, path string) {
	r.object(n, path, members{
		"ttl": func(n *node, path string) { r.cfg.Tombstones.TTL = r.duration(n, path, day, 3650*day) },
	})
}

func (r *reader) deletes(n *node, path string, t *bundle.Table) {
	t.Deletes = bundle.Deletes(r.choice(n, path, "win", "tombstone", "lose"))
	if t.Deletes == bundle.DeletesLose {
		r.warnBase(path)
	}
}

// onConflict reads a row policy: a name, {version: column} or {timestamp: column}.
func (r *reader) onConflict(n *node, path string, t *bundle.Table) {
	if !n.isMap {
		t.OnConflict.Policy = bundle.RowPolicy(r.choice(n, path, "last_write", "merge", "reject", "record", "hook"))
		if r.bad(path) {
			return
		}
		switch t.OnConflict.Policy {
		case bundle.RowReject, bundle.RowRecord, bundle.RowHook:
			r.warnBase(path)
		}
		return
	}
	name := func(p bundle.RowPolicy) func(*node, string) {
		return func(n *node, path string) { t.OnConflict = bundle.OnConflict{Policy: p, Field: r.text(n, path)} }
	}
	r.object(n, path, members{"version": name(bundle.RowVersion), "timestamp": name(bundle.RowTimestamp)})
	if len(n.entries) != 1 && !r.bad(path) {
		r.fail(path, "choice", "This must name one field.", "Such as on_conflict: {version: version} or on_conflict: {timestamp: modified_at}.")
	}
}

// mergeOf reads a field policy: a name, or {timestamp: column}.
func (r *reader) mergeOf(n *node, path string, f *bundle.Field) {
	if n.isMap {
		f.Merge.Policy = bundle.MergeTimestamp
		r.object(n, path, members{"timestamp": func(n *node, path string) { f.Merge.Field = r.text(n, path) }})
		r.required(n, path, "timestamp", "Name the date field that says when this one was changed.")
		return
	}
	f.Merge.Policy = bundle.MergePolicy(r.choice(n, path, "last_write", "first_write", "server", "max", "min", "counter", "set", "append", "text", "json", "hook"))
}

// warnBase tells that a policy does nothing for devices which send no previous values.
func (r *reader) warnBase(path string) {
	r.warn(path, "previous_values", "This policy needs previous values; writes of devices that do not send them are taken as last_write.",
		"Set trackPrevious on the table in the app's schema, and use a connector that sends previous_values.")
}

// policies checks the table's policies against its fields, once all of them are known.
func (r *reader) policies(path string, t *bundle.Table) {
	names := make([]string, 0, len(t.Fields))
	for name, f := range t.Fields {
		if f.Merge.Policy != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if t.OnConflict.Policy == "" {
		t.OnConflict.Policy = bundle.RowLastWrite
		if len(names) > 0 { // merge: counter must never be without effect
			t.OnConflict.Policy = bundle.RowMerge
		}
	}
	if t.Deletes == "" {
		t.Deletes = bundle.DeletesWin
	}
	switch at := join(path, "on_conflict."+string(t.OnConflict.Policy)); t.OnConflict.Policy {
	case bundle.RowVersion:
		r.column(at, t, t.OnConflict.Field, "a whole number", bundle.TypeInt64, bundle.TypeInt32)
	case bundle.RowTimestamp:
		r.column(at, t, t.OnConflict.Field, "a date", bundle.TypeDate)
	}
	for _, name := range names {
		r.merge(join(path, "fields."+name), name, t, join(path, "on_conflict"))
	}
}

// column checks a field that a policy reads.
func (r *reader) column(path string, t *bundle.Table, name, spoken string, types ...bundle.TypeName) {
	f, exists := t.Fields[name]
	switch {
	case r.bad(path):
	case !exists || f.Ignored:
		r.fail(path, "no_such_field", "The table has no field "+name+" to read.", "Declare it under the table's fields.")
	case !slices.Contains(types, f.Type.Name):
		r.fail(path, "policy_type", "The field "+name+" must be "+spoken+".", "Set its type to "+string(types[0])+".")
	case f.Immutable:
		r.fail(path, "immutable", "The field "+name+" is immutable, so it can never move on.", "Remove immutable from it.")
	}
}

// fits are the types that a field policy can work on; a policy that is not here works on any.
var fits = map[bundle.MergePolicy][]bundle.TypeName{
	bundle.MergeCounter: {bundle.TypeInt64, bundle.TypeInt32, bundle.TypeDouble, bundle.TypeDecimal},
	bundle.MergeMax:     {bundle.TypeInt64, bundle.TypeInt32, bundle.TypeDouble, bundle.TypeDecimal, bundle.TypeDate, bundle.TypeString},
	bundle.MergeMin:     {bundle.TypeInt64, bundle.TypeInt32, bundle.TypeDouble, bundle.TypeDecimal, bundle.TypeDate, bundle.TypeString},
	bundle.MergeSet:     {bundle.TypeArray},
	bundle.MergeAppend:  {bundle.TypeArray},
	bundle.MergeText:    {bundle.TypeString},
	bundle.MergeJSON:    {bundle.TypeObject, bundle.TypeJSON},
}

// merge checks one field's policy.
func (r *reader) merge(path, name string, t *bundle.Table, onConflict string) {
	f, at := t.Fields[name], join(path, "merge")
	types, typed := fits[f.Merge.Policy]
	switch {
	case r.bad(at) || r.bad(onConflict):
		return
	case t.OnConflict.Policy != bundle.RowMerge:
		r.fail(at, "on_conflict", "Fields are merged only under on_conflict: merge.", "Set on_conflict: merge for the table, or remove this.")
	case f.Ignored || f.Immutable:
		r.fail(at, "never_changes", "A field that is ignored or immutable is never merged.", "Remove one of the settings.")
	case typed && !slices.Contains(types, f.Type.Name):
		spoken := make([]string, len(types))
		for i, t := range types {
			spoken[i] = string(t)
		}
		r.fail(at, "policy_type", "The policy "+string(f.Merge.Policy)+" needs a field of type "+strings.Join(spoken, ", ")+".", "Declare the field's type, or choose another policy.")
	}
	switch f.Merge.Policy {
	case bundle.MergeTimestamp:
		r.clock(join(at, "timestamp"), name, t)
	case bundle.MergeFirstWrite, bundle.MergeServer, bundle.MergeCounter, bundle.MergeSet, bundle.MergeAppend, bundle.MergeText, bundle.MergeHook:
		if !r.bad(at) {
			r.warnBase(at)
		}
	}
}

// clock checks the field that holds another's time, and makes it follow the later one.
func (r *reader) clock(path, name string, t *bundle.Table) {
	clock := t.Fields[name].Merge.Field
	r.column(path, t, clock, "a date", bundle.TypeDate)
	if r.bad(path) {
		return
	}
	c := t.Fields[clock]
	if clock == name || c.Merge.Policy != "" && c.Merge.Policy != bundle.MergeMax {
		r.fail(path, "clock", "The field "+clock+" follows the later time, so it cannot have another policy.", "Remove its merge, or name another field.")
		return
	}
	c.Merge = bundle.Merge{Policy: bundle.MergeMax}
	t.Fields[clock] = c
}
