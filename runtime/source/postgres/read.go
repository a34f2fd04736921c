package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Read implements source.Tx.
func (t *tx) Read(ctx context.Context, refs []source.Ref, claim *source.Claim) ([]source.Row, source.History, error) {
	var known source.History
	if len(refs) == 1 && t.solo == nil && t.conn == nil && !t.over && t.src.opt.RLS == nil {
		if r, err := t.relation(ctx, refs[0].Table); err != nil {
			return nil, known, t.fail(ctx, err)
		} else if !r.hides {
			return t.readSolo(ctx, r, refs[0], claim)
		}
	}
	rows, err := t.read(ctx, refs, func(s *script) { t.queueHistory(s, claim, &known) })
	t.old(&known)
	return rows, known, err
}

// ReadAll implements source.Tx.
func (t *tx) ReadAll(ctx context.Context, refs []source.Ref, claims []*source.Claim) ([]source.Row, []source.History, error) {
	known := make([]source.History, len(claims))
	rows, err := t.read(ctx, refs, func(s *script) { t.queueHistories(s, claims, known) })
	for i := range known {
		t.old(&known[i])
	}
	return rows, known, err
}

// read finds rows, and what is known of operations, as one script.
func (t *tx) read(ctx context.Context, refs []source.Ref, history func(*script)) ([]source.Row, error) {
	groups, order, err := t.groups(ctx, refs)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	s, err := t.begin(ctx)
	if err != nil {
		return nil, t.fail(ctx, err)
	}
	t.asOurselves(s)
	history(s)
	found := make([]map[string]*value.Object, len(order))
	if len(order) > 0 {
		t.asClient(s)
	}
	for i, g := range order {
		g.queue(s, &found[i])
	}
	t.asOurselves(s)
	if err := t.run(ctx, s); err != nil {
		return nil, err
	}
	rows := make([]source.Row, len(refs))
	for i, ref := range refs {
		rows[i].Doc = found[groups[ref.Table]][value.FormatID(ref.ID)]
		if g := order[groups[ref.Table]]; rows[i].Doc != nil && (t.src.opt.RLS != nil || g.relation.hides) {
			if t.found == nil {
				t.found = map[source.Ref]bool{}
			}
			t.found[ref] = true
		}
	}
	return rows, nil
}

// group is what is read of one table.
type group struct {
	table    *source.Table
	relation *relation
	ids      []string
}

func (t *tx) groups(ctx context.Context, refs []source.Ref) (map[*source.Table]int, []*group, error) {
	index := map[*source.Table]int{}
	var order []*group
	seen := map[source.Ref]bool{}
	for _, ref := range refs {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		i, ok := index[ref.Table]
		if !ok {
			r, err := t.relation(ctx, ref.Table)
			if err != nil {
				return nil, nil, err
			}
			i = len(order)
			index[ref.Table] = i
			order = append(order, &group{table: ref.Table, relation: r})
		}
		text, err := keyText(ref.ID)
		if err != nil {
			return nil, nil, err
		}
		order[i].ids = append(order[i].ids, text)
	}
	return index, order, nil
}

// queue asks for the rows of a group, by id. Where a key can be spelled in several ways, each row comes with the
// spelling that it was asked for by.
func (g *group) queue(s *script, into *map[string]*value.Object) {
	key := g.relation.byName[g.table.Key]
	sql := "SELECT " + g.relation.list + " FROM " + g.relation.name + " WHERE " + key.quoted
	var arg any = g.ids
	switch {
	case g.relation.spelled(g.table):
		sql = "SELECT " + g.relation.list + ", turnkey_asked FROM " + g.relation.name + " JOIN unnest($1::text[]) AS a(turnkey_asked) ON " + key.quoted + " = turnkey_asked::" + key.cast
	case len(g.ids) == 1:
		sql, arg = sql+" = $1::text::"+key.cast, g.ids[0]
	default:
		sql += " = ANY ($1::text[]::" + key.cast + "[])"
	}
	s.add(sql, []any{arg}, func(results pgx.BatchResults) error {
		rows, err := results.Query()
		if err != nil {
			return err
		}
		defer rows.Close()
		*into, err = g.take(rows)
		return err
	})
}

// take gives rows by the text that they were asked for by.
func (g *group) take(rows pgx.Rows) (map[string]*value.Object, error) {
	found := make(map[string]*value.Object, len(g.ids))
	spellings := map[string]string{}
	for rows.Next() {
		doc, err := g.relation.document(rows)
		if err != nil {
			return nil, err
		}
		id, _ := doc.Get(g.table.Key)
		name := value.FormatID(id)
		if g.relation.spelled(g.table) {
			asked := string(rows.RawValues()[len(g.relation.columns)])
			if other, twice := spellings[name]; twice && other != asked {
				return nil, refused("INVALID_DATA", "Two operations name one row by different spellings of its id.")
			}
			spellings[name], name = asked, asked
		}
		found[name] = doc
	}
	return found, rows.Err()
}
