package config

import (
	"strings"

	"turnkey/runtime/bundle"
)

// source reads where rows live.
func (r *reader) source(n *node, path string) {
	if n == nil {
		r.fail(path, "required", "This setting is required.", "source: {type: mongodb, uri: {secret: SOURCE_URI}, database: ...}")
		return
	}
	s := &r.cfg.Source
	ok := r.object(n, path, members{
		"type":     func(n *node, path string) { s.Type = bundle.SourceType(r.choice(n, path, "mongodb", "postgres")) },
		"uri":      func(n *node, path string) { s.URI = r.secret(n, path) },
		"database": func(n *node, path string) { s.Database = r.text(n, path) },
		"row_level_security": func(n *node, path string) {
			s.RowLevelSecurity = &bundle.RowLevelSecurity{}
			r.object(n, path, members{"role": func(n *node, path string) {
				s.RowLevelSecurity.Role = r.text(n, path)
				if !r.bad(path) && !identifier(s.RowLevelSecurity.Role) {
					r.fail(path, "identifier", "This is not the name of a role.", "")
				}
			}})
			r.required(n, path, "role", "Name the role that requests run as, such as authenticated.")
		},
	})
	if !ok {
		return
	}
	r.required(n, path, "type", "mongodb or postgres")
	r.required(n, path, "uri", "Store the connection string as a secret and write uri: {secret: SOURCE_URI}.")
	switch s.Type {
	case bundle.MongoDB:
		r.required(n, path, "database", "Name the MongoDB database.")
		if s.RowLevelSecurity != nil {
			r.fail(join(path, "row_level_security"), "wrong_source", "Only PostgreSQL has row-level security.", "")
		}
		if s.Database != "" && (strings.ContainsAny(s.Database, "/\\. \"$*<>:|?\x00") || len(s.Database) > 63) {
			r.fail(join(path, "database"), "identifier", "This is not the name of a MongoDB database.", "")
		}
	case bundle.PostgreSQL:
		if s.Database == "" {
			s.Database = "turnkey"
		} else if !identifier(s.Database) {
			r.fail(join(path, "database"), "identifier", "This is not the name of a schema.", "For PostgreSQL, database names the schema of our own tables; the default is turnkey.")
		}
	}
}

// identifier accepts names that need no thought in either database: letters, digits, underscores.
func identifier(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 63
}
