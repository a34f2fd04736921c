package controlplane

import (
	"context"
	"errors"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/telemetry"
)

const (
	// exportEvery is how often what is due is looked for; also how old entries are, at most, when they are sent.
	exportEvery = 5 * time.Second
	// metricsEvery is how often sums are sent.
	metricsEvery = time.Minute
	// exportKept is how long entries wait for a receiver that does not take them.
	exportKept = time.Hour
	// exportsAtOnce are the turns of one replica at a time.
	exportsAtOnce = 16
	// exportBatch is how many entries go in one request, exportBatches how many requests make a turn.
	exportBatch   = 500
	exportBatches = 40
	// exportTime bounds a turn, exportLease is when another replica takes it up.
	exportTime  = time.Minute
	exportLease = 2 * time.Minute
	// shortestHold and longestHold bound the pause after failures, also the one that a receiver asks for.
	shortestHold = 5 * time.Second
	longestHold  = 5 * time.Minute
)

// exportKinds are the entries that a signal is made of.
var exportKinds = map[Signal][]telemetry.Kind{
	SignalTraces: {telemetry.Transaction, telemetry.Token},
	SignalLogs:   {telemetry.Transaction, telemetry.Token, telemetry.Refusal, telemetry.Instance, telemetry.Delivery, telemetry.Hook},
}

// Watch sends what is due until ctx ends. Every replica may run it: a signal is taken by one at a time. A receiver that
// answers slowly holds up its own signal and nobody else's.
func (s *Exports) Watch(ctx context.Context) error {
	turns := time.NewTicker(exportEvery)
	defer turns.Stop()
	free := make(chan struct{}, exportsAtOnce)
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		if err := s.start(ctx, cap(free)-len(free), func(turn func()) {
			free <- struct{}{}
			wg.Go(func() { defer func() { <-free }(); turn() })
		}); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "cannot look for telemetry to export for the moment", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-turns.C:
		}
	}
}

// Turn sends what is due now, and waits for it.
func (s *Exports) Turn(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	return s.start(ctx, exportsAtOnce, wg.Go)
}

// start takes what is due, at most so many signals, and has run begin the turn of each.
func (s *Exports) start(ctx context.Context, most int, run func(turn func())) error {
	if s.exporter == nil || most <= 0 {
		return nil
	}
	now := s.now()
	lease := now.Add(exportLease)
	var list []ExportSignal
	err := s.store.InTx(ctx, func(tx Tx) (err error) {
		list, err = tx.ClaimExportSignals(ctx, now, lease, most)
		return err
	})
	for _, signal := range list {
		run(func() { s.turn(ctx, signal, lease) })
	}
	return err
}

// turn sends one signal, as far as its time goes, and notes how that went.
func (s *Exports) turn(ctx context.Context, x ExportSignal, lease time.Time) {
	t := &exportTurn{Exports: s, ExportSignal: x, lease: lease}
	timed, cancel := context.WithTimeout(ctx, exportTime)
	err := t.open(timed)
	if err == nil && x.Signal == SignalMetrics {
		err = t.sums(timed)
	} else if err == nil {
		err = t.entries(timed)
	}
	cancel()
	if ctx.Err() != nil || t.lost {
		return // the lease ends, or has ended: whoever takes it up sends what is left
	}
	now := s.now()
	due := now.Add(exportEvery)
	switch {
	case err == nil && x.Signal == SignalMetrics:
		due = now.Add(metricsEvery)
	case err == nil && t.more:
		due = now
	}
	if err != nil {
		due = now.Add(hold(t.Attempts, err))
		t.Attempts++
		t.FailedAt, t.Error = &now, fault.Of(err).Message
		if t.Attempts == 1 {
			s.log.WarnContext(ctx, "telemetry cannot be exported; it waits", "export", x.Export, "signal", string(x.Signal), "error", err)
		}
	} else {
		t.Attempts = 0
	}
	if err := t.settle(ctx, due); err != nil {
		s.log.WarnContext(ctx, "cannot note what was exported; it may be sent twice, under the same ids", "export", x.Export, "signal", string(x.Signal), "error", err)
	}
}

// hold is the pause after a failure that came after so many others.
func hold(failed int, err error) time.Duration {
	pause := min(shortestHold<<min(failed, 10), longestHold)
	var asked *RetryAfter
	if errors.As(err, &asked) {
		pause = min(max(asked.After, shortestHold), longestHold)
	}
	return pause
}

