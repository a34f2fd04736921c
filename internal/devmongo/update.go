package devmongo

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func now() bson.DateTime { return bson.NewDateTimeFromTime(time.Now()) }

// applyUpdate returns the new document. u is a replacement, an operator document or a pipeline.
func applyUpdate(old D, u any, inserting bool, ts bson.Timestamp) (D, error) {
	id, hasID := get(old, "_id")
	keepID := func(n D) (D, error) {
		nid, ok := get(n, "_id")
		if !ok {
			if hasID {
				return append(D{{Key: "_id", Value: id}}, n...), nil
			}
			return n, nil
		}
		if hasID && cmp(nid, id) != 0 {
			return nil, errf(66, "ImmutableField", "Performing an update on the path '_id' would modify the immutable field '_id'")
		}
		return append(D{{Key: "_id", Value: nid}}, unset(n, "_id")...), nil
	}
	if p, ok := u.(A); ok {
		n := old
		for _, st := range p {
			s, _ := st.(D)
			if len(s) != 1 {
				return nil, errf(9, "FailedToParse", "A pipeline stage specification object must contain exactly one field.")
			}
			var err error
			if n, err = pipeStage(n, s[0].Key, s[0].Value); err != nil {
				return nil, err
			}
		}
		return keepID(n)
	}
	ops, ok := u.(D)
	if !ok {
		return nil, errf(9, "FailedToParse", "update must be a document or an array")
	}
	if len(ops) == 0 || !strings.HasPrefix(ops[0].Key, "$") {
		return keepID(ops)
	}
	var n any = old
	var err error
	seen := map[string]bool{}
	for _, op := range ops {
		args, ok := op.Value.(D)
		if !ok {
			return nil, errf(9, "FailedToParse", "Modifiers operate on fields but we found type other than object for %s", op.Key)
		}
		for _, a := range args {
			if seen[a.Key] {
				return nil, errf(40, "ConflictingUpdateOperators", "Updating the path '%s' would create a conflict at '%s'", a.Key, a.Key)
			}
			seen[a.Key] = true
			cur, has := at(n.(D), a.Key)
			put := func(v any) { n, err = setPath(n, a.Key, v) }
			switch op.Key {
			case "$set":
				put(a.Value)
			case "$setOnInsert":
				if inserting {
					put(a.Value)
				}
			case "$unset":
				if has {
					n = unsetPath(n, a.Key)
				}
			case "$inc", "$mul":
				if !has {
					if op.Key == "$mul" {
						var z any
						if z, err = arith("$multiply", a.Value, int32(0)); err == nil {
							put(z)
						}
					} else if _, ok := toF(a.Value); !ok {
						err = errf(14, "TypeMismatch", "Cannot increment with non-numeric argument: {%s}", a.Key)
					} else {
						put(a.Value)
					}
					break
				}
				if _, ok := toF(cur); !ok {
					return nil, errf(14, "TypeMismatch", "Cannot apply %s to a value of non-numeric type. {_id: %v} has the field '%s'", op.Key, id, a.Key)
				}
				var r any
				if r, err = arith(map[string]string{"$inc": "$add", "$mul": "$multiply"}[op.Key], cur, a.Value); err == nil {
					put(r)
				}
			case "$min":
				if !has || cmp(a.Value, cur) < 0 {
					put(a.Value)
				}
			case "$max":
				if !has || cmp(a.Value, cur) > 0 {
					put(a.Value)
				}
			case "$rename":
				to, _ := a.Value.(string)
				if has {
					n = unsetPath(n, a.Key)
					n, err = setPath(n, to, cur)
				}
			case "$currentDate":
				if t, ok := a.Value.(D); ok && str(t, "$type") == "timestamp" {
					put(ts)
				} else {
					put(now())
				}
			case "$push", "$addToSet":
				l, isA := cur.(A)
				if has && !isA {
					return nil, errf(2, "BadValue", "The field '%s' must be an array but is of type other", a.Key)
				}
				add := A{a.Value}
				slice, hasSlice := int64(0), false
				if m, ok := a.Value.(D); ok {
					if each, ok := val(m, "$each").(A); ok {
						add = each
						if _, hasSlice = get(m, "$slice"); hasSlice {
							slice = num(m, "$slice")
						}
					}
				}
				out := append(A(nil), l...)
				for _, x := range add {
					dup := false
					if op.Key == "$addToSet" {
						for _, y := range out {
							dup = dup || cmp(x, y) == 0
						}
					}
					if !dup {
						out = append(out, x)
					}
				}
				if hasSlice && slice < 0 && int64(len(out)) > -slice {
					out = out[int64(len(out))+slice:]
				} else if hasSlice && slice >= 0 && int64(len(out)) > slice {
					out = out[:slice]
				}
				put(out)
			case "$pull", "$pullAll":
				l, _ := cur.(A)
				if !has {
					break
				}
				var out = A{}
				for _, x := range l {
					drop := false
					if op.Key == "$pullAll" {
						all, _ := a.Value.(A)
						for _, y := range all {
							drop = drop || cmp(x, y) == 0
						}
					} else if f, ok := a.Value.(D); ok {
						if xd, ok := x.(D); ok && (len(f) == 0 || !strings.HasPrefix(f[0].Key, "$")) {
							drop, err = match(xd, f)
						} else {
							drop, err = matchOne(D{{Key: "x", Value: x}}, "x", f)
						}
					} else {
						drop = eq(x, a.Value)
					}
					if !drop {
						out = append(out, x)
					}
				}
				put(out)
			case "$pop":
				l, _ := cur.(A)
				if len(l) > 0 {
					if f, _ := toF(a.Value); f < 0 {
						put(append(A(nil), l[1:]...))
					} else {
						put(append(A(nil), l[:len(l)-1]...))
					}
				}
			case "$bit":
				m, _ := a.Value.(D)
				r := toI(cur)
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
				if _, ok := cur.(int64); ok {
					put(r)
				} else {
					put(int32(r))
				}
			default:
				return nil, errf(9, "FailedToParse", "Unknown modifier: %s", op.Key)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return keepID(n.(D))
}
