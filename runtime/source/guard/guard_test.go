package guard_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/source/guard"
	"turnkey/runtime/value"
)

// The clock is synctest's: it stands still while anybody computes.

// fake is a source whose calls end as the test says.
type fake struct {
	source.Source
	calls  atomic.Int32
	answer atomic.Pointer[func(ctx context.Context) error]
}

func (f *fake) ask(ctx context.Context) error {
	f.calls.Add(1)
	return (*f.answer.Load())(ctx)
}

func (f *fake) will(answer func(ctx context.Context) error) { f.answer.Store(&answer) }

func (f *fake) Mode() source.Mode { return source.Mode{Atomicity: "transactions"} }

func (f *fake) Begin(context.Context, source.Session) (source.Tx, error) { return fakeTx{f: f}, nil }

func (f *fake) Settle(ctx context.Context, _ []source.Settlement) error { return f.ask(ctx) }

func (f *fake) Columns(ctx context.Context, _ *source.Table) (map[string]bundle.Type, error) {
	return nil, f.ask(ctx)
}

func (f *fake) Lookup(ctx context.Context, _ string, _ map[string]value.Value, _ string) (value.Value, bool, error) {
	return "found", true, f.ask(ctx)
}

type fakeTx struct {
	source.Tx
	f *fake
}

func (t fakeTx) Read(ctx context.Context, _ []source.Ref, _ *source.Claim) ([]source.Row, source.History, error) {
	return []source.Row{{}}, source.History{}, t.f.ask(ctx)
}

func (t fakeTx) Apply(ctx context.Context, _ []source.Change, _ *source.Finish) error {
	return t.f.ask(ctx)
}

func (t fakeTx) Rollback(ctx context.Context) { _ = t.f.ask(ctx) }

// fakeDirect also has the shortcut.
type fakeDirect struct{ *fake }

func (f fakeDirect) Write(ctx context.Context, _ source.Session, _ []source.Change, _ []source.Receipt, _ bool) (bool, error) {
	return true, f.ask(ctx)
}

func fails(class source.Class) func(context.Context) error {
	return func(context.Context) error { return &source.Failure{Class: class, Code: "told", Change: -1} }
}

func answers(context.Context) error { return nil }

// blackHole never answers.
func blackHole(ctx context.Context) error {
	<-ctx.Done()
	return &source.Failure{Class: source.Down, Code: "source_timeout", Change: -1, Err: ctx.Err()}
}

const call = 15 * time.Second

func newGuard(t *testing.T, f *fake) *guard.Guard {
	return guard.New(f, guard.Options{Call: call, Stop: t.Context(), Now: time.Now, Random: func() float64 { return 0.5 }})
}

func pass(d time.Duration) { <-time.After(d) }

func code(err error) string {
	if f := source.FailureOf(err); f != nil {
		return f.Code
	}
	return ""
}

func TestTheBreakerOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		g := newGuard(t, f)
		f.will(answers)
		if err := g.Settle(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		f.will(fails(source.Down))
		for range 3 {
			if err := g.Settle(t.Context(), nil); code(err) != "told" {
				t.Fatal(err)
			}
		}
		// 1 s, 2 s, 4 s ... and never more than 30 s; each time one call goes through and fails.
		for _, open := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			open *= time.Second
			s, wait := g.Status()
			if s.State != guard.Open || wait != open || s.Code != "told" || !s.RetryAt.Equal(time.Now().Add(open)) {
				t.Fatalf("%+v, %v; want open for %v", s, wait, open)
			}
			before := f.calls.Load()
			pass(open - time.Millisecond)
			if err := g.Settle(t.Context(), nil); code(err) != "source_suspended" || f.calls.Load() != before {
				t.Fatalf("a call went through: %v", err)
			}
			if _, err := g.Begin(t.Context(), source.Session{}); code(err) != "source_suspended" {
				t.Fatalf("a transaction began: %v", err)
			}
			pass(time.Millisecond)
			if s, wait := g.Status(); s.State != guard.HalfOpen || wait != 0 {
				t.Fatalf("%+v, %v", s, wait)
			}
			if err := g.Settle(t.Context(), nil); code(err) != "told" {
				t.Fatalf("no call was let through: %v", err)
			}
		}
		pass(30 * time.Second)
		f.will(answers)
		if err := g.Settle(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if s, wait := g.Status(); s.State != guard.Closed || s.Failures != 0 || wait != 0 {
			t.Errorf("%+v, %v", s, wait)
		}
	})
}

