package mongo

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Lookup finds the one document whose fields equal match. Values are scalars, so nothing that a token
// says becomes an operator; null is refused, as it would match documents without the field.
func (s *Source) Lookup(ctx context.Context, collection string, match map[string]value.Value, take string) (value.Value, bool, error) {
	filter, err := lookupFilter(match)
	if err != nil {
		return nil, false, err
	}
	c, err := s.get(ctx)
	if err != nil {
		return nil, false, err
	}
	cursor, err := c.db.Collection(collection).Find(ctx, filter, options.Find().SetLimit(2).SetBatchSize(3))
	if err != nil {
		return nil, false, translate(err)
	}
	defer cursor.Close(ctx)
	var found []*value.Object
	for cursor.Next(ctx) {
		doc, err := decode(cursor.Current)
		if err != nil {
			return nil, false, translate(err)
		}
		found = append(found, doc)
	}
	switch err := cursor.Err(); {
	case err != nil:
		return nil, false, translate(err)
	case len(found) > 1:
		f := failure(source.Misconfigured, "lookup_ambiguous", "More than one row matches the user's identity.", nil)
		f.Hint = "Match on a field that is unique, and put a unique index on it."
		return nil, false, f
	case len(found) == 0:
		return nil, false, nil
	}
	for field := range match { // {a: 1} also matches a: [1, 2], which is not equality
		v, _ := found[0].At(strings.Split(field, "."))
		if _, list := v.(value.Array); list || v == nil {
			return nil, false, nil
		}
	}
	v, ok := found[0].At(strings.Split(take, "."))
	return v, ok && v != nil, nil
}

func lookupFilter(match map[string]value.Value) (bson.Raw, error) {
	if len(match) == 0 {
		return nil, failure(source.Misconfigured, "lookup_invalid", "A look-up needs at least one field to match.", nil)
	}
	fields := make([]string, 0, len(match))
	for field := range match {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	b := []byte{0, 0, 0, 0}
	for _, field := range fields {
		for _, name := range strings.Split(field, ".") {
			if !plainName(name) {
				return nil, failure(source.Misconfigured, "lookup_invalid", "A look-up's field is not a field name.", nil)
			}
		}
		switch match[field].(type) {
		case string, bool, int32, int64, value.ObjectID, value.UUID:
		default:
			return nil, invalid("The identity has no single value to look the user up by.")
		}
		b = append(append(append(b, byte(bson.TypeEmbeddedDocument)), field...), 0)
		at := len(b)
		b = append(b, 0, 0, 0, 0)
		var err error
		if b, err = appendElement(b, "$eq", match[field], 0); err != nil {
			return nil, err
		}
		b = closeDocument(b, at)
	}
	return closeDocument(b, 0), nil
}

// Alone implements source.Source: nothing in MongoDB writes in passing.
func (*Source) Alone(context.Context, *source.Table) (bool, error) { return false, nil }
