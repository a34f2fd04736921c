package controlplane

import (
	"context"
	"time"
)

const (
	// expireAtOnce bounds one deletion, so that none holds its locks for long.
	expireAtOnce = 10_000
	// forgetDeleted is how long after its deletion an instance's entries are looked for. The first sweep removes
	// them; what it could not goes with the partitions.
	forgetDeleted = 7 * 24 * time.Hour
)

// Sweep makes partitions ahead, and removes what is kept no longer. It says how many partitions and
// single entries went. Every replica may run it.
func (s *Telemetry) Sweep(ctx context.Context) (partitions int, entries int64, err error) {
	now := s.now()
	for n := range daysAhead + 1 {
		for _, parent := range []string{LogTable, MetricTable} {
			if err := s.makeDay(ctx, parent, day(now).AddDate(0, 0, n)); err != nil {
				return 0, 0, err
			}
		}
	}
	var short []ShortLog
	err = s.store.InTx(ctx, func(tx Tx) error {
		longest, err := tx.LongestLogDays(ctx)
		if err != nil {
			return err
		}
		if partitions, err = dropDays(ctx, tx, now, longest); err != nil {
			return err
		}
		if err := tx.DeleteOldErasures(ctx, now.Add(-forgetSource)); err != nil {
			return err
		}
		if err := tx.DeleteOldSources(ctx, now.Add(-forgetSource)); err != nil {
			return err
		}
		if err := tx.DeleteOldDevices(ctx, now); err != nil {
			return err
		}
		if err := tx.DeleteOldRefused(ctx, now); err != nil {
			return err
		}
		short, err = tx.ListShortLogs(ctx, longest, now.Add(-forgetDeleted))
		return err
	})
	for _, log := range short {
		if err != nil {
			break
		}
		var n int64
		n, err = s.expire(ctx, log, now)
		entries += n
	}
	return partitions, entries, err
}

// dropDays removes the days that nobody keeps any longer.
func dropDays(ctx context.Context, tx Tx, now time.Time, longest int) (int, error) {
	logs, err := tx.DropPartitions(ctx, LogTable, day(now.AddDate(0, 0, -longest)))
	if err != nil {
		return 0, err
	}
	metrics, err := tx.DropPartitions(ctx, MetricTable, day(now).AddDate(0, 0, 1-metricDays))
	return logs + metrics, err
}

// expire removes one instance's old entries, and all counters of a deleted one.
func (s *Telemetry) expire(ctx context.Context, log ShortLog, now time.Time) (total int64, err error) {
	for n := int64(expireAtOnce); n == expireAtOnce && err == nil; total += n {
		err = s.store.InTx(ctx, func(tx Tx) error {
			n, err = tx.DeleteOldLogs(ctx, log.Instance, now.AddDate(0, 0, -log.Days), expireAtOnce)
			return err
		})
	}
	if err == nil && log.Days == 0 {
		err = s.store.InTx(ctx, func(tx Tx) error { return forgetInstance(ctx, tx, log.Instance) })
	}
	return total, err
}

// forgetInstance removes what is kept of a deleted instance beside its log.
func forgetInstance(ctx context.Context, tx Tx, instance string) error {
	if err := tx.DeleteInstanceCounts(ctx, instance); err != nil {
		return err
	}
	if err := tx.DeleteInstanceTotals(ctx, instance); err != nil {
		return err
	}
	return tx.DeleteInstanceSightings(ctx, instance)
}
