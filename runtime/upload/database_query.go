package upload

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// find answers findOne and find.
func (d *dbCall) find(ctx context.Context) (jsontext.Value, error) {
	q, err := d.query()
	if err != nil {
		return nil, err
	}
	one := d.request.Method == hook.FindOne
	if q.Limit = d.request.Limit; one {
		q.Limit = 1
	}
	q.Skip = d.request.Skip
	if err := d.sort(q); err != nil {
		return nil, err
	}
	if len(d.request.Fields) > source.MaxConditions {
		return nil, catch(dbQuery, "A query names at most %d fields.", source.MaxConditions)
	}
	for _, name := range d.request.Fields {
		path, err := d.path(name)
		if err != nil {
			return nil, err
		}
		if len(path) > 1 {
			return nil, catch(dbQuery, "fields are members of the row itself: %s cannot be given by itself.", quote(name))
		}
		d.names = append(d.names, path[0])
	}
	rows, err := d.rows(ctx, q)
	if err != nil {
		return nil, err
	}
	if one && len(rows) == 0 {
		return jsontext.Value("null"), nil
	}
	if one {
		return d.rowText(rows[0].Doc), nil
	}
	out := jsontext.Value{'['}
	for i, r := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		if out = append(out, d.rowText(r.Doc)...); len(out) > maxDBAnswer {
			return nil, catch(dbTooLarge, tooMuch)
		}
	}
	return append(out, ']'), nil
}

func (d *dbCall) rows(ctx context.Context, q *source.Query) ([]source.Row, error) {
	if err := refusable(q); err != nil {
		return nil, err
	}
	rows, fits, err := d.tx.Find(ctx, q)
	if err == nil && !fits {
		err = catch(dbTooLarge, tooMuch)
	}
	return rows, err
}

func (d *dbCall) count(ctx context.Context) (jsontext.Value, error) {
	q, err := d.query()
	if err != nil {
		return nil, err
	}
	if err := refusable(q); err != nil {
		return nil, err
	}
	n, err := d.tx.Count(ctx, q)
	return strconv.AppendInt(nil, n, 10), err
}

// refusable finds out what no source would carry out, while the code may still catch it.
func refusable(q *source.Query) error {
	if err := q.Check(); err != nil {
		return catch(dbQuery, "%s", source.FailureOf(err).Message)
	}
	return nil
}

// query reads the filter: {field: value} or {field: {$gt: value, ...}}.
func (d *dbCall) query() (*source.Query, error) {
	q := &source.Query{Table: &d.table.Table}
	filter, err := d.object(d.request.Filter, "filter")
	if err != nil {
		return nil, err
	}
	for _, m := range filter.Members {
		path, err := d.path(m.Name)
		if err == nil {
			err = d.comparable(path)
		}
		if err != nil {
			return nil, err
		}
		if ops, ok := m.Value.(*value.Object); ok && len(ops.Members) > 0 && strings.HasPrefix(ops.Members[0].Name, "$") {
			for _, op := range ops.Members {
				c, err := d.condition(path, op.Name, op.Value)
				if err != nil {
					return nil, err
				}
				q.Where = append(q.Where, c)
			}
			continue
		}
		c, err := d.condition(path, "$eq", m.Value)
		if err != nil {
			return nil, err
		}
		q.Where = append(q.Where, c)
	}
	return q, nil
}

var dbOperators = map[string]source.Comparison{"$eq": source.Eq, "$ne": source.Ne, "$gt": source.Gt, "$gte": source.Gte, "$lt": source.Lt, "$lte": source.Lte, "$in": source.In}

func (d *dbCall) condition(path []string, operator string, operand value.Value) (source.Condition, error) {
	c := source.Condition{Path: path, Op: dbOperators[operator]}
	if c.Op == 0 {
		return c, catch(dbQuery, "The field %s is compared by %s, which is not supported.", quote(strings.Join(path, ".")), quote(operator))
	}
	operands := value.Array{operand}
	if c.Op == source.In {
		list, ok := operand.(value.Array)
		if !ok {
			return c, catch(dbQuery, "The field %s: $in takes a list of values.", quote(strings.Join(path, ".")))
		}
		operands = list
	}
	if len(operands) > source.MaxIn {
		return c, catch(dbQuery, "The field %s is compared with more than %d values.", quote(strings.Join(path, ".")), source.MaxIn)
	}
	for _, o := range operands {
		v, err := d.operand(path, o)
		if err != nil {
			return c, err
		}
		c.Values = append(c.Values, v)
	}
	return c, nil
}

