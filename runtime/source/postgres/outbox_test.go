package postgres

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"turnkey/internal/pgtest"
	"turnkey/runtime/source"
)

// A database of the second version is upgraded in place, and runtimes of that version go on beside us.
func TestLayoutTwoIsUpgraded(t *testing.T) {
	uri := pgtest.URL(t)
	s := open(t, uri)
	for _, statement := range s.layout() {
		if !strings.Contains(statement, "outbox") {
			sql(t, uri, strings.Replace(statement, "('layout', "+strconv.Itoa(layoutVersion)+")", "('layout', 2)", 1))
		}
	}
	sql(t, uri, versionOneRejection)
	d := source.Delivery{ID: source.DeliveryID(time.Now(), "seed", 0, 0), Kind: source.Webhook, Lane: "crm", CreatedAt: time.Now(), Payload: []byte("{}")}
	enqueue := func() error {
		return (&tx{src: s}).Apply(t.Context(), nil, &source.Finish{Deliveries: []source.Delivery{d}})
	}
	if f := source.FailureOf(enqueue()); f == nil || f.Code != "SOURCE_NOT_PREPARED" || f.Class != source.Misconfigured {
		t.Errorf("before the upgrade: %+v", f)
	}
	for range 2 {
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := enqueue(); err != nil {
		t.Error(err)
	}
	sql(t, uri, strings.ReplaceAll(versionOneRejection, "rej_1", "rej_2"))
	if list, err := s.Rejections(t.Context(), source.RejectionFilter{Limit: 9}); err != nil || len(list) != 2 {
		t.Errorf("%d rejections, %v", len(list), err)
	}
	var version int
	scan(t, uri, "SELECT version FROM turnkey.meta WHERE name = 'layout'", &version)
	if version != layoutVersion {
		t.Errorf("version %d", version)
	}
}

// Without deliveries a transaction sends what it sent before there was an outbox.
func TestNoDeliveriesCostNothing(t *testing.T) {
	s := &Source{schema: "turnkey", queries: newQueries("turnkey")}
	b := &script{}
	(&tx{src: s}).queueFinish(b, &source.Finish{Receipts: []source.Receipt{{Owner: source.Owner{1}, Prints: []source.Print{{1}}, At: time.Now()}}})
	if len(b.batch.QueuedQueries) != 1 || strings.Contains(b.batch.QueuedQueries[0].SQL, "outbox") {
		t.Errorf("%d statements", len(b.batch.QueuedQueries))
	}
	one := &solo{table: table("notes"), id: "a"}
	if !one.suffices(&tx{src: s}, nil, &source.Finish{}) || one.suffices(&tx{src: s}, nil, &source.Finish{Deliveries: make([]source.Delivery, 1)}) {
		t.Error("one statement is enough exactly without deliveries")
	}
}
