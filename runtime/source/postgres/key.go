package postgres

import (
	"context"
	"slices"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// A write names one row by its key. So the key has to be unique in the whole table and checked as the row is
// written, and two spellings of one id must not pass for two rows: the second would be taken for one that
// somebody deleted, and a change of it would be lost in silence.

// Alone implements source.Source.
func (s *Source) Alone(ctx context.Context, t *source.Table) (bool, error) {
	r, err := s.keyed(ctx, t)
	if err != nil {
		return false, err
	}
	return r.alone(t), nil
}

// alone also has keys whose values may be spelled in several ways: two writers of one row would not know
// of each other.
func (r *relation) alone(t *source.Table) bool { return r.effects || r.hides || r.spelled(t) }

// spelled keys are of a type that takes several texts for one value: citext, char(n), numeric and the like.
func (r *relation) spelled(t *source.Table) bool {
	switch r.byName[t.Key].base {
	case "text", "varchar":
		return false
	}
	return t.ID == bundle.TypeString
}

// keyed gives a table's columns, and fails unless its key is one.
func (s *Source) keyed(ctx context.Context, t *source.Table) (*relation, error) {
	r, err := s.relation(ctx, t, nil)
	if err != nil {
		return nil, err
	}
	return r, r.keyed(t)
}

func (r *relation) keyed(t *source.Table) error {
	key := r.byName[t.Key]
	if want := idType(key.base); want != bundle.TypeString && t.ID != want && t.ID != "" {
		return badKey("The ids of a table are of another type than its key column.",
			"Set tables."+t.Name+".id to "+string(want)+": the column "+t.Key+" of "+t.Collection+" is "+key.cast+".")
	}
	if r.view || slices.Contains(r.keys, t.Key) { // of a view the catalog cannot tell
		return nil
	}
	for _, column := range r.uniques {
		if column == t.Key {
			return badKey("The key column of a table is unique in a way that rows cannot be created by.",
				"Its constraint must hold for all partitions and must not be DEFERRABLE. Set tables."+t.Name+".key to such a column, or run: CREATE UNIQUE INDEX ON "+r.name+" ("+key.quoted+");")
		}
	}
	return badKey("The key column of a table is neither its primary key nor unique.",
		"Set tables."+t.Name+".key to the primary key of "+t.Collection+", or run: CREATE UNIQUE INDEX ON "+r.name+" ("+key.quoted+");")
}

func badKey(message, hint string) error {
	return &source.Failure{Class: source.Misconfigured, Code: "source_key", Message: message, Hint: hint, Change: -1}
}
