package value_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

var (
	oid    = value.ObjectID{0x50, 0x7f, 0x1f, 0x77, 0xbc, 0xf8, 0x6c, 0xd7, 0x99, 0x43, 0x90, 0x11}
	oid2   = value.ObjectID{0x50, 0x7f, 0x1f, 0x77, 0xbc, 0xf8, 0x6c, 0xd7, 0x99, 0x43, 0x90, 0x12}
	uid    = value.UUID{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	moment = time.Date(2026, 1, 31, 12, 0, 5, 678_000_000, time.UTC)
	blob   = []byte{1, 2, 3}
)

const (
	oidText = "507f1f77bcf86cd799439011"
	uidText = "123e4567-e89b-12d3-a456-426614174000"
)

func object(pairs ...any) *value.Object {
	o := &value.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// declared is a scalar type.
func declared(n bundle.TypeName) bundle.Type { return bundle.Type{Name: n} }

// TestUnchangedLeavesKeepTheStoredValue: every spelling in which a device may hold a stored value.
func TestUnchangedLeavesKeepTheStoredValue(t *testing.T) {
	opaqueNull := value.Opaque{Native: "minkey"}
	for name, c := range map[string]struct {
		stored  value.Value
		clients []value.Value
		others  []value.Value // must count as changed
	}{
		"null":       {nil, []value.Value{nil}, []value.Value{"", value.Number("0"), false}},
		"text":       {"a", []value.Value{"a"}, []value.Value{"A", "a ", nil}},
		"true":       {true, []value.Value{true, value.Number("1"), "true", "1"}, []value.Value{false, value.Number("0"), nil}},
		"false":      {false, []value.Value{false, value.Number("0"), "false", "0"}, []value.Value{true, value.Number("1"), nil}},
		"int32":      {int32(3), []value.Value{value.Number("3"), value.Number("3.0"), value.Number("3e0"), "3"}, []value.Value{value.Number("4"), value.Number("3.5")}},
		"zero":       {int32(0), []value.Value{value.Number("0"), value.Number("0.0"), value.Number("-0.0"), value.Number("0e5"), "0.0"}, []value.Value{value.Number("1"), value.Number("0.5")}},
		"int64 big":  {int64(9007199254740993), []value.Value{value.Number("9007199254740993"), "9007199254740993"}, []value.Value{value.Number("9007199254740992")}},
		"double 3.0": {float64(3), []value.Value{value.Number("3"), value.Number("3.0")}, []value.Value{value.Number("3.1")}},
		"double":     {0.1, []value.Value{value.Number("0.1"), value.Number("1e-1")}, []value.Value{value.Number("0.10000001")}},
		"nan":        {math.NaN(), []value.Value{nil}, []value.Value{value.Number("0")}},
		"decimal":    {value.Decimal("1.50"), []value.Value{"1.50", "1.5", value.Number("1.5"), "15E-1"}, []value.Value{"1.51", nil}},
		"objectid":   {oid, []value.Value{oidText, strings.ToUpper(oidText)}, []value.Value{oid2.String()}},
		"uuid":       {uid, []value.Value{uidText, strings.ToUpper(uidText)}, []value.Value{"123e4567-e89b-12d3-a456-426614174001"}},
		"date": {moment, []value.Value{
			"2026-01-31 12:00:05.678Z", "2026-01-31T12:00:05.678Z", "2026-01-31T12:00:05Z", "2026-01-31 12:00:05", "2026-01-31 12:00:05.6Z",
			"2026-01-31T12:00:05.678000Z", "2026-01-31T13:00:05.678+01:00", "2026-01-31T13:00:05.678+0100",
		}, []value.Value{"2026-01-31T12:00:05.679Z", "2026-01-31", "2026-01-31T12:00", "2026-01-31T12:00:04Z"}},
		"microseconds": {moment.Add(123 * time.Microsecond), []value.Value{"2026-01-31 12:00:05.678123Z", "2026-01-31 12:00:05.678Z"}, []value.Value{"2026-01-31 12:00:05.678124Z"}},
		"midnight":     {time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), []value.Value{"2026-01-31", "2026-01-31T00:00"}, nil},
		"year 10000":   {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), []value.Value{"+010000-01-01T00:00:00.000Z", "+010000-01-01 00:00:00.000Z"}, nil},
		"before 1970":  {time.Date(1969, 12, 31, 23, 59, 59, 900_000_000, time.UTC), []value.Value{"1969-12-31 23:59:59.900Z", "1969-12-31 23:59:59Z"}, []value.Value{"1970-01-01 00:00:00Z"}},
		"binary":       {blob, []value.Value{nil, "AQID"}, []value.Value{"AQIE"}},
		"opaque null":  {opaqueNull, []value.Value{nil}, []value.Value{"x"}},
		"opaque text":  {value.Opaque{Native: 1, Client: `{"pattern":"a"}`}, []value.Value{`{"pattern":"a"}`}, []value.Value{nil, "b"}},
		"list":         {value.Array{true, oid, int64(1), blob}, []value.Value{`[1,"` + oidText + `",1,null]`, value.Array{true, oidText, value.Number("1"), nil}}, []value.Value{`[]`, `[1]`}},
		"object":       {object("b", true, "a", moment, "x", blob), []value.Value{`{"a":"2026-01-31 12:00:05.678Z","b":1}`}, []value.Value{`{"b":1}`, `{"a":"2026-01-31 12:00:05.678Z","b":1,"c":2}`}},
		"json":         {value.JSON(`{"b": 1.0, "a": [true]}`), []value.Value{`{"a":[true],"b":1}`}, []value.Value{`{"a":[1.5],"b":1}`, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, client := range c.clients {
				got, changed, err := value.Coerce(client, bundle.Type{}, c.stored, true)
				if err != nil || changed || !value.Equal(got, c.stored) {
					t.Errorf("%#v: got %#v changed=%v err=%v", client, got, changed, err)
				}
				if !value.SameToClient(client, c.stored) {
					t.Errorf("%#v is not the same to the client", client)
				}
			}
			for _, client := range c.others {
				if _, changed, err := value.Coerce(client, bundle.Type{}, c.stored, true); err == nil && !changed {
					t.Errorf("%#v passed as unchanged", client)
				}
				if value.SameToClient(client, c.stored) {
					t.Errorf("%#v is the same to the client", client)
				}
			}
		})
	}
}

