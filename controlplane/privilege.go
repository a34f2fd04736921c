package controlplane

import (
	"maps"
	"slices"
	"strings"

	"turnkey/runtime/bundle"
)

// LeastPrivilege gives the commands that make a database user who may do what a configuration needs, and no more.
func LeastPrivilege(cfg *bundle.Config) []string {
	if cfg.Source.Type == bundle.MongoDB {
		db := jsString(cfg.Source.Database)
		return []string{
			"use " + cfg.Source.Database,
			"db.createUser({user: \"turnkey\", pwd: passwordPrompt(), roles: [{role: \"readWrite\", db: " + db + "}]})",
		}
	}
	return postgresUser(cfg)
}

func jsString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// postgresUser names tables one by one: rules are kept by us, so the database is the last line.
func postgresUser(cfg *bundle.Config) []string {
	const user = "turnkey"
	own := sqlName(cfg.Source.Database)
	list := []string{"CREATE ROLE " + user + " LOGIN PASSWORD '<a long random one>';", "CREATE SCHEMA IF NOT EXISTS " + own + " AUTHORIZATION " + user + ";"}
	schemas, tables, read := map[string]bool{}, map[string]bool{}, map[string]bool{}
	add := func(place string, to map[string]bool) {
		schema, table, ok := strings.Cut(place, ".")
		if !ok {
			schema, table = "public", place
		}
		schemas[sqlName(schema)] = true
		to[sqlName(schema)+"."+sqlName(table)] = true
	}
	for _, t := range cfg.Tables {
		add(t.Collection, tables)
	}
	for _, p := range cfg.Auth.Providers {
		if p.Lookup != nil {
			add(p.Lookup.Collection, read)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(schemas)) {
		list = append(list, "GRANT USAGE ON SCHEMA "+s+" TO "+user+";")
	}
	for _, t := range slices.Sorted(maps.Keys(tables)) {
		list = append(list, "GRANT SELECT, INSERT, UPDATE, DELETE ON "+t+" TO "+user+";")
	}
	for _, t := range slices.Sorted(maps.Keys(read)) {
		if !tables[t] {
			list = append(list, "GRANT SELECT ON "+t+" TO "+user+";")
		}
	}
	if rls := cfg.Source.RowLevelSecurity; rls != nil {
		list = append(list, "GRANT "+sqlName(rls.Role)+" TO "+user+";")
	}
	return list
}

func sqlName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
