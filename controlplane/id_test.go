package controlplane

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestIDs: ids are 26 characters after the prefix, unique, and sort by the order of their making
// whatever the clock does.
func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		ids := NewIDs(func() time.Time { return at }, rand.Reader)
		var made []string
		for range rapid.IntRange(2, 300).Draw(t, "n") {
			at = at.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "ms")) * time.Millisecond)
			id, err := ids.New("org")
			if err != nil {
				t.Fatal(err)
			}
			encoded, _ := strings.CutPrefix(id, "org_")
			if len(encoded) != 26 || strings.ContainsAny(encoded, "ilou") {
				t.Fatalf("not 26 Crockford characters: %s", id)
			}
			made = append(made, id)
		}
		if !slices.IsSorted(made) || len(slices.Compact(slices.Clone(made))) != len(made) {
			t.Fatalf("not strictly ascending: %v", made)
		}
	})
}

// TestIDsOverflow: more than 4096 ids of one millisecond borrow from the next and stay in order.
func TestIDsOverflow(t *testing.T) {
	ids := NewIDs(func() time.Time { return time.UnixMilli(1) }, rand.Reader)
	last := ""
	for range 10_000 {
		id, err := ids.New("org")
		if err != nil || id <= last {
			t.Fatalf("%q after %q: %v", id, last, err)
		}
		last = id
	}
}

func TestIDsConcurrently(t *testing.T) {
	ids := NewIDs(time.Now, rand.Reader)
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			for range 500 {
				id, err := ids.New("org")
				mu.Lock()
				if err != nil || seen[id] {
					t.Errorf("%q again, or %v", id, err)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestNoRandomness(t *testing.T) {
	if id, err := NewIDs(time.Now, bytes.NewReader(nil)).New("org"); err == nil {
		t.Errorf("made %s without randomness", id)
	}
	k := &core{random: bytes.NewReader(nil)}
	if _, err := k.newSecret(tokenPrefix); err == nil {
		t.Error("made a secret without randomness")
	}
}

// TestSecrets: whoever cuts, extends or changes a token in any place has no token; nor has one of another kind.
func TestSecrets(t *testing.T) {
	k := &core{random: rand.Reader}
	for range 100 {
		secret, err := k.newSecret(tokenPrefix)
		if err != nil {
			t.Fatal(err)
		}
		text := secret.Reveal()
		if !wellFormed(tokenPrefix, text) {
			t.Fatalf("refuses its own token")
		}
		for i := range text {
			if wellFormed(tokenPrefix, text[:i]) {
				t.Fatalf("accepts a token cut to %d of %d", i, len(text))
			}
			for _, c := range "0z_~" {
				if altered := text[:i] + string(c) + text[i+1:]; altered != text && wellFormed(tokenPrefix, altered) {
					t.Fatalf("accepts a token with character %d changed", i)
				}
			}
		}
		for name, wrong := range map[string]string{"longer": text + "0", "upper case": strings.ToUpper(text), "of another kind": "ti_" + text[3:], "spaced": " " + text} {
			if wellFormed(tokenPrefix, wrong) || wellFormed(invitationPrefix, wrong) {
				t.Errorf("accepts a token that is %s", name)
			}
		}
	}
}
