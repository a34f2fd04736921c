package mongo

import (
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// verb is a write command; the order is the one they are sent in, which doc.go justifies.
type verb uint8

const (
	verbDelete verb = iota
	verbUpdate
	verbInsert
)

// names of the command and of its list, per verb.
var verbNames = [...][2]string{{"delete", "deletes"}, {"update", "updates"}, {"insert", "documents"}}

// Limits of one write command: MongoDB takes 16 MB and 16 KB and 100,000 statements.
const (
	maxCommand    = 15<<20 + 512<<10
	maxStatements = 50_000
)

// batch is one write command under construction.
type batch struct {
	verb       verb
	collection string
	changes    []int // indexes into Apply's changes
	statements []byte
}

// command writes the whole command document.
func (b *batch) command() bson.Raw {
	names := verbNames[b.verb]
	cmd := make([]byte, 4, len(b.statements)+len(b.collection)+64)
	at := len(cmd)
	cmd = append(append(append(cmd, 0), names[0]...), 0)
	cmd, _ = appendText(cmd, at, bson.TypeString, b.collection) // the configuration's names are valid text
	cmd = append(append(append(cmd, byte(bson.TypeBoolean)), "ordered\x00"...), 1)
	cmd = append(append(append(cmd, byte(bson.TypeArray)), names[1]...), 0)
	list := len(cmd)
	cmd = append(append(cmd, 0, 0, 0, 0), b.statements...)
	return closeDocument(closeDocument(cmd, list), 0)
}

// add appends a statement that write makes, unless the command would grow too large.
func (b *batch) add(change int, write func([]byte) ([]byte, error)) (full bool, err error) {
	at := len(b.statements)
	b.statements = append(b.statements, byte(bson.TypeEmbeddedDocument))
	b.statements = append(strconv.AppendInt(b.statements, int64(len(b.changes)), 10), 0)
	if b.statements, err = write(b.statements); err != nil {
		return false, err
	}
	if len(b.changes) > 0 && (len(b.statements) > maxCommand || len(b.changes) >= maxStatements) {
		b.statements = b.statements[:at]
		return true, nil
	}
	b.changes = append(b.changes, change)
	return false, nil
}

// batches groups changes into commands: per collection deletes, updates, inserts.
func (t *tx) batches(changes []source.Change) ([]*batch, error) {
	type slot struct {
		collection string
		verb       verb
	}
	open := map[slot]*batch{}
	var out []*batch
	for i := range changes {
		c := &changes[i]
		k := slot{c.Table.Collection, verbOf(c.Kind)}
		for {
			b := open[k]
			if b == nil {
				b = &batch{verb: k.verb, collection: k.collection}
				open[k] = b
				out = append(out, b)
			}
			full, err := b.add(i, func(buf []byte) ([]byte, error) { return t.statement(buf, c) })
			if err != nil {
				f := *translate(err)
				f.Change = i
				return nil, &f
			}
			if !full {
				break
			}
			delete(open, k)
		}
	}
	slices.SortStableFunc(out, func(a, b *batch) int { return int(a.verb) - int(b.verb) })
	return out, nil
}

func verbOf(k source.ChangeKind) verb {
	switch k {
	case source.Insert:
		return verbInsert
	case source.Update:
		return verbUpdate
	}
	return verbDelete
}

// statement writes the document that stands for one change in its command.
func (t *tx) statement(b []byte, c *source.Change) ([]byte, error) {
	if c.Kind == source.Insert {
		return appendDocument(b, c.ID, c.Doc)
	}
	start := len(b)
	b = append(b, 0, 0, 0, 0, byte(bson.TypeEmbeddedDocument), 'q', 0)
	q := len(b)
	b, err := appendID(append(b, 0, 0, 0, 0), "_id", c.ID)
	if err != nil {
		return b, err
	}
	b = closeDocument(b, q)
	if c.Kind == source.Delete {
		b = append(append(b, byte(bson.TypeInt32)), "limit\x00\x01\x00\x00\x00"...)
		return closeDocument(b, start), nil
	}
	b = append(b, byte(bson.TypeEmbeddedDocument), 'u', 0)
	if b, err = t.operators(b, c); err != nil {
		return b, err
	}
	return closeDocument(b, start), nil
}

// operators writes {$set: {...}, $unset: {...}}. Our keys are the only operators: paths are checked
// names, and a value under $set is data whatever it holds.
func (t *tx) operators(b []byte, c *source.Change) ([]byte, error) {
	old := t.rows[keyOf(c.Table, c.ID)]
	set := widen(c.Set, old.doc, c.Doc)
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	var err error
	for _, remove := range [...]bool{false, true} {
		list := -1
		for i := range set {
			if set[i].Remove != remove {
				continue
			}
			if list < 0 {
				b = append(append(append(b, byte(bson.TypeEmbeddedDocument)), operatorName(remove)...), 0)
				list = len(b)
				b = append(b, 0, 0, 0, 0)
			}
			path, err := joinPath(set[i].Path)
			if err != nil {
				return b, err
			}
			v := set[i].Value
			if remove {
				v = true // $unset looks at the path only
			}
			if b, err = appendElement(b, path, v, len(set[i].Path)); err != nil {
				return b, err
			}
		}
		if list >= 0 {
			b = closeDocument(b, list)
		}
	}
	if len(b) == start+4 { // nothing changes: a $set of nothing, which the server takes
		b = append(append(b, byte(bson.TypeEmbeddedDocument)), "$set\x00\x05\x00\x00\x00\x00"...)
	}
	b = closeDocument(b, start)
	if old.size+len(b)-start > maxDocument {
		if _, err = appendDocument(nil, c.ID, c.Doc); err != nil { // the sum is a bound only: look closer
			return b, err
		}
	}
	return b, nil
}

func operatorName(remove bool) string {
	if remove {
		return "$unset"
	}
	return "$set"
}

// widen replaces leaves below a stored null by that whole member as it is afterwards: the server
// makes missing objects on a path, but does not step into null.
func widen(set []source.Assignment, old, after *value.Object) []source.Assignment {
	for i := range set {
		if len(nullStep(set[i].Path, old)) > 0 {
			return widened(set, old, after)
		}
	}
	return set
}

func widened(set []source.Assignment, old, after *value.Object) []source.Assignment {
	out := make([]source.Assignment, 0, len(set))
	for _, a := range set {
		step := nullStep(a.Path, old)
		if len(step) == 0 {
			out = append(out, a)
			continue
		}
		if slices.ContainsFunc(out, func(o source.Assignment) bool { return slices.Equal(o.Path, step) }) {
			continue
		}
		if v, ok := after.At(step); ok {
			out = append(out, source.Assignment{Path: step, Value: v})
		} else if !a.Remove { // Doc does not have it: write what the leaf itself needs
			o := &value.Object{}
			o.SetAt(a.Path[len(step):], a.Value)
			out = append(out, source.Assignment{Path: step, Value: o})
		}
	}
	return out
}

// nullStep is the part of path, shorter than it, at which old holds null; nil if none does.
func nullStep(path []string, old *value.Object) []string {
	for n := 1; n < len(path); n++ {
		v, ok := old.At(path[:n])
		if !ok {
			return nil
		}
		if v == nil {
			return path[:n]
		}
	}
	return nil
}
