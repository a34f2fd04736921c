package value

import "turnkey/runtime/bundle"

// container coerces where a list or an object (or JSON text) is stored, declared or sent. Columns
// hold them as JSON text; nested ones and some connectors send them as they are.
func (c coercion) container(client Value, p at) (Value, bool, *TypeError) {
	name := p.typeName()
	if _, stored := p.stored.(JSON); stored || name == bundle.TypeJSON && !isContainer(p.stored) {
		return c.jsonText(client, p)
	}
	if text, ok := client.(string); ok && (holdsContainer(name) || name == "" && !p.nested) {
		v, err := DecodeJSON([]byte(text))
		if err != nil {
			return nil, false, asTypeError(err)
		}
		if v == nil { // the text null, which encoders write for a missing list or object
			return null(p)
		}
		client = v
	}
	switch tree := client.(type) {
	case Array:
		if name != "" && name != bundle.TypeArray && name != bundle.TypeJSON {
			return nil, false, wrong(client, name)
		}
		return c.array(tree, p)
	case *Object:
		if name != "" && name != bundle.TypeObject && name != bundle.TypeJSON {
			return nil, false, wrong(client, name)
		}
		return c.object(tree, p)
	}
	return c.flattened(client, p)
}

// flattened coerces a scalar that replaces a list or an object.
func (c coercion) flattened(client Value, p at) (Value, bool, *TypeError) {
	switch name := p.typeName(); {
	case name == "" && !p.nested:
		want := bundle.TypeObject
		if _, list := p.hint.(Array); list {
			want = bundle.TypeArray
		}
		return nil, false, wrong(client, want)
	case name == "" || name == bundle.TypeJSON:
		v, e := c.plain(client)
		return v, true, e
	case holdsContainer(name):
		return nil, false, wrong(client, name)
	default:
		v, e := typed(client, name)
		return v, true, e
	}
}

// jsonText coerces a value that is stored as JSON text. Inside it, what the client did not change
// keeps its spelling, so that no digit of a number is lost.
func (c coercion) jsonText(client Value, p at) (Value, bool, *TypeError) {
	text, isText := client.(string)
	if isText {
		if stored, ok := p.stored.(JSON); ok && text == string(stored) {
			return p.stored, false, nil
		}
		v, err := DecodeJSON([]byte(text))
		if err != nil {
			return nil, false, asTypeError(err)
		}
		client = v
	}
	old, has := p.stored.(JSON)
	if !has {
		if isText {
			return JSON(text), true, nil
		}
		return JSON(AppendJSON(nil, client)), true, nil
	}
	stored, err := DecodeJSON([]byte(old))
	if err != nil { // the database would not store what cannot be read; replace it
		return JSON(AppendJSON(nil, client)), true, nil
	}
	declared := p.declared
	if p.typeName() == bundle.TypeJSON {
		declared = nil
	}
	if client == nil { // the JSON text null, which is not SQL's
		return JSON("null"), stored != nil, nil
	}
	v, changed, e := coercion{json: true}.value(client, at{declared: declared, stored: stored, has: true, hint: stored, nested: true})
	if e != nil {
		return nil, false, e
	}
	if !changed {
		return p.stored, false, nil
	}
	return JSON(AppendJSON(nil, v)), true, nil
}

// object merges a client's object into the stored one: stored members keep their place, members
// absent from the client's text were deleted there, except those that PowerSync never delivered.
func (c coercion) object(client *Object, p at) (Value, bool, *TypeError) {
	stored, _ := p.stored.(*Object)
	hint, _ := p.hint.(*Object)
	m := merge{coercion: c, p: p, hint: hint, out: &Object{}}
	m.changed = stored == nil
	findStored := lookup(stored)
	if stored != nil {
		findClient := lookup(client)
		m.out.Members = make([]Member, 0, len(stored.Members)+1)
		for i := range stored.Members {
			old := &stored.Members[i]
			if j := findClient(old.Name); j >= 0 {
				if e := m.member(client.Members[j], old); e != nil {
					return nil, false, e
				}
			} else if undelivered(old.Value) {
				m.out.Members = append(m.out.Members, *old)
			} else {
				m.changed = true
			}
		}
	} else {
		m.out.Members = make([]Member, 0, len(client.Members))
	}
	for i := range client.Members {
		if findStored(client.Members[i].Name) >= 0 {
			continue
		}
		if e := m.member(client.Members[i], nil); e != nil {
			return nil, false, e
		}
	}
	if !m.changed {
		return p.stored, false, nil
	}
	return m.out, true, nil
}

// merge is an object in the making.
type merge struct {
	coercion
	p       at
	hint    *Object
	out     *Object
	changed bool
}

func (m *merge) member(client Member, old *Member) *TypeError {
	next := at{nested: true}
	if old != nil {
		next.stored, next.has, next.hint = old.Value, true, old.Value
	} else if e := m.name(client.Name); e != nil {
		return e
	}
	if next.hint == nil {
		next.hint, _ = m.hint.Get(client.Name)
	}
	if m.p.declared != nil {
		if t, ok := m.p.declared.Fields[client.Name]; ok {
			next.declared = &t
		}
	}
	v, changed, e := m.value(client.Value, next)
	if e != nil {
		return e.under(client.Name)
	}
	m.changed = m.changed || changed
	m.out.Members = append(m.out.Members, Member{client.Name, v})
	return nil
}
