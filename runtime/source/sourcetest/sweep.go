package sourcetest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// sweep runs one sweep to its end.
func (h *Harness) sweep(t *testing.T, now time.Time, keep source.Retention) source.Swept {
	t.Helper()
	swept, err := h.Source.Sweep(t.Context(), now, keep)
	if err != nil || swept.More || swept.Busy {
		t.Fatalf("%+v %v", swept, err)
	}
	return swept
}

var short = source.Retention{Receipts: time.Hour, Rejections: 10 * time.Hour, Clients: 100 * time.Hour}

func sweepFloors(t *testing.T, h *Harness) {
	bare := source.Receipt{Owner: ownerOf(3), Block: 1, At: at, Prints: []source.Print{print(1)}}
	young := at.Add(30 * time.Minute)
	for _, r := range []source.Receipt{receipt(1, 0, at, 32, 39), receipt(1, 1, at, 35), receipt(1, 0, at, 64), receipt(1, 1, young, 65), receipt(2, 0, young, 99), bare} {
		h.mustFinish(t, source.Finish{Receipts: []source.Receipt{r}})
	}
	if swept := h.sweep(t, at.Add(time.Hour+time.Minute), short); swept.Receipts != 3 {
		t.Errorf("%+v", swept)
	}
	for way, rows := range ways {
		known := h.history(t, claim(1, 1, 2), rows...)
		if !known.HasFloor || known.Floor != 39 || len(known.Receipts) != 2 {
			t.Errorf("%s: %+v: a block with a young receipt must stay whole, or the numbers of its next ones are taken", way, known)
		}
		if known := h.history(t, claim(2, 3), rows...); known.HasFloor || len(known.Receipts) != 1 {
			t.Errorf("%s: %+v", way, known)
		}
		if known := h.history(t, claim(3, 1), rows...); known.HasFloor || len(known.Receipts) != 0 {
			t.Errorf("%s: receipts without ids have no floor: %+v", way, known)
		}
	}
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 2, young, 66)}})
	if swept := h.sweep(t, young.Add(2*time.Hour), short); swept.Receipts != 4 {
		t.Errorf("%+v", swept)
	}
	if known := h.history(t, claim(1, 2)); known.Floor != 66 || len(known.Receipts) != 0 {
		t.Errorf("%+v", known)
	}
}

func sweepMany(t *testing.T, h *Harness) {
	const total = 2500
	for first := 0; first < total; first += 500 {
		var list []source.Receipt
		for i := range 500 {
			list = append(list, receipt(1, 0, at, int64(first+i)<<5))
		}
		h.mustFinish(t, source.Finish{Receipts: list})
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if swept, err := h.Source.Sweep(stopped, at.Add(2*time.Hour), short); err != nil || !swept.More || swept.Receipts != 0 {
		t.Errorf("with its time up: %+v %v", swept, err)
	}
	var removed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			swept, err := h.Source.Sweep(t.Context(), at.Add(2*time.Hour), short)
			if err != nil || swept.More || swept.Busy && swept.Receipts > 0 {
				t.Errorf("%+v %v", swept, err)
			}
			removed.Add(int64(swept.Receipts))
		})
	}
	wg.Wait()
	if removed.Load() != total {
		t.Errorf("%d of %d were counted", removed.Load(), total)
	}
	if known := h.history(t, claim(1, 0, 1, total-1)); known.Floor != (total-1)<<5 || len(known.Receipts) != 0 {
		t.Errorf("%+v", known)
	}
}

// Without the conflict, another transaction with the same operation could use the block's first number
// again, and both would commit.
func sweepBetween(t *testing.T, h *Harness) {
	op := int64(0)
	for _, change := range []bool{true, false} {
		for way, rows := range ways {
			op += 32
			h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 0, at, op)}})
			_, err := h.process(t.Context(), op+1, rows, change, func() { h.sweep(t, at.Add(2*time.Hour), short) })
			if f := source.FailureOf(err); f == nil || f.Class != source.Conflict {
				t.Errorf("%s, changing %v: %v", way, change, err)
			}
			if applied, err := h.process(t.Context(), op+1, rows, change, func() {}); !applied || err != nil {
				t.Errorf("%s, changing %v: the next try: %v", way, change, err)
			}
		}
	}
}

func sweepRest(t *testing.T, h *Harness) {
	old, young := waiting("rej_1", "open", source.RejectedRow{TableName: "items", RowID: "r1"}), waiting("rej_2", "open")
	young.CreatedAt = at.Add(9 * time.Hour)
	h.mustFinish(t, source.Finish{Rejection: old})
	h.mustFinish(t, source.Finish{Rejection: young, Receipts: []source.Receipt{receipt(1, 0, at, 1), receipt(1, 0, young.CreatedAt, 100)}})
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(2, 0, at, 7)}})
	if swept := h.sweep(t, at.Add(9*time.Hour+time.Minute), short); swept != (source.Swept{Receipts: 2}) {
		t.Errorf("%+v", swept)
	}
	if swept := h.sweep(t, at.Add(11*time.Hour), short); swept != (source.Swept{Receipts: 1, Rejections: 1}) {
		t.Errorf("%+v", swept)
	}
	if known := h.history(t, claim(1, 0)); known.Rejected || known.Floor != 100 {
		t.Errorf("%+v", known)
	}
	got, err := h.Source.Rejection(t.Context(), "rej_1")
	if got != nil || err != nil {
		t.Errorf("%+v %v", got, err)
	}
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 0, at.Add(999*time.Hour), 200)}})
	if swept := h.sweep(t, at.Add(200*time.Hour), source.Retention{Receipts: 999 * time.Hour, Rejections: 999 * time.Hour, Clients: 100 * time.Hour}); swept != (source.Swept{Clients: 1}) {
		t.Errorf("%+v: only the client that has no receipts goes", swept)
	}
	if known := h.history(t, claim(2, 0)); known.HasFloor {
		t.Errorf("%+v", known)
	}
}
