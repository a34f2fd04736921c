package bundle_test

import (
	"bytes"
	"testing"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

// Whatever bytes a key that we trust has signed: they decode to a bundle that comes back the same,
// or they are refused as the sender's fault.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"format":1,"revision":7,"instance":{"id":"ins_1","host":"acme"},"secrets":{"A":"b"},"signing_keys":[{"id":"k","algorithm":"EdDSA","private":"p"}]}`))
	f.Add([]byte(`{"format":99,"config":7}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := bundle.Decode(data)
		if err != nil {
			if !fault.IsKind(err, fault.Invalid) {
				t.Fatalf("an error that is not the sender's: %v", err)
			}
			return
		}
		once, err := bundle.Encode(b)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := bundle.Decode(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if twice, err := bundle.Encode(again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("it changed on the way: %v\n%s\n%s", err, once, twice)
		}
	})
}