// exportTurn is one turn of one signal.
type exportTurn struct {
	*Exports
	ExportSignal
	lease time.Time
	lost  bool // it is somebody else's turn, or paused

	export    Export
	to        Receiver
	about     map[string]ExportInstance
	instances []string
	more      bool // there is more to send at once
}

// open reads what is sent from where.
func (t *exportTurn) open(ctx context.Context) error {
	var list []ExportInstance
	err := t.read(ctx, func(tx Tx) (err error) {
		if t.export, err = tx.AnyExport(ctx, t.Export); err != nil {
			return err
		}
		list, err = tx.ListExportInstances(ctx, t.export.Organization, t.export.Instances)
		return err
	})
	if err != nil {
		return err
	}
	t.about, t.instances = make(map[string]ExportInstance, len(list)), make([]string, len(list))
	for n, i := range list {
		t.about[i.ID], t.instances[n] = i, i.ID
	}
	t.to, err = t.receiver(t.export)
	return err
}

// settle writes how it goes, if it is still this turn's.
func (t *exportTurn) settle(ctx context.Context, due time.Time) error {
	t.DueAt = &due
	return t.store.InTx(ctx, func(tx Tx) error {
		held, err := tx.SettleExportSignal(ctx, t.ExportSignal, t.lease)
		t.lost = err == nil && !held
		return err
	})
}

// sums sends the counters as they are.
func (t *exportTurn) sums(ctx context.Context) error {
	var totals []MetricTotal
	err := t.read(ctx, func(tx Tx) (err error) { totals, err = tx.ListTotals(ctx, t.instances); return err })
	if err != nil || len(totals) == 0 {
		return err
	}
	sent, err := t.exporter.Metrics(ctx, t.to, t.about, totals, t.now())
	if err == nil {
		t.took(sent)
	}
	return err
}

// took notes what a receiver made of a request.
func (t *exportTurn) took(sent Sent) {
	now := t.now()
	t.SentAt, t.Error = &now, ""
	t.Sent += sent.Items
	if sent.Refused > 0 {
		t.Dropped += sent.Refused
		t.FailedAt, t.Error = &now, "The receiver did not take a part."
		if sent.Message != "" {
			t.Error = "The receiver did not take a part: " + telemetry.Clean(sent.Message, 300)
		}
	}
}

// entries sends what was logged since, batch by batch.
func (t *exportTurn) entries(ctx context.Context) error {
	if len(t.instances) == 0 {
		return nil
	}
	if err := t.giveUp(ctx); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if n == exportBatches {
			t.more = true
			return nil
		}
		var list []LogEntry
		err := t.read(ctx, func(tx Tx) (err error) {
			list, err = tx.ListExportEntries(ctx, t.instances, exportKinds[t.Signal], t.Position, t.now().Add(-2*exportKept), exportBatch)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		if err := t.batch(ctx, list); err != nil {
			return err
		}
		if len(list) < exportBatch {
			return nil
		}
		if err := t.settle(ctx, t.lease); err != nil || t.lost {
			return err
		}
	}
}

// giveUp passes over what waited for too long.
func (t *exportTurn) giveUp(ctx context.Context) error {
	var n, last int64
	err := t.read(ctx, func(tx Tx) (err error) {
		n, last, err = tx.CountMissedEntries(ctx, t.instances, exportKinds[t.Signal], t.Position, t.now().Add(-exportKept))
		return err
	})
	if err == nil && n > 0 {
		t.Position, t.Dropped = last, t.Dropped+n
	}
	return err
}

// batch sends entries. What is too much at once is halved; what is never taken is dropped, or nothing would be sent any more.
func (t *exportTurn) batch(ctx context.Context, list []LogEntry) error {
	send := t.exporter.Traces
	if t.Signal == SignalLogs {
		send = t.exporter.Logs
	}
	sent, err := send(ctx, t.to, t.about, list, t.export.Identities)
	switch {
	case err == nil:
		t.took(sent)
	case fault.IsKind(err, fault.TooLarge) && len(list) > 1:
		if err := t.batch(ctx, list[:len(list)/2]); err != nil {
			return err
		}
		return t.batch(ctx, list[len(list)/2:])
	case fault.IsKind(err, fault.TooLarge) || fault.IsKind(err, fault.Invalid):
		now := t.now()
		t.Dropped += int64(len(list))
		t.FailedAt, t.Error = &now, fault.Of(err).Message
	default:
		return err
	}
	t.Position = list[len(list)-1].Seq
	return nil
}
