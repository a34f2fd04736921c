package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"turnkey/runtime/source"
)

// memory is an outbox that needs no database, for tests whose clock stands still while anybody computes.
// What databases promise is proven by the conformance suite.
type memory struct {
	source.Source

	mu     sync.Mutex
	rows   []*source.Delivery
	leases map[string]string
	looks  int   // calls of NextDelivery
	fail   error // of every call
}

func (m *memory) add(lane string, n int, at time.Time) (ids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		d := &source.Delivery{ID: fmt.Sprintf("dlv_%s_%d", lane, len(m.rows)), Kind: source.Webhook, Lane: lane, CreatedAt: at, DueAt: at, Status: source.Pending, Payload: []byte("{}"), PayloadBytes: 2}
		if lane == source.AfterCommitLane {
			d.Kind = source.AfterCommit
		}
		m.rows, ids = append(m.rows, d), append(ids, d.ID)
	}
	return ids
}

func (m *memory) get(id string) source.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *m.find(id)
}

func (m *memory) find(id string) *source.Delivery {
	for _, d := range m.rows {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func (m *memory) counts() map[source.DeliveryStatus]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[source.DeliveryStatus]int{}
	for _, d := range m.rows {
		out[d.Status]++
	}
	return out
}

func (m *memory) looked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.looks
}

func (m *memory) NextDelivery(_ context.Context, not []string) (lane string, next time.Time, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looks++
	for _, d := range m.rows {
		if d.Status == source.Pending && !slices.Contains(not, d.Lane) && (next.IsZero() || d.DueAt.Before(next)) {
			lane, next = d.Lane, d.DueAt
		}
	}
	return lane, next, m.fail
}

func (m *memory) ClaimDeliveries(_ context.Context, c source.LaneClaim) (out []source.Delivery, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		if d.Status != source.Pending || d.DueAt.After(c.Now) || c.Lane != "" && d.Lane != c.Lane || c.Lane == "" && slices.Contains(c.Not, d.Lane) || len(out) == c.Limit {
			continue
		}
		d.Attempts++
		d.DueAt = c.Until
		if m.leases == nil {
			m.leases = map[string]string{}
		}
		m.leases[d.ID] = c.Lease
		head := *d
		head.Payload = nil
		out = append(out, head)
	}
	return out, m.fail
}

func (m *memory) ReportDelivery(_ context.Context, r source.DeliveryReport) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.find(r.ID)
	if m.fail != nil || d == nil || m.leases[r.ID] != r.Lease {
		return false, m.fail
	}
	delete(m.leases, r.ID)
	d.Status, d.DueAt = r.To, r.Due
	if r.Last != nil {
		d.Last = r.Last
	} else {
		d.Attempts--
	}
	return true, nil
}

func (m *memory) Delivery(_ context.Context, id string) (*source.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := m.find(id); d != nil && m.fail == nil {
		c := *d
		return &c, nil
	}
	return nil, m.fail
}
