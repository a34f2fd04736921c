package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/command"
	"turnkey/runtime/source"
)

// fakeOutbox has one delivery, and moves it where told.
type fakeOutbox struct {
	source.Outbox
	d       source.Delivery
	refuses bool
	fail    error
}

func (o *fakeOutbox) Delivery(_ context.Context, id string) (*source.Delivery, error) {
	if id != o.d.ID {
		return nil, o.fail
	}
	d := o.d
	return &d, o.fail
}

func (o *fakeOutbox) MoveDelivery(_ context.Context, m source.DeliveryMove) (bool, error) {
	if o.refuses {
		return false, nil
	}
	o.d.Status, o.d.SettledBy = m.To, m.By
	return true, nil
}

func (o *fakeOutbox) Deliveries(context.Context, source.DeliveryFilter) ([]source.Delivery, error) {
	return nil, o.fail
}

func (o *fakeOutbox) EraseDeliveries(context.Context, string) (int, error) { return 0, o.fail }

func TestDecisionsAboutDeliveries(t *testing.T) {
	o := &fakeOutbox{d: source.Delivery{ID: "dlv_1", Status: source.Dead, Payload: []byte("{}")}}
	woken := ""
	do := command.ForDeliveries(func(_ context.Context, instance string, do func(source.Outbox) error) error { return do(o) },
		func(instance string) { woken += instance }, time.Now)
	ask := func(name command.Name, argument any) (any, error) {
		t.Helper()
		return do[name](ctx, command.Command{Name: name, Instance: "ins_1", Argument: must(json.Marshal(argument)), Actor: command.Actor{UserID: "usr_1"}}, nil)
	}
	got, err := ask(command.DeliveryRedeliver, "dlv_1")
	if d, ok := got.(*source.Delivery); err != nil || !ok || d.Status != source.Pending || d.Payload != nil || woken != "ins_1" {
		t.Errorf("%+v %v, woken %q", got, err, woken)
	}
	got, err = ask(command.DeliveryDiscard, "dlv_1")
	if d, ok := got.(*source.Delivery); err != nil || !ok || d.Status != source.Dropped || d.SettledBy != "usr_1" || woken != "ins_1" {
		t.Errorf("%+v %v", got, err)
	}
	o.refuses = true
	for name, code := range map[command.Name]string{command.DeliveryRedeliver: "delivery_under_way", command.DeliveryDiscard: "delivery_settled"} {
		if _, err := ask(name, "dlv_1"); !fault.Is(err, code) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ask(name, "dlv_2"); !fault.Is(err, "not_found") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if woken != "ins_1" {
		t.Error("nothing is due, and somebody is woken")
	}
}

// A source that was prepared before there were outboxes has nothing in one, which is no failure; one that
// is down is.
func TestASourceWithoutAnOutbox(t *testing.T) {
	o := &fakeOutbox{}
	do := command.ForDeliveries(func(_ context.Context, _ string, do func(source.Outbox) error) error { return do(o) }, func(string) {}, time.Now)
	for fail, code := range map[string]string{"SOURCE_NOT_PREPARED": "", "source_down": "source_down"} {
		o.fail = &source.Failure{Class: source.Misconfigured, Code: fail, Message: "m", Change: -1, Err: errors.New("raw")}
		for name, argument := range map[command.Name]string{command.DeliveryList: "{}", command.DeliveryErase: `"u1"`} {
			if _, err := do[name](ctx, command.Command{Argument: json.RawMessage(argument)}, nil); (err == nil) != (code == "") || err != nil && !fault.Is(err, code) {
				t.Errorf("%s of a source that says %s: %v", name, fail, err)
			}
		}
		if _, err := do[command.DeliveryGet](ctx, command.Command{Argument: json.RawMessage(`"dlv_1"`)}, nil); err == nil || code == "" && !fault.Is(err, "not_found") {
			t.Errorf("%v", err)
		}
	}
}
