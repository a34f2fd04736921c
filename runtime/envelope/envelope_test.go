package envelope_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/envelope"
)

const canary = "canary-5e1f-mongodb://user:hunter2@db"

func sample() *bundle.Bundle {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return &bundle.Bundle{
		Format: bundle.Format, Revision: 7, Deployment: 2, IssuedAt: at,
		Instance: bundle.Instance{ID: "ins_1", Host: "quiet-fox", Kind: bundle.Development, State: bundle.Active},
		Secrets:  map[string]redact.Secret{"SOURCE_URI": redact.New(canary)},
		SigningKeys: []bundle.SigningKey{
			{ID: "key_1", Algorithm: bundle.EdDSA, Private: redact.New("PEM " + canary), PublishAt: at, SignFrom: at},
		},
		Config: bundle.Config{Tables: map[string]bundle.Table{"todos": {Collection: "canary_collection"}}},
	}
}

type ends struct {
	keys   envelope.Keys
	sealer *envelope.Sealer
	opener *envelope.Opener
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newEnds() ends {
	k := must(envelope.GenerateKeys())
	return ends{k, sealerOf(k), openerOf(k.Verify, k.PoolPrivate)}
}

func sealerOf(k envelope.Keys) *envelope.Sealer {
	return must(envelope.NewSealer(must(envelope.NewSigner(k.Sign)), k.PoolPublic))
}

func openerOf(verify []byte, pool redact.Secret) *envelope.Opener {
	return must(envelope.NewOpener(must(envelope.NewVerifier(verify)), pool))
}

var comparer = cmp.Comparer(func(a, b redact.Secret) bool { return a.Reveal() == b.Reveal() })

func TestWhatIsSealedOpensUnchanged(t *testing.T) {
	e := newEnds()
	sealed := must(e.sealer.Seal(sample()))
	got, err := e.opener.Open(sealed, "ins_1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), got, comparer); diff != "" {
		t.Error(diff)
	}
	h := must(e.opener.Header(sealed))
	if h.Instance != "ins_1" || h.Host != "quiet-fox" || h.Revision != 7 || h.Deleted || h.Format != bundle.Format {
		t.Errorf("header %+v", h)
	}
}

func TestNothingIsReadableWithoutThePoolKeyset(t *testing.T) {
	e := newEnds()
	sealed := must(e.sealer.Seal(sample()))
	for _, leak := range []string{canary, "hunter2", "canary", "canary_collection", hex.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte(canary))} {
		if bytes.Contains(sealed, []byte(leak)) {
			t.Errorf("%q can be read in the sealed bytes", leak)
		}
	}
	stranger := must(envelope.GenerateKeys())
	if _, err := openerOf(e.keys.Verify, stranger.PoolPrivate).Open(sealed, "ins_1"); !fault.Is(err, "bundle_forged") {
		t.Errorf("another pool's keyset: %v", err)
	}
	if bytes.Equal(sealed, must(e.sealer.Seal(sample()))) {
		t.Error("two sealings of one bundle are equal: the encryption is not randomised")
	}
}

func TestForgeriesAreRefused(t *testing.T) {
	e := newEnds()
	sealed := must(e.sealer.Seal(sample()))
	stranger := must(envelope.GenerateKeys())
	mixed := stranger
	mixed.PoolPublic = e.keys.PoolPublic
	future := sample()
	future.Format = bundle.Format + 1
	grafted := slices.Concat(sealed[:8], []byte("{}"), sealed[10:])
	for name, c := range map[string]struct {
		sealed   []byte
		instance string
		code     string
	}{
		"another instance":                {sealed, "ins_2", "bundle_forged"},
		"a stranger's signature":          {must(sealerOf(mixed).Seal(sample())), "ins_1", "bundle_forged"},
		"nothing":                         {nil, "ins_1", "bundle_forged"},
		"only magic":                      {[]byte("TKB1"), "ins_1", "bundle_forged"},
		"a header longer than everything": {append([]byte("TKB1\xff\xff\xff\xff"), sealed...), "ins_1", "bundle_forged"},
		"a header changed":                {grafted, "ins_1", "bundle_forged"},
		"a newer format":                  {must(e.sealer.Seal(future)), "ins_1", "bundle_too_new"},
	} {
		t.Run(name, func(t *testing.T) {
			if b, err := e.opener.Open(c.sealed, c.instance); b != nil || !fault.Is(err, c.code) {
				t.Errorf("got %v, %v; want %s", b, err, c.code)
			}
		})
	}
	if h, err := e.opener.Header(must(e.sealer.Seal(future))); err != nil || h.Format != bundle.Format+1 {
		t.Errorf("the header of a newer format must be readable, so that it can be reported: %+v %v", h, err)
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	e := newEnds()
	sealed := must(e.sealer.Seal(sample()))
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(sealed)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		cut := bad[:rapid.IntRange(0, len(bad)).Draw(t, "length")]
		for _, b := range [][]byte{bad, cut} {
			if _, err := e.opener.Open(b, "ins_1"); err == nil {
				t.Fatal("opened")
			}
		}
	})
}

