package value_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

// drawScalar draws a stored scalar of any type.
func drawScalar(t *rapid.T) value.Value {
	switch rapid.IntRange(0, 12).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int32().Draw(t, "int32")
	case 3:
		return rapid.Int64().Draw(t, "int64")
	case 4:
		return rapid.Float64().Draw(t, "double")
	case 5:
		return float64(rapid.Int16().Draw(t, "integral double"))
	case 6:
		return value.Decimal(fmt.Sprintf("%d.%02d", rapid.Int32().Draw(t, "units"), rapid.IntRange(0, 99).Draw(t, "cents")))
	case 7:
		return value.ObjectID(rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "objectid"))
	case 8:
		return value.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
	case 9:
		return time.UnixMilli(rapid.Int64Range(-8_640_000_000_000_000, 8_640_000_000_000_000).Draw(t, "ms")).UTC()
	case 10:
		return rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "binary")
	case 11:
		return value.Opaque{Native: "regex", Client: rapid.SampledFrom([]value.Value{nil, "client", int64(1)}).Draw(t, "opaque")}
	}
	return rapid.String().Draw(t, "text")
}

func drawValue(t *rapid.T, depth int) value.Value {
	kind := rapid.IntRange(0, 9).Draw(t, "shape")
	if depth == 0 || kind < 6 {
		return drawScalar(t)
	}
	n := rapid.IntRange(0, 4).Draw(t, "n")
	if kind < 8 {
		list := value.Array{}
		for range n {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	}
	return drawObject(t, depth, n)
}

func drawObject(t *rapid.T, depth, n int) *value.Object {
	o := &value.Object{}
	for i := range n {
		o.Set(fmt.Sprintf("m%d%s", i, rapid.StringN(0, 3, 9).Draw(t, "name")), drawValue(t, depth-1))
	}
	return o
}

// sent is what a device would send for a column that holds v: the column's value as JSON carries it.
func sent(v value.Value) value.Value {
	switch c := value.ClientForm(v).(type) {
	case int64:
		return value.Number(strconv.FormatInt(c, 10))
	case float64:
		return value.Number(strconv.FormatFloat(c, 'g', -1, 64))
	default:
		return c
	}
}

func TestWhatDevicesGetComesBackUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := drawValue(t, 3)
		got, changed, err := value.Coerce(sent(stored), bundle.Type{}, stored, true)
		if err != nil || changed || !value.Equal(got, stored) {
			t.Fatalf("stored %s\nsent %v\ngot %s changed=%v err=%v", show(stored), sent(stored), show(got), changed, err)
		}
		if !value.SameToClient(sent(stored), stored) {
			t.Fatalf("not the same to the client: %v", sent(stored))
		}
	})
}

// TestDeclaredTypesRoundTrip: with nothing stored, the declared type alone restores the value.
func TestDeclaredTypesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawScalar(t)
		var name bundle.TypeName
		switch x := v.(type) {
		case bool:
			name = bundle.TypeBool
		case int32:
			name = bundle.TypeInt32
		case int64:
			name = bundle.TypeInt64
		case float64:
			if math.Signbit(x) && x == 0 {
				return // SQLite's integer 0 has no sign
			}
			name = bundle.TypeDouble
		case value.Decimal:
			name = bundle.TypeDecimal
			if strings.HasPrefix(string(x), "-0.") {
				return
			}
		case value.ObjectID:
			name = bundle.TypeObjectID
		case value.UUID:
			name = bundle.TypeUUID
		case time.Time:
			name = bundle.TypeDate
		case string:
			name = bundle.TypeString
		default:
			return
		}
		got, changed, err := value.Coerce(sent(v), bundle.Type{Name: name}, nil, false)
		if err != nil || !changed || !value.Equal(got, v) {
			t.Fatalf("%s: %s came back as %s (changed=%v err=%v)", name, show(v), show(got), changed, err)
		}
	})
}

// leaf is a place in a client's tree that can be edited, with the stored value behind it.
type leaf struct {
	set    func(value.Value)
	stored value.Value
	client value.Value
}

