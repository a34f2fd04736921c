package seal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"turnkey/controlplane/seal"
	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAValueOpensOnlyInItsRow(t *testing.T) {
	k, other := must(seal.Generate()), must(seal.Generate())
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		label, moved := rapid.String().Draw(t, "label"), rapid.String().Draw(t, "moved")
		sealed := must(k.Seal(plain, label))
		if got, err := k.Open(sealed, label); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %x, %v", got, err)
		}
		if _, err := k.Open(sealed, moved); (err == nil) != (moved == label) {
			t.Fatalf("moved to %q: %v", moved, err)
		}
		if _, err := other.Open(sealed, label); !fault.Is(err, "unsealable") {
			t.Fatalf("another keyset: %v", err)
		}
		if len(plain) > 8 && bytes.Contains(sealed, plain) {
			t.Fatal("readable")
		}
	})
}

func TestRotation(t *testing.T) {
	old := must(seal.Generate())
	before := must(old.Seal([]byte("v"), "l"))
	both := must(old.Rotate())
	after := must(both.Seal([]byte("v"), "l"))
	if both.Keys() != 2 || both.Current(before) || !both.Current(after) || both.Current(nil) {
		t.Errorf("%d keys; current: old %v, new %v", both.Keys(), both.Current(before), both.Current(after))
	}
	if got, err := both.Open(before, "l"); err != nil || string(got) != "v" {
		t.Errorf("a value of the old key: %q, %v", got, err)
	}
	young := must(both.Prune())
	if _, err := young.Open(before, "l"); young.Keys() != 1 || !fault.Is(err, "unsealable") {
		t.Errorf("the old key still works after pruning: %v", err)
	}
	if got, err := young.Open(after, "l"); err != nil || string(got) != "v" {
		t.Errorf("a value of the new key: %q, %v", got, err)
	}
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "kek.json")
	k := must(seal.EnsureFile(path))
	sealed := must(k.Seal([]byte("v"), "l"))
	if _, err := must(seal.EnsureFile(path)).Open(sealed, "l"); err != nil {
		t.Errorf("a second start: %v", err)
	}
	if mode := must(os.Stat(path)).Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
	rotated := must(k.Rotate())
	if err := rotated.WriteFile(path); err != nil || must(seal.ReadFile(path)).Keys() != 2 {
		t.Errorf("replacing the file: %v", err)
	}
	if left := must(os.ReadDir(filepath.Dir(path))); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(path, []byte(`{"hunter2`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.EnsureFile(path); !fault.Is(err, "bad_kek") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a damaged file must be an error, never a new keyset: %v", err)
	}
	if text := must(k.Text()); fmt.Sprint(text, k) == "" || strings.Contains(fmt.Sprintf("%v %+v %#v", text, k, text), "\"value\"") {
		t.Error("a keyset prints itself")
	}
	if _, err := seal.Parse(redact.New("")); !fault.Is(err, "bad_kek") {
		t.Errorf("nothing: %v", err)
	}
}

func TestARunningProgramSeesARotatedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kek.json")
	before := must(seal.EnsureFile(path))
	running := must(seal.OpenFile(path))
	old := must(running.Seal([]byte("v"), "l"))
	after := must(before.Rotate())
	if err := after.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	young := must(after.Seal([]byte("w"), "l")) // another process, already with the new key
	if got, err := running.Open(young, "l"); err != nil || string(got) != "w" {
		t.Errorf("a value of the new key: %q, %v", got, err)
	}
	if got, err := running.Open(old, "l"); err != nil || string(got) != "v" || running.Current(old) {
		t.Errorf("a value of the old key: %q, %v", got, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := running.Open(old, "l"); err != nil {
		t.Errorf("without its file the program must go on: %v", err)
	}
	if _, err := seal.OpenFile(path); !fault.Is(err, "kek_unreadable") {
		t.Errorf("a start without the file: %v", err)
	}
}
