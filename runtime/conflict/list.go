package conflict

import (
	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// mergeSet applies the device's adds and removes, relative to its base, to the stored list. The
// stored order stays; what is new comes at the end. Objects with an _id or id are known by it:
// one that the device edited replaces the stored one, unless that was removed meanwhile.
func (c *Change) mergeSet() Resolved {
	base, server, client, text, ok := c.lists()
	if !ok {
		return c.take(c.Client, true)
	}
	element := c.Field.element()
	was, is := index(base, element), index(client, element)
	out := make(value.Array, 0, len(server)+len(client))
	kept := make(map[string]bool, len(server)+len(client))
	for _, e := range server {
		id := elementKey(e, element)
		mine, wanted := is[id]
		before, known := was[id]
		if known && !wanted {
			continue // the device removed it
		}
		if known && !alike(before, mine, element) {
			e = mine // the device edited it
		}
		out = append(out, e)
		kept[id] = true
	}
	for _, e := range client {
		id := elementKey(e, element)
		if _, known := was[id]; !known && !kept[id] {
			out = append(out, e)
			kept[id] = true
		}
	}
	return c.take(closed(out, text), true)
}

// mergeAppend adds the elements that the device added to the end of the stored list. What it removed
// or reordered stays as it is stored: such a list only grows.
func (c *Change) mergeAppend() Resolved {
	base, server, client, text, ok := c.lists()
	if !ok {
		return c.take(c.Client, c.conflicts())
	}
	element := c.Field.element()
	seen := make(map[string]int, len(base))
	for _, e := range base {
		seen[key(read(e, element))]++
	}
	out := append(make(value.Array, 0, len(server)+len(client)), server...)
	for _, e := range client {
		k := key(read(e, element))
		if seen[k] > 0 {
			seen[k]--
			continue
		}
		out = append(out, e)
	}
	r := c.take(closed(out, text), true)
	if !c.diverged() && r.Outcome == TookClient {
		r.Outcome = "" // nobody else wrote, and the client had its way
	}
	return r
}

// lists opens the three values; null is an empty list. ok is false when one is something else, or
// when the client's is null, which clears the list. text says that the result is JSON text.
func (c *Change) lists() (base, server, client value.Array, text, ok bool) {
	base, baseOK, _ := list(c.Base)
	server, serverOK, storedText := list(c.Server)
	client, clientOK, clientText := list(c.Client)
	return base, server, client, storedText || clientText, baseOK && serverOK && clientOK && c.Client != nil
}

func list(v value.Value) (_ value.Array, ok, text bool) {
	v, text = opened(v)
	if v == nil {
		return nil, true, text
	}
	a, ok := v.(value.Array)
	return a, ok, text
}

// opened reads JSON text; other values stand for themselves.
func opened(v value.Value) (_ value.Value, text bool) {
	t, text := v.(value.JSON)
	if !text {
		return v, false
	}
	inner, err := value.DecodeJSON([]byte(t))
	if err != nil {
		return v, true
	}
	return inner, true
}

// closed writes a value back as JSON text, if that is how it is stored.
func closed(v value.Value, text bool) value.Value {
	if !text {
		return v
	}
	return value.JSON(value.AppendJSON(nil, v))
}

// index finds elements by their key; of equal ones the first.
func index(a value.Array, element *bundle.Type) map[string]value.Value {
	out := make(map[string]value.Value, len(a))
	for _, e := range a {
		k := elementKey(e, element)
		if _, twice := out[k]; !twice {
			out[k] = e
		}
	}
	return out
}

// elementKey is an object's _id or id, else the whole value.
func elementKey(v value.Value, element *bundle.Type) string {
	v = read(v, element)
	if o, ok := v.(*value.Object); ok {
		for _, name := range [2]string{"_id", "id"} {
			if id, ok := o.Get(name); ok && id != nil {
				return "id" + key(id)
			}
		}
	}
	return key(v)
}
