package publish

import (
	"context"
	"errors"
	"testing"
)

// isIn reports that somebody has a place.
func (e *entrant) isIn() bool {
	select {
	case <-e.in:
		return true
	default:
		return false
	}
}

// TestOrganizationsTakeTurns: one that has a hundred instances compiled does not keep another waiting for all of them.
func TestOrganizationsTakeTurns(t *testing.T) {
	g := newGate(2)
	var busy []*entrant
	for n := range 100 {
		busy = append(busy, g.ask("busy", string(rune('a'+n))))
	}
	calm, other := g.ask("calm", "c1"), g.ask("other", "o1")
	if !busy[0].isIn() || !busy[1].isIn() || busy[2].isIn() || calm.isIn() {
		t.Fatal("there are two places")
	}
	g.left(busy[0])
	if !calm.isIn() {
		t.Error("the next place is not the calm one's")
	}
	g.left(busy[1]) // nobody waits who has fewer, and it was there before the other
	if !busy[2].isIn() || other.isIn() {
		t.Error("the busy one's turn is over for good")
	}
	g.left(busy[2])
	if !other.isIn() || busy[3].isIn() {
		t.Error("the place after that is not the other one's")
	}
	g.left(calm)
	calm = g.ask("calm", "c2")
	if !busy[3].isIn() || calm.isIn() {
		t.Error("the busy one has had no turn in between")
	}
	g.left(other)
	if !calm.isIn() {
		t.Error("the calm one, who has no place, waits for the busy one, who has one")
	}
}

// TestAnInstanceHasOnePlace: its second job waits, and takes no place of others meanwhile.
func TestAnInstanceHasOnePlace(t *testing.T) {
	g := newGate(2)
	first, second, third := g.ask("a", "i"), g.ask("a", "i"), g.ask("a", "j")
	if !first.isIn() || second.isIn() || !third.isIn() {
		t.Fatal("one place each")
	}
	g.left(third)
	if second.isIn() {
		t.Error("two jobs of one instance")
	}
	g.left(first)
	if !second.isIn() {
		t.Error("it waits for nobody")
	}
	g.left(second)
	if g.free != 2 || len(g.lines) != 0 || len(g.running) != 0 {
		t.Errorf("left behind: %d free, %d lines, %v", g.free, len(g.lines), g.running)
	}
}

// TestWaitingEnds with its context, and leaves nothing behind.
func TestWaitingEnds(t *testing.T) {
	g := newGate(1)
	leave, err := g.enter(t.Context(), "a", "i")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	impatient := errors.New("enough")
	cancel(impatient)
	if _, err := g.enter(ctx, "b", "j"); !errors.Is(err, impatient) {
		t.Errorf("%v", err)
	}
	leave()
	if g.free != 1 || len(g.lines) != 0 {
		t.Errorf("left behind: %d free, %d lines", g.free, len(g.lines))
	}
}
