package gateway_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/gateway"
	"turnkey/runtime/source"
)

// visit makes one visit and tells what it found: the revision, 0 for no visit, and whether it was live.
func (r *rig) visit(t *testing.T, host string) (revision int64, live bool) {
	t.Helper()
	err := r.Visit(t.Context(), host, func(b *bundle.Bundle) bool { return b.Instance.State == bundle.Active },
		func(b *bundle.Bundle, src source.Source, isLive bool) error {
			if src == nil || r.closed.Load() == r.opened.Load() {
				t.Error("no source is open during the visit")
			}
			revision, live = b.Revision, isLive
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return revision, live
}

func (r *rig) liveOnes() (n int) {
	r.EachLive(func(string, gateway.Uploader) { n++ })
	return n
}

// TestAVisitMakesNothingLive: an idle instance's source is opened for it alone; a live one's is borrowed, and
// the instance is idle all the same.
func TestAVisitMakesNothingLive(t *testing.T) {
	r := newRig(t, nil)
	if n, live := r.visit(t, "acme"); n != 1 || live || r.opened.Load() != 1 || r.closed.Load() != 1 || r.liveOnes() != 0 {
		t.Errorf("idle: revision %d, live %v, opened %d, closed %d, %d live", n, live, r.opened.Load(), r.closed.Load(), r.liveOnes())
	}
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	r.clock = r.clock.Add(4 * time.Minute)
	if n, live := r.visit(t, "acme"); n != 1 || !live || r.opened.Load() != 2 || r.closed.Load() != 1 {
		t.Errorf("live: revision %d, live %v, opened %d, closed %d", n, live, r.opened.Load(), r.closed.Load())
	}
	r.clock = r.clock.Add(time.Minute)
	if r.Sweep(); r.liveOnes() != 0 || r.closed.Load() != 2 {
		t.Error("the visit counted as use")
	}
}

// TestAVisitSeesTheNewestRevision, also while the one before it is live because nobody has asked since.
func TestAVisitSeesTheNewestRevision(t *testing.T) {
	r := newRig(t, nil)
	r.do("GET", "http://localhost/i/acme/health", nil, "")
	r.feed.put(instance("acme", 2))
	if n, live := r.visit(t, "acme"); n != 2 || live || r.liveOnes() != 1 {
		t.Errorf("revision %d, live %v", n, live)
	}
	paused := instance("acme", 3)
	paused.Instance.State = bundle.Paused
	r.feed.put(paused)
	opened := r.opened.Load()
	if n, _ := r.visit(t, "acme"); n != 0 || r.opened.Load() != opened {
		t.Error("a source was opened that nobody wants")
	}
	bare := instance("acme", 4)
	bare.Deployment = 0
	r.feed.put(bare)
	if n, _ := r.visit(t, "acme"); n != 0 || r.opened.Load() != opened {
		t.Error("without a deployment there is no source")
	}
	err := r.Visit(t.Context(), "nobody", func(*bundle.Bundle) bool { return true }, func(*bundle.Bundle, source.Source, bool) error { return nil })
	if !fault.IsKind(err, fault.NotFound) {
		t.Errorf("%v", err)
	}
}

// writable is a source that commits, or does not.
type writable struct {
	fakeSource
	fail error
}

func (s writable) Begin(context.Context, source.Session) (source.Tx, error) {
	return writableTx{fail: s.fail}, nil
}

type writableTx struct {
	source.Tx
	fail error
}

func (t writableTx) Apply(context.Context, []source.Change, *source.Finish) error { return t.fail }
func (writableTx) Rollback(context.Context)                                       {}

// TestCommitsThatEnqueueAreTold, and nothing else is.
func TestCommitsThatEnqueueAreTold(t *testing.T) {
	some := &source.Finish{Deliveries: []source.Delivery{{ID: "dlv_1"}}}
	for name, c := range map[string]struct {
		finish *source.Finish
		fail   error
		told   int
	}{
		"a commit that enqueues":            {some, nil, 1},
		"a commit that does not":            {&source.Finish{}, nil, 0},
		"changes before the commit":         {nil, nil, 0},
		"a commit that fails":               {some, &source.Failure{Class: source.Conflict}, 0},
		"a commit whose outcome is unknown": {some, &source.Failure{Class: source.Unknown}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			told := 0
			r := newRig(t, func(g *gateway.Config) {
				open := g.OpenSource
				g.OpenSource = func(ctx context.Context, b *bundle.Bundle) (source.Source, error) {
					src, err := open(ctx, b)
					return writable{src.(fakeSource), c.fail}, err
				}
				g.Enqueued = func(instance string) {
					if told++; instance != "ins_acme" {
						t.Errorf("told of %s", instance)
					}
				}
			})
			err := r.Visit(t.Context(), "acme", func(*bundle.Bundle) bool { return true }, func(_ *bundle.Bundle, src source.Source, _ bool) error {
				tx, err := src.Begin(t.Context(), source.Session{})
				if err != nil {
					return err
				}
				defer tx.Rollback(t.Context())
				return tx.Apply(t.Context(), nil, c.finish)
			})
			if !errors.Is(err, c.fail) || told != c.told {
				t.Errorf("told %d times: %v", told, err)
			}
		})
	}
}
