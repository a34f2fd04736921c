package upload

import (
	"context"
	"encoding/json"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Current reads what is stored today in the columns that a conflict is about, as devices have it. Nil: the
// row is gone, or the configuration does not know it any more.
func (e *Engine) Current(ctx context.Context, c *source.ConflictRecord) (map[string]json.RawMessage, error) {
	t := e.plan.tables[c.TableName]
	if t == nil {
		return nil, nil
	}
	id, err := value.ParseID(t.ID, c.RowID)
	if err != nil {
		return nil, nil
	}
	user := userOf(c)
	tx, err := e.src.Begin(ctx, source.Session{UserID: user.ID, Claims: user.Claims})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(ctx)
	rows, _, err := tx.Read(ctx, []source.Ref{{Table: &t.Table, ID: id}}, nil)
	if err != nil || rows[0].Doc == nil {
		return nil, err
	}
	out := make(map[string]json.RawMessage, len(c.Fields))
	for _, named := range c.Fields {
		f, no := t.field(named.Name)
		if f == nil || no != nil {
			continue
		}
		v, _ := at(rows[0].Doc, f.path)
		out[named.Name] = clientJSON(v)
	}
	return out, nil
}
