package upload

import (
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// rowKey identifies a row inside one transaction: values that are equal ids are equal keys.
type rowKey struct {
	table *table
	id    string
}

// row is what a transaction makes of one row: what is stored, and what it will be.
type row struct {
	table   *table
	id      value.Value
	stored  *value.Object // as read; nil: missing
	now     *value.Object // after the operations so far; nil: missing
	last    int           // the last operation on it, to blame
	touched map[string]bool
	reborn  bool // deleted and created again in this transaction
	orphan  bool // deleted by users' code: its tombstone is nobody's

	name    source.RowName
	written []string // for notes: dotted paths
	deleted bool

	left   map[string]source.Print // by path: what this client's merges left; nil: not looked up
	leaves bool                    // something was added to left
}

func (r *row) touch(top string) {
	if r.touched == nil {
		r.touched = make(map[string]bool, 8)
	}
	r.touched[top] = true
}

// change is the net effect since before; nil when there is none.
func (r *row) change(before *value.Object, op int) *source.Change {
	c := &source.Change{Table: &r.table.Table, ID: r.id, Operation: op}
	switch {
	case before == nil && r.now == nil:
		return nil
	case r.now == nil:
		c.Kind = source.Delete
	case before == nil:
		c.Kind, c.Doc = source.Insert, withoutKey(r.now, r.table.Key)
	default:
		c.Kind, c.Doc = source.Update, withoutKey(r.now, r.table.Key)
		c.Set = r.edits(before)
		if len(c.Set) == 0 {
			return nil
		}
	}
	return c
}

// edits lists the changed leaves under the touched members.
func (r *row) edits(before *value.Object) []source.Assignment {
	was, is := &value.Object{}, &value.Object{}
	for _, m := range r.now.Members {
		if !r.touched[m.Name] {
			continue
		}
		is.Members = append(is.Members, m)
		if old, ok := before.Get(m.Name); ok {
			was.Members = append(was.Members, value.Member{Name: m.Name, Value: old})
		}
	}
	diff := value.Diff(was, is)
	set := make([]source.Assignment, len(diff))
	for i, e := range diff {
		set[i] = source.Assignment{Path: e.Path, Value: e.Value, Remove: e.Remove}
	}
	return set
}

// withoutKey gives the document without its key, which is first in documents that we make.
func withoutKey(doc *value.Object, key string) *value.Object {
	if len(doc.Members) > 0 && doc.Members[0].Name == key {
		return &value.Object{Members: doc.Members[1:]}
	}
	c := doc.Clone()
	c.Delete(key)
	return c
}

// at reads a path of a document, also inside a column of JSON text.
func at(doc *value.Object, path []string) (value.Value, bool) {
	if len(path) == 1 {
		return doc.Get(path[0])
	}
	top, ok := doc.Get(path[0])
	if !ok {
		return nil, false
	}
	return opened(top).At(path[1:])
}

// put writes a path of a document, also inside a column of JSON text; false when a step on the way
// is neither absent, null nor an object.
func put(doc *value.Object, path []string, v value.Value, database bundle.SourceType) bool {
	top, ok := doc.Get(path[0])
	_, text := top.(value.JSON)
	if len(path) == 1 || !text && (ok && top != nil || database == bundle.MongoDB) {
		return doc.SetAt(path, v)
	}
	object := &value.Object{} // a JSON column: absent, null or text
	if text {
		if object = opened(top); object == nil {
			return false
		}
	}
	if !object.SetAt(path[1:], v) {
		return false
	}
	doc.Set(path[0], value.JSON(value.AppendJSON(nil, object)))
	return true
}

// opened gives the object inside a stored value, or nil.
func opened(v value.Value) *value.Object {
	if text, ok := v.(value.JSON); ok {
		parsed, err := value.DecodeJSON([]byte(text))
		if err != nil {
			return nil
		}
		v = parsed
	}
	object, _ := v.(*value.Object)
	return object
}
