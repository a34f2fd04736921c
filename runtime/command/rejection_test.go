package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// group is an instance with one rejection and many that wait for it.
type group struct {
	command.Live
	list []source.Rejection
	cut  int // so many settlements may be made; then the database is away
}

func newGroup(waiting int) *group {
	g := &group{list: []source.Rejection{{ID: "rej_head", Group: "rej_head", Status: source.Open}}, cut: -1}
	for n := range waiting {
		g.list = append(g.list, source.Rejection{ID: fmt.Sprintf("rej_x%06d", n), Group: "rej_head", Status: source.Held})
	}
	return g
}

func (g *group) Rejection(_ context.Context, id string) (*source.Rejection, error) {
	for i := range g.list {
		if g.list[i].ID == id {
			r := g.list[i]
			return &r, nil
		}
	}
	return nil, nil
}

func (g *group) Rejections(_ context.Context, f source.RejectionFilter) (out []source.Rejection, _ error) {
	for _, r := range g.list {
		if r.Group == f.Group && slices.Contains(f.Status, r.Status) && r.ID > f.After && len(out) < f.Limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (g *group) Settle(_ context.Context, list []source.Settlement) error {
	if len(list) > source.MostInGroup+1 {
		return fmt.Errorf("%d at once", len(list))
	}
	if g.cut == 0 {
		return &source.Failure{Class: source.Down, Code: "source_unavailable"}
	}
	g.cut--
	for _, s := range list {
		for i := range g.list {
			if g.list[i].ID == s.ID {
				g.list[i].Status = s.To
			}
		}
	}
	return nil
}

// discard gives the outcomes, and what is left waiting.
func (g *group) discard(id string) (out []source.Outcome, left int, err error) {
	do := command.ForLive(func(_ context.Context, _ string, do func(command.Live) error) error { return do(g) }, time.Now)[command.RejectionDiscard]
	got, err := do(ctx, command.Command{Name: command.RejectionDiscard, Instance: "ins_1", Argument: json.RawMessage(`"` + id + `"`)}, nil)
	out, _ = got.([]source.Outcome)
	for i := range g.list {
		if g.list[i].Status.Waiting() {
			left++
		}
	}
	return out, left, err
}

// A group goes with its head, however many wait for it, each told once and the head first.
func TestDiscardingAGroup(t *testing.T) {
	for _, waiting := range []int{0, 3, source.MostInGroup - 1, source.MostInGroup, 2*source.MostInGroup + 500} {
		out, left, err := newGroup(waiting).discard("rej_head")
		ids := map[string]bool{}
		for _, o := range out {
			ids[o.ID] = o.Status == source.Discarded
		}
		if err != nil || left != 0 || len(out) != waiting+1 || len(ids) != waiting+1 || out[0].ID != "rej_head" {
			t.Errorf("%d that wait: %d outcomes, %d left, %v", waiting, len(out), left, err)
		}
	}
	if out, left, err := newGroup(3).discard("rej_x000001"); err != nil || len(out) != 1 || left != 3 {
		t.Errorf("one of them alone: %v, %d left, %v", out, left, err)
	}
}

// What is cut short goes on when it is asked for again: the head is open until the last.
func TestDiscardingIsCutShort(t *testing.T) {
	g := newGroup(3 * source.MostInGroup)
	g.cut = 2
	if _, left, err := g.discard("rej_head"); !fault.IsKind(err, fault.Unavailable) || left != source.MostInGroup+1 || g.list[0].Status != source.Open {
		t.Errorf("%d left, the head is %s, %v", left, g.list[0].Status, err)
	}
	g.cut = -1
	if out, left, err := g.discard("rej_head"); err != nil || left != 0 || len(out) != source.MostInGroup+1 {
		t.Errorf("again: %d outcomes, %d left, %v", len(out), left, err)
	}
	if _, _, err := g.discard("rej_head"); !fault.Is(err, "rejection_settled") || !strings.Contains(err.Error(), "discarded") {
		t.Errorf("once more: %v", err)
	}
}
