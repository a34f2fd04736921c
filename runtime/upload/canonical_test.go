package upload

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unicode/utf16"
)

// TestOrderOfNames: names are compared as RFC 8785 says, by their UTF-16 code units.
func TestOrderOfNames(t *testing.T) {
	letters := []rune{'a', 'b', 'é', 'ÿ', 'ࠀ', '\ud7ff', '\ue000', '\uffff', '\U00010000', '\U0010ffff'}
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		w := make([]rune, r.IntN(4))
		for i := range w {
			w[i] = letters[r.IntN(len(letters))]
		}
		return string(w)
	}
	for range 50_000 {
		a, b := word(), word()
		want := slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		if got := byUTF16(a, b); got < 0 != (want < 0) || got > 0 != (want > 0) {
			t.Fatalf("%+q and %+q: %d, want %d", a, b, got, want)
		}
	}
}
