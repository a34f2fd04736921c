package conflict

import (
	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// merge decides one field by its policy. The other changes are for the policies that read a time.
//
// Policies come in two kinds. Those that only choose act where there is a conflict. Those that make
// a value of their own act whenever the device edited the field: max and min in any case, append
// and counter as soon as they have a base.
func (c *Change) merge(changes []Change) (Resolved, *Refusal) {
	switch {
	case c.Absent:
		return c.keep(false), nil
	case c.Field.Merge.Policy == bundle.MergeMax:
		return c.extreme(+1), nil
	case c.Field.Merge.Policy == bundle.MergeMin:
		return c.extreme(-1), nil
	case !c.edited():
		return c.keep(false), nil
	case c.Field.Merge.Policy == bundle.MergeTimestamp:
		return c.younger(find(changes, c.Field.Merge.Field)), nil
	case c.Field.Merge.Policy == bundle.MergeJSON:
		return c.mergeJSON(), nil
	}
	if !c.HasBase {
		r := c.take(c.Client, false)
		r.NoBase = needsBase(c.Field.Merge.Policy)
		return r, nil
	}
	switch c.Field.Merge.Policy {
	case bundle.MergeFirstWrite, bundle.MergeServer:
		if c.conflicts() {
			return c.keep(true), nil
		}
	case bundle.MergeCounter:
		if c.diverged() {
			return c.count()
		}
	case bundle.MergeAppend:
		return c.mergeAppend(), nil
	case bundle.MergeSet:
		if c.diverged() {
			return c.mergeSet(), nil
		}
	case bundle.MergeText:
		if c.diverged() {
			return c.mergeText(), nil
		}
	case bundle.MergeHook:
		if c.conflicts() {
			r := c.take(c.Client, true)
			r.Hook = true
			return r, nil
		}
	}
	return c.take(c.Client, c.conflicts()), nil
}

// needsBase lists the policies that act as last_write where devices send no previous values.
func needsBase(p bundle.MergePolicy) bool {
	switch p {
	case "", bundle.MergeLastWrite, bundle.MergeMax, bundle.MergeMin, bundle.MergeJSON, bundle.MergeTimestamp:
		return false
	}
	return true
}

// extreme keeps the greater (sign +1) or lesser value. Null never wins. Values that cannot be
// compared (a stored text where a number belongs) give way to the client's.
func (c *Change) extreme(sign int) Resolved {
	if unseen(c.Client) {
		return c.keep(!unseen(c.Server))
	}
	if order, ok := compare(c.Server, c.Client); ok && order*sign >= 0 {
		return c.keep(order != 0)
	}
	return c.take(c.Client, c.conflicts())
}

// younger lets the younger of two client times have the field.
func (c *Change) younger(stamp *Change) Resolved {
	if stamp == nil || stamp.Absent {
		r := c.take(c.Client, c.conflicts())
		r.NoBase = true
		return r
	}
	if before(stamp.Client, stamp.Server) {
		return c.keep(!c.same(c.Client, c.Server))
	}
	return c.take(c.Client, c.conflicts())
}

// count adds what the device added: server + client - base. Where one of them is no number, there is
// nothing to add to, and the client's value stands.
func (c *Change) count() (Resolved, *Refusal) {
	v, ok, no := add(c.Server, c.Client, c.Base, c.Field.Type)
	if no != nil {
		no.Field = c.Field.Name
		return Resolved{}, no
	}
	if !ok {
		v = c.Client
	}
	return c.take(v, true), nil
}

// unseen values are null on devices.
func unseen(v value.Value) bool { return value.ClientForm(v) == nil }
