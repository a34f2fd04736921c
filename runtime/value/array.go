package value

import "turnkey/runtime/bundle"

// array coerces a list. Elements are paired with stored ones first (see pair), so that untouched
// elements keep their stored values and types when others come and go around them.
func (c coercion) array(client Array, p at) (Value, bool, *TypeError) {
	stored, has := p.stored.(Array)
	var elem *bundle.Type
	if p.declared != nil {
		elem = p.declared.Elem
	}
	partner := pair(client, stored)
	samples, _ := p.hint.(Array)
	var common Value // what new elements look like, worked out when one is met
	known := false
	out, changed := make(Array, len(client)), !has || len(client) != len(stored)
	for i := range client {
		next := at{declared: elem, nested: true}
		if j := partner[i]; j >= 0 {
			next.stored, next.has, next.hint = stored[j], true, stored[j]
			changed = changed || j != i
		} else {
			if !known {
				common, known = commonShape(samples), true
			}
			next.hint = common
		}
		v, differs, e := c.value(client[i], next)
		if e != nil {
			return nil, false, e.under(itoa(i))
		}
		out[i] = v
		changed = changed || differs
	}
	if !changed {
		return p.stored, false, nil
	}
	return out, true, nil
}

// commonShape makes a sample that shows the types on which all elements agree: nil where they do
// not, an object of the members' samples for objects. The first hundred elements speak for all.
func commonShape(list Array) Value {
	var sample Value
	for _, v := range list[:min(len(list), 100)] {
		if v == nil {
			continue
		}
		if sample == nil {
			sample = v
			continue
		}
		if sample = agree(sample, v); sample == nil {
			return nil
		}
	}
	return sample
}

// agree gives a sample of the type that both have. Integers of both widths agree on the wider one,
// and with doubles on double.
func agree(a, b Value) Value {
	switch a := a.(type) {
	case *Object:
		if b, ok := b.(*Object); ok {
			return agreeObjects(a, b)
		}
	case Array:
		if b, ok := b.(Array); ok {
			if len(a) >= 100 {
				return a
			}
			return append(a[:len(a):len(a)], b[:min(len(b), 100)]...)
		}
	case int32, int64, float64:
		return widerNumber(a, b)
	case string:
		if _, ok := b.(string); ok {
			return a
		}
	case bool:
		if _, ok := b.(bool); ok {
			return a
		}
	default:
		if name := exact(a); name != "" && name == exact(b) {
			return a
		}
	}
	return nil
}

func agreeObjects(a, b *Object) Value {
	out := a.Clone()
	find, n := lookup(a), len(a.Members)
	for i := range b.Members {
		m := b.Members[i]
		if j := find(m.Name); j < 0 || j >= n {
			out.Members = append(out.Members, m)
		} else if out.Members[j].Value == nil {
			out.Members[j].Value = m.Value
		} else if m.Value != nil {
			if shape := agree(out.Members[j].Value, m.Value); shape != nil {
				out.Members[j].Value = shape
			} else {
				out.Members[j].Value = mixed
			}
		}
	}
	return out
}

// mixed stands for a member whose types differ between elements: nothing can be learnt from it.
var mixed = Opaque{}

func widerNumber(a, b Value) Value {
	rank := func(v Value) int {
		switch v.(type) {
		case int32:
			return 1
		case int64:
			return 2
		case float64:
			return 3
		}
		return 0
	}
	switch ra, rb := rank(a), rank(b); {
	case rb == 0:
		return nil
	case rb > ra:
		return b
	}
	return a
}