func TestKeysRotate(t *testing.T) {
	old, young := newEnds(), newEnds()
	both := openerOf(slices.Concat(old.keys.Verify, young.keys.Verify), old.keys.PoolPrivate)
	newSigner := young.keys
	newSigner.PoolPublic = old.keys.PoolPublic
	for name, sealer := range map[string]*envelope.Sealer{"old": old.sealer, "young": sealerOf(newSigner)} {
		if _, err := both.Open(must(sealer.Seal(sample())), "ins_1"); err != nil {
			t.Errorf("signed by the %s key: %v", name, err)
		}
	}
	retired := openerOf(young.keys.Verify, old.keys.PoolPrivate)
	if _, err := retired.Open(must(old.sealer.Seal(sample())), "ins_1"); !fault.Is(err, "bundle_forged") {
		t.Errorf("a key that is no longer pinned was believed: %v", err)
	}
}

func TestASignatureHoldsForOnePurpose(t *testing.T) {
	k := must(envelope.GenerateKeys())
	s, v := must(envelope.NewSigner(k.Sign)), must(envelope.NewVerifier(k.Verify))
	signature := s.Sign("a", []byte("m"))
	if !v.Verify("a", []byte("m"), signature) || v.Verify("b", []byte("m"), signature) || v.Verify("a", []byte("n"), signature) {
		t.Error("purpose or message is not covered")
	}
	if (&envelope.Verifier{}).Verify("a", []byte("m"), signature) {
		t.Error("a verifier without keys believed somebody")
	}
}

func TestKeyFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	made := must(envelope.EnsureKeys(dir))
	if diff := cmp.Diff(made, must(envelope.EnsureKeys(dir)), comparer); diff != "" {
		t.Errorf("a second start made other keys: %s", diff)
	}
	for _, e := range must(os.ReadDir(dir)) {
		if mode := must(e.Info()).Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", e.Name(), mode)
		}
	}
	if err := envelope.WriteKeys(dir, made); !fault.Is(err, "keys_unwritable") {
		t.Errorf("keys were overwritten: %v", err)
	}
	if out := fmt.Sprintf("%v %+v", made.Sign, made); bytes.Contains([]byte(out), []byte("PRIVATE KEY")) {
		t.Error("a key set prints its private half")
	}
	for _, half := range [][]string{envelope.ControlPlaneFiles, envelope.RuntimeFiles} {
		only := filepath.Join(t.TempDir(), "half")
		if err := envelope.WriteKeys(only, made, half...); err != nil {
			t.Fatal(err)
		}
		sealer, _, seals := envelope.ReadSealer(only)
		opener, _, opens := envelope.ReadOpener(only)
		if (seals == nil) == (opens == nil) || (sealer == nil) == (opener == nil) {
			t.Errorf("with %v: seals %v, opens %v; each plane must do with its half", half, seals, opens)
		}
	}
	if err := os.Remove(filepath.Join(dir, envelope.PoolPrivateFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := envelope.EnsureKeys(dir); !fault.Is(err, "keys_unreadable") {
		t.Errorf("half a set must be an error, never a new set: %v", err)
	}
}

func TestBadKeysAreNamedNotQuoted(t *testing.T) {
	secret := redact.New("-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n")
	_, err1 := envelope.NewSigner(secret)
	_, err2 := envelope.NewOpener(&envelope.Verifier{}, redact.New(`{"hunter2`))
	_, err3 := envelope.NewVerifier([]byte("hunter2"))
	for _, err := range []error{err1, err2, err3} {
		if !fault.Is(err, "bad_key") || bytes.Contains([]byte(err.Error()), []byte("hunter2")) {
			t.Errorf("got %v", err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	e := newEnds()
	good := must(e.sealer.Seal(sample()))
	f.Add(good, []byte(nil))
	f.Add(good[:20], []byte("x"))
	f.Add([]byte("TKB1\x00\x00\x00\x02{}"), bytes.Repeat([]byte{0}, 64))
	signer := must(envelope.NewSigner(e.keys.Sign))
	f.Fuzz(func(t *testing.T, head, cipher []byte) {
		// Unsigned garbage, and garbage that a pinned key signed: neither may panic or open.
		signed := slices.Concat(head, signer.Sign("turnkey bundle v1", slices.Concat(head, cipher)), cipher)
		for _, b := range [][]byte{head, slices.Concat(head, cipher), signed} {
			if got, err := e.opener.Open(b, "ins_1"); err == nil && !bytes.Equal(b, good) {
				t.Fatalf("opened %v", got)
			}
		}
	})
}