func TestChangedLeavesAreTyped(t *testing.T) {
	const none = "-"
	for name, c := range map[string]struct {
		client   value.Value
		declared bundle.Type
		stored   value.Value // "-": none
		want     value.Value
	}{
		"declared wins over stored":            {value.Number("5"), declared(bundle.TypeInt64), int32(1), int64(5)},
		"stored objectid":                      {oid2.String(), bundle.Type{}, oid, oid2},
		"stored bool":                          {value.Number("0"), bundle.Type{}, true, false},
		"stored date":                          {"2026-02-01T00:00:00Z", bundle.Type{}, moment, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)},
		"stored int32 stays int32":             {value.Number("4"), bundle.Type{}, int32(3), int32(4)},
		"stored int32 grows":                   {value.Number("3000000000"), bundle.Type{}, int32(3), int64(3000000000)},
		"stored int64 stays int64":             {value.Number("4"), bundle.Type{}, int64(3), int64(4)},
		"stored int gets a fraction":           {value.Number("4.5"), bundle.Type{}, int64(3), 4.5},
		"stored double takes an integer":       {value.Number("4"), bundle.Type{}, 3.5, float64(4)},
		"stored decimal":                       {"2.50", bundle.Type{}, value.Decimal("1.50"), value.Decimal("2.50")},
		"stored text takes a number as text":   {value.Number("7"), bundle.Type{}, "6", "7"},
		"nothing known: text":                  {oidText, bundle.Type{}, none, oidText},
		"nothing known: small":                 {value.Number("7"), bundle.Type{}, none, int32(7)},
		"nothing known: large":                 {value.Number("9007199254740993"), bundle.Type{}, none, int64(9007199254740993)},
		"nothing known: fraction":              {value.Number("1.5"), bundle.Type{}, none, 1.5},
		"nothing known: spelled as a fraction": {value.Number("3.0"), bundle.Type{}, none, float64(3)},
		"nothing known: list":                  {value.Array{value.Number("1"), nil}, bundle.Type{}, nil, value.Array{int32(1), nil}},
		"int64 as text":                        {"9223372036854775807", declared(bundle.TypeInt64), none, int64(math.MaxInt64)},
		"int64 of 3.0":                         {value.Number("3.0"), declared(bundle.TypeInt64), none, int64(3)},
		"decimal keeps its precision":          {"+007.500", declared(bundle.TypeDecimal), none, value.Decimal("7.500")},
		"decimal from a number":                {value.Number("0.10"), declared(bundle.TypeDecimal), none, value.Decimal("0.10")},
		"binary":                               {"AQID", declared(bundle.TypeBinary), none, blob},
		"binary url form":                      {"-_8", declared(bundle.TypeBinary), none, []byte{0xfb, 0xff}},
		"binary can be cleared":                {nil, declared(bundle.TypeBinary), blob, nil},
		"null":                                 {nil, declared(bundle.TypeInt64), int64(3), nil},
		"declared list":                        {`["` + oidText + `"]`, bundle.Type{Name: bundle.TypeArray, Elem: &bundle.Type{Name: bundle.TypeObjectID}}, none, value.Array{oid}},
		"declared object": {`{"due":"2026-02-01","n":1}`, bundle.Type{Name: bundle.TypeObject, Fields: map[string]bundle.Type{"due": {Name: bundle.TypeDate}}}, none,
			object("due", time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), "n", int32(1))},
		"json text stays as written": {`{"n": 1.10}`, declared(bundle.TypeJSON), none, value.JSON(`{"n": 1.10}`)},
		"json from a value":          {object("n", value.Number("1.10")), declared(bundle.TypeJSON), nil, value.JSON(`{"n":1.10}`)},
		"json null is not null":      {"null", declared(bundle.TypeJSON), nil, value.JSON("null")},
		"json keeps other numbers":   {`{"a":2,"big":9007199254740992}`, declared(bundle.TypeJSON), value.JSON(`{"big":9007199254740993,"a":1}`), value.JSON(`{"big":9007199254740993,"a":2}`)},
		"json declared, document stored": {`{"id":"` + oidText + `","n":2}`, declared(bundle.TypeJSON), object("id", oid, "n", int64(1)),
			object("id", oid, "n", int64(2))},
		"text null empties a list": {"null", declared(bundle.TypeArray), value.Array{int32(1)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stored, has := c.stored, c.stored != none
			if !has {
				stored = nil
			}
			got, changed, err := value.Coerce(c.client, c.declared, stored, has)
			if err != nil || !changed || !value.Equal(got, c.want) {
				t.Errorf("got %T %v changed=%v err=%v, want %T %v", got, show(got), changed, err, c.want, show(c.want))
			}
		})
	}
}

