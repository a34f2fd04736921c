package connect

import (
	"fmt"
	"strings"

	"turnkey/runtime/bundle"
)

// streams writes sync-streams.yaml: a stream for each table, and the two that tell users what became of their writes.
func streams(cfg *bundle.Config, list []table) (yaml string, open []string) {
	var b strings.Builder
	b.WriteString("config:\n  edition: 3\n\nstreams:\n")
	for _, t := range list {
		owner := t.owner()
		if owner == "" {
			open = append(open, t.Name)
			fmt.Fprintf(&b, "  # No rule of %s says whose a row is, so everybody who is signed in gets every row. Add a WHERE.\n", t.Name)
		}
		stream(&b, cfg.Source.Type, t, owner)
	}
	b.WriteString("  # Filled by Turnkey: writes that were refused, and writes that met somebody else's.\n")
	stream(&b, cfg.Source.Type, ours(cfg, "turnkey_rejections", rejectionColumns), "user_id")
	stream(&b, cfg.Source.Type, ours(cfg, "turnkey_conflicts", conflictColumns), "user_id")
	return b.String(), open
}

// ours is one of the two tables that we fill.
func ours(cfg *bundle.Config, name string, columns []column) table {
	t := table{Name: name, Columns: columns, source: bundle.Table{Collection: name, Key: "_id"}}
	if cfg.Source.Type == bundle.PostgreSQL {
		t.source.Collection, t.source.Key = cfg.Source.Database+"."+name, "id"
	}
	return t
}

func stream(b *strings.Builder, source bundle.SourceType, t table, owner string) {
	from := identifier(t.source.Collection)
	if source == bundle.PostgreSQL {
		schema, name, _ := strings.Cut(t.source.Collection, ".")
		from = identifier(schema) + "." + identifier(name)
	}
	id := identifier(t.source.Key)
	if t.source.ID == bundle.TypeInt64 { // ids of devices are text
		id = "CAST(" + id + " AS TEXT)"
	}
	selected := []string{id + " AS id"}
	for _, c := range t.Columns {
		selected = append(selected, expression(c))
	}
	fmt.Fprintf(b, "  %s:\n    auto_subscribe: true\n    query: >-\n      SELECT %s\n      FROM %s AS %s\n", t.Name, strings.Join(selected, ",\n        "), from, identifier(t.Name))
	if owner != "" {
		fmt.Fprintf(b, "      WHERE %s = auth.user_id()\n", identifier(owner))
	}
}

// expression selects a column from where the row has it: renamed, or a leaf of a nested document.
func expression(c column) string {
	steps := strings.Split(c.path, ".")
	out := identifier(steps[0])
	for _, s := range steps[1:] {
		out += " ->> '" + s + "'"
	}
	if out == identifier(c.Name) {
		return out
	}
	return out + " AS " + identifier(c.Name)
}

// identifier quotes a name for PowerSync's SQL.
func identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
