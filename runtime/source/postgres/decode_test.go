package postgres

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

var bases = []string{"bool", "int2", "int4", "int8", "float4", "float8", "numeric", "uuid", "json", "jsonb", "bytea", "timestamptz", "timestamp", "date", "text", "mood"}

// A value that is too short for its type is an error, not a panic that keeps its connection.
func TestShortBinaryValuesAreRefused(t *testing.T) {
	for _, base := range []string{"bool", "int2", "int4", "int8", "float4", "float8", "uuid", "jsonb", "timestamptz", "timestamp"} {
		c := &column{base: base}
		if v, err := c.decode([]byte{}, true); err == nil {
			t.Errorf("%s of no bytes: %v", base, v)
		}
	}
}

// "The end of time" is a favourite of applications.
func TestInstantsBeyondADuration(t *testing.T) {
	for _, want := range []string{"9999-12-31T23:59:59.999999Z", "2300-01-01T00:00:00Z", "1583-10-15T00:00:00.000001Z", "1999-12-31T23:59:59.5Z", "2000-01-01T00:00:00Z"} {
		at, err := time.Parse(time.RFC3339Nano, want)
		if err != nil {
			t.Fatal(err)
		}
		us := (at.Unix()-pgEpoch.Unix())*1e6 + int64(at.Nanosecond()/1000)
		raw := binary.BigEndian.AppendUint64(nil, uint64(us))
		v, err := (&column{base: "timestamptz"}).decode(raw, true)
		if got, ok := v.(time.Time); err != nil || !ok || !got.Equal(at) {
			t.Errorf("%s came back as %v, %v", want, v, err)
		}
	}
}

// The server belongs to a customer, so its answers are a stranger's bytes.
func FuzzDecodeColumn(f *testing.F) {
	f.Add("int4", false, true, []byte{0, 0, 0, 7})
	f.Add("uuid", false, true, []byte("short"))
	f.Add("_int4", true, false, []byte(`[1,null,[2,3]]`))
	f.Add("timestamptz", false, false, []byte("2026-01-31 10:00:00.123456+00"))
	f.Add("bytea", false, false, []byte(`\x00ff`))
	f.Fuzz(func(t *testing.T, base string, array, binary bool, raw []byte) {
		c := &column{base: base, array: array}
		if !array && !slices.Contains(bases, base) {
			return // unknown types are text, like mood
		}
		if v, err := c.decode(raw, binary); err != nil && v != nil {
			t.Fatalf("a value beside an error: %v, %v", v, err)
		}
	})
}
