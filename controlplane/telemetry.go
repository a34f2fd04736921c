package controlplane

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/telemetry"
)

type telemetryTx interface {
	// LockTelemetry lets one transaction at a time store entries, so that they commit in the order of their seq.
	LockTelemetry(ctx context.Context) error
	// AdvanceSource reports whether a batch is new.
	AdvanceSource(ctx context.Context, source string, seq int64, at time.Time) (bool, error)
	DeleteOldSources(ctx context.Context, before time.Time) error
	// KnownInstances gives those of ids that live.
	KnownInstances(ctx context.Context, ids []string) ([]string, error)
	// MakePartition makes room for a day, if there is none. Parent is LogTable or MetricTable.
	MakePartition(ctx context.Context, parent string, day time.Time) error
	// DropPartitions removes the days before that one, and says how many.
	DropPartitions(ctx context.Context, parent string, day time.Time) (int, error)
}

// The partitioned tables.
const (
	LogTable    = "log_entries"
	MetricTable = "metric_counts"
)

// DefaultLogDays is how long logs are kept where nobody says otherwise; MaxLogDays the longest.
const (
	DefaultLogDays = 30
	MaxLogDays     = 90
)

// checkLogDays refuses what is not from least to MaxLogDays; nil is nothing to check.
func checkLogDays(days *int, least int) error {
	if days == nil || *days >= least && *days <= MaxLogDays {
		return nil
	}
	return fault.Newf(fault.Invalid, "invalid_log_days", "Logs are kept for 1 to %d days.", MaxLogDays).
		WithDetails(fault.Detail{Path: "body.log_days", Code: "invalid_log_days", Message: "out of range"})
}

const (
	// metricDays is how long counters stay, by the minute.
	metricDays = 35
	// forgetSource is the silence after which a sender's last number goes. It may not send again then.
	forgetSource = 30 * 24 * time.Hour
	// daysAhead is how many days beyond today have partitions.
	daysAhead = 3
)

// Telemetry stores what runtimes send. It is a telemetry.Sink for runtimes in the same process;
// controlplane/pool serves it to others.
type Telemetry struct {
	*core

	batches, entries atomic.Int64 // stored by this replica

	mu sync.Mutex
	// made are the days that have partitions, by table.
	made map[string]map[time.Time]bool
}

// Ship implements telemetry.Sink: it stores a batch once, however often it comes. What belongs to
// instances that do not exist (any more) is passed over.
func (s *Telemetry) Ship(ctx context.Context, b telemetry.Batch) error {
	if err := b.Check(); err != nil {
		return err
	}
	now := s.now()
	counts := mergeCounts(b.Counts, now)
	if err := s.makeRoom(ctx, b.Entries, counts, now); err != nil {
		return err
	}
	stored := 0
	err := s.store.InTx(ctx, func(tx Tx) error {
		stored = 0
		if err := tx.LockTelemetry(ctx); err != nil {
			return err
		}
		fresh, err := tx.AdvanceSource(ctx, b.Source, b.Seq, now)
		if err != nil || !fresh {
			return err
		}
		known, err := tx.KnownInstances(ctx, instancesOf(b))
		if err != nil || len(known) == 0 {
			return err
		}
		slices.Sort(known)
		erased, err := tx.ListErasures(ctx, known)
		if err != nil {
			return err
		}
		if err := storeViews(ctx, tx, b, known, erased); err != nil {
			return err
		}
		entries := wanted(b.Entries, known, erased)
		if err := tx.InsertLogEntries(ctx, entries, now); err != nil {
			return err
		}
		stored = len(entries)
		ours := slices.DeleteFunc(slices.Clone(counts), func(c telemetry.Count) bool { return !slices.Contains(known, c.Instance) })
		if err := tx.AddCounts(ctx, ours); err != nil {
			return err
		}
		return addTotals(ctx, tx, ours, now)
	})
	if err == nil {
		s.batches.Add(1)
		s.entries.Add(int64(stored))
	}
	return err
}

// Stored says how much this replica stored since its start.
func (s *Telemetry) Stored() (batches, entries int64) { return s.batches.Load(), s.entries.Load() }

