package sourcetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"turnkey/runtime/source"
)

func noLostUpdate(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("n", int64(0))), h.insert(2, doc("n", int64(0))))
	const writers, rounds = 4, 15
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range rounds {
				again(t, func() error { return h.increment(t.Context(), 1, w%2 == 0) })
			}
		})
	}
	wg.Wait()
	h.want(t, 1, "n", int64(writers*rounds))
}

// together runs writers at once, each some rounds, which start over on conflicts.
func (h *Harness) together(t *testing.T, writers, rounds int, write func(context.Context) error) {
	t.Helper()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				again(t, func() error { return write(t.Context()) })
			}
		})
	}
	wg.Wait()
}

// increment adds one to a row, alone or together with a second row, which takes another way through
// some sources.
func (h *Harness) increment(ctx context.Context, n int, both bool) error {
	tx, err := h.Source.Begin(ctx, source.Session{})
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	refs := []source.Ref{{Table: h.Items, ID: h.ID(n)}}
	if both {
		refs = append(refs, source.Ref{Table: h.Items, ID: h.ID(2)})
	}
	rows, _, err := tx.Read(ctx, refs, nil)
	if err != nil {
		return err
	}
	var changes []source.Change
	for i, ref := range refs {
		was, _ := rows[i].Doc.Get("n")
		d := doc("n", was.(int64)+1)
		changes = append(changes, source.Change{Kind: source.Update, Table: h.Items, ID: ref.ID, Doc: d, Set: []source.Assignment{{Path: []string{"n"}, Value: was.(int64) + 1}}})
	}
	return tx.Apply(ctx, changes, &source.Finish{})
}

func race(t *testing.T, h *Harness) {
	for round := range 10 {
		var wg sync.WaitGroup
		results := make([]string, 4)
		for i := range results {
			wg.Go(func() { results[i] = class(h.apply(t, h.insert(100+round, doc("name", fmt.Sprint(i))))) })
		}
		wg.Wait()
		won := 0
		for _, r := range results {
			if r == "success" {
				won++
			} else if !strings.HasPrefix(r, fmt.Sprint(source.Conflict)) {
				t.Errorf("a loser got %s", r)
			}
		}
		if won != 1 {
			t.Fatalf("%d of 4 creators won: %v", won, results)
		}
	}
}
