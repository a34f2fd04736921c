// Package value is how rows and client data are held between the wire and the databases: a small
// closed set of Go types with the distinctions that both databases make and SQLite cannot (ObjectId
// against text, int32 against int64, a date against its spelling). It types what clients send
// (Coerce) and writes what clients see (ClientForm).
//
// It must not know HTTP, SQL, BSON or any configuration but the declared types: sources translate
// their native values to and from these.
package value

import "time"

// Value is one of:
//
//	nil            null
//	string         text
//	bool           boolean
//	int32, int64   integers of that width
//	float64        double
//	Decimal        exact decimal
//	time.Time      instant, UTC; sources keep their own precision (MongoDB ms, PostgreSQL us)
//	ObjectID       12 bytes
//	UUID           16 bytes
//	[]byte         binary
//	JSON           JSON text stored as such (PostgreSQL json and jsonb)
//	Array          ordered list
//	*Object        ordered members
//	Number         a JSON number as a client spelled it, not yet typed; never stored
//	Opaque         a stored value outside this set; never written anew
type Value any

// Decimal is an exact decimal in its canonical text, as the database prints it.
type Decimal string

// ObjectID is a MongoDB ObjectId.
type ObjectID [12]byte

// UUID is an RFC 9562 UUID.
type UUID [16]byte

// JSON is JSON text that the source stores as such.
type JSON string

// Number is the literal text of a JSON number, so that no digit is lost before a type is known.
type Number string

// Array is an ordered list.
type Array []Value

// Opaque carries a stored value that this package does not model (a regular expression, a
// timestamp, a min key, a range). Only the source that read it understands Native; Client is its
// form on devices.
type Opaque struct {
	Native any
	Client Value
}

// Member is one named value of an Object.
type Member struct {
	Name  string
	Value Value
}

// Object is a document or row: members in order, names unique. The zero Object is empty and ready.
type Object struct {
	Members []Member
}

// Get returns the member's value; ok is false when it is absent, which differs from null.
func (o *Object) Get(name string) (v Value, ok bool) {
	if o == nil {
		return nil, false
	}
	for i := range o.Members {
		if o.Members[i].Name == name {
			return o.Members[i].Value, true
		}
	}
	return nil, false
}

// Set replaces the member in place, or appends it.
func (o *Object) Set(name string, v Value) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			o.Members[i].Value = v
			return
		}
	}
	o.Members = append(o.Members, Member{name, v})
}

// Delete removes the member if it is there.
func (o *Object) Delete(name string) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			o.Members = append(o.Members[:i:i], o.Members[i+1:]...)
			return
		}
	}
}

// At walks a path of member names; ok is false when any step is absent or not an object.
func (o *Object) At(path []string) (v Value, ok bool) {
	cur := o
	for i, name := range path {
		if v, ok = cur.Get(name); !ok {
			return nil, false
		}
		if i == len(path)-1 {
			return v, true
		}
		if cur, ok = v.(*Object); !ok {
			return nil, false
		}
	}
	return nil, false
}

// SetAt writes at a path, making objects on the way where a step is absent or null. It returns
// false, and writes nothing, when a step on the way holds something that is not an object. Objects
// on the way are copied, so that a Clone's source never changes.
func (o *Object) SetAt(path []string, v Value) bool {
	if len(path) == 1 {
		o.Set(path[0], v)
		return true
	}
	next := &Object{}
	if cur, ok := o.Get(path[0]); ok && cur != nil {
		sub, isObject := cur.(*Object)
		if !isObject {
			return false
		}
		next = sub.Clone()
	}
	if !next.SetAt(path[1:], v) {
		return false
	}
	o.Set(path[0], next)
	return true
}

// Clone copies the member list; the values are shared and must not be changed in place.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	return &Object{Members: append([]Member(nil), o.Members...)}
}

// Millis gives the instant at MongoDB's precision.
func Millis(t time.Time) int64 { return t.UnixMilli() }
