package postgres

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// relation is what the catalog knows about a table.
type relation struct {
	name    string // quoted, with schema
	columns []column
	byName  map[string]*column
	list    string // the select list
	read    time.Time

	soloQueries sync.Map // by key column
}

// column of a relation.
type column struct {
	name      string
	quoted    string
	base      string // pg_type.typname of the type, or of a domain's base type
	cast      string // the type as SQL spells it
	array     bool
	generated bool
	declared  bundle.Type // as the pipeline sees it
}

const catalogQuery = `
SELECT a.attname, coalesce(b.typname, t.typname), format_type(a.atttypid, a.atttypmod), coalesce(e.typname, ''),
       a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
LEFT JOIN pg_type e ON t.typcategory = 'A' AND e.oid = t.typelem
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

// relation gives a table's columns from memory, or from the catalog.
func (s *Source) relation(ctx context.Context, t *source.Table) (*relation, error) {
	s.mu.Lock()
	r := s.relations[t.Collection]
	s.mu.Unlock()
	if r != nil && s.opt.Now().Sub(r.read) < relationsFor {
		return r, nil
	}
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, err
	}
	schema, table, _ := strings.Cut(t.Collection, ".")
	r = &relation{name: pgx.Identifier{schema, table}.Sanitize(), byName: map[string]*column{}, read: s.opt.Now()}
	rows, err := pool.Query(ctx, catalogQuery, r.name)
	if err != nil {
		return nil, translate(err)
	}
	for rows.Next() {
		var c column
		var element string
		if err := rows.Scan(&c.name, &c.base, &c.cast, &element, &c.generated); err != nil {
			rows.Close()
			return nil, translate(err)
		}
		c.quoted, c.array = pgx.Identifier{c.name}.Sanitize(), element != ""
		c.declared = declaredType(c.base)
		if c.array {
			elem := declaredType(element)
			c.declared = bundle.Type{Name: bundle.TypeArray, Elem: &elem}
		}
		r.columns = append(r.columns, c)
	}
	if err := rows.Err(); err != nil {
		return nil, translate(err)
	}
	if len(r.columns) == 0 {
		return nil, &source.Failure{Class: source.Misconfigured, Code: "source_table_missing", Message: "A configured table does not exist.",
			Hint: "Create " + t.Collection + ", or correct tables." + t.Name + ".table.", Change: -1}
	}
	r.index()
	if r.byName[t.Key] == nil {
		return nil, &source.Failure{Class: source.Misconfigured, Code: "source_column_missing", Message: "A table lacks its configured key.",
			Hint: "Set tables." + t.Name + ".key to the primary key of " + t.Collection + ".", Change: -1}
	}
	s.mu.Lock()
	s.relations[t.Collection] = r
	s.mu.Unlock()
	return r, nil
}

func (r *relation) index() {
	list := make([]string, len(r.columns))
	for i := range r.columns {
		c := &r.columns[i]
		r.byName[c.name] = c
		list[i] = c.selected()
	}
	r.list = strings.Join(list, ", ")
}

// forget drops what is known of every table, after an error that says that it is stale.
func (s *Source) forget() {
	s.mu.Lock()
	clear(s.relations)
	s.mu.Unlock()
}

// Columns implements source.Source.
func (s *Source) Columns(ctx context.Context, t *source.Table) (map[string]bundle.Type, error) {
	r, err := s.relation(ctx, t)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bundle.Type, len(r.columns))
	for _, c := range r.columns {
		out[c.name] = c.declared
	}
	return out, nil
}

// declaredType is how values of a type look to the pipeline. What has no counterpart is text, which
// PostgreSQL reads and writes for every type.
func declaredType(base string) bundle.Type {
	switch base {
	case "bool":
		return bundle.Type{Name: bundle.TypeBool}
	case "int2", "int4":
		return bundle.Type{Name: bundle.TypeInt32}
	case "int8":
		return bundle.Type{Name: bundle.TypeInt64}
	case "float4", "float8":
		return bundle.Type{Name: bundle.TypeDouble}
	case "numeric":
		return bundle.Type{Name: bundle.TypeDecimal}
	case "uuid":
		return bundle.Type{Name: bundle.TypeUUID}
	case "timestamptz", "timestamp":
		return bundle.Type{Name: bundle.TypeDate}
	case "bytea":
		return bundle.Type{Name: bundle.TypeBinary}
	case "json", "jsonb":
		return bundle.Type{Name: bundle.TypeJSON}
	}
	return bundle.Type{Name: bundle.TypeString}
}

// selected is the column in a select list: types that we do not read in binary come as text, lists
// as JSON.
func (c *column) selected() string {
	if c.array {
		return "to_json(" + c.quoted + ")::text"
	}
	switch c.base {
	case "bool", "int2", "int4", "int8", "float4", "float8", "uuid", "timestamptz", "timestamp", "bytea", "json", "jsonb", "text", "varchar", "bpchar":
		return c.quoted
	}
	return c.quoted + "::text"
}
