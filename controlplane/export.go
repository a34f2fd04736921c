package controlplane

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/telemetry"
)

// Signal is a kind of telemetry, by OpenTelemetry's name for it.
type Signal string

// The signals.
const (
	SignalTraces  Signal = "traces"
	SignalMetrics Signal = "metrics"
	SignalLogs    Signal = "logs"
)

// Signals lists them.
var Signals = []Signal{SignalTraces, SignalMetrics, SignalLogs}

// Export is where an organization's telemetry goes besides us: a receiver of OTLP over HTTP.
type Export struct {
	ID, Organization, Name string
	Endpoint               string   // /v1/traces and so on are added to it
	Sealed                 []byte   // the headers with their values; nil: none
	HeaderNames            []string // sorted
	// Identities says that users and devices are named. What has been sent cannot be erased with a user.
	Identities           bool
	Instances            []string // empty: all
	Paused               bool
	Version              int64
	CreatedAt, UpdatedAt time.Time

	// Signals are what is sent, and how that goes.
	Signals []ExportSignal
}

// ExportSignal is how the sending of one signal goes.
type ExportSignal struct {
	Export   string
	Signal   Signal
	Position int64      // the last log entry that was sent or given up
	DueAt    *time.Time // the next turn; nil: paused
	Attempts int        // that failed, since the last that did not
	SentAt   *time.Time
	// Sent and Dropped count spans, data points or log records.
	Sent, Dropped int64
	FailedAt      *time.Time
	Error         string // of the last attempt; empty: it succeeded
}

// ExportInstance is an instance as receivers are told of it.
type ExportInstance struct{ ID, Name, Kind, Project, ProjectName, Organization string }

// MetricTotal is a counter since somebody has it exported.
type MetricTotal struct {
	Instance string
	telemetry.Series
	Since time.Time
	N     int64
}

type exportTx interface {
	InsertExport(ctx context.Context, e Export) error
	GetExport(ctx context.Context, organization, id string) (Export, error)
	LockExport(ctx context.Context, organization, id string) (Export, error)
	// AnyExport gives one of any organization that lives, without its signals.
	AnyExport(ctx context.Context, id string) (Export, error)
	ListExports(ctx context.Context, organization, after string, limit int) ([]Export, error)
	UpdateExport(ctx context.Context, e Export) error
	DeleteExport(ctx context.Context, organization, id string) error

	// PutExportSignals makes these an export's signals. One that was not sent begins at a position; due is its next
	// turn, nil pauses.
	PutExportSignals(ctx context.Context, export string, signals []Signal, position int64, due *time.Time) error
	// ClaimExportSignals gives what is due, and keeps it from others until the lease ends.
	ClaimExportSignals(ctx context.Context, now, lease time.Time, limit int) ([]ExportSignal, error)
	// SettleExportSignal writes how it went, if the lease is still that one.
	SettleExportSignal(ctx context.Context, s ExportSignal, lease time.Time) (held bool, err error)

	// LastSeq is the highest of any log entry; there may be none with it.
	LastSeq(ctx context.Context) (int64, error)
	ListExportInstances(ctx context.Context, organization string, only []string) ([]ExportInstance, error)
	// ListExportEntries gives entries of instances above a seq that arrived since, in order.
	ListExportEntries(ctx context.Context, instances []string, kinds []telemetry.Kind, after int64, since time.Time, limit int) ([]LogEntry, error)
	// CountMissedEntries counts those that arrived before, and says the seq of the last one.
	CountMissedEntries(ctx context.Context, instances []string, kinds []telemetry.Kind, after int64, before time.Time) (n, last int64, err error)

	// ExportedInstances gives those whose counters somebody has exported.
	ExportedInstances(ctx context.Context, ids []string) ([]string, error)
	ListTotals(ctx context.Context, instances []string) ([]MetricTotal, error)
	AddTotals(ctx context.Context, counts []MetricTotal, since time.Time) error
	// DeleteUnexportedTotals forgets those of an organization that nobody has exported any more.
	DeleteUnexportedTotals(ctx context.Context, organization string) error
	DeleteInstanceTotals(ctx context.Context, instance string) error
}

// Receiver is where telemetry is sent.
type Receiver struct {
	Endpoint string
	Headers  map[string]redact.Secret
}

