package conflict

import (
	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// maxLevels is how deep json merges; what lies deeper is replaced whole. PowerSync replicates 20.
const maxLevels = 32

// mergeJSON merges objects member by member: what the device changed relative to its base is the
// device's (its removals too), all else stays as stored. Where both are objects, so are their members.
// Lists and scalars are replaced whole. Without a base every member that the device sent is a
// change, and none was removed.
func (c *Change) mergeJSON() Resolved {
	server, storedText := opened(c.Server)
	client, clientText := opened(c.Client)
	was, isObject := server.(*value.Object)
	is, stillObject := client.(*value.Object)
	if !isObject || !stillObject || was == nil || is == nil {
		return c.take(c.Client, c.conflicts())
	}
	var v value.Value
	if c.HasBase {
		if !c.diverged() {
			return c.take(c.Client, false)
		}
		base, _ := opened(c.Base)
		known, _ := base.(*value.Object)
		v = merge3(known, was, is, c.Field.Within, 1)
	} else {
		v = merge2(was, is, 1)
	}
	r := c.take(closed(v, storedText || clientText), c.HasBase || !c.same(v, client))
	return r
}

// merge3 makes the object in server's order, new members after it in the client's.
func merge3(base, server, client *value.Object, t *bundle.Type, level int) *value.Object {
	was, is, stored := members(base), members(client), members(server)
	out := &value.Object{Members: make([]value.Member, 0, len(server.Members)+len(client.Members))}
	for _, m := range server.Members {
		mine, wanted := is[m.Name]
		before, known := was[m.Name]
		switch {
		case !wanted && known: // the device removed it
			continue
		case !wanted || known && alike(before, mine, memberOf(t, m.Name)): // the device left it alone
			out.Members = append(out.Members, m)
		default:
			out.Members = append(out.Members, value.Member{Name: m.Name, Value: mergeMember(before, m.Value, mine, memberOf(t, m.Name), level)})
		}
	}
	for _, m := range client.Members {
		if _, there := stored[m.Name]; there {
			continue
		}
		if before, known := was[m.Name]; !known || !alike(before, m.Value, memberOf(t, m.Name)) {
			out.Members = append(out.Members, m) // added, or edited after somebody removed it
		}
	}
	return out
}

// mergeMember merges what both sides have and the device changed.
func mergeMember(base, server, client value.Value, t *bundle.Type, level int) value.Value {
	was, okServer := server.(*value.Object)
	is, okClient := client.(*value.Object)
	if !okServer || !okClient || was == nil || is == nil || level >= maxLevels {
		return client
	}
	before, _ := base.(*value.Object)
	return merge3(before, was, is, t, level+1)
}

// merge2 lays the client's object over the stored one.
func merge2(server, client *value.Object, level int) *value.Object {
	is, stored := members(client), members(server)
	out := &value.Object{Members: make([]value.Member, 0, len(server.Members)+len(client.Members))}
	for _, m := range server.Members {
		if mine, sent := is[m.Name]; sent {
			was, okServer := m.Value.(*value.Object)
			now, okClient := mine.(*value.Object)
			if m.Value = mine; okServer && okClient && was != nil && now != nil && level < maxLevels {
				m.Value = merge2(was, now, level+1)
			}
		}
		out.Members = append(out.Members, m)
	}
	for _, m := range client.Members {
		if _, there := stored[m.Name]; !there {
			out.Members = append(out.Members, m)
		}
	}
	return out
}

func members(o *value.Object) map[string]value.Value {
	if o == nil {
		return nil
	}
	out := make(map[string]value.Value, len(o.Members))
	for _, m := range o.Members {
		out[m.Name] = m.Value
	}
	return out
}
