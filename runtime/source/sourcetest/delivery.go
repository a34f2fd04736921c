package sourcetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"turnkey/runtime/source"
)

func moves(t *testing.T, h *Harness) {
	d := delivery(1, "crm")
	h.enqueue(t, d)
	move := func(to source.DeliveryStatus, at time.Time) bool {
		t.Helper()
		moved, err := h.Source.MoveDelivery(t.Context(), source.DeliveryMove{ID: d.ID, To: to, By: "usr_1", At: at})
		if err != nil {
			t.Fatal(err)
		}
		return moved
	}
	h.claim(t, "crm", "1", 1, late)
	if move(source.Pending, late.Add(time.Second)) {
		t.Error("what is being attempted must not be attempted twice at once")
	}
	if !move(source.Dropped, late.Add(2*time.Second)) {
		t.Error("it can be discarded, though")
	}
	if h.report(t, source.DeliveryReport{ID: d.ID, Lease: "1", To: source.Delivered, Due: late}) {
		t.Error("the decision stands")
	}
	if got := h.delivery(t, d.ID); got.Status != source.Dropped || got.SettledBy != "usr_1" || !got.SettledAt.Equal(late.Add(2*time.Second)) {
		t.Errorf("%+v", got)
	}
	if move(source.Dropped, late) {
		t.Error("discarded twice")
	}
	if !move(source.Pending, late.Add(3*time.Second)) {
		t.Error("deliver it after all")
	}
	if got := h.delivery(t, d.ID); got.Status != source.Pending || got.Attempts != 0 || got.SettledBy != "" || !got.SettledAt.IsZero() || !got.DueAt.Equal(late.Add(3*time.Second)) {
		t.Errorf("%+v", got)
	}
	h.claim(t, "crm", "2", 1, late.Add(4*time.Second))
	h.report(t, source.DeliveryReport{ID: d.ID, Lease: "2", To: source.Delivered, Due: late.Add(5 * time.Second), Last: &source.Attempt{At: late, Status: 204}})
	if move(source.Dropped, late) {
		t.Error("what was delivered cannot be taken back")
	}
	if !move(source.Pending, late.Add(6*time.Second)) || h.delivery(t, d.ID).Last.Status != 204 {
		t.Error("what was delivered can be delivered again")
	}
	if moved, err := h.Source.MoveDelivery(t.Context(), source.DeliveryMove{ID: "dlv_none", To: source.Pending, At: late}); moved || err != nil {
		t.Errorf("%v %v", moved, err)
	}
}

func deliveryFilters(t *testing.T, h *Harness) {
	list := []source.Delivery{delivery(0, "crm"), delivery(1, "mail"), delivery(2, source.AfterCommitLane), delivery(3, "crm")}
	list[1].UserID = "u2"
	slices.SortFunc(list, func(a, b source.Delivery) int { return bytes.Compare([]byte(b.ID), []byte(a.ID)) })
	h.enqueue(t, list...)
	if _, err := h.Source.MoveDelivery(t.Context(), source.DeliveryMove{ID: list[0].ID, To: source.Dropped, At: late}); err != nil {
		t.Fatal(err)
	}
	where := func(keep func(int, source.Delivery) bool) (out []string) {
		for i, d := range list {
			if keep(i, d) {
				out = append(out, d.ID)
			}
		}
		return out
	}
	for _, c := range []struct {
		f    source.DeliveryFilter
		want []string
	}{
		{source.DeliveryFilter{Limit: 9}, deliveryIDs(list)},
		{source.DeliveryFilter{Limit: 2}, deliveryIDs(list[:2])},
		{source.DeliveryFilter{Limit: 2, After: list[1].ID}, deliveryIDs(list[2:])},
		{source.DeliveryFilter{Limit: 9, Lane: "crm"}, where(func(_ int, d source.Delivery) bool { return d.Lane == "crm" })},
		{source.DeliveryFilter{Limit: 9, Kind: source.AfterCommit}, where(func(_ int, d source.Delivery) bool { return d.Kind == source.AfterCommit })},
		{source.DeliveryFilter{Limit: 9, UserID: "u2"}, where(func(_ int, d source.Delivery) bool { return d.UserID == "u2" })},
		{source.DeliveryFilter{Limit: 9, Status: []source.DeliveryStatus{source.Dropped, source.Dead}}, deliveryIDs(list[:1])},
		{source.DeliveryFilter{Limit: 9, Status: []source.DeliveryStatus{source.Pending}, Lane: "crm", Kind: source.Webhook, UserID: "u1"}, where(func(i int, d source.Delivery) bool { return i > 0 && d.Lane == "crm" })},
		{source.DeliveryFilter{Limit: 9, Lane: "' OR true --"}, nil},
	} {
		got, err := h.Source.Deliveries(t.Context(), c.f)
		if err != nil || !slices.Equal(deliveryIDs(got), c.want) {
			t.Errorf("%+v: %v %v, want %v", c.f, deliveryIDs(got), err, c.want)
		}
		for _, d := range got {
			if d.Payload != nil || d.PayloadBytes == 0 {
				t.Errorf("a list has a payload, or not its size: %+v", d)
			}
		}
	}
}

func eraseDeliveries(t *testing.T, h *Harness) {
	other, leased := delivery(1, "crm"), delivery(2, "crm")
	other.UserID = "u2"
	h.enqueue(t, delivery(0, "crm"), other, leased)
	h.claim(t, "crm", "1", 9, late)
	for _, want := range []int{2, 0} {
		if n, err := h.Source.EraseDeliveries(t.Context(), "u1"); n != want || err != nil {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	if h.report(t, source.DeliveryReport{ID: leased.ID, Lease: "1", To: source.Pending, Due: late}) {
		t.Error("what is erased must not come back")
	}
	h.delivery(t, other.ID)
}

func sweepDeliveries(t *testing.T, h *Harness) {
	h.enqueue(t, delivery(0, "crm"), delivery(1, "crm"), delivery(2, "crm"))
	if _, err := h.Source.MoveDelivery(t.Context(), source.DeliveryMove{ID: delivery(0, "").ID, To: source.Dropped, At: late}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		settled, made time.Time
		want          int
	}{{late, at, 0}, {late.Add(time.Second), at, 1}, {late.Add(time.Hour), at.Add(2 * time.Second), 1}, {late, late, 1}} {
		if n, err := h.Source.SweepDeliveries(t.Context(), c.settled, c.made); n != c.want || err != nil {
			t.Errorf("%+v: %d %v", c, n, err)
		}
	}
}

func nextDelivery(t *testing.T, h *Harness) {
	next := func(lane string, due time.Time, not ...string) {
		t.Helper()
		if in, at, err := h.Source.NextDelivery(t.Context(), not); err != nil || !at.Equal(due) || in != lane {
			t.Errorf("not in %v: %s at %v %v, want %s at %v", not, in, at, err, lane, due)
		}
	}
	next("", time.Time{})
	h.enqueue(t, delivery(5, "crm"), delivery(7, "mail"))
	next("crm", at.Add(5*time.Second))
	next("mail", at.Add(7*time.Second), "crm")
	next("", time.Time{}, "crm", "mail")
	h.claim(t, "crm", "1", 1, late)
	next("mail", at.Add(7*time.Second))
}
