package sourcetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// outboxTests are the life of deliveries.
var outboxTests = map[string]func(*testing.T, *Harness){
	"a delivery is kept byte for byte":                         deliveryKept,
	"deliveries commit with the data or not at all":            deliveriesAreAtomic,
	"a repeated attempt writes its deliveries once":            deliveriesOnce,
	"a claim leases what is due in its lane, oldest first":     claimInOrder,
	"two claimers never hold one delivery":                     claimApart,
	"a lease that ended is taken over, and its report is void": leaseTakeover,
	"a report settles, postpones or gives back":                reports,
	"operators deliver again and discard":                      moves,
	"deliveries are listed by each filter and paged":           deliveryFilters,
	"erasing takes one user's deliveries":                      eraseDeliveries,
	"a sweep takes old deliveries":                             sweepDeliveries,
	"the next delivery is told outside of lanes":               nextDelivery,
}

// delivery is one with something in every field that a new one has.
func delivery(n int, lane string) source.Delivery {
	d := source.Delivery{ID: source.DeliveryID(at, "req_1/0", n, 0), Kind: source.Webhook, Lane: lane, UserID: "u1", TableName: "items", RowID: "r",
		RequestID: "req_1", Deployment: 3, CreatedAt: at.Add(time.Duration(n) * time.Second), Payload: fmt.Appendf(nil, `{"n":%d}`, n)}
	if lane == source.AfterCommitLane {
		d.Kind = source.AfterCommit
	}
	return d
}

func (h *Harness) enqueue(t *testing.T, list ...source.Delivery) {
	t.Helper()
	h.mustFinish(t, source.Finish{Deliveries: list})
}

func (h *Harness) delivery(t *testing.T, id string) source.Delivery {
	t.Helper()
	d, err := h.Source.Delivery(t.Context(), id)
	if err != nil || d == nil {
		t.Fatalf("%s: %v %v", id, d, err)
	}
	return *d
}

const leaseTime = time.Minute

func (h *Harness) claim(t *testing.T, lane, lease string, limit int, now time.Time) []source.Delivery {
	t.Helper()
	list, err := h.Source.ClaimDeliveries(t.Context(), source.LaneClaim{Lane: lane, Limit: limit, Now: now, Lease: lease, Until: now.Add(leaseTime)})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b source.Delivery) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return list
}

