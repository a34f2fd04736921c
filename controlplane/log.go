package controlplane

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"turnkey/runtime/telemetry"
)

// LogEntry is one line of an instance's log.
type LogEntry struct {
	telemetry.Entry
	// Seq orders entries by their arrival here.
	Seq int64
}

// LogFilter narrows a log; empty fields match everything.
type LogFilter struct {
	Since, Until time.Time
	// Level is the lowest that matches.
	Level             telemetry.Level
	Kind              telemetry.Kind
	RequestID, UserID string
	ClientID, Table   string
	Code              string
	Outcome           telemetry.Outcome
	// Text is looked for in message and code; A to Z match in any case.
	Text string
}

// Matches reports whether an entry passes; the store's query says the same in SQL.
func (f LogFilter) Matches(e LogEntry) bool {
	same := func(want, have string) bool { return want == "" || want == have }
	switch {
	case !f.Since.IsZero() && e.At.Before(f.Since), !f.Until.IsZero() && !e.At.Before(f.Until), e.Level < f.Level:
		return false
	case !same(string(f.Kind), string(e.Kind)), !same(f.RequestID, e.RequestID), !same(f.UserID, e.UserID), !same(f.ClientID, e.ClientID),
		!same(f.Code, e.Code), !same(string(f.Outcome), string(e.Outcome)):
		return false
	case f.Table != "" && !slices.ContainsFunc(e.Operations, func(o telemetry.TableOperations) bool { return o.Table == f.Table }):
		return false
	}
	text := Lower(f.Text)
	return text == "" || strings.Contains(Lower(e.Message), text) || strings.Contains(Lower(e.Code), text)
}

// Lower is how texts are compared in logs: A to Z alone in any case, which is the same in every database.
func Lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// Erasure remembers that a user's entries were erased.
type Erasure struct {
	Instance string
	UserHash [sha256.Size]byte
	At       time.Time
}

// ShortLog is an instance whose entries go before their day's partition does.
type ShortLog struct {
	Instance string
	Days     int // 0: deleted, nothing is kept
}

type logTx interface {
	// InsertLogEntries gives each entry the next seq and tells listeners; the caller holds LockTelemetry.
	InsertLogEntries(ctx context.Context, entries []telemetry.Entry, at time.Time) error
	// ListLogEntries gives those below a seq that arrived since, newest first.
	ListLogEntries(ctx context.Context, instance string, f LogFilter, before int64, kept time.Time, limit int) ([]LogEntry, error)
	// ListLogEntriesAfter gives those above a seq, in order.
	ListLogEntriesAfter(ctx context.Context, instance string, after int64, kept time.Time, limit int) ([]LogEntry, error)
	// ListRequestEntries gives those of one request, in order.
	ListRequestEntries(ctx context.Context, instance, request string, kept time.Time, limit int) ([]LogEntry, error)
	// LastLogSeq is 0 when there are no entries.
	LastLogSeq(ctx context.Context, instance string) (int64, error)
	// GetLogDays is how many days an instance keeps its entries; LongestLogDays the most of any.
	GetLogDays(ctx context.Context, instance string) (int, error)
	LongestLogDays(ctx context.Context) (int, error)
	// ListShortLogs gives the instances that keep their entries for fewer days than longest, and those that
	// were deleted since.
	ListShortLogs(ctx context.Context, longest int, deletedSince time.Time) ([]ShortLog, error)
	// DeleteOldLogs removes at most that many of an instance's entries that arrived before.
	DeleteOldLogs(ctx context.Context, instance string, before time.Time, limit int) (int64, error)
	DeleteUserLogs(ctx context.Context, instance, user string) (int64, error)
	PutErasure(ctx context.Context, e Erasure) error
	ListErasures(ctx context.Context, instances []string) ([]Erasure, error)
	DeleteOldErasures(ctx context.Context, before time.Time) error
}

// Logs reads and erases what instances logged; log_tail.go follows it.
type Logs struct {
	*core
	tails
}

// logEnd is above every seq.
const logEnd = int64(1) << 62

// List gives entries newest first, below a seq (0: from the newest), and the seq to continue below (0:
// no more). What the instance keeps no longer is not shown, also when it is not removed yet.
func (s *Logs) List(ctx context.Context, instance string, f LogFilter, before int64, limit int) (list []LogEntry, next int64, err error) {
	if before <= 0 {
		before = logEnd
	}
	size := Page{Limit: limit}.size()
	err = s.read(ctx, func(tx Tx) error {
		kept, err := keptSince(ctx, tx, instance, s.now())
		if err != nil {
			return err
		}
		list, err = tx.ListLogEntries(ctx, instance, f, before, kept, size+1)
		return err
	})
	if len(list) > size {
		list = list[:size]
		next = list[size-1].Seq
	}
	return list, next, err
}

// keptSince is the time before which an instance's entries are not kept.
func keptSince(ctx context.Context, tx Tx, instance string, now time.Time) (time.Time, error) {
	days, err := tx.GetLogDays(ctx, instance)
	return now.AddDate(0, 0, -days), err
}

// maxTrace is how many lines of one request are shown.
const maxTrace = 1000

// Request gives everything that was logged about one request, in order; NotFound when that is nothing.
func (s *Logs) Request(ctx context.Context, instance, request string) (list []LogEntry, err error) {
	err = s.read(ctx, func(tx Tx) error {
		kept, err := keptSince(ctx, tx, instance, s.now())
		if err != nil {
			return err
		}
		list, err = tx.ListRequestEntries(ctx, instance, request, kept, maxTrace)
		return err
	})
	if err == nil && len(list) == 0 {
		err = notFound("request in the log").WithHint("Entries reach the log within seconds, are kept as long as the log, and may be left out when an instance logs more than there is room for.")
	}
	return list, err
}
