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

// TestPlainText: what is looked at eight bytes at once ends where one by one it would.
func TestPlainText(t *testing.T) {
	alphabet := []byte{0, 1, 0x1f, ' ', '!', '"', '#', '[', '\\', ']', 'a', 0x7f, 0x80, 0x9f, 0xa0, 0xa2, 0xdc, 0xff}
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = 'x'
			if r.IntN(8) == 0 {
				b[i] = alphabet[r.IntN(len(alphabet))]
			}
		}
		from := r.IntN(len(b) + 1)
		want := from + slices.IndexFunc(append(slices.Clone(b[from:]), '"'), func(c byte) bool { return c < ' ' || c == '"' || c == '\\' })
		if got := plainText(string(b), from); got != want {
			t.Fatalf("%q from %d: %d, want %d", b, from, got, want)
		}
	}
}