func (h *Harness) report(t *testing.T, r source.DeliveryReport) bool {
	t.Helper()
	held, err := h.Source.ReportDelivery(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func deliveryIDs(list []source.Delivery) (out []string) {
	for _, d := range list {
		out = append(out, d.ID)
	}
	return out
}

// late is after everything that delivery makes is due.
var late = at.Add(time.Hour)

func deliveryKept(t *testing.T, h *Harness) {
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	d := delivery(1, "crm")
	d.Payload, d.RowID = bytes.Repeat(binary, 4096*3), "r\x00\xff"
	big := delivery(2, source.AfterCommitLane)
	big.Payload = bytes.Repeat([]byte("x"), source.MaxDelivery)
	big2 := delivery(3, source.AfterCommitLane)
	big2.Payload = big.Payload
	h.enqueue(t, d, big, big2)
	got := h.delivery(t, d.ID)
	if !bytes.Equal(got.Payload, d.Payload) || got.PayloadBytes != len(d.Payload) {
		t.Errorf("%d bytes came back of %d", len(got.Payload), len(d.Payload))
	}
	want := d
	want.Payload, want.PayloadBytes, want.Status, want.DueAt = nil, len(d.Payload), source.Pending, d.CreatedAt
	got.Payload, got.RowID, want.RowID = nil, "", ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\n%+v", got, want)
	}
	if got := h.delivery(t, big2.ID); len(got.Payload) != source.MaxDelivery || got.Kind != source.AfterCommit {
		t.Errorf("the largest: %d bytes, %s", len(got.Payload), got.Kind)
	}
	if d, err := h.Source.Delivery(t.Context(), "dlv_none"); d != nil || err != nil {
		t.Errorf("%+v %v", d, err)
	}
}

func deliveriesAreAtomic(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a", "code", "taken")))
	finish := source.Finish{Deliveries: []source.Delivery{delivery(1, "crm"), delivery(2, "crm")}}
	if err := h.commit(t, finish, h.insert(2, doc("name", "b", "code", "taken"))); source.FailureOf(err) == nil || source.FailureOf(err).Code != "UNIQUE_VIOLATION" {
		t.Errorf("%v", err)
	}
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Apply(t.Context(), []source.Change{h.insert(3, doc("name", "c"))}, nil); err != nil {
		t.Fatal(err)
	}
	tx.Rollback(t.Context())
	if list, err := h.Source.Deliveries(t.Context(), source.DeliveryFilter{Limit: 9}); err != nil || len(list) != 0 {
		t.Errorf("of what never committed: %+v %v", list, err)
	}
	for rows, changes := range [][]source.Change{{}, {h.insert(4, doc("name", "d"))}, {h.insert(5, doc("name", "e")), h.insert(6, doc("name", "f"))}, {h.update(4, doc("name", "g"), "name")}} {
		one := delivery(10+rows, "crm")
		if err := h.commit(t, source.Finish{Deliveries: []source.Delivery{one}, Receipts: []source.Receipt{receipt(1, 0, at, int64(rows)<<5)}}, changes...); err != nil {
			t.Errorf("%d changes: %v", len(changes), err)
		}
		h.delivery(t, one.ID)
	}
	h.want(t, 4, "name", "g")
}

func deliveriesOnce(t *testing.T, h *Harness) {
	d, other := delivery(1, "crm"), delivery(1, "crm")
	h.enqueue(t, d)
	h.claim(t, "crm", "first", 1, late)
	other.Payload = []byte("other")
	h.enqueue(t, other, delivery(2, "crm"))
	if got := h.delivery(t, d.ID); string(got.Payload) != string(d.Payload) || !got.Leased || got.Attempts != 1 {
		t.Errorf("%+v", got)
	}
	// Two transactions write the same one at once: one may have to start over, both succeed, one row.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again(t, func() error { return h.finish(t, source.Finish{Deliveries: []source.Delivery{delivery(3, "crm")}}) })
		})
	}
	wg.Wait()
	if list, err := h.Source.Deliveries(t.Context(), source.DeliveryFilter{Limit: 9}); err != nil || len(list) != 3 {
		t.Errorf("%+v %v", list, err)
	}
}

func claimInOrder(t *testing.T, h *Harness) {
	h.enqueue(t, delivery(3, "crm"), delivery(1, "crm"), delivery(2, "crm"), delivery(0, "mail"), delivery(4, source.AfterCommitLane))
	if got := h.claim(t, "crm", "a", 2, at.Add(2*time.Second)); len(got) != 2 || string(got[0].Payload) != "" || got[0].ID != delivery(1, "").ID || got[1].ID != delivery(2, "").ID || got[0].Attempts != 1 {
		t.Errorf("%+v", got)
	}
	if got := h.claim(t, "crm", "b", 9, at.Add(2*time.Second)); len(got) != 0 {
		t.Errorf("what is not due yet, or leased: %+v", got)
	}
	others, err := h.Source.ClaimDeliveries(t.Context(), source.LaneClaim{Not: []string{"crm", source.AfterCommitLane}, Limit: 9, Now: late, Lease: "c", Until: late.Add(leaseTime)})
	if err != nil || len(others) != 1 || others[0].Lane != "mail" {
		t.Errorf("in other lanes: %+v %v", others, err)
	}
	if got := h.claim(t, source.AfterCommitLane, "d", 9, late); len(got) != 1 || got[0].Kind != source.AfterCommit {
		t.Errorf("%+v", got)
	}
}

