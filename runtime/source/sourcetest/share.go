package sourcetest

import (
	"testing"
	"time"

	"turnkey/runtime/source"
)

// shareTests are what instances on one database are to each other.
var shareTests = map[string]func(*testing.T, *Harness){
	"what is kept for people is seen by its instance alone":    apart,
	"what an instance erases and sweeps is its own":            sweepApart,
	"what instances share is kept as long as any of them says": longestKept,
}

// instances gives the database as two instances see it, and fills it with one record of the first of each kind.
func (h *Harness) instances(t *testing.T) (first, second *Harness) {
	t.Helper()
	a, b := *h, *h
	a.Source, b.Source = h.Of(t, "ins_a"), h.Of(t, "ins_b")
	a.keep(t, rejected("rej_1"))
	a.record(t, recorded("cnf_1"))
	a.enqueue(t, delivery(1, "crm"))
	return &a, &b
}

// seen counts what an instance sees: in lists with and without filters, and by id.
func (h *Harness) seen(t *testing.T) (n int) {
	t.Helper()
	ctx := t.Context()
	for _, f := range []source.RejectionFilter{{Limit: 9}, {Limit: 9, UserID: "u1"}, {Limit: 9, ClientID: "phone"}, {Limit: 9, Deployment: 3}} {
		list, err := h.Source.Rejections(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		n += len(list)
	}
	for _, f := range []source.ConflictFilter{{Limit: 9}, {Limit: 9, Status: []source.ConflictStatus{source.ConflictOpen}}} {
		list, err := h.Source.Conflicts(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		n += len(list)
	}
	list, err := h.Source.Deliveries(ctx, source.DeliveryFilter{Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	n += len(list)
	if h.get0(t, "rej_1") != nil {
		n++
	}
	if h.conflict(t, "cnf_1") != nil {
		n++
	}
	d, err := h.Source.Delivery(ctx, delivery(1, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	if d != nil {
		n++
	}
	return n
}

// get0 reads a rejection that need not be there.
func (h *Harness) get0(t *testing.T, id string) *source.Rejection {
	t.Helper()
	r, err := h.Source.Rejection(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const allSeen = 4 + 2 + 1 + 3

func apart(t *testing.T, h *Harness) {
	first, second := h.instances(t)
	if n := first.seen(t); n != allSeen {
		t.Errorf("its own instance sees %d of %d", n, allSeen)
	}
	if n := second.seen(t); n != 0 {
		t.Errorf("another instance sees %d", n)
	}
	id := delivery(1, "").ID
	if lane, _, err := second.Source.NextDelivery(t.Context(), nil); lane != "" || err != nil {
		t.Errorf("another instance would deliver in %q %v", lane, err)
	}
	if list := second.claim(t, "crm", "x", 9, late); len(list) != 0 {
		t.Errorf("another instance claims %+v", list)
	}
	for _, to := range []source.DeliveryStatus{source.Pending, source.Dropped} {
		if moved, err := second.Source.MoveDelivery(t.Context(), source.DeliveryMove{ID: id, To: to, At: late}); moved || err != nil {
			t.Errorf("another instance moves it to %s: %v %v", to, moved, err)
		}
	}
	if list := first.claim(t, "crm", "x", 9, late); len(list) != 1 || list[0].ID != id {
		t.Errorf("its own instance claims %+v", list)
	}
	// What has no instance was kept before there were any: everybody goes on with it.
	none := *h
	none.keep(t, rejected("rej_0"))
	for _, in := range []*Harness{first, second} {
		if in.get0(t, "rej_0") == nil {
			t.Error("what an earlier version kept is lost")
		}
	}
}

func sweepApart(t *testing.T, h *Harness) {
	first, second := h.instances(t)
	for i := range 3 { // an erased user may have more of another instance than of this one
		r := rejected("rej_2" + string(rune('0'+i)))
		first.keep(t, r)
	}
	second.keep(t, rejected("rej_3"))
	if n, err := second.Source.Erase(t.Context(), "u1"); n != 1 || err != nil {
		t.Errorf("erased %d %v, want the one of its own", n, err)
	}
	if n, err := second.Source.EraseDeliveries(t.Context(), "u1"); n != 0 || err != nil {
		t.Errorf("erased %d deliveries %v", n, err)
	}
	if n, err := second.Source.SweepDeliveries(t.Context(), late.Add(time.Hour), late.Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("swept %d deliveries %v", n, err)
	}
	brief := source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour, Conflicts: time.Hour, Tombstones: time.Hour}
	if swept := second.sweep(t, at.Add(48*time.Hour), brief); swept.Rejections+swept.Conflicts != 0 {
		t.Errorf("swept %+v of another instance", swept)
	}
	if n := first.seen(t); n <= allSeen {
		t.Errorf("%d left of its own instance's", n)
	}
	if swept := first.sweep(t, at.Add(48*time.Hour), brief); swept.Rejections != 4 || swept.Conflicts != 1 {
		t.Errorf("swept %+v of its own", swept)
	}
}

func longestKept(t *testing.T, h *Harness) {
	first, second := h.instances(t)
	first.mustFinish(t, source.Finish{Receipts: []source.Receipt{receipt(1, 0, at, 32)}, Tombstones: []source.Tombstone{stone("a", at)}})
	long := source.Retention{Receipts: 90 * 24 * time.Hour, Rejections: time.Hour, Clients: 90 * 24 * time.Hour, Conflicts: time.Hour, Tombstones: 30 * 24 * time.Hour}
	brief := source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour, Conflicts: time.Hour, Tombstones: time.Hour}
	first.sweep(t, at, long)
	if swept := second.sweep(t, at.Add(24*time.Hour), brief); swept.Receipts+swept.Tombstones != 0 {
		t.Errorf("%+v: the other instance promised its devices more", swept)
	}
	first.sweep(t, at, brief)
	if swept := second.sweep(t, at.Add(24*time.Hour), brief); swept.Receipts != 1 || swept.Tombstones != 1 {
		t.Errorf("%+v once nobody wants more", swept)
	}
}
