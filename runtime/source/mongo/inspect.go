package mongo

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

const (
	maxInspected = 200 // collections
	sampleSize   = 150 // documents of each
	maxFields    = 300 // of a collection
)

// Inspect proposes a table per collection from its validator and a sample. Nothing is renamed.
func (s *Source) Inspect(ctx context.Context) (*source.Inspection, error) {
	c, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	specs, err := c.db.ListCollectionSpecifications(ctx, bson.D{})
	if err != nil {
		return nil, translate(err)
	}
	sort.Slice(specs, func(i, j int) bool { return specs[i].Name < specs[j].Name })
	out := &source.Inspection{}
	for _, spec := range specs {
		switch {
		case ours(spec.Name):
			continue
		case spec.Type != "collection":
			out.Notes = append(out.Notes, fmt.Sprintf("%s is a %s and was left out: only collections can be written.", spec.Name, spec.Type))
			continue
		case capped(spec.Options):
			out.Notes = append(out.Notes, spec.Name+" is capped and was left out: such collections take no writes in transactions.")
			continue
		case len(out.Tables) == maxInspected:
			out.Notes = append(out.Notes, fmt.Sprintf("Only the first %d collections were looked at.", maxInspected))
			return out, nil
		}
		t, err := c.inspect(ctx, spec.Name, spec.Options)
		if err != nil {
			return nil, translate(err)
		}
		out.Tables = append(out.Tables, *t)
	}
	return out, nil
}

func capped(options bson.Raw) bool {
	yes, _ := options.Lookup("capped").BooleanOK()
	return yes
}

// ours reports collections of MongoDB, PowerSync and Turnkey, which no table may name.
func ours(name string) bool {
	return strings.HasPrefix(name, "system.") || strings.HasPrefix(name, "turnkey_") || strings.HasPrefix(name, "_powersync")
}

