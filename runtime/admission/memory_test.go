package admission_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"turnkey/runtime/admission"
)

const mb = 1 << 20

func TestLargeBodiesLeaveRoomForSmallOnes(t *testing.T) {
	m := admission.NewMemory(128 * mb)
	whale, other := m.Body("a"), m.Body("b")
	if !whale.Grow(64*mb) || !other.Grow(32*mb) {
		t.Fatal("three quarters are for large bodies")
	}
	if third := m.Body("c"); third.Grow(2 * mb) {
		t.Error("a large body took what small ones have")
	}
	for i := range 31 {
		if !m.Body(fmt.Sprint("small", i)).Grow(mb) {
			t.Fatal("no room for a small body")
		}
	}
	whale.Free()
	whale.Free()
	other.Free()
	if got := m.Total(); got != 31*mb {
		t.Errorf("%d bytes are counted", got)
	}
}

func TestOneInstanceCannotTakeTheMemory(t *testing.T) {
	m := admission.NewMemory(128 * mb)
	for range 8 {
		if !m.Body("a").Grow(mb) {
			t.Fatal("a sixteenth is its share of small bodies")
		}
	}
	if m.Body("a").Grow(1) {
		t.Error("more than a sixteenth")
	}
	lead := m.Body("a")
	if !lead.Grow(2*mb) || !m.Body("a").Grow(30*mb) || m.Body("a").Grow(2*mb) {
		t.Error("a quarter is its share of large bodies")
	}
	if !m.Body("b").Grow(60 * mb) {
		t.Error("one body of any size must find room")
	}
}

// Several large bodies that arrive at once must not keep each other out for ever.
func TestTheFirstLargeBodyGetsThrough(t *testing.T) {
	m := admission.NewMemory(128 * mb)
	lead, second := m.Body("a"), m.Body("a")
	for n := int64(2); n <= 64; n *= 2 {
		if !lead.Grow(n * mb) {
			t.Fatalf("the lead was stopped at %d MB", n)
		}
		if got, want := second.Grow(n*mb), 2*n <= 32; got != want {
			t.Errorf("the second at %d MB: %t", n, got)
		}
	}
	lead.Free()
	if !second.Grow(64 * mb) {
		t.Error("the next leads now")
	}
}

func TestABodyThatFindsNoRoomKeepsWhatItHad(t *testing.T) {
	m := admission.NewMemory(128 * mb)
	b := m.Body("a")
	if !b.Grow(mb) || b.Grow(200*mb) || m.Total() != mb || !b.Grow(mb) || !b.Grow(10) {
		t.Errorf("%d bytes are counted", m.Total())
	}
	if b.Free(); m.Total() != 0 {
		t.Errorf("%d bytes are counted", m.Total())
	}
}

// Whatever bodies do, the bound holds, and nothing is left when all are gone.
func TestMemoryIsBoundedAndComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 128 * mb
		m := admission.NewMemory(limit)
		var bodies []*admission.Body
		sizes := map[*admission.Body]int64{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				bodies = append(bodies, m.Body(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "instance")))
			case 1:
				if len(bodies) > 0 {
					i := rapid.IntRange(0, len(bodies)-1).Draw(t, "body")
					bodies[i].Free()
					delete(sizes, bodies[i])
					bodies = append(bodies[:i], bodies[i+1:]...)
				}
			default:
				if len(bodies) > 0 {
					b := rapid.SampledFrom(bodies).Draw(t, "body")
					if n := rapid.Int64Range(1, 80*mb).Draw(t, "bytes"); b.Grow(n) {
						sizes[b] = max(sizes[b], n)
					}
				}
			}
			sum := int64(0)
			for _, n := range sizes {
				sum += n
			}
			if got := m.Total(); got != sum || got > limit {
				t.Fatalf("%d bytes are counted, %d taken, %d the limit", got, sum, int64(limit))
			}
		}
		for _, b := range bodies {
			b.Free()
		}
		if got := m.Total(); got != 0 {
			t.Fatalf("%d bytes are left", got)
		}
	})
}
