package value

import (
	"bytes"
	"encoding/base64"
	"math"
	"strings"
	"time"
)

// SameToClient reports whether a client value stands for the stored one in any spelling that a
// device may have been given (facts of PowerSync's type mapping): dates with a space or a T and with
// fewer digits, booleans as 1 and 0, 3 for 3.0, decimals of equal value, ids in any case, lists and
// objects as JSON text.
func SameToClient(client, stored Value) bool { return new(work).same(client, stored, false) }

// work counts the effort of comparing, in steps of about ten nanoseconds. Pairing the elements of
// lists stops when it has had enough; all else is bounded by the size of the two values.
type work int

// same compares; nested is inside a list or an object, where JSON's own kinds are kept apart and
// where PowerSync drops binary members.
func (w *work) same(client, stored Value, nested bool) bool {
	*w++
	switch stored := stored.(type) {
	case nil:
		return client == nil
	case Array, *Object:
		return w.sameContainer(client, stored, nested)
	case JSON:
		return w.sameJSON(client, stored)
	case Opaque:
		if client == nil {
			return stored.Client == nil
		}
		return stored.Client != nil && w.same(client, stored.Client, nested)
	}
	switch client := client.(type) {
	case string:
		*w += work(len(client) / 64)
		return sameText(client, stored, nested)
	case Number:
		return sameNumber(client, stored, nested)
	case bool:
		b, ok := stored.(bool)
		return ok && b == client
	case nil:
		return unseen(stored)
	case Array, *Object:
		return false
	}
	return Equal(client, stored) // typed already
}

// unseen values look like null on devices.
func unseen(stored Value) bool {
	switch v := stored.(type) {
	case nil, []byte:
		return true
	case float64:
		return math.IsNaN(v) || math.IsInf(v, 0)
	case Opaque:
		return unseen(v.Client)
	}
	return false
}

func sameText(client string, stored Value, nested bool) bool {
	switch stored := stored.(type) {
	case string:
		return client == stored
	case ObjectID:
		id, ok := parseObjectID(client)
		return ok && id == stored
	case UUID:
		id, ok := parseUUID(client)
		return ok && id == stored
	case time.Time:
		d, ok := parseDate(client)
		return ok && d.is(stored)
	case Decimal:
		return sameDecimal(client, stored)
	case bool:
		b, ok := boolText(client)
		return ok && b == stored && !nested
	case []byte:
		b, err := decodeBase64(client)
		return err == nil && bytes.Equal(b, stored)
	case int32, int64, float64, Number:
		return !nested && isNumber(client) && sameNumber(Number(client), stored, nested)
	}
	return false
}

func sameNumber(client Number, stored Value, nested bool) bool {
	switch stored := stored.(type) {
	case int32:
		i, ok := integer(string(client))
		return ok && i == int64(stored)
	case int64:
		return sameInteger(string(client), stored, nested)
	case float64:
		return sameFloat(string(client), stored)
	case bool:
		return client == "1" && stored || client == "0" && !stored
	case Decimal:
		return sameDecimal(string(client), stored)
	case Number:
		return sameDecimal(string(client), Decimal(stored)) || nested && sameRounded(string(client), string(stored))
	case string:
		return !nested && string(client) == stored
	}
	return false
}

// sameRounded: the client's literal is what JavaScript prints after reading the stored one.
func sameRounded(client, stored string) bool {
	if len(stored) < 16 {
		return false
	}
	a, errA := double(Number(client))
	b, errB := double(Number(stored))
	return errA == nil && errB == nil && a == b && client == string(appendFloat(nil, a.(float64)))
}

func boolText(s string) (b, ok bool) {
	switch s {
	case "1", "true":
		return true, true
	case "0", "false":
		return false, true
	}
	return false, false
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.TrimRight(s, "=")
	if strings.ContainsAny(s, "-_") {
		return base64.RawURLEncoding.DecodeString(s)
	}
	return base64.RawStdEncoding.DecodeString(s)
}

// sameContainer compares a list or an object, which a column holds as text.
func (w *work) sameContainer(client, stored Value, nested bool) bool {
	if text, ok := client.(string); ok && !nested {
		v, err := DecodeJSON([]byte(text))
		if err != nil {
			return false
		}
		client = v
	}
	switch stored := stored.(type) {
	case Array:
		list, ok := client.(Array)
		if !ok || len(list) != len(stored) {
			return false
		}
		for i := range list {
			if !w.same(list[i], stored[i], true) {
				return false
			}
		}
		return true
	case *Object:
		o, ok := client.(*Object)
		return ok && o != nil && stored != nil && w.sameMembers(o, stored)
	}
	return false
}

// sameMembers ignores order and the members that devices are not given.
func (w *work) sameMembers(client, stored *Object) bool {
	*w += work(len(stored.Members))
	find, matched := lookup(client), 0
	for i := range stored.Members {
		m := &stored.Members[i]
		at := find(m.Name)
		if at < 0 {
			if !undelivered(m.Value) {
				return false
			}
			continue
		}
		if !w.same(client.Members[at].Value, m.Value, true) {
			return false
		}
		matched++
	}
	return matched == len(client.Members)
}

// undelivered members are dropped on the way to devices, so their absence there means nothing.
func undelivered(stored Value) bool {
	switch v := stored.(type) {
	case []byte:
		return true
	case Opaque:
		return v.Client == nil
	}
	return false
}

// sameJSON compares JSON by structure: member order and the spelling of numbers do not matter.
func (w *work) sameJSON(client Value, stored JSON) bool {
	if text, ok := client.(string); ok {
		if text == string(stored) {
			return true
		}
		v, err := DecodeJSON([]byte(text))
		if err != nil {
			return false
		}
		client = v
	} else if client == nil {
		return false
	}
	v, err := DecodeJSON([]byte(stored))
	return err == nil && w.same(client, v, true)
}