func show(v value.Value) string { return string(value.AppendJSON(nil, v)) }

func TestRefusals(t *testing.T) {
	list := bundle.Type{Name: bundle.TypeArray, Elem: &bundle.Type{Name: bundle.TypeObject, Fields: map[string]bundle.Type{"due": {Name: bundle.TypeDate}}}}
	for name, c := range map[string]struct {
		client   value.Value
		declared bundle.Type
		stored   value.Value
		path     string
		says     string // in message or hint
	}{
		"uuid for objectid":         {uidText, declared(bundle.TypeObjectID), nil, "", "objectId()"},
		"uuid for a stored id":      {uidText, bundle.Type{}, oid, "", "objectId()"},
		"objectid for uuid":         {oidText, declared(bundle.TypeUUID), nil, "", "uuid()"},
		"int32 too large":           {value.Number("2147483648"), declared(bundle.TypeInt32), nil, "", "does not fit int32"},
		"int64 too large":           {value.Number("9223372036854775808"), declared(bundle.TypeInt64), nil, "", "does not fit int64"},
		"fraction for int64":        {value.Number("1.5"), declared(bundle.TypeInt64), nil, "", "fraction"},
		"text for int64":            {"1x", declared(bundle.TypeInt64), nil, "", "whole number"},
		"double overflow":           {value.Number("1e999"), declared(bundle.TypeDouble), nil, "", "too large"},
		"NaN":                       {"NaN", declared(bundle.TypeDouble), nil, "", "number"},
		"undeclared overflow":       {value.Number("1e999"), bundle.Type{}, nil, "", "too large"},
		"NaN for decimal":           {"NaN", declared(bundle.TypeDecimal), nil, "", "not a decimal"},
		"35 digits":                 {strings.Repeat("9", 35), declared(bundle.TypeDecimal), nil, "", "34 digits"},
		"30 February":               {"2026-02-30", declared(bundle.TypeDate), nil, "", "not a date"},
		"a number for a date":       {value.Number("1700000000000"), declared(bundle.TypeDate), nil, "", "seconds or milliseconds"},
		"a date too far":            {"+275761-01-01T00:00:00Z", declared(bundle.TypeDate), nil, "", "275760"},
		"text for a stored date":    {"tomorrow", bundle.Type{}, moment, "", "not a date"},
		"2 for bool":                {value.Number("2"), declared(bundle.TypeBool), nil, "", "true, false"},
		"bool for text":             {true, declared(bundle.TypeString), nil, "", "Expected text"},
		"an object for text":        {object("$ne", nil), declared(bundle.TypeString), nil, "", "got an object"},
		"broken JSON over a list":   {`[1,`, bundle.Type{}, value.Array{}, "", "not valid JSON"},
		"a number over an object":   {value.Number("1"), bundle.Type{}, object("a", int32(1)), "", "an object"},
		"an object for a list":      {`{}`, list, nil, "", "a list"},
		"deep in a list":            {`[{"due":"x"}]`, list, nil, "0.due", "not a date"},
		"an operator as a name":     {`{"a":{"$where":"1"}}`, declared(bundle.TypeObject), nil, "a", "dollar"},
		"an operator, undeclared":   {object("$gt", ""), bundle.Type{}, nil, "", "dollar"},
		"a duplicate name":          {`{"a":1,"a":2}`, declared(bundle.TypeObject), nil, "", "not valid JSON"},
		"a lone surrogate":          {`["\ud800"]`, declared(bundle.TypeArray), nil, "", "not valid JSON"},
		"deeper than 32":            {strings.Repeat("[", 33) + strings.Repeat("]", 33), declared(bundle.TypeArray), nil, "", "nested"},
		"not base64":                {"*", declared(bundle.TypeBinary), nil, "", "base64"},
		"plain text for json":       {"hello", declared(bundle.TypeJSON), nil, "", "not valid JSON"},
		"something after the value": {`{} {}`, declared(bundle.TypeJSON), nil, "", "after"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := value.Coerce(c.client, c.declared, c.stored, c.stored != nil)
			var typed *value.TypeError
			if !errors.As(err, &typed) {
				t.Fatalf("got %v, err %v", show(got), err)
			}
			if typed.Code != value.CodeInvalidData || typed.Path != c.path || !strings.Contains(typed.Message+" "+typed.Hint, c.says) {
				t.Errorf("got %+v", *typed)
			}
			if s, ok := c.client.(string); ok && len(s) > 8 && strings.Contains(typed.Message+typed.Hint, s) {
				t.Errorf("the message repeats the value: %q", typed.Message)
			}
		})
	}
}

