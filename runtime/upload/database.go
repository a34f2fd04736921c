package upload

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// ctx.db of hooks: a few calls on the tables of the configuration, in the transaction of the upload. It is the
// customer's trusted code, so no rule is asked, no hook called, and nothing said of immutable fields or transitions; types
// are checked. With row-level security the database still asks for the rights of the user.
//
//	what the code may catch   a table, field, value or query that cannot be; a row that is there already; the row in hand
//	what ends the transaction everything that the database says: a conflict (tried again), a constraint (refused with
//	                          the constraint's code), trouble
//
// What is written is sent at once, so later operations and calls see it, and the rows that the attempt holds are read
// again: what code writes to the row of a later operation is what that one meets, as if somebody else had written it. The row
// whose operation is in hand cannot be written: the operation would be decided on what the row was.
//
// Deletions leave tombstones where the table has them, nobody's: no device knows of them, so none may create the
// row again. Insertions are asked for none. Writes are noted on rows for which rejections wait, like those of devices; that a
// row is missing because its creation waits is not told to the code.

// Codes of the errors that the code may catch.
const (
	dbUnknownTable = "unknown_table"
	dbUnknownField = "unknown_field"
	dbQuery        = "invalid_query"
	dbValue        = "invalid_value"
	dbDuplicate    = "duplicate_key"
	dbNoID         = "id_required"
	dbOwnRow       = "own_row"
	dbTooLarge     = "too_large"
)

// maxDBAnswer bounds an answer as JSON.
const maxDBAnswer = 1 << 20

// database answers one call of ctx.db in the transaction of the upload. It is called in strict mode only:
// everything that earlier operations did has been sent, so the database shows it. An error is the transaction's, a
// *source.Failure; a HostError is the hook's to catch.
func (a *attempt) database(ctx context.Context, tx source.Tx, q *hook.DBRequest) (jsontext.Value, *hook.HostError, error) {
	t, no := a.plan.tableOf(q.Table)
	if no != nil {
		return nil, no, nil
	}
	columns, alone, err := tx.Describe(ctx, &t.Table)
	if err != nil {
		return nil, nil, a.lost(q, err)
	}
	d := &dbCall{attempt: a, tx: tx, request: q, table: t, columns: columns, effects: alone}
	answer, err := d.run(ctx)
	if no, caught := err.(*caught); caught {
		return nil, &hook.HostError{Code: no.code, Message: no.message}, nil
	}
	if err != nil {
		return nil, nil, a.lost(q, err)
	}
	if len(answer) > maxDBAnswer {
		return nil, &hook.HostError{Code: dbTooLarge, Message: tooMuch}, nil
	}
	return answer, nil, nil
}

const tooMuch = "The rows are larger than ctx.db can give at once (512 kB): ask for fewer with limit."

// caught is an error that the code may catch; nothing has been done then, and the transaction goes on.
type caught struct{ code, message string }

func (c *caught) Error() string { return c.code + ": " + c.message }

func catch(code, format string, args ...any) error {
	return &caught{code, fmt.Sprintf(format, args...)}
}

// dbCall is one call of ctx.db.
type dbCall struct {
	attempt *attempt
	tx      source.Tx
	request *hook.DBRequest
	table   *table
	columns map[string]bundle.Type // nil: the database knows of none
	effects bool                   // a write to the table may change other rows
	names   []string               // members that are asked for; nil: all
}

func (d *dbCall) run(ctx context.Context) (jsontext.Value, error) {
	switch d.request.Method {
	case hook.FindOne, hook.Find:
		return d.find(ctx)
	case hook.Count:
		return d.count(ctx)
	case hook.InsertOne:
		return d.insert(ctx)
	case hook.UpdateOne:
		return d.update(ctx)
	case hook.DeleteOne:
		return d.delete(ctx)
	}
	return nil, catch(dbQuery, "ctx.db has no method %s.", quote(string(d.request.Method)))
}

// tableOf finds a table by its name in the configuration or in the source.
func (p *plan) tableOf(name string) (*table, *hook.HostError) {
	if t := p.tables[name]; t != nil {
		return t, nil
	}
	var found *table
	for _, t := range p.tables {
		_, short, dotted := strings.Cut(t.Collection, ".") // PostgreSQL: schema.table
		if t.Collection != name && (p.database != bundle.PostgreSQL || !dotted || short != name) {
			continue
		}
		if found != nil {
			return nil, &hook.HostError{Code: dbUnknownTable, Message: "Several tables of the configuration are stored as " + quote(name) + ": use their names in the configuration."}
		}
		found = t
	}
	if found == nil {
		return nil, &hook.HostError{Code: dbUnknownTable, Message: "The table " + quote(name) + " is not configured: ctx.db reaches the tables of the configuration."}
	}
	return found, nil
}

// inHand is the row whose operation's hooks run; nil: those of the whole transaction do.
func (a *attempt) inHand() *row {
	if a.hooks == nil || !a.hooks.said[a.at].started {
		return nil
	}
	return a.rowOf[a.at]
}

// lost is an error that ends the transaction, blamed on the operation whose hook asked.
func (a *attempt) lost(q *hook.DBRequest, err error) error {
	f := *source.FailureOf(err)
	f.Err = fmt.Errorf("ctx.db: %s in table %s: %w", q.Method, strconv.Quote(q.Table), err)
	f.Change = -1
	if r := a.inHand(); r != nil {
		a.changes, f.Change = []source.Change{{Table: &r.table.Table, ID: r.id, Operation: a.at}}, 0
	}
	return &f
}

// rowText is a row as the code sees it; with names only those members and the key.
func (d *dbCall) rowText(doc *value.Object) jsontext.Value {
	if d.names == nil {
		return hookRow(d.table, doc)
	}
	some := &value.Object{}
	if key, ok := doc.Get(d.table.Key); ok {
		some.Set(d.table.Key, key)
	}
	for _, name := range d.names {
		if v, ok := doc.Get(name); ok || d.table.declares(name) {
			some.Set(name, v)
		}
	}
	return hookValues(some)
}

// declares reports a top-level member of the table's rows.
func (t *table) declares(name string) bool {
	for _, known := range t.declared {
		if known == name {
			return true
		}
	}
	return false
}