func claimApart(t *testing.T, h *Harness) {
	const total = 60
	var list []source.Delivery
	for n := range total {
		list = append(list, delivery(n, "crm"))
	}
	h.enqueue(t, list...)
	var mu sync.Mutex
	holders := map[string]int{}
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for round := 0; ; round++ {
				got, err := h.Source.ClaimDeliveries(t.Context(), source.LaneClaim{Lane: "crm", Limit: 4, Now: late, Lease: fmt.Sprintf("%d/%d", w, round), Until: late.Add(leaseTime)})
				if err != nil {
					if source.FailureOf(err).Class == source.Conflict {
						continue
					}
					t.Error(err)
					return
				}
				mu.Lock()
				for _, d := range got {
					holders[d.ID]++
				}
				done := len(holders) == total
				mu.Unlock()
				if done || round > 500 {
					return
				}
			}
		})
	}
	wg.Wait()
	if len(holders) != total {
		t.Errorf("%d of %d were claimed", len(holders), total)
	}
	for id, n := range holders {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
}

func leaseTakeover(t *testing.T, h *Harness) {
	d := delivery(1, "crm")
	h.enqueue(t, d)
	h.claim(t, "crm", "dead", 1, late)
	if got := h.claim(t, "crm", "early", 1, late.Add(leaseTime-time.Second)); len(got) != 0 {
		t.Errorf("while the lease holds: %+v", got)
	}
	if _, next, err := h.Source.NextDelivery(t.Context(), nil); err != nil || !next.Equal(late.Add(leaseTime)) {
		t.Errorf("the next is due at the lease's end: %v %v", next, err)
	}
	after := late.Add(leaseTime)
	if got := h.claim(t, "crm", "heir", 1, after); len(got) != 1 || got[0].ID != d.ID || got[0].Attempts != 2 {
		t.Errorf("%+v", got)
	}
	if h.report(t, source.DeliveryReport{ID: d.ID, Lease: "dead", To: source.Delivered, Due: after, Last: &source.Attempt{At: after}}) {
		t.Error("a lease that is lost must not settle")
	}
	if got := h.delivery(t, d.ID); got.Status != source.Pending || got.Last != nil {
		t.Errorf("%+v", got)
	}
	if !h.report(t, source.DeliveryReport{ID: d.ID, Lease: "heir", To: source.Delivered, Due: after, Last: &source.Attempt{At: after}}) {
		t.Error("the heir's lease holds")
	}
	if h.report(t, source.DeliveryReport{ID: d.ID, Lease: "heir", To: source.Dead, Due: after}) {
		t.Error("reported twice")
	}
}

func reports(t *testing.T, h *Harness) {
	d := delivery(1, "crm")
	h.enqueue(t, d)
	last := &source.Attempt{At: late, DurationMS: 120, Status: 503, Code: "http_status", Message: "It answered 503.", Excerpt: "busy \u00e4"}
	h.claim(t, "crm", "1", 1, late)
	h.report(t, source.DeliveryReport{ID: d.ID, Lease: "1", To: source.Pending, Due: late.Add(time.Hour), Last: last})
	got := h.delivery(t, d.ID)
	if got.Leased || got.Attempts != 1 || !got.DueAt.Equal(late.Add(time.Hour)) || !reflect.DeepEqual(got.Last, last) || !got.SettledAt.IsZero() {
		t.Errorf("%+v", got)
	}
	again := late.Add(time.Hour)
	if list := h.claim(t, "crm", "2", 1, again); len(list) != 1 || list[0].Last == nil {
		t.Fatalf("%+v", list)
	}
	h.report(t, source.DeliveryReport{ID: d.ID, Lease: "2", To: source.Pending, Due: again}) // given back
	if got := h.delivery(t, d.ID); got.Attempts != 1 || got.Leased || !got.DueAt.Equal(again) || got.Last.Status != 503 {
		t.Errorf("%+v", got)
	}
	h.claim(t, "crm", "3", 1, again)
	h.report(t, source.DeliveryReport{ID: d.ID, Lease: "3", To: source.Dead, Due: again, Last: last})
	if got := h.delivery(t, d.ID); got.Status != source.Dead || !got.SettledAt.Equal(again) || got.SettledBy != "" || !got.DueAt.IsZero() || got.Attempts != 2 {
		t.Errorf("%+v", got)
	}
	if _, next, err := h.Source.NextDelivery(t.Context(), nil); err != nil || !next.IsZero() {
		t.Errorf("nothing is pending: %v %v", next, err)
	}
}
