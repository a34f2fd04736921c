package effect

import (
	"context"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/outbox"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// AfterCommit runs afterCommit hooks for an outbox.
type AfterCommit struct{ hooks *Hooks }

var _ outbox.Runner = AfterCommit{}

// AfterCommit gives it.
func (h *Hooks) AfterCommit() AfterCommit { return AfterCommit{h} }

// Handles implements outbox.Runner.
func (AfterCommit) Handles(b *bundle.Bundle) bool {
	if b.Program == nil {
		return false
	}
	for _, e := range b.Program.Hooks {
		if b.Program.Has(e.Name, hook.AfterCommit) {
			return true
		}
	}
	return false
}

// Run implements outbox.Runner.
func (a AfterCommit) Run(ctx context.Context, c outbox.Call) (log string, err error) {
	h, d := a.hooks, c.Delivery
	var what hook.Committed
	if err := json.Unmarshal(d.Payload, &what); err != nil { // a newer runtime may have written more
		return "", outbox.GaveUp(fault.Wrap(err, fault.Invalid, "payload_unreadable", "The delivery does not say what was committed."))
	}
	if !c.Bundle.Program.Has(what.Change.Table, hook.AfterCommit) {
		return "", fault.New(fault.Invalid, "outbox_missing", "The active deployment has no afterCommit for the table "+what.Change.Table+".")
	}
	call, err := what.Call(d.ID)
	if err != nil {
		return "", err
	}
	o, err := h.run(ctx, c.Bundle, &h.commit, call, &what.User)
	if err != nil && overtime(ctx) {
		return "", failed(hook.ClassTimeout, "The hook and what it waited for took too long.")
	} else if f := death(err); f != nil {
		return "", failed(f.Class, failing(c.Bundle.Program, &call, f))
	} else if err != nil {
		return "", err
	}
	h.tell(c.Bundle, &call, o, telemetry.Entry{RequestID: d.RequestID, UserID: d.UserID, Lane: d.Lane})
	why := ""
	if o.Failure != nil {
		why = failing(c.Bundle.Program, &call, o.Failure)
	}
	log = logged(o, why)
	switch o.Result {
	case hook.Done:
		return log, h.enqueue(ctx, &c, &what, o.Effects)
	case hook.Failed:
		return log, failed(o.Failure.Class, why)
	case hook.Absent:
		return log, failed("outbox_missing", "The active deployment has no afterCommit for the table "+what.Change.Table+".")
	}
	return log, failed(hook.ClassInvalidResult, "afterCommit cannot refuse what has been committed.") // only a worker that was taken over says so
}

// logged is what is kept with the attempt: why it failed, then the log.
func logged(o *hook.Outcome, why string) string {
	var lines []string
	if why != "" {
		lines = append(lines, why)
	}
	for i := range o.Logs {
		lines = append(lines, "["+string(o.Logs[i].Level)+"] "+o.Logs[i].String())
	}
	return strings.Join(lines, "\n")
}

// enqueueTries bounds how often the writing of effects starts over where another write was in the way.
const enqueueTries = 5

// enqueue writes what the hook enqueued, in a transaction of its own.
func (h *Hooks) enqueue(ctx context.Context, c *outbox.Call, what *hook.Committed, effects []hook.Effect) error {
	if len(effects) == 0 {
		return nil
	}
	list, err := h.deliveries(c, effects)
	if err != nil {
		return err
	}
	for range enqueueTries {
		if err = write(ctx, c.Source, source.Session{UserID: what.User.ID, Claims: claims(what.User.Claims)}, list); err == nil {
			return nil
		}
		if f := source.FailureOf(err); f == nil || f.Class != source.Conflict {
			break
		}
	}
	if f := source.FailureOf(err); f != nil && f.Class == source.Misconfigured {
		return fault.Wrap(err, fault.Invalid, f.Code, "What the hook enqueued could not be written. "+f.Message)
	}
	return fault.Wrap(err, fault.Unavailable, "source_unavailable", "What the hook enqueued could not be written.")
}

// deliveries makes the rows. Their ids come from the delivery's, so that another attempt writes the same ones.
func (h *Hooks) deliveries(c *outbox.Call, effects []hook.Effect) ([]source.Delivery, error) {
	d, now := c.Delivery, h.cfg.Now().UTC().Truncate(time.Millisecond)
	out := make([]source.Delivery, len(effects))
	for n, e := range effects {
		if _, known := c.Bundle.Config.Outbox[e.Outbox]; !known {
			return nil, failed(hook.ClassError, "ctx.enqueue names the outbox "+e.Outbox+", which is not under outbox of the configuration.")
		}
		out[n] = source.Delivery{
			ID: source.DeliveryID(d.CreatedAt, "delivery "+d.ID, 0, n), Kind: source.Webhook, Lane: e.Outbox, UserID: d.UserID, TableName: d.TableName, RowID: d.RowID,
			RequestID: d.RequestID, Deployment: c.Bundle.Deployment, CreatedAt: now, Payload: e.Payload,
		}
	}
	return out, nil
}

func write(ctx context.Context, src source.Source, as source.Session, list []source.Delivery) error {
	tx, err := src.Begin(ctx, as)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	return tx.Apply(ctx, nil, &source.Finish{Deliveries: list})
}

// claims are the writer's, for a database that looks at them.
func claims(text []byte) map[string]any {
	out := map[string]any{}
	if len(text) > 0 && json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}