func leaves(client, stored value.Value, set func(value.Value)) []leaf {
	switch s := stored.(type) {
	case *value.Object:
		var out []leaf
		o := client.(*value.Object)
		for _, m := range s.Members {
			if c, ok := o.Get(m.Name); ok {
				out = append(out, leaves(c, m.Value, func(v value.Value) { o.Set(m.Name, v) })...)
			}
		}
		return out
	case value.Array:
		var out []leaf
		list := client.(value.Array)
		for i := range s {
			out = append(out, leaves(list[i], s[i], func(v value.Value) { list[i] = v })...)
		}
		return out
	case nil, value.Opaque, []byte:
		return nil
	}
	if client == nil { // NaN
		return nil
	}
	return []leaf{{set, stored, client}}
}

// edited gives another client value of the stored type, and what must be stored for it.
func edited(t *rapid.T, stored value.Value) (client, want value.Value) {
	switch s := stored.(type) {
	case string:
		return s + "!", s + "!"
	case bool:
		return value.Number([]string{"1", "0"}[map[bool]int{true: 1}[s]]), !s
	case int32:
		return value.Number("77"), int32(77)
	case int64:
		return value.Number("77"), int64(77)
	case float64:
		return value.Number("77"), float64(77)
	case value.Decimal:
		return "77.10", value.Decimal("77.10")
	case value.ObjectID:
		s[3] ^= 1
		return strings.ToUpper(s.String()), s
	case value.UUID:
		s[3] ^= 1
		return s.String(), s
	case time.Time:
		return "2001-02-03 04:05:06.789Z", time.Date(2001, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	}
	t.Fatalf("no edit for %T", stored)
	return nil, nil
}

// replaced gives a copy of stored with exactly the value at the n-th editable leaf replaced.
func replaced(stored, client value.Value, n *int, want value.Value) value.Value {
	switch s := stored.(type) {
	case *value.Object:
		out := s.Clone()
		for i, m := range s.Members {
			if c, ok := client.(*value.Object).Get(m.Name); ok {
				out.Members[i].Value = replaced(m.Value, c, n, want)
			}
		}
		return out
	case value.Array:
		out := slices.Clone(s)
		for i := range s {
			out[i] = replaced(s[i], client.(value.Array)[i], n, want)
		}
		return out
	case nil, value.Opaque, []byte:
		return stored
	}
	if client == nil {
		return stored
	}
	if *n--; *n == -1 {
		return want
	}
	return stored
}

func TestOneEditChangesExactlyThatLeaf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := drawObject(t, 3, 4)
		tree, err := value.DecodeJSON([]byte(value.ClientForm(stored).(string)))
		if err != nil {
			t.Fatal(err)
		}
		pristine, _ := value.DecodeJSON([]byte(value.ClientForm(stored).(string)))
		all := leaves(tree, stored, nil)
		if len(all) == 0 {
			return
		}
		n := rapid.IntRange(0, len(all)-1).Draw(t, "leaf")
		client, want := edited(t, all[n].stored)
		if value.SameToClient(client, all[n].stored) {
			return
		}
		all[n].set(client)
		text := string(value.AppendJSON(nil, tree))
		expected := replaced(stored, pristine, &n, want)
		got, changed, err := value.Coerce(text, bundle.Type{}, stored, true)
		if err != nil || !changed {
			t.Fatalf("sent %s: changed=%v err=%v", text, changed, err)
		}
		// A list may show the edit elsewhere when two elements look alike on the device, so lists are
		// compared by what devices see, and exactly when all elements look different.
		if distinct(stored) && distinct(expected) && !value.Equal(got, expected) {
			t.Fatalf("stored %s\nsent %s\ngot  %s\nwant %s", show(stored), text, show(got), show(expected))
		}
		if !value.SameToClient(text, got) {
			t.Fatalf("sent %s\ngot %s", text, show(got))
		}
	})
}