func (c *client) inspect(ctx context.Context, name string, opts bson.Raw) (*source.ProposedTable, error) {
	col := c.db.Collection(name)
	rows, err := col.EstimatedDocumentCount(ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := col.Aggregate(ctx, bson.A{bson.D{{Key: "$sample", Value: bson.D{{Key: "size", Value: sampleSize}}}}})
	if err != nil {
		return nil, err
	}
	defer cursor.Close(ctx)
	root := &shape{}
	sampled := 0
	for ; cursor.Next(ctx); sampled++ {
		doc, err := decode(cursor.Current)
		if err != nil {
			return nil, err
		}
		root.see(doc, 0)
	}
	if err := cursor.Err(); err != nil {
		return nil, err
	}
	schema, _ := opts.Lookup("validator", "$jsonSchema").DocumentOK()
	root.declare(schema, 0)
	return root.propose(name, rows, sampled), nil
}

// shape gathers what was seen at one place of the documents.
type shape struct {
	types    map[bundle.TypeName]int
	declared bundle.TypeName // by the validator; it stands over the sample
	fields   map[string]*shape
	elem     *shape
	opaque   bool // values that can be kept but not written
}

const maxShapeDepth = 8

func (s *shape) see(v value.Value, depth int) {
	name := typeOf(v)
	if name == "" {
		_, s.opaque = v.(value.Opaque)
		return
	}
	if s.types == nil {
		s.types = map[bundle.TypeName]int{}
	}
	s.types[name]++
	if depth >= maxShapeDepth {
		return
	}
	switch v := v.(type) {
	case *value.Object:
		for _, m := range v.Members {
			s.field(m.Name).see(m.Value, depth+1)
		}
	case value.Array:
		for _, e := range v[:min(len(v), 50)] {
			s.element().see(e, depth+1)
		}
	}
}

// field gives the shape of a member. Beyond maxFields the names are data (a map by user id), not
// fields, and are gathered nowhere.
func (s *shape) field(name string) *shape {
	if s.fields == nil {
		s.fields = map[string]*shape{}
	}
	f := s.fields[name]
	if f == nil {
		f = &shape{}
		if len(s.fields) < maxFields && plainName(name) {
			s.fields[name] = f
		}
	}
	return f
}

func (s *shape) element() *shape {
	if s.elem == nil {
		s.elem = &shape{}
	}
	return s.elem
}

func typeOf(v value.Value) bundle.TypeName {
	switch v.(type) {
	case string:
		return bundle.TypeString
	case value.ObjectID:
		return bundle.TypeObjectID
	case value.UUID:
		return bundle.TypeUUID
	case int32:
		return bundle.TypeInt32
	case int64:
		return bundle.TypeInt64
	case float64:
		return bundle.TypeDouble
	case value.Decimal:
		return bundle.TypeDecimal
	case bool:
		return bundle.TypeBool
	case []byte:
		return bundle.TypeBinary
	case value.Array:
		return bundle.TypeArray
	case *value.Object:
		return bundle.TypeObject
	}
	if _, ok := v.(interface{ UnixMilli() int64 }); ok {
		return bundle.TypeDate
	}
	return ""
}

// bsonTypes are $jsonSchema's names for types that can be declared.
var bsonTypes = map[string]bundle.TypeName{
	"string": bundle.TypeString, "objectId": bundle.TypeObjectID, "int": bundle.TypeInt32, "long": bundle.TypeInt64,
	"double": bundle.TypeDouble, "decimal": bundle.TypeDecimal, "bool": bundle.TypeBool, "boolean": bundle.TypeBool,
	"date": bundle.TypeDate, "array": bundle.TypeArray, "object": bundle.TypeObject,
}

// declare reads a JSON schema: bsonType (or type), properties, items.
func (s *shape) declare(schema bson.Raw, depth int) {
	if len(schema) == 0 || depth > maxShapeDepth {
		return
	}
	for _, key := range []string{"bsonType", "type"} {
		if s.declared != "" {
			break
		}
		for _, name := range schemaTypes(schema.Lookup(key)) {
			if name == "binData" && s.types[bundle.TypeUUID] == 0 {
				s.declared = bundle.TypeBinary
			}
			if t, ok := bsonTypes[name]; ok {
				s.declared = t
				break
			}
		}
	}
	if properties, ok := schema.Lookup("properties").DocumentOK(); ok {
		elements, _ := properties.Elements()
		for _, e := range elements {
			if sub, ok := e.Value().DocumentOK(); ok {
				s.field(e.Key()).declare(sub, depth+1)
			}
		}
	}
	if items, ok := schema.Lookup("items").DocumentOK(); ok {
		s.element().declare(items, depth+1)
	}
}

// schemaTypes lists the types but null.
func schemaTypes(v bson.RawValue) []string {
	if name, ok := v.StringValueOK(); ok {
		return []string{name}
	}
	a, ok := v.ArrayOK()
	if !ok {
		return nil
	}
	values, _ := a.Values()
	var out []string
	for _, e := range values {
		if name, ok := e.StringValueOK(); ok && name != "null" {
			out = append(out, name)
		}
	}
	return out
}

// choose picks the declared type, else the most frequent; mixed lists all when there are several.
func (s *shape) choose() (best bundle.TypeName, mixed []string) {
	for name, n := range s.types {
		mixed = append(mixed, string(name))
		if n > s.types[best] || n == s.types[best] && (best == "" || name < best) {
			best = name
		}
	}
	sort.Strings(mixed)
	if len(mixed) < 2 {
		mixed = nil
	}
	if s.declared != "" {
		best = s.declared
	}
	return best, mixed
}

// typ builds the declared type, with what it contains.
func (s *shape) typ() bundle.Type {
	name, _ := s.choose()
	t := bundle.Type{Name: name}
	switch name {
	case bundle.TypeArray:
		if s.elem != nil {
			if e := s.elem.typ(); e.Name != "" {
				t.Elem = &e
			}
		}
	case bundle.TypeObject:
		for field, sub := range s.fields {
			if e := sub.typ(); e.Name != "" {
				if t.Fields == nil {
					t.Fields = map[string]bundle.Type{}
				}
				t.Fields[field] = e
			}
		}
	}
	return t
}

// propose makes the table.
func (s *shape) propose(name string, rows int64, sampled int) *source.ProposedTable {
	p := &source.ProposedTable{Name: name, Rows: rows, Sampled: sampled, Table: bundle.Table{
		Collection: name, Key: "_id", ID: bundle.TypeString, UnknownFields: bundle.RejectUnknown, Fields: map[string]bundle.Field{}}}
	warn := func(format string, args ...any) { p.Warnings = append(p.Warnings, fmt.Sprintf(format, args...)) }
	names := make([]string, 0, len(s.fields))
	for field := range s.fields {
		names = append(names, field)
	}
	sort.Strings(names)
	for _, field := range names {
		f := s.fields[field]
		best, mixed := f.choose()
		if mixed != nil {
			warn("%s has values of several types: %s.", field, strings.Join(mixed, ", "))
		}
		switch {
		case field == "_id":
			p.Table.ID = idType(best, warn)
			continue
		case strings.HasPrefix(field, "_"):
			warn("%s starts with _, which SELECT * of sync streams leaves out; it was left out here, too.", field)
			continue
		case best == "":
			if f.opaque {
				warn("%s has values of a type that cannot be written; it was left out.", field)
			}
			continue
		case best == bundle.TypeBinary:
			warn("%s is binary, which PowerSync does not sync as a column of its own type.", field)
		}
		p.Table.Fields[field] = bundle.Field{Path: field, Type: f.typ()}
	}
	if sampled == 0 && len(s.fields) == 0 {
		warn("The collection is empty and has no validator: declare its fields by hand, and the type of its ids.")
	}
	if len(s.fields) >= maxFields {
		warn("The documents have more than %d field names; the rest was not looked at.", maxFields)
	}
	return p
}

func idType(best bundle.TypeName, warn func(string, ...any)) bundle.TypeName {
	switch best {
	case bundle.TypeString, bundle.TypeObjectID, bundle.TypeUUID, bundle.TypeInt64:
		return best
	case bundle.TypeInt32:
		return bundle.TypeInt64
	case "":
		return bundle.TypeString
	}
	warn("_id has the type %s, which cannot be a table's id.", best)
	return bundle.TypeString
}