// operand types a value that a field is compared with.
func (d *dbCall) operand(path []string, v value.Value) (value.Value, error) {
	if v == nil {
		return nil, nil
	}
	declared := d.typeAt(path)
	_, list := v.(value.Array)
	switch {
	case d.columns != nil && d.columns[path[0]].Name == bundle.TypeJSON:
		return nil, catch(dbQuery, "The column %s holds JSON, which can be compared with null only.", quote(path[0]))
	case d.columns == nil && declared.Name == bundle.TypeArray && !list: // MongoDB looks for an element
		declared = bundle.Type{}
		if elem := d.typeAt(path).Elem; elem != nil {
			declared = *elem
		}
	case declared.Name == bundle.TypeJSON:
		declared = bundle.Type{}
	}
	return d.typed(path, v, declared, nil, false)
}

// typed types a value that the code gave.
func (d *dbCall) typed(path []string, v value.Value, declared bundle.Type, stored value.Value, has bool) (value.Value, error) {
	v, changed, err := value.Coerce(v, declared, stored, has)
	if text, ok := v.(value.JSON); ok && err == nil && changed && d.attempt.plan.database == bundle.MongoDB {
		v, err = value.Native(text)
	}
	var typed *value.TypeError
	if errors.As(err, &typed) {
		where := strings.Join(path, ".")
		if typed.Path != "" {
			where += "." + typed.Path
		}
		return nil, catch(dbValue, "The field %s: %s", quote(where), typed.Message)
	}
	return v, err
}

// path reads a field's name. Names never are operators, nor lead anywhere but into documents.
func (d *dbCall) path(name string) ([]string, error) {
	if name == "id" && d.keyIsCalledID() {
		return []string{d.table.Key}, nil
	}
	path := strings.Split(name, ".")
	if d.columns != nil && d.columns[name].Name != "" {
		path = []string{name} // a column may have a dot in its name
	}
	for _, step := range path {
		if !dbName(step) {
			return nil, catch(dbUnknownField, "The name %s cannot be a field's.", quote(name))
		}
	}
	if f := d.table.fields[path[0]]; f != nil && f.path[0] != path[0] && !d.table.declares(path[0]) && d.columns[path[0]].Name == "" {
		return nil, catch(dbUnknownField, "The field %s is called %s in the source.", quote(path[0]), quote(f.dotted))
	}
	if err := d.known(path); err != nil {
		return nil, err
	}
	return path, nil
}

// keyIsCalledID: id stands for the key, unless the table has another field of that name.
func (d *dbCall) keyIsCalledID() bool {
	_, column := d.columns["id"]
	return d.table.Key != "id" && d.table.byPath["id"] == nil && !d.table.inner["id"] && !column
}

func dbName(s string) bool {
	return s != "" && s[0] != '$' && len(s) <= 255 && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// known refuses columns that the database does not have.
func (d *dbCall) known(path []string) error {
	if d.columns != nil && d.columns[path[0]].Name == "" {
		return catch(dbUnknownField, "The table %s has no column %s.", quote(d.table.Name), quote(path[0]))
	}
	return nil
}

// comparable refuses paths that queries do not go on the database at hand.
func (d *dbCall) comparable(path []string) error {
	if d.columns != nil && len(path) > 1 {
		return catch(dbQuery, "The field %s lies inside a column, which queries cannot look into on PostgreSQL: find the rows by other columns.", quote(strings.Join(path, ".")))
	}
	return nil
}

func (d *dbCall) sort(q *source.Query) error {
	for _, k := range d.request.Sort {
		path, err := d.path(k.Field)
		if err == nil {
			err = d.comparable(path)
		}
		if err != nil {
			return err
		}
		if d.columns != nil && d.columns[path[0]].Name == bundle.TypeJSON {
			return catch(dbQuery, "The column %s holds JSON, which has no order.", quote(path[0]))
		}
		q.Sort = append(q.Sort, source.SortKey{Path: path, Descending: k.Descending})
	}
	return nil
}

// object reads one of the request's objects.
func (d *dbCall) object(text jsontext.Value, what string) (*value.Object, error) {
	if len(text) == 0 && what == "filter" {
		return &value.Object{}, nil
	}
	v, err := value.DecodeJSON(text)
	if o, ok := v.(*value.Object); ok && err == nil {
		return o, nil
	}
	return nil, catch(dbQuery, "The %s is no object that can be read.", what)
}
