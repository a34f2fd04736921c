package devmongo

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func now() bson.DateTime { return bson.NewDateTimeFromTime(time.Now()) }

// change is what an update statement asks for.
type change struct {
	u         any // a replacement, a document of operators, or a pipeline
	filters   A   // arrayFilters
	inserting bool
	ts        bson.Timestamp // of $currentDate
}

func (s *Server) change(u any, filters A) change {
	return change{u: u, filters: filters, ts: s.St.last}
}

// apply returns the new document.
func (c change) apply(old D) (D, error) {
	switch u := c.u.(type) {
	case A:
		n := old
		for _, st := range u {
			stage, _ := st.(D)
			if len(stage) != 1 {
				return nil, errf(9, "FailedToParse", "A pipeline stage specification object must contain exactly one field.")
			}
			var err error
			if n, err = pipeStage(n, stage[0].Key, stage[0].Value); err != nil {
				return nil, err
			}
		}
		return keepID(old, n)
	case D:
		if isReplace(u) {
			return keepID(old, u)
		}
		return c.operate(old, u)
	}
	return nil, errf(9, "FailedToParse", "update must be a document or an array")
}

// keepID puts the _id first, and refuses another one.
func keepID(old, n D) (D, error) {
	id, had := get(old, "_id")
	nid, ok := get(n, "_id")
	switch {
	case !ok && had:
		return append(D{{Key: "_id", Value: id}}, n...), nil
	case !ok:
		return n, nil
	case had && cmp(nid, id) != 0:
		return nil, errf(66, "ImmutableField", "Performing an update on the path '_id' would modify the immutable field '_id'")
	case n[0].Key == "_id":
		return n, nil
	}
	return append(D{{Key: "_id", Value: nid}}, unset(n, "_id")...), nil
}

// operate applies the operators, each to its paths.
func (c change) operate(old, ops D) (D, error) {
	n := old
	var seen []string
	used := map[string]bool{}
	for _, op := range ops {
		f := modifiers[op.Key]
		if f == nil {
			return nil, unknown("update operator", op.Key, theirUpdates, errf(9, "FailedToParse", "Unknown modifier: %s", op.Key))
		}
		args, ok := op.Value.(D)
		if !ok {
			return nil, errf(9, "FailedToParse", "Modifiers operate on fields but we found type other than object for %s", op.Key)
		}
		for _, a := range args {
			for _, s := range seen {
				if overlap(s, a.Key) {
					return nil, errf(40, "ConflictingUpdateOperators", "Updating the path '%s' would create a conflict at '%s'", a.Key, s)
				}
			}
			seen = append(seen, a.Key)
			paths, err := expand(n, a.Key, c.filters, used)
			if err != nil {
				return nil, err
			}
			for _, path := range paths {
				e := &edit{change: c, op: op.Key, path: path, arg: a.Value, doc: n}
				e.cur, e.has = at(n, path)
				if err := f(e); err != nil {
					return nil, err
				}
				n = e.doc
			}
		}
	}
	if err := allUsed(c.filters, used); err != nil {
		return nil, err
	}
	return keepID(old, n)
}

// overlap reports that one path is the other or lies above it.
func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// edit is one operator at one path.
type edit struct {
	change
	op, path string
	arg      any
	doc      D
	cur      any // at path
	has      bool
}

func (e *edit) put(v any) error {
	n, err := setPath(e.doc, e.path, v)
	if err == nil {
		e.doc = n.(D)
	}
	return err
}

func (e *edit) remove() { e.doc = unsetPath(e.doc, e.path).(D) }

// modifiers are the update operators.
var modifiers = map[string]func(*edit) error{
	"$set": func(e *edit) error { return e.put(e.arg) },
	"$setOnInsert": func(e *edit) error {
		if !e.inserting {
			return nil
		}
		return e.put(e.arg)
	},
	"$unset": func(e *edit) error {
		if e.has {
			e.remove()
		}
		return nil
	},
	"$inc": (*edit).number, "$mul": (*edit).number, "$bit": (*edit).bits,
	"$min": func(e *edit) error { return e.extreme(-1) },
	"$max": func(e *edit) error { return e.extreme(1) },
	"$rename": func(e *edit) error {
		to, _ := e.arg.(string)
		if !e.has {
			return nil
		}
		e.remove()
		e.path = to
		return e.put(e.cur)
	},
	"$currentDate": func(e *edit) error {
		if t, ok := e.arg.(D); ok && str(t, "$type") == "timestamp" {
			return e.put(e.ts)
		}
		return e.put(now())
	},
	"$push": (*edit).push, "$addToSet": (*edit).push, "$pull": (*edit).pull, "$pullAll": (*edit).pull, "$pop": (*edit).pop,
}

func (e *edit) extreme(sign int) error {
	if e.has && cmp(e.arg, e.cur)*sign <= 0 {
		return nil
	}
	return e.put(e.arg)
}

func (e *edit) number() error {
	if _, ok := toF(e.arg); !ok {
		return errf(14, "TypeMismatch", "Cannot %s with non-numeric argument: {%s}", map[string]string{"$inc": "increment", "$mul": "multiply"}[e.op], e.path)
	}
	kind := map[string]string{"$inc": "$add", "$mul": "$multiply"}[e.op]
	cur := e.cur
	if !e.has {
		if e.op == "$inc" {
			return e.put(e.arg)
		}
		cur = int32(0)
	}
	if _, ok := toF(cur); !ok {
		return errf(14, "TypeMismatch", "Cannot apply %s to a value of non-numeric type. {_id: %v} has the field '%s'", e.op, val(e.doc, "_id"), e.path)
	}
	r, err := arith(kind, cur, e.arg)
	if err != nil {
		return err
	}
	return e.put(r)
}

func (e *edit) bits() error {
	m, _ := e.arg.(D)
	r := toI(e.cur)
	for _, b := range m {
		switch b.Key {
		case "and":
			r &= toI(b.Value)
		case "or":
			r |= toI(b.Value)
		case "xor":
			r ^= toI(b.Value)
		}
	}
	if _, ok := e.cur.(int64); ok {
		return e.put(r)
	}
	return e.put(int32(r))
}
