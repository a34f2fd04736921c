package postgres

import (
	"context"
	"errors"
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
	// hides: row-level security holds for our own user, or the relation is not a plain table (a view
	// has its own conditions). Then a write may touch fewer rows than it names without an error.
	hides bool
	// uniques maps unique indexes over one column, those of partitions too, to that column.
	uniques map[string]string
	// keys are the columns that rows can be found and created by: unique in the whole table, and checked at once.
	keys []string
	view bool // or anything else that is not a plain or partitioned table
	// effects: a write may change other rows, by triggers, rules or foreign keys that act. REPEATABLE READ notices
	// what other transactions changed, not what our own did in passing.
	effects bool

	declared map[string]bundle.Type
	texts    sync.Map // by textKey
}

// column of a relation.
type column struct {
	name   string
	quoted string
	base   string // pg_type.typname of the type; of a domain the type under it
	// cast is that type as SQL spells it, without length or precision: an explicit cast to varchar(5)
	// cuts off in silence what the assignment to the column refuses.
	cast      string
	array     bool
	generated bool
	nullable  bool
	declared  bundle.Type // as the pipeline sees it
}

const columnsQuery = `
SELECT a.attname, t.typname, format_type(t.oid, -1), coalesce(e.typname, ''), a.attgenerated <> '' OR a.attidentity = 'a', NOT a.attnotnull
FROM pg_attribute a
CROSS JOIN LATERAL (
  WITH RECURSIVE under AS (
    SELECT p.oid, p.typtype, p.typbasetype FROM pg_type p WHERE p.oid = a.atttypid
    UNION ALL SELECT p.oid, p.typtype, p.typbasetype FROM under u JOIN pg_type p ON p.oid = u.typbasetype WHERE u.typtype = 'd')
  SELECT oid FROM under WHERE typtype <> 'd') u
JOIN pg_type t ON t.oid = u.oid
LEFT JOIN pg_type e ON t.typcategory = 'A' AND e.oid = t.typelem
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

const relationQuery = `
SELECT c.relkind NOT IN ('r', 'p') OR row_security_active(c.oid),
       ARRAY(SELECT ic.relname || '' FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE ` + ofRelation + ` ORDER BY i.indexrelid),
       ARRAY(SELECT a.attname || '' FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE ` + ofRelation + ` ORDER BY i.indexrelid),
       c.relkind IN ('r', 'p'),
       ARRAY(SELECT a.attname || '' FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = c.oid AND i.indimmediate AND ` + overOneColumn + `),
       c.relhasrules
       OR EXISTS (SELECT FROM pg_trigger g WHERE (g.tgrelid = c.oid OR g.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid))) AND NOT g.tgisinternal AND g.tgenabled <> 'D')
       OR EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND (f.confrelid = c.oid OR f.confrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))
                  AND (f.confdeltype IN ('c', 'n', 'd') OR f.confupdtype IN ('c', 'n', 'd')))
FROM pg_class c WHERE c.oid = to_regclass($1)`

const ofRelation = `(i.indrelid = c.oid OR i.indrelid IN (SELECT relid FROM pg_partition_tree(c.oid))) AND ` + overOneColumn

const overOneColumn = `i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indkey[0] > 0 AND i.indpred IS NULL`

// catalog is what can be asked for the catalog: the pool, or a transaction's own connection.
type catalog interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// relation gives a table's columns from memory, or from the catalog; nil: the pool is asked.
func (s *Source) relation(ctx context.Context, t *source.Table, from catalog) (*relation, error) {
	s.mu.Lock()
	r := s.relations[t.Collection]
	s.mu.Unlock()
	if r == nil || s.opt.Now().Sub(r.read) >= relationsFor {
		var err error
		if from == nil {
			if from, err = s.connections(ctx); err != nil {
				return nil, err
			}
		}
		if r, err = s.readRelation(ctx, t, from); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.relations[t.Collection] = r
		s.mu.Unlock()
	}
	if r.byName[t.Key] == nil {
		return nil, &source.Failure{Class: source.Misconfigured, Code: "source_column_missing", Message: "A table lacks its configured key.",
			Hint: "Set tables." + t.Name + ".key to the primary key of " + t.Collection + ".", Change: -1}
	}
	return r, nil
}

func (s *Source) readRelation(ctx context.Context, t *source.Table, from catalog) (*relation, error) {
	schema, table, dotted := strings.Cut(t.Collection, ".")
	if !dotted {
		schema, table = "public", t.Collection
	}
	r := &relation{name: pgx.Identifier{schema, table}.Sanitize(), byName: map[string]*column{}, uniques: map[string]string{}, read: s.opt.Now()}
	var names, columns []string
	var isTable bool
	err := from.QueryRow(ctx, relationQuery, r.name).Scan(&r.hides, &names, &columns, &isTable, &r.keys, &r.effects)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, &source.Failure{Class: source.Misconfigured, Code: "source_table_missing", Message: "A configured table does not exist.",
			Hint: "Create " + t.Collection + ", or correct tables." + t.Name + ".table.", Change: -1}
	} else if err != nil {
		return nil, translate(err)
	}
	for i, name := range names {
		r.uniques[name] = columns[i]
	}
	if err := r.readColumns(ctx, from); err != nil {
		return nil, translate(err)
	}
	r.view = !isTable
	return r, nil
}

func (r *relation) readColumns(ctx context.Context, from catalog) error {
	rows, err := from.Query(ctx, columnsQuery, r.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		var element string
		if err := rows.Scan(&c.name, &c.base, &c.cast, &element, &c.generated, &c.nullable); err != nil {
			return err
		}
		c.quoted, c.array = pgx.Identifier{c.name}.Sanitize(), element != ""
		c.declared = declaredType(c.base)
		if c.array {
			elem := declaredType(element)
			c.declared = bundle.Type{Name: bundle.TypeArray, Elem: &elem}
		}
		r.columns = append(r.columns, c)
	}
	r.index()
	return rows.Err()
}

func (r *relation) index() {
	list := make([]string, len(r.columns))
	r.declared = make(map[string]bundle.Type, len(r.columns))
	for i := range r.columns {
		c := &r.columns[i]
		r.byName[c.name] = c
		r.declared[c.name] = c.declared
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
	r, err := s.keyed(ctx, t)
	if err != nil {
		return nil, err
	}
	return r.declared, nil
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