// distinct reports whether no list holds two elements that a device cannot tell apart.
func distinct(v value.Value) bool {
	switch v := v.(type) {
	case *value.Object:
		for _, m := range v.Members {
			if !distinct(m.Value) {
				return false
			}
		}
	case value.Array:
		for i := range v {
			for j := range i {
				if value.SameToClient(sent(value.Array{v[i]}), value.Array{v[j]}) {
					return false
				}
			}
			if !distinct(v[i]) {
				return false
			}
		}
	}
	return true
}

func TestUntouchedElementsSurviveInsertAndRemove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := value.Array{}
		for i := range rapid.IntRange(1, 6).Draw(t, "n") {
			o := drawObject(t, 2, 3)
			o.Set("k", "key"+strconv.Itoa(i))
			stored = append(stored, o)
		}
		tree, _ := value.DecodeJSON([]byte(value.ClientForm(stored).(string)))
		client, want := tree.(value.Array), slices.Clone(stored)
		fresh := object("k", "fresh", "q", value.Number("5"))
		at := rapid.IntRange(0, len(client)).Draw(t, "insert at")
		client, want = slices.Insert(client, at, value.Value(fresh)), slices.Insert(want, at, value.Value(nil))
		if rapid.Bool().Draw(t, "remove") {
			i := rapid.IntRange(0, len(client)-1).Draw(t, "remove at")
			client, want = slices.Delete(client, i, i+1), slices.Delete(want, i, i+1)
		}
		got, _, err := value.Coerce(string(value.AppendJSON(nil, client)), bundle.Type{}, stored, true)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if want[i] != nil && !value.Equal(got.(value.Array)[i], want[i]) {
				t.Fatalf("element %d: got %s, want %s", i, show(got.(value.Array)[i]), show(want[i]))
			}
		}
	})
}

// TestDiffRebuilds: applying the edits to before gives after, and no path could be an operator.
func TestDiffRebuilds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := drawObject(t, 3, 3)
		after := before.Clone()
		for range rapid.IntRange(0, 4).Draw(t, "edits") {
			path := []string{fmt.Sprintf("m%d", rapid.IntRange(0, 3).Draw(t, "top"))}
			for range rapid.IntRange(0, 2).Draw(t, "deeper") {
				path = append(path, rapid.SampledFrom([]string{"a", "m0", "x.y", "$set", ""}).Draw(t, "step"))
			}
			if rapid.Bool().Draw(t, "remove") {
				after.Delete(path[0])
			} else {
				after.SetAt(path, drawScalar(t))
			}
		}
		rebuilt := before.Clone()
		for _, e := range value.Diff(before, after) {
			for _, step := range e.Path[1:] {
				if step == "" || strings.HasPrefix(step, "$") || strings.Contains(step, ".") {
					t.Fatalf("unsafe path %q", e.Path)
				}
			}
			if e.Remove {
				removeAt(rebuilt, e.Path)
			} else {
				rebuilt.SetAt(e.Path, e.Value)
			}
		}
		if len(value.Diff(rebuilt, after)) != 0 || len(value.Diff(after, rebuilt)) != 0 {
			t.Fatalf("before %s\nafter %s\nrebuilt %s", show(before), show(after), show(rebuilt))
		}
	})
}

func removeAt(o *value.Object, path []string) {
	if len(path) == 1 {
		o.Delete(path[0])
		return
	}
	sub, _ := o.Get(path[0])
	c := sub.(*value.Object).Clone()
	removeAt(c, path[1:])
	o.Set(path[0], c)
}

func TestIDsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for kind, id := range map[bundle.TypeName]value.Value{
			bundle.TypeObjectID: value.ObjectID(rapid.SliceOfN(rapid.Byte(), 12, 12).Draw(t, "objectid")),
			bundle.TypeUUID:     value.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid")),
			bundle.TypeInt64:    rapid.Int64().Draw(t, "int64"),
			bundle.TypeString:   rapid.StringN(1, 20, 80).Filter(func(s string) bool { return !strings.Contains(s, "\x00") }).Draw(t, "text"),
		} {
			got, err := value.ParseID(kind, value.FormatID(id))
			if err != nil || got != id {
				t.Fatalf("%s: %v became %v, %v", kind, id, got, err)
			}
		}
	})
}