// TestNestedEdits: what a device sends for a whole column after one edit.
func TestNestedEdits(t *testing.T) {
	element := func(id value.ObjectID, n int64) *value.Object {
		return object("_id", id, "n", n, "done", true, "raw", blob)
	}
	oid3 := value.ObjectID{9}
	list := value.Array{element(oid, 1), element(oid2, 2)}
	for name, c := range map[string]struct {
		client string
		stored value.Value
		want   value.Value
	}{
		"a leaf changes, order and undelivered members stay": {`{"n":2,"id":"` + oidText + `"}`, object("id", oid, "raw", blob, "n", int64(1)), object("id", oid, "raw", blob, "n", int64(2))},
		"a member is deleted":                                {`{"a":1}`, object("a", int32(1), "b", int32(2)), object("a", int32(1))},
		"a member is added at the end":                       {`{"z":1,"a":1}`, object("a", int64(1)), object("a", int64(1), "z", int32(1))},
		"text in place of a number":                          {`{"a":"x"}`, object("a", int64(1)), object("a", "x")},
		"a number in place of text":                          {`{"a":5}`, object("a", "x"), object("a", int32(5))},
		"snowflakes that JavaScript rounded":                 {`{"big":9007199254740992,"a":2}`, object("big", int64(9007199254740993), "a", int32(1)), object("big", int64(9007199254740993), "a", int32(2))},
		"element inserted at the front, typed as others":     {`[{"_id":"090000000000000000000000","n":7,"done":0},{"_id":"` + oidText + `","n":1,"done":1},{"_id":"` + oid2.String() + `","n":2,"done":1}]`, list, value.Array{object("_id", oid3, "n", int64(7), "done", false), list[0], list[1]}},
		"element removed at the front":                       {`[{"_id":"` + oid2.String() + `","n":2,"done":1}]`, list, value.Array{list[1]}},
		"elements swapped and one edited":                    {`[{"_id":"` + oid2.String() + `","n":9,"done":1},{"_id":"` + oidText + `","n":1,"done":1}]`, list, value.Array{element(oid2, 9), list[0]}},
		"an element replaced takes nothing along":            {`[{"_id":"090000000000000000000000","n":1,"done":1},{"_id":"` + oid2.String() + `","n":2,"done":1}]`, list, value.Array{object("_id", oid3, "n", int64(1), "done", true), list[1]}},
		"inserted and edited, without ids": {`[{"k":"new"},{"k":"a","d":"2026-02-01 00:00:00.000Z"},{"k":"b","d":"2026-01-31 12:00:05.678Z"}]`,
			value.Array{object("k", "a", "d", moment), object("k", "b", "d", moment)},
			value.Array{object("k", "new"), object("k", "a", "d", time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)), object("k", "b", "d", moment)}},
		"a scalar in the middle goes":        {`["` + oidText + `",3.5]`, value.Array{oid, int64(1), 3.5}, value.Array{oid, 3.5}},
		"scalars reordered keep their types": {`[3,"` + oidText + `",1]`, value.Array{oid, int64(1), float64(3)}, value.Array{float64(3), oid, int64(1)}},
		"objects only swapped":               {`[{"k":"b"},{"k":"a"}]`, value.Array{object("k", "a", "x", blob), object("k", "b")}, value.Array{object("k", "b"), object("k", "a", "x", blob)}},
		"a scalar added":                     {`["` + oidText + `","` + oid2.String() + `"]`, value.Array{oid}, value.Array{oid, oid2}},
		"binary in a list stays":             {`[null,2]`, value.Array{blob, int32(1)}, value.Array{blob, int32(2)}},
		"mixed elements teach nothing":       {`[1,"x",5]`, value.Array{int64(1), "x"}, value.Array{int64(1), "x", int32(5)}},
		"an empty list takes JSON's types":   {`[1]`, value.Array{}, value.Array{int32(1)}},
		"names already stored are kept":      {`{"$ref":"x","n":2}`, object("$ref", "x", "n", int32(1)), object("$ref", "x", "n", int32(2))},
		"an opaque member is not touched":    {`{"re":{"pattern":"a"},"n":2}`, object("re", value.Opaque{Native: 1, Client: object("pattern", "a")}, "n", int32(1)), object("re", value.Opaque{Native: 1, Client: object("pattern", "a")}, "n", int32(2))},
		"an undelivered opaque member stays": {`{"n":2}`, object("min", value.Opaque{Native: 1}, "n", int32(1)), object("min", value.Opaque{Native: 1}, "n", int32(2))},
	} {
		t.Run(name, func(t *testing.T) {
			got, changed, err := value.Coerce(c.client, bundle.Type{}, c.stored, true)
			if err != nil || !changed || !value.Equal(got, c.want) {
				t.Errorf("got %v changed=%v err=%v\nwant %v", show(got), changed, err, show(c.want))
			}
		})
	}
}

// TestPairingIsBounded: a list made to be slow must not be.
func TestPairingIsBounded(t *testing.T) {
	const n = 20_000
	stored, client := make(value.Array, n), make(value.Array, n)
	common := strings.Repeat("x", 300)
	for i := range n {
		stored[i] = object("a", common+"s", "n", int64(i))
		client[i] = object("a", common+"c", "n", value.Number("-1"))
	}
	start := time.Now()
	if _, changed, err := value.Coerce(client, bundle.Type{}, stored, true); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if d := time.Since(start); d > time.Minute { // unbounded, it takes minutes
		t.Errorf("took %s", d)
	}
}
