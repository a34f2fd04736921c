package mongo

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// entry reads what a source has written about itself.
func (w *world) entry(t *testing.T) runtimeDoc {
	t.Helper()
	var r runtimeDoc
	if err := w.bare.Collection(runtimesName).FindOne(t.Context(), bson.D{{Key: "_id", Value: w.id}}).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r runtimeDoc) names(lsid bson.Raw) bool {
	for _, s := range r.Sessions {
		if string(s) == string(lsid) {
			return true
		}
	}
	return false
}

func (w *world) begun(t *testing.T) *tx {
	t.Helper()
	x, err := w.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}}, nil); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestASessionIsEnteredBeforeItsFirstTransaction(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Runtime = "r1" })
	if n, err := w.bare.Collection(runtimesName).CountDocuments(t.Context(), bson.D{}); n != 0 || err != nil {
		t.Errorf("a source that nobody uses beats: %d %v", n, err)
	}
	first := w.begun(t)
	second := w.begun(t)
	r := w.entry(t)
	if !r.names(first.sess.ID()) || !r.names(second.sess.ID()) || r.At.IsZero() || r.ID[:3] != "r1/" {
		t.Errorf("%+v does not name the sessions", r)
	}
	first.Rollback(t.Context())
	second.Rollback(t.Context())
}

func TestASessionThatSomebodyEndedIsNotUsedAgain(t *testing.T) {
	w := newWorld(t)
	x := w.begun(t)
	ended := string(x.sess.ID())
	if err := x.client.outbidOne(t.Context(), x.sess.ID()); err != nil {
		t.Fatal(err)
	}
	err := x.Apply(t.Context(), []source.Change{{Kind: source.Insert, Table: todos, ID: "1", Doc: doc("n", int64(1))}}, &source.Finish{})
	if f := source.FailureOf(err); f == nil || f.Class != source.Conflict {
		t.Fatalf("%v", err)
	}
	for range 5 {
		y := w.begun(t)
		if string(y.sess.ID()) == ended {
			t.Fatal("the session serves again")
		}
		if err := y.Apply(t.Context(), nil, &source.Finish{}); err != nil {
			t.Fatal(err)
		}
	}
}

// A session is given up before its transactions' numbers come near the one that ends them all.
func TestSessionsAreSpentInTime(t *testing.T) {
	if sessionTransactions*3/2 > outbids {
		t.Errorf("%d transactions of a session, outbid by %d", sessionTransactions, outbids)
	}
	w := newWorld(t)
	first := w.begun(t)
	lsid := string(first.sess.ID())
	first.Rollback(t.Context())
	w.heart.mu.Lock()
	w.heart.sessions[lsid].transactions = sessionTransactions - 1
	w.heart.mu.Unlock()
	last := w.begun(t)
	if string(last.sess.ID()) != lsid || !last.spent {
		t.Errorf("the last transaction of a session: %v", last.spent)
	}
	last.Rollback(t.Context())
	next := w.begun(t)
	defer next.Rollback(t.Context())
	if string(next.sess.ID()) == lsid {
		t.Error("a spent session serves again")
	}
}

func TestConflictsThatDoNotEndAreLookedInto(t *testing.T) {
	start := time.UnixMilli(1_700_000_000_000)
	for name, c := range map[string]struct {
		conflicts []int // milliseconds
		looks     []int
	}{
		"one":               {[]int{0}, nil},
		"a short row":       {[]int{0, 100, 200, 299}, nil},
		"a long row":        {[]int{0, 100, 200, 300}, []int{300}},
		"it goes on":        {[]int{0, 300, 400, 500, 549, 550, 800}, []int{300, 550, 800}},
		"a pause in it":     {[]int{0, 200, 2300, 2500, 2600}, []int{2600}},
		"seldom ones":       {[]int{0, 3000, 6000, 9000}, nil},
		"slow ones in time": {[]int{0, 1500, 3000}, []int{1500, 3000}},
	} {
		var crowd crowd
		var looks []int
		for _, ms := range c.conflicts {
			now := start.Add(time.Duration(ms) * time.Millisecond)
			if crowd.conflict(now) {
				looks = append(looks, ms)
				if crowd.conflict(now) {
					t.Errorf("%s: two look at once", name)
				}
				crowd.done(now)
			}
		}
		if len(looks) != len(c.looks) {
			t.Errorf("%s: looks at %v, want %v", name, looks, c.looks)
			continue
		}
		for i := range looks {
			if looks[i] != c.looks[i] {
				t.Errorf("%s: looks at %v, want %v", name, looks, c.looks)
			}
		}
	}
}

// A runtime that beats, or whose sessions were ended already, is left alone.
func TestOnlyStaleRuntimesLoseTheirSessions(t *testing.T) {
	for try := 0; !leavesTheLivingAlone(t); try++ {
		if try == 20 {
			t.Fatal("this machine makes every beat late")
		}
	}
}

// leavesTheLivingAlone is false when the living one's beat was late by the end: a machine that stood still looks like death.
func leavesTheLivingAlone(t *testing.T) bool {
	w := newWorld(t)
	open := w.begun(t)
	defer open.Rollback(t.Context())
	other, err := Open(t.Context(), w.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c, err := other.get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	beat := w.entry(t).At
	if err := other.takeover(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if now, err := c.now(t.Context()); err != nil {
		t.Fatal(err)
	} else if now.Sub(beat) >= staleAfter {
		return false
	}
	if err := open.Apply(t.Context(), []source.Change{{Kind: source.Insert, Table: todos, ID: "1", Doc: doc("n", int64(1))}}, nil); err != nil {
		t.Errorf("a living runtime's transaction was ended: %v", err)
	}
	if r := w.entry(t); r.Ended != nil {
		t.Errorf("%+v", r)
	}
	old := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	for id, ended := range map[string]any{"gone": nil, "ended": old} {
		d := bson.D{{Key: "_id", Value: id}, {Key: "at", Value: old}, {Key: "sessions", Value: bson.A{}}}
		if ended != nil {
			d = append(d, bson.E{Key: "ended", Value: ended})
		}
		if _, err := w.bare.Collection(runtimesName).InsertOne(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.takeover(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var r runtimeDoc
	if err := w.bare.Collection(runtimesName).FindOne(t.Context(), bson.D{{Key: "_id", Value: "gone"}}).Decode(&r); err != nil || r.Ended == nil || !r.Ended.Equal(r.At) {
		t.Errorf("%+v %v", r, err)
	}
	return true
}