// Sent is what a receiver made of a request that it took.
type Sent struct {
	Items   int64  // spans, data points or log records that it has
	Refused int64  // that it did not want
	Message string // why, in its own words, in which no header occurs
}

// Exporter speaks to receivers. Its errors say in words that are safe to show what went wrong: of kind TooLarge, when
// less may be taken; of kind Invalid, when this will never be taken; otherwise later may be better, after what RetryAfter says.
type Exporter interface {
	Traces(ctx context.Context, to Receiver, about map[string]ExportInstance, entries []LogEntry, identities bool) (Sent, error)
	Logs(ctx context.Context, to Receiver, about map[string]ExportInstance, entries []LogEntry, identities bool) (Sent, error)
	Metrics(ctx context.Context, to Receiver, about map[string]ExportInstance, totals []MetricTotal, at time.Time) (Sent, error)
	// Probe sends one item of a signal that says that it is a test.
	Probe(ctx context.Context, to Receiver, signal Signal, at time.Time) error
}

// RetryAfter is an error that says how long the receiver wants to be left alone.
type RetryAfter struct {
	Err   error
	After time.Duration
}

// Error is the text of what it carries.
func (r *RetryAfter) Error() string { return r.Err.Error() }

// Unwrap gives what it carries.
func (r *RetryAfter) Unwrap() error { return r.Err }

// Exports sends telemetry to receivers of OpenTelemetry, from what is stored: no write, and no runtime, waits for it.
//
//	runtimes ──► log_entries, in order of seq ──► position of a signal ──► traces, logs
//	         └─► metric_totals, sums that grow ─────────────────────────► metrics, once a minute
//
// A signal is taken by one replica at a time, as long as its lease lasts. What a receiver missed is sent later, entries
// for exportKept; then they are counted as dropped. Metrics miss nothing: sums grow.
type Exports struct {
	*core
	exporter Exporter
}

// What one organization may have.
const (
	maxExports = 10
	maxHeaders = 20
	maxHeader  = 4096
)

func exportLabel(e Export) string { return "telemetry-export/" + e.Organization + "/" + e.ID }

// List gives an organization's exports.
func (s *Exports) List(ctx context.Context, organization string, p Page) (list []Export, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListExports(ctx, organization, p.After, p.size()+1)
		return err
	})
	list, next = cut(p, list, func(e Export) string { return e.ID })
	return list, next, err
}

// Get gives one.
func (s *Exports) Get(ctx context.Context, organization, id string) (e Export, err error) {
	err = s.read(ctx, func(tx Tx) error {
		e, err = tx.GetExport(ctx, organization, id)
		return err
	})
	return e, err
}

// Create makes an export. It begins with what is logged and counted from now on.
func (s *Exports) Create(ctx context.Context, actor Actor, organization string, e Export, headers map[string]string, signals []Signal) (_ Export, err error) {
	e.Organization, e.Version, e.CreatedAt = organization, 1, s.now()
	e.UpdatedAt = e.CreatedAt
	if e.ID, err = s.ids.New(prefixExport); err != nil {
		return e, err
	}
	if err := e.check(signals); err != nil {
		return e, err
	}
	if err := s.sealHeaders(&e, headers, nil); err != nil {
		return e, err
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if err := checkInstances(ctx, tx, organization, e.Instances); err != nil {
			return Event{}, err
		}
		have, err := tx.ListExports(ctx, organization, "", maxExports)
		if err != nil {
			return Event{}, err
		}
		if len(have) >= maxExports {
			return Event{}, fault.Newf(fault.Conflict, "too_many_exports", "An organization has at most %d exports.", maxExports)
		}
		if err := tx.InsertExport(ctx, e); err != nil {
			return Event{}, err
		}
		if err := s.arrange(ctx, tx, &e, signals); err != nil {
			return Event{}, err
		}
		return Event{Kind: ExportCreated, Organization: organization, Target: e.ID, Changes: Changes{
			"name": {To: e.Name}, "endpoint": {To: e.Endpoint}, "headers": {To: e.HeaderNames}, "signals": {To: signals}, "identities": {To: e.Identities}, "instances": {To: e.Instances},
		}}, nil
	})
	return e, err
}