// instancesOf gives every instance that a batch speaks of, once.
func instancesOf(b telemetry.Batch) []string {
	seen := map[string]bool{}
	for _, e := range b.Entries {
		seen[e.Instance] = true
	}
	for _, c := range b.Counts {
		seen[c.Instance] = true
	}
	for _, s := range b.Sights {
		seen[s.Instance] = true
	}
	for _, d := range b.Devices {
		seen[d.Instance] = true
	}
	for _, c := range b.Refused {
		seen[c.Instance] = true
	}
	out := make([]string, 0, len(seen))
	for id := range seen {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// storeViews joins what a batch brings about sights, devices and refused credentials to what is known.
func storeViews(ctx context.Context, tx Tx, b telemetry.Batch, known []string, erased []Erasure) error {
	if len(b.Sights) > 0 {
		if err := storeSightings(ctx, tx, b, known); err != nil {
			return err
		}
	}
	if len(b.Devices) > 0 {
		if err := storeDevices(ctx, tx, b, known, erased); err != nil {
			return err
		}
	}
	if len(b.Refused) == 0 {
		return nil
	}
	return storeRefused(ctx, tx, b, known)
}

// wanted cleans the entries and leaves out those of unknown instances and of users who were erased since.
func wanted(entries []telemetry.Entry, known []string, erased []Erasure) []telemetry.Entry {
	out := make([]telemetry.Entry, 0, len(entries))
	for _, e := range entries {
		e.Clean()
		if _, ok := slices.BinarySearch(known, e.Instance); !ok || erasedSince(erased, e) {
			continue
		}
		out = append(out, e)
	}
	return out
}

func erasedSince(list []Erasure, e telemetry.Entry) bool {
	if len(list) == 0 || e.UserID == "" {
		return false
	}
	hash := userHash(e.Instance, e.UserID)
	return slices.ContainsFunc(list, func(x Erasure) bool {
		return x.Instance == e.Instance && x.UserHash == hash && !e.At.After(x.At)
	})
}

// userHash recognises a user of an instance without saying who it is.
func userHash(instance, user string) [sha256.Size]byte {
	return sha256.Sum256([]byte("turnkey erased user\x00" + instance + "\x00" + user))
}

// mergeCounts cleans counters, brings times that cannot be (a runtime's clock) to ones that have a
// place, and adds up what then is the same.
func mergeCounts(counts []telemetry.Count, now time.Time) []telemetry.Count {
	oldest, newest := day(now).AddDate(0, 0, 1-metricDays).Unix(), now.Truncate(time.Minute).Unix()
	at := map[telemetry.Count]int{}
	out := make([]telemetry.Count, 0, len(counts))
	for _, c := range counts {
		c.Clean()
		c.Minute = min(max(c.Minute, oldest), newest)
		key := c
		key.N = 0
		if i, known := at[key]; known {
			out[i].N += c.N
			continue
		}
		at[key] = len(out)
		out = append(out, c)
	}
	return out
}

// day is the start of a time's day, UTC.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// makeRoom makes the partitions that a batch needs, in a transaction of their own.
func (s *Telemetry) makeRoom(ctx context.Context, entries []telemetry.Entry, counts []telemetry.Count, now time.Time) error {
	if len(entries) > 0 {
		if err := s.makeDay(ctx, LogTable, day(now)); err != nil {
			return err
		}
	}
	for _, c := range counts {
		if err := s.makeDay(ctx, MetricTable, day(time.Unix(c.Minute, 0))); err != nil {
			return err
		}
	}
	return nil
}

func (s *Telemetry) makeDay(ctx context.Context, parent string, d time.Time) error {
	s.mu.Lock()
	made := s.made[parent][d]
	s.mu.Unlock()
	if made {
		return nil
	}
	err := s.store.InTx(ctx, func(tx Tx) error { return tx.MakePartition(ctx, parent, d) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		s.made = map[string]map[time.Time]bool{LogTable: {}, MetricTable: {}}
	}
	s.made[parent][d] = true
	return nil
}
