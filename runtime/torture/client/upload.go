package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"turnkey/runtime/torture/history"
)

const (
	// patience of an ordinary client: the stock connector's.
	patience = 30 * time.Second
	// retryDelay after trouble; the SDK waits 5 s, which would only make runs long.
	retryDelay = 100 * time.Millisecond
)

// result of one transaction, as far as a connector looks at it.
type result struct {
	Status                 string          `json:"status"`
	RequiresClientHandling *bool           `json:"requires_client_handling"`
	RetryAfterMS           int64           `json:"retry_after_ms"`
	ErrorCode              string          `json:"error_code"`
	FailedOperation        *failedFragment `json:"failed_operation"`
}

type failedFragment struct {
	ErrorCode string `json:"error_code"`
	Message   string `json:"message"`
}

// Upload sends the head of the queue once and takes off what is settled. It returns how long to wait
// before the next try; zero when there was progress.
func (d *Device) Upload(ctx context.Context) time.Duration {
	if len(d.disk.queue) == 0 {
		return 0
	}
	r := d.compose()
	tags := d.tags(r.parts)
	first := d.send(ctx, r.body, tags)
	if d.chance(d.opt.Odds.Twice) { // a proxy or an impatient client repeats it at once
		second := d.send(ctx, r.body, tags)
		d.observe(<-second, r.parts)
	}
	if d.chance(d.opt.Odds.Late) {
		d.later(ctx, r.body, tags)
	}
	return d.settle(<-first, r.parts)
}

func (d *Device) chance(p float64) bool { return p > 0 && d.opt.Rand.Float64() < p }

func (d *Device) tags(parts []part) []string {
	var out []string
	for _, p := range parts {
		for _, e := range d.disk.queue[p.from:p.to] {
			out = append(out, e.op.Tag)
		}
	}
	return out
}

// heard is how a request ended.
type heard struct {
	status int
	body   []byte
	err    error
}

// send starts a request; its end arrives on the channel.
func (d *Device) send(ctx context.Context, body []byte, tags []string) <-chan heard {
	limit := d.opt.Patience
	if d.chance(d.opt.Odds.Impatient) {
		limit = time.Duration(1+d.opt.Rand.IntN(60)) * time.Millisecond
	}
	d.opt.Log.Add(history.Event{Kind: history.Send, Device: d.opt.Name, User: d.opt.Subject, Session: d.session, Tags: tags})
	out := make(chan heard, 1)
	subject, transport := d.opt.Subject, d.opt.Transport
	d.opt.Copies.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		status, answer, err := transport.Post(ctx, subject, body)
		out <- heard{status, answer, err}
	})
	return out
}

// later lets a copy of this request arrive when newer ones are long done. Nobody hears the answer.
func (d *Device) later(ctx context.Context, body []byte, tags []string) {
	delay := time.Duration(d.opt.Rand.Int64N(int64(d.opt.Late) + 1))
	subject, transport, name, log := d.opt.Subject, d.opt.Transport, d.opt.Name, d.opt.Log
	d.opt.Copies.Go(func() {
		ctx := context.WithoutCancel(ctx) // part of the load, also when the load has ended
		<-time.After(delay)
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		log.Add(history.Event{Kind: history.Send, Device: name, User: subject, Tags: tags, Note: "late copy after " + delay.Round(time.Millisecond).String()})
		_, _, _ = transport.Post(ctx, subject, body)
	})
}

// settle does what a connector does with an answer.
func (d *Device) settle(h heard, parts []part) time.Duration {
	results, wait := d.read(h, parts)
	if results == nil {
		return wait
	}
	done := 0
	for i, r := range results {
		if r.Status != "success" && r.Status != "fatal_error" {
			if r.Status == "retryable_error" {
				wait = time.Duration(r.RetryAfterMS) * time.Millisecond
			}
			break
		}
		done = parts[i].to
	}
	d.note(results, parts)
	if d.opt.Form == Batch { // it knows only the status code
		if h.status != http.StatusOK {
			return d.polite(wait)
		}
		done = parts[len(parts)-1].to
	}
	if done == 0 {
		return d.polite(wait)
	}
	d.commit()
	d.disk.queue = slices.Clone(d.disk.queue[done:])
	return 0
}