// arrange makes the rows of an export's signals, and reads them back. The lock keeps counters from being stored meanwhile:
// totals begin where they begin to be exported.
func (s *Exports) arrange(ctx context.Context, tx Tx, e *Export, signals []Signal) error {
	if err := tx.LockTelemetry(ctx); err != nil {
		return err
	}
	last, err := tx.LastSeq(ctx)
	if err != nil {
		return err
	}
	due := s.now()
	next := &due
	if e.Paused {
		next = nil
	}
	if err := tx.PutExportSignals(ctx, e.ID, signals, last, next); err != nil {
		return err
	}
	if err := tx.DeleteUnexportedTotals(ctx, e.Organization); err != nil {
		return err
	}
	all, err := tx.GetExport(ctx, e.Organization, e.ID)
	e.Signals = all.Signals
	return err
}

// ExportEdit is what changes of an export; nil members stay.
type ExportEdit struct {
	Name, Endpoint *string
	// Headers are all there are then; one without a value keeps the one that it has.
	Headers    *map[string]string
	Signals    *[]Signal
	Identities *bool
	Instances  *[]string
	Paused     *bool
}

// Update edits an export that is still of the version that the editor saw.
func (s *Exports) Update(ctx context.Context, actor Actor, organization, id string, seen int64, edit ExportEdit) (e Export, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if e, err = tx.LockExport(ctx, organization, id); err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, e.Version); err != nil {
			return Event{}, err
		}
		changes, signals := Changes{}, e.signals()
		set(changes, "name", &e.Name, edit.Name)
		set(changes, "endpoint", &e.Endpoint, edit.Endpoint)
		set(changes, "signals", &signals, edit.Signals)
		set(changes, "identities", &e.Identities, edit.Identities)
		set(changes, "instances", &e.Instances, edit.Instances)
		set(changes, "paused", &e.Paused, edit.Paused)
		if err := e.check(signals); err != nil {
			return Event{}, err
		}
		if err := s.editHeaders(&e, edit, changes); err != nil {
			return Event{}, err
		}
		if edit.Instances != nil {
			if err := checkInstances(ctx, tx, organization, e.Instances); err != nil {
				return Event{}, err
			}
		}
		e.Version, e.UpdatedAt = e.Version+1, s.now()
		if err := tx.UpdateExport(ctx, e); err != nil {
			return Event{}, err
		}
		return Event{Kind: ExportUpdated, Organization: organization, Target: id, Changes: changes}, s.arrange(ctx, tx, &e, signals)
	})
	return e, err
}

// signals are those that are sent.
func (e *Export) signals() []Signal {
	out := make([]Signal, len(e.Signals))
	for n, s := range e.Signals {
		out[n] = s.Signal
	}
	return out
}

// Delete removes an export.
func (s *Exports) Delete(ctx context.Context, actor Actor, organization, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		e, err := tx.LockExport(ctx, organization, id)
		if err != nil {
			return Event{}, err
		}
		if err := tx.LockTelemetry(ctx); err != nil {
			return Event{}, err
		}
		if err := tx.DeleteExport(ctx, organization, id); err != nil {
			return Event{}, err
		}
		return Event{Kind: ExportDeleted, Organization: organization, Target: id, Changes: Changes{"name": {From: e.Name}}}, tx.DeleteUnexportedTotals(ctx, organization)
	})
}

// Probe is how a test of one signal went.
type Probe struct {
	Signal Signal
	Error  string // empty: it was taken
}

// Test sends one item of each signal, and waits for how that goes.
func (s *Exports) Test(ctx context.Context, actor Actor, organization, id string) (list []Probe, err error) {
	e, err := s.Get(ctx, organization, id)
	if err != nil {
		return nil, err
	}
	to, err := s.receiver(e)
	if err != nil {
		return nil, err
	}
	changes := Changes{"name": {To: e.Name}}
	for _, signal := range e.signals() {
		p := Probe{Signal: signal}
		if err := s.exporter.Probe(ctx, to, signal, s.now()); err != nil { // before anything is written: no transaction waits for a receiver
			p.Error = fault.Of(err).Message
		}
		list = append(list, p)
		changes[string(signal)] = Change{To: p.Error == ""}
	}
	return list, s.change(ctx, actor, func(tx Tx) (Event, error) {
		_, err := tx.GetExport(ctx, organization, id)
		return Event{Kind: ExportTested, Organization: organization, Target: id, Changes: changes}, err
	})
}
