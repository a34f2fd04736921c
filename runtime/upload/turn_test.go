package upload

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"turnkey/runtime/source"
)

// The clock is synctest's: it stands still while anybody computes.

func newTurns() *turns {
	return &turns{now: time.Now, idle: func(context.Context) func() { return func() {} }}
}

// wants is a transaction of one operation for each row.
func wants(rows ...string) *member {
	m := &member{t: &Transaction{Operations: make([]Operation, len(rows))}}
	for _, r := range rows {
		m.keys = append(m.keys, key{"rows", r})
	}
	return m
}

// of makes it a client's.
func (m *member) of(client byte) *member {
	m.client, m.owned = source.Owner{client}, true
	return m
}

// journal notes who works when. Groups are worked on by their leader, for the time that it is told.
type journal struct {
	mu    sync.Mutex
	lines []string
	began time.Time
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf("%v ", time.Since(j.began))+fmt.Sprintf(format, args...))
}

func (j *journal) work(ctx context.Context, ts *turns, m *member, name string, lasts time.Duration) {
	m.lead, m.done = make(chan []*member, 1), make(chan struct{}, 1) // of this test's clock
	group, ok := ts.enter(ctx, m)
	if !ok {
		j.note("%s gives up", name)
		return
	}
	defer ts.leave(m)
	if len(group) == 0 {
		return
	}
	began := time.Now()
	j.note("%s leads %d", name, len(group))
	<-time.After(lasts)
	for _, other := range group {
		other.settled = true
	}
	ts.tried(began, group)
	for _, other := range group[1:] {
		other.done <- struct{}{}
	}
}

// run starts transactions one after another, at the same moment.
func run(t *testing.T, ts *turns, lasts time.Duration, list ...*member) []string {
	var lines []string
	synctest.Test(t, func(t *testing.T) {
		j := &journal{began: time.Now()}
		var wg sync.WaitGroup
		for i, m := range list {
			wg.Go(func() { j.work(t.Context(), ts, m, fmt.Sprint(i), lasts) })
			synctest.Wait()
		}
		wg.Wait()
		lines = j.lines
	})
	return lines
}

func TestTurns(t *testing.T) {
	alone := wants("b")
	alone.alone = true
	big, heavyOne := wants("b"), wants("c")
	big.t.Operations = make([]Operation, mostTogether)
	heavyOne.t.Operations = make([]Operation, heavy)
	for name, c := range map[string]struct {
		list  []*member
		lasts time.Duration
		want  []string
	}{
		"nobody waits while a slot is free": {[]*member{wants("a")}, time.Millisecond, []string{"0s 0 leads 1"}},
		"who comes while it is taken goes together": {
			[]*member{wants("a"), wants("b"), wants("c"), wants("d")}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 3"}},
		"one row is one after another": {
			[]*member{wants("a"), wants("a"), wants("a")}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 1", "2ms 2 leads 1"}},
		"one client is one after another": {
			[]*member{wants("a").of(1), wants("b").of(1), wants("c").of(1)}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 1", "2ms 2 leads 1"}},
		"others do not wait for a client": {
			[]*member{wants("a").of(1), wants("b").of(1), wants("c").of(2), wants("d")}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 3"}},
		"who waits longer has the client first": {
			[]*member{wants("a"), wants("a").of(1), wants("b").of(1)}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 1", "2ms 2 leads 1"}},
		"others do not wait for a row": {
			[]*member{wants("a"), wants("a"), wants("b")}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 2"}},
		"who waits longer has the row first": {
			[]*member{wants("x"), wants("a"), wants("a", "b"), wants("b")}, time.Millisecond, []string{"0s 0 leads 1", "1ms 1 leads 1", "2ms 2 leads 1", "3ms 3 leads 1"}},
		"who cannot share waits for a row only": {
			[]*member{wants("a"), alone, wants("c")}, time.Millisecond, []string{"0s 0 leads 1", "0s 1 leads 1", "1ms 2 leads 1"}},
		"a group is bounded": {
			[]*member{wants("a"), big, wants("c")}, time.Millisecond, []string{"0s 0 leads 1", "0s 1 leads 1", "1ms 2 leads 1"}},
		"a heavy one takes no slot": {
			[]*member{wants("a"), heavyOne, wants("b")}, time.Millisecond, []string{"0s 0 leads 1", "0s 1 leads 1", "1ms 2 leads 1"}},
		"and who comes beside it does not wait for it": {
			[]*member{heavyOne, wants("b")}, time.Millisecond, []string{"0s 0 leads 1", "0s 1 leads 1"}},
		"nobody waits long for a slot": {
			[]*member{wants("a"), wants("b"), wants("c"), wants("a")}, time.Minute, []string{"0s 0 leads 1", "5ms 1 leads 2", "1m0s 3 leads 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, newTurns(), c.lasts, c.list...); !slices.Equal(got, c.want) {
				t.Errorf("\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// On a source that is far away many are under way at once.
func TestSlotsFollowThePace(t *testing.T) {
	ts := newTurns()
	ts.pace = 10 * brief
	if got := run(t, ts, 10*brief, wants("a"), wants("b"), wants("c")); len(got) != 3 || !strings.HasPrefix(got[2], "0s ") {
		t.Errorf("%v", got)
	}
}

func TestAfterAFailureTransactionsGoAlone(t *testing.T) {
	ts := newTurns()
	ts.part()
	list := []*member{wants("x")}
	for i := range aloneAfterFailure + 3 {
		list = append(list, wants(fmt.Sprint(i)))
	}
	got := run(t, ts, time.Microsecond, list...)
	for i, line := range got {
		if together := !strings.HasSuffix(line, "leads 1"); together != (i == len(got)-1) || i > aloneAfterFailure {
			t.Fatalf("%v", got)
		}
	}
}

func TestWhoGivesUpFreesOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ts, j := newTurns(), &journal{began: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { j.work(t.Context(), ts, wants("a"), "0", time.Minute) })
		synctest.Wait()
		wg.Go(func() { j.work(ctx, ts, wants("a", "b"), "1", time.Millisecond) })
		synctest.Wait()
		wg.Go(func() { j.work(t.Context(), ts, wants("b"), "2", time.Millisecond) })
		wg.Wait()
		want := []string{"0s 0 leads 1", "1s 1 gives up", "1s 2 leads 1"}
		slices.Sort(j.lines[1:])
		if !slices.Equal(j.lines, want) || len(ts.held.rows)+len(ts.held.clients)+len(ts.waiting)+ts.running > 0 {
			t.Errorf("%q, left %d held, %d waiting, %d running", j.lines, len(ts.held.rows)+len(ts.held.clients), len(ts.waiting), ts.running)
		}
	})
}