func TestWhatCountsAsSilence(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(context.Context) error
		opens  bool
	}{
		"down":           {fails(source.Down), true},
		"unknown commit": {fails(source.Unknown), true},
		"never answers":  {blackHole, true},
		"untranslated":   {func(context.Context) error { return errors.New("driver") }, true},
		"conflict":       {fails(source.Conflict), false},
		"refused row":    {fails(source.Refused), false},
		"refused log-in": {fails(source.Misconfigured), false},
		"answers":        {answers, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				f.will(c.answer)
				g := newGuard(t, f)
				for range 3 {
					_ = g.Settle(t.Context(), nil)
				}
				if _, wait := g.Status(); wait > 0 != c.opens {
					t.Errorf("suspended for %v", wait)
				}
			})
		})
	}
}

func TestAnAnswerInBetweenStartsTheCountAnew(t *testing.T) {
	f := &fake{}
	g := newGuard(t, f)
	for range 5 {
		f.will(fails(source.Down))
		_, _ = g.Settle(t.Context(), nil), g.Settle(t.Context(), nil)
		f.will(fails(source.Conflict))
		_ = g.Settle(t.Context(), nil)
	}
	if s, _ := g.Status(); s.State != guard.Closed {
		t.Errorf("%+v", s)
	}
}

// What the catalog's cache answers says nothing about the database.
func TestACachedAnswerDoesNotClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		g := newGuard(t, f)
		f.will(fails(source.Down))
		for range 3 {
			_ = g.Settle(t.Context(), nil)
		}
		pass(time.Second)
		f.will(answers)
		if _, err := g.Columns(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if s, _ := g.Status(); s.State != guard.HalfOpen {
			t.Errorf("%+v", s)
		}
	})
}

func TestACallerThatGoesAwaySaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.will(blackHole)
		g := newGuard(t, f)
		for range 10 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			if _, _, err := g.Lookup(ctx, "", nil, ""); code(err) != "source_timeout" {
				t.Fatal(err)
			}
		}
		if s, wait := g.Status(); s.State != guard.Closed || s.Failures != 0 || wait != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestWhileHalfOpenOneCallGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		g := newGuard(t, f)
		f.will(answers)
		_ = g.Settle(t.Context(), nil)
		f.will(fails(source.Down))
		for range 3 {
			_ = g.Settle(t.Context(), nil)
		}
		pass(time.Second)
		before := f.calls.Load()
		f.will(func(context.Context) error { pass(2 * time.Second); return nil })
		var wg sync.WaitGroup
		var suspended atomic.Int32
		for range 20 {
			wg.Go(func() {
				if code(g.Settle(t.Context(), nil)) == "source_suspended" {
					suspended.Add(1)
				}
			})
		}
		synctest.Wait()
		if s, wait := g.Status(); s.State != guard.HalfOpen || wait != time.Second {
			t.Errorf("%+v, %v", s, wait)
		}
		wg.Wait()
		if n := f.calls.Load() - before; n != 1 || suspended.Load() != 19 {
			t.Errorf("%d calls went through, %d were suspended", n, suspended.Load())
		}
	})
}

func TestEveryCallHasATimeLimit(t *testing.T) {
	for name, ask := range map[string]func(ctx context.Context, g *guard.Guard) error{
		"settle":  func(ctx context.Context, g *guard.Guard) error { return g.Settle(ctx, nil) },
		"columns": func(ctx context.Context, g *guard.Guard) error { _, err := g.Columns(ctx, nil); return err },
		"lookup":  func(ctx context.Context, g *guard.Guard) error { _, _, err := g.Lookup(ctx, "", nil, ""); return err },
		"create": func(ctx context.Context, g *guard.Guard) error {
			_, err := g.Pipeline().(source.Direct).Write(ctx, source.Session{}, nil, nil, false)
			return err
		},
		"read": func(ctx context.Context, g *guard.Guard) error {
			tx, _ := g.Begin(ctx, source.Session{})
			_, _, err := tx.Read(ctx, nil, nil)
			return err
		},
		"apply": func(ctx context.Context, g *guard.Guard) error {
			tx, _ := g.Begin(ctx, source.Session{})
			return tx.Apply(ctx, nil, &source.Finish{})
		},
		"rollback": func(ctx context.Context, g *guard.Guard) error {
			tx, _ := g.Begin(ctx, source.Session{})
			tx.Rollback(ctx)
			return &source.Failure{Class: source.Down}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				f.will(blackHole)
				waits, backs := 0, 0
				g := guard.New(fakeDirect{f}, guard.Options{Call: call, Stop: t.Context(), Now: time.Now, Random: func() float64 { return 0 },
					Wait: func(context.Context) func() { waits++; return func() { backs++ } }})
				before := time.Now()
				if err := ask(t.Context(), g); err == nil || time.Since(before) != call {
					t.Errorf("%v after %v", err, time.Since(before))
				}
				if waits < 1 || waits != backs {
					t.Errorf("%d waits began, %d ended", waits, backs)
				}
			})
		})
	}
}

