package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// waiting is an instance with so many records in each state.
type waiting struct {
	command.Live
	source.Outbox
	conflicts  map[source.ConflictStatus]int
	rejections map[source.RejectionStatus]int
	deliveries map[source.DeliveryStatus]int
	fail       error
}

// some gives as many records as a list would.
func some[T any](n, limit int) []T { return slices.Repeat(make([]T, 1), min(n, limit)) }

func (w waiting) Conflicts(_ context.Context, f source.ConflictFilter) ([]source.ConflictRecord, error) {
	return some[source.ConflictRecord](w.conflicts[f.Status[0]], f.Limit), w.fail
}

func (w waiting) Rejections(_ context.Context, f source.RejectionFilter) ([]source.Rejection, error) {
	return some[source.Rejection](w.rejections[f.Status[0]], f.Limit), w.fail
}

func (w waiting) Deliveries(_ context.Context, f source.DeliveryFilter) ([]source.Delivery, error) {
	return some[source.Delivery](w.deliveries[f.Status[0]], f.Limit), w.fail
}

// What waits is counted by state, up to a bound; what is settled is nobody's work and is left out.
func TestCountingWhatWaits(t *testing.T) {
	w := waiting{
		conflicts:  map[source.ConflictStatus]int{source.ConflictOpen: 3, source.ConflictDecided: 5000, source.ConflictResolved: 9},
		rejections: map[source.RejectionStatus]int{source.Open: 40, source.Replayed: 9},
		deliveries: map[source.DeliveryStatus]int{source.Dead: 2, source.Delivered: 900},
	}
	ask := func(w waiting, name command.Name) (string, error) {
		do := command.ForLive(func(_ context.Context, _ string, do func(command.Live) error) error { return do(w) }, time.Now)[name]
		if name == command.DeliveryCount {
			do = command.ForDeliveries(func(_ context.Context, _ string, do func(source.Outbox) error) error { return do(w) }, func(string) {}, time.Now)[name]
		}
		got, err := do(ctx, command.Command{Name: name, Instance: "ins_1", Argument: json.RawMessage("null")}, nil)
		return string(must(json.Marshal(got))), err
	}
	for name, want := range map[command.Name]string{
		command.InboxCount:    `{"conflicts":{"decided":100,"open":3},"rejections":{"held":0,"open":40}}`,
		command.DeliveryCount: `{"dead":2,"pending":0}`,
	} {
		if got, err := ask(w, name); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", name, got, err, want)
		}
		if _, err := ask(waiting{fail: &source.Failure{Class: source.Down, Code: "source_unavailable", Err: errors.New("down")}}, name); fault.Of(err).Kind != fault.Unavailable {
			t.Errorf("%s of a database that is down: %v", name, err)
		}
	}
	notYet := waiting{fail: &source.Failure{Code: "SOURCE_NOT_PREPARED"}}
	if got, err := ask(notYet, command.DeliveryCount); err != nil || got != `{"dead":0,"pending":0}` {
		t.Errorf("without an outbox: %s %v", got, err)
	}
}
