package check_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/workload"
)

// TestEveryBugIsCaught: a checker that never fails proves nothing. Each row is one way to break a
// backend, and a checker that must notice.
func TestEveryBugIsCaught(t *testing.T) {
	for _, c := range []struct {
		bug bug
		by  string
	}{
		{noReceipts, "duplicated"},
		{ackBeforeCommit, "lost"},
		{watermark, "lost"},
		{noFingerprint, "lost"},
		{noSubject, "lost"},
		{halfTransaction, "atomic"},
		{twiceOnRetry, "duplicated"},
		{forgetsRejection, "rejections"},
		{keepsTwice, "rejections"},
		{reorders, "order"},
		{resurrects, "tombstones"},
		{staleMerge, "sums"},
		{losesTail, "lost"},
		{receiptWithoutData, "lost"},
		{dataWithoutReceipt, "duplicated"},
		{appliesRefused, "phantom"},
		{flaps, "answers"},
		{poisons, "answers"},
		{wrongRow, "phantom"},
		{staleSnapshot, "causal"},
		{tornSnapshot, "causal"},
		{sticks, "drained"},
		{lostDelete, "tombstones"},
		{appendsTwice, "lists"},
		{splitsCommit, "atomic"},
		{silentRewrite, "convergence"},
		{skipsHook, "hooks"},
		{hookApart, "hooks"},
		{hookTwice, "hooks"},
		{hookUnheard, "hooks"},
		{hookBlamed, "hooks"},
		{losesEvent, "events"},
		{eventTooEarly, "events"},
		{eventOfRefused, "events"},
		{eventRenamed, "events"},
		{eventRewritten, "events"},
		{followUpTwice, "events"},
	} {
		t.Run(string(c.bug), func(t *testing.T) {
			for seed := range uint64(5) { // a rare bug may need another run
				_, counts := simulate(t, c.bug, seed)
				if counts[c.by] > 0 {
					return
				}
			}
			t.Errorf("no run made %q fail", c.by)
		})
	}
}

// TestACorrectServerPasses: power loss, clones, repeats and late copies are no violations by themselves.
func TestACorrectServerPasses(t *testing.T) {
	for seed := range uint64(8) {
		violations, _ := simulate(t, noBug, seed)
		for _, v := range violations[:min(3, len(violations))] {
			t.Errorf("seed %d: %s: %s %v", seed, v.Checker, v.What, v.Tags)
		}
	}
}

// simulate runs devices of all workloads against the model, one step of one device at a time.
func simulate(t *testing.T, b bug, seed uint64) ([]check.Violation, map[string]int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	loads := workload.All()
	seeds := map[string]history.Row{}
	for _, w := range loads {
		for id, row := range w.Seeds {
			seeds[history.Key(w.Table, id)] = row
		}
	}
	sim := &simulation{server: newServer(b, rand.New(rand.NewPCG(seed, 2)), seeds), log: history.NewRecorder(time.Now, nil), random: random}
	for _, w := range loads {
		for i := range 4 {
			sim.add(w, fmt.Sprintf("%s.%d", w.Table, i), fmt.Sprintf("user-%d", len(sim.devices)), w.Form(i))
		}
	}
	for range 2_000 {
		sim.step(t.Context())
	}
	return sim.verdict(t, seeds)
}

type simulated struct {
	*client.Device
	work  workload.Workload
	maker *workload.Maker
}

type simulation struct {
	server  *server
	log     *history.Recorder
	random  *rand.Rand
	devices []*simulated
	copies  sync.WaitGroup
}

func (s *simulation) split() *rand.Rand { return rand.New(rand.NewPCG(s.random.Uint64(), 3)) }

func (s *simulation) add(w workload.Workload, name, subject string, form client.Form) {
	d := client.New(client.Options{
		Name: name, ClientID: "client-" + name, Subject: subject, Form: form, Transport: s.server, Log: s.log, Rand: s.split(),
		Odds: client.Odds{Twice: 0.05, Late: 0.1}, Late: 20 * time.Millisecond, LongestWait: time.Millisecond, Copies: &s.copies,
	})
	s.devices = append(s.devices, &simulated{d, w, &workload.Maker{Device: name, Rand: s.split()}})
}

func (s *simulation) step(ctx context.Context) {
	i := s.random.IntN(len(s.devices))
	d := s.devices[i]
	switch n := s.random.IntN(100); {
	case n < 35:
		d.Write(d.work.Next(d.maker, d.View()))
	case n < 85:
		d.Upload(ctx)
		s.sync(d)
	case n < 95:
		s.sync(d)
	case n < 97:
		d.PowerLoss(1 + s.random.IntN(5))
	case n < 98 && len(s.devices) < 60:
		name := fmt.Sprintf("%s'%d", d.Name(), len(s.devices))
		s.devices = append(s.devices, &simulated{d.Clone(name, s.random.IntN(4), s.split()), d.work, &workload.Maker{Device: name, Rand: s.split()}})
	case n == 98 && s.random.IntN(4) == 0:
		s.switchUser(d)
	}
}

// switchUser hands the device to the neighbour's user: two users of one device, two devices of one user.
func (s *simulation) switchUser(d *simulated) {
	d.SwitchUser(fmt.Sprintf("user-of-%s-%d", d.Name(), s.random.IntN(1000)))
}

func (s *simulation) sync(d *simulated) {
	if d.work.Shared && d.Sync(s.server.view(d.work.Table)) && d.work.Reads {
		d.Read("", slices.Collect(maps.Keys(d.View())))
	}
}

func (s *simulation) verdict(t *testing.T, seeds map[string]history.Row) ([]check.Violation, map[string]int) {
	t.Helper()
	for _, d := range s.devices {
		for tries := 0; d.Pending() > 0; tries++ {
			if tries == 400 {
				d.Report(history.Stuck, "400 tries")
				break
			}
			d.Upload(t.Context())
		}
	}
	s.copies.Wait()
	events, err := s.log.Close()
	if err != nil {
		t.Fatal(err)
	}
	run := &history.Run{Events: events, Changes: s.server.changes, Seeds: seeds, Rows: s.server.rows, Rejections: s.server.kept, Arrivals: s.server.arrivals}
	violations, counts := check.Run(run, check.Settings{
		Sums: map[string]bool{"counters": true, "accounts": true}, Balance: workload.Accounts * workload.Balance,
		Hook: check.Hook{Table: workload.Deeds, Adds: workload.HookAdds, Tag: workload.HookTag, Ledger: workload.Ledger, Tallies: workload.Tallies},
		Events: []check.Event{
			{Lane: workload.DeedsOutbox, Table: workload.Deeds, Every: 1},
			{Lane: workload.CommitsOutbox, Table: workload.Deeds, Every: workload.ToldAfterwards},
		},
	})
	if len(violations) > 0 && len(check.Excerpt(run, violations[0], 5)) == 0 && !strings.Contains(violations[0].What, "snapshot") && len(violations[0].Tags) > 0 {
		t.Errorf("no excerpt shows %+v", violations[0])
	}
	return violations, counts
}