// observe records what the answer to a repeat says.
func (d *Device) observe(h heard, parts []part) {
	if results, _ := d.read(h, parts); results != nil {
		d.note(results, parts)
	}
}

// note records the outcome of each operation.
func (d *Device) note(results []result, parts []part) {
	for i, r := range results {
		tags := d.tags(parts[i : i+1])
		switch r.Status {
		case "success":
			d.opt.Log.Add(history.Event{Kind: history.OK, Device: d.opt.Name, Session: d.session, Tags: tags})
		case "fatal_error":
			d.opt.Log.Add(history.Event{Kind: history.Rejected, Device: d.opt.Name, User: d.opt.Subject, Session: d.session, Tags: tags, Note: r.FailedOperation.ErrorCode})
		case "retryable_error":
			d.opt.Log.Add(history.Event{Kind: history.Info, Device: d.opt.Name, Session: d.session, Tags: tags, Note: r.ErrorCode})
		}
	}
}

// read checks an answer as our connector does; nil results mean that there is nothing to go by.
func (d *Device) read(h heard, parts []part) (results []result, wait time.Duration) {
	tags := d.tags(parts)
	add := func(kind history.Kind, note string) {
		d.opt.Log.Add(history.Event{Kind: kind, Device: d.opt.Name, Session: d.session, Tags: tags, Note: note})
	}
	switch {
	case h.err != nil:
		add(history.Info, h.err.Error())
		return nil, retryDelay
	case h.status == http.StatusOK || h.status == http.StatusServiceUnavailable && d.opt.Form == Batch:
	case h.status >= 500:
		add(history.Info, http.StatusText(h.status))
		return nil, retryDelay
	default: // every other status blocks a stock client's queue for ever
		add(history.Contract, fmt.Sprintf("status %d: %.200s", h.status, h.body))
		return nil, retryDelay
	}
	var answer struct {
		Results []result `json:"results"`
	}
	err := json.Unmarshal(h.body, &answer)
	if h.status != http.StatusOK && (err != nil || len(answer.Results) != len(parts)) { // held back as a whole
		add(history.Info, http.StatusText(h.status))
		return nil, retryDelay
	}
	if err != nil || len(answer.Results) != len(parts) || slices.ContainsFunc(answer.Results, unknown) {
		add(history.Contract, fmt.Sprintf("malformed answer: %.200s", h.body))
		return nil, retryDelay
	}
	return answer.Results, retryDelay
}

// unknown finds results that the contract does not have.
func unknown(r result) bool {
	switch r.Status {
	case "success", "retryable_error", "not_attempted":
		return false
	case "fatal_error":
		return r.RequiresClientHandling == nil || r.FailedOperation == nil || r.FailedOperation.ErrorCode == ""
	}
	return true
}

func (d *Device) polite(wait time.Duration) time.Duration {
	return max(time.Millisecond, min(wait, d.opt.LongestWait))
}

// Resend sends the head of the queue and forgets the answer: for the device it was lost.
func (d *Device) Resend(ctx context.Context) {
	r := d.compose()
	h := <-d.send(ctx, r.body, d.tags(r.parts))
	d.opt.Log.Add(history.Event{Kind: history.Info, Device: d.opt.Name, Session: d.session, Tags: d.tags(r.parts), Note: fmt.Sprintf("status %d, forgotten", h.status)})
}

// Copy is the request of this moment, to be delivered whenever the function is called.
func (d *Device) Copy() (deliver func(ctx context.Context)) {
	r := d.compose()
	tags := d.tags(r.parts)
	return func(ctx context.Context) { <-d.send(ctx, r.body, tags) }
}
