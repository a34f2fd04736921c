package postgres

import (
	"context"
	"sort"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

const (
	mostTables = 200
	sampleRows = 100
)

const tablesQuery = `
SELECT n.nspname, c.relname, greatest(c.reltuples, 0)::bigint,
       coalesce((SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                 WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1), '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', $1)
  AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1, 2 LIMIT $2`

// Inspect implements source.Source.
func (s *Source) Inspect(ctx context.Context) (*source.Inspection, error) {
	pool, err := s.connections(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := pool.Query(ctx, tablesQuery, s.opt.Schema, mostTables+1)
	if err != nil {
		return nil, translate(err)
	}
	type found struct {
		Schema, Name string
		Rows         int64
		Key          string
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[found])
	if err != nil {
		return nil, translate(err)
	}
	out := &source.Inspection{Tables: []source.ProposedTable{}}
	for i, f := range list {
		if i == mostTables {
			out.Notes = append(out.Notes, "Only the first 200 tables are shown.")
			break
		}
		full := f.Schema + "." + f.Name
		if f.Key == "" {
			out.Notes = append(out.Notes, full+" is left out: it has no primary key of one column.")
			continue
		}
		r, err := s.relation(ctx, &source.Table{Name: f.Name, Collection: full, Key: f.Key}, nil)
		if err != nil {
			return nil, err
		}
		p, err := s.propose(ctx, pool, r, f.Name, full, f.Key)
		if err != nil {
			return nil, err
		}
		p.Rows = f.Rows
		out.Tables = append(out.Tables, p)
	}
	return out, nil
}

func (s *Source) propose(ctx context.Context, pool *pgxpool.Pool, r *relation, name, full, key string) (source.ProposedTable, error) {
	p := source.ProposedTable{Name: name, Table: bundle.Table{
		Collection: full, Key: key, ID: idType(r.byName[key].base), UnknownFields: bundle.RejectUnknown, Fields: map[string]bundle.Field{}, ClientHandling: []string{},
	}}
	samples, err := s.sample(ctx, pool, r)
	if err != nil {
		return p, err
	}
	p.Sampled = len(samples)
	for i := range r.columns {
		c := &r.columns[i]
		switch {
		case c.name == key:
		case c.generated:
			p.Warnings = append(p.Warnings, c.name+" is computed by the database, so clients cannot write it.")
		case c.base == "bytea":
			p.Warnings = append(p.Warnings, c.name+" is binary, which PowerSync does not sync.")
		default:
			p.Table.Fields[c.name] = bundle.Field{Path: c.name, Type: c.proposed(samples)}
		}
	}
	return p, nil
}

func idType(base string) bundle.TypeName {
	switch base {
	case "uuid":
		return bundle.TypeUUID
	case "int2", "int4", "int8":
		return bundle.TypeInt64
	}
	return bundle.TypeString
}

func (s *Source) sample(ctx context.Context, pool *pgxpool.Pool, r *relation) ([]*value.Object, error) {
	rows, err := pool.Query(ctx, "SELECT "+r.list+" FROM "+r.name+" LIMIT $1", sampleRows)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []*value.Object
	for rows.Next() {
		doc, err := r.document(rows)
		if err != nil {
			return nil, translate(err)
		}
		out = append(out, doc)
	}
	return out, translate(rows.Err())
}

// proposed looks into JSON columns: what all samples agree on becomes their declared shape.
func (c *column) proposed(samples []*value.Object) bundle.Type {
	if c.base != "json" && c.base != "jsonb" {
		return c.declared
	}
	var all []value.Value
	for _, doc := range samples {
		v, _ := doc.Get(c.name)
		text, ok := v.(value.JSON)
		if !ok {
			continue
		}
		parsed, err := value.DecodeJSON([]byte(text))
		if err == nil {
			all = append(all, parsed)
		}
	}
	if t := shape(all); t.Name == bundle.TypeObject || t.Name == bundle.TypeArray {
		return t
	}
	return c.declared
}

// shape infers the type that every value has; empty when they differ.
func shape(all []value.Value) bundle.Type {
	var t bundle.Type
	objects, lists := map[string][]value.Value{}, []value.Value{}
	for _, v := range all {
		name := jsonType(v)
		if name == "" {
			continue // null says nothing
		}
		if t.Name != "" && t.Name != name {
			return bundle.Type{}
		}
		t.Name = name
		switch v := v.(type) {
		case *value.Object:
			for _, m := range v.Members {
				objects[m.Name] = append(objects[m.Name], m.Value)
			}
		case value.Array:
			lists = append(lists, v...)
		}
	}
	switch t.Name {
	case bundle.TypeObject:
		t.Fields = map[string]bundle.Type{}
		for _, name := range sortedNames(objects) {
			if inner := shape(objects[name]); inner.Name != "" {
				t.Fields[name] = inner
			}
		}
	case bundle.TypeArray:
		if inner := shape(lists); inner.Name != "" {
			t.Elem = &inner
		}
	}
	return t
}

func sortedNames(m map[string][]value.Value) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// jsonType reads a JSON value's likely type: text that is a date or a UUID everywhere is one.
func jsonType(v value.Value) bundle.TypeName {
	switch v := v.(type) {
	case bool:
		return bundle.TypeBool
	case value.Number:
		if _, err := value.ParseID(bundle.TypeInt64, string(v)); err == nil {
			return bundle.TypeInt64
		}
		return bundle.TypeDouble
	case string:
		if _, err := value.ParseID(bundle.TypeUUID, v); err == nil {
			return bundle.TypeUUID
		}
		if len(v) >= 19 && (v[10] == 'T' || v[10] == ' ') {
			if _, _, err := value.Coerce(v, bundle.Type{Name: bundle.TypeDate}, nil, false); err == nil {
				return bundle.TypeDate
			}
		}
		return bundle.TypeString
	case value.Array:
		return bundle.TypeArray
	case *value.Object:
		return bundle.TypeObject
	}
	return ""
}
