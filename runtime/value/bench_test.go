package value_test

import (
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/value"
)

func BenchmarkDecode(b *testing.B) {
	text := []byte(`{"title":"Buy milk","done":0,"priority":3,"owner_id":"507f1f77bcf86cd799439011","created_at":"2026-01-31T12:00:00.000Z","note":null}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := value.DecodeJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCoerceDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := value.Coerce("2026-01-31T12:00:00.000Z", bundle.Type{Name: bundle.TypeDate}, nil, false); err != nil {
			b.Fatal(err)
		}
	}
}