// Sixteen uploads to a database that nobody has reached yet: one finds out, for all.
func TestFirstContactIsMadeOnce(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(context.Context) error
		calls  int32
		want   string
	}{
		"a black hole costs one time-out": {blackHole, 1, "source_timeout"},
		"a healthy one then serves all":   {func(context.Context) error { pass(time.Second); return nil }, 16, ""},
		"a refusal is an answer, too": {func(context.Context) error {
			pass(time.Second)
			return &source.Failure{Class: source.Misconfigured, Code: "source_login"}
		}, 16, "source_login"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				f.will(c.answer)
				g := newGuard(t, f)
				before := time.Now()
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						if got := code(g.Settle(t.Context(), nil)); got != c.want {
							t.Errorf("got %q", got)
						}
					})
				}
				synctest.Wait()
				if n := f.calls.Load(); n != 1 {
					t.Errorf("%d calls make the first contact", n)
				}
				if g.Mode().Atomicity != "transactions" {
					t.Error("the mode is not told meanwhile")
				}
				wg.Wait()
				if n := f.calls.Load(); n != c.calls || time.Since(before) > call {
					t.Errorf("%d calls, %v", n, time.Since(before))
				}
			})
		})
	}
}

func TestStopEndsEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.will(blackHole)
		ctx, stop := context.WithCancel(t.Context())
		g := guard.New(f, guard.Options{Call: call, Stop: ctx, Now: time.Now, Random: func() float64 { return 0 }})
		errs := make(chan error, 2)
		go func() { errs <- g.Settle(t.Context(), nil) }()
		synctest.Wait()
		go func() { errs <- g.Settle(t.Context(), nil) }() // waits for the first contact
		synctest.Wait()
		before := time.Now()
		stop()
		for range 2 {
			if f := source.FailureOf(<-errs); f == nil || f.Class != source.Down || time.Since(before) != 0 {
				t.Errorf("%+v after %v", f, time.Since(before))
			}
		}
		if err := g.Settle(t.Context(), nil); code(err) != "runtime_ending" {
			t.Error(err)
		}
		if _, err := g.Begin(t.Context(), source.Session{}); code(err) != "runtime_ending" {
			t.Error(err)
		}
		if s, _ := g.Status(); s.Failures != 0 {
			t.Errorf("our own end is no failure of the database: %+v", s)
		}
	})
}

func TestAPanicDoesNotKeepTheOthersWaiting(t *testing.T) {
	f := &fake{}
	f.will(func(context.Context) error { panic("defect") })
	g := newGuard(t, f)
	func() {
		defer func() { _ = recover() }()
		_ = g.Settle(t.Context(), nil)
	}()
	f.will(answers)
	if err := g.Settle(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestTheShortcutShowsOnlyWhereThereIsOne(t *testing.T) {
	f := &fake{}
	f.will(answers)
	if _, ok := newGuard(t, f).Pipeline().(source.Direct); ok {
		t.Error("a source without the shortcut claims it")
	}
	opt := guard.Options{Call: call, Stop: t.Context(), Now: time.Now, Random: func() float64 { return 0 }}
	direct, ok := guard.New(fakeDirect{f}, opt).Pipeline().(source.Direct)
	if !ok {
		t.Fatal("the shortcut is hidden")
	}
	if done, err := direct.Write(t.Context(), source.Session{}, nil, nil, false); !done || err != nil {
		t.Error(done, err)
	}
}
