package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// Reason is why a message is sent.
type Reason string

// The reasons.
const (
	ReasonOpened   Reason = "opened"
	ReasonReminder Reason = "reminder"
	ReasonClosed   Reason = "closed"
	ReasonTest     Reason = "test"
)

// AlertMessage is what one channel is told of one alert.
type AlertMessage struct {
	ID, Channel string
	Alert       string // "": a test
	Reason      Reason
	CreatedAt   time.Time
	DueAt       *time.Time // nil: over
	Attempts    int
	DeliveredAt *time.Time
	Error       string // of the last attempt
}

type alertMessageTx interface {
	InsertAlertMessage(ctx context.Context, m AlertMessage) error
	// LastAlertMessages says when each channel was last told of each open alert.
	LastAlertMessages(ctx context.Context) (map[[2]string]time.Time, error)
	// ClaimAlertMessages gives what is due, and keeps it from others until the lease ends.
	ClaimAlertMessages(ctx context.Context, now, lease time.Time, limit int) ([]AlertMessage, error)
	SettleAlertMessage(ctx context.Context, m AlertMessage) error
	ListAlertMessages(ctx context.Context, channels []string, limit int) ([]AlertMessage, error)
	DeleteOldAlertMessages(ctx context.Context, before time.Time) error
}

// WebhookSender sends a signed webhook to an address that a tenant chose. Its errors say in words that are safe
// to show what went wrong.
type WebhookSender interface {
	Send(ctx context.Context, url string, secret redact.Secret, id string, body []byte) error
}

const (
	alertLease   = 2 * time.Minute
	alertsAtOnce = 16
)

// alertPauses are those between attempts; after the last a message is given up.
var alertPauses = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour}

// Tell sends what is due, and notes how that went.
func (s *Alerts) Tell(ctx context.Context) error {
	for {
		var list []AlertMessage
		err := s.store.InTx(ctx, func(tx Tx) (err error) {
			now := s.now()
			list, err = tx.ClaimAlertMessages(ctx, now, now.Add(alertLease), alertsAtOnce)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		var wg sync.WaitGroup // a slow receiver holds up nobody else's messages for longer than its time
		for _, m := range list {
			wg.Go(func() { s.tell(ctx, m) })
		}
		wg.Wait()
		if len(list) < alertsAtOnce || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// tell makes one attempt.
func (s *Alerts) tell(ctx context.Context, m AlertMessage) {
	err := s.send(ctx, m)
	if ctx.Err() != nil {
		return // the lease ends, and another replica sends it
	}
	now := s.now()
	m.DueAt, m.Error = nil, ""
	switch {
	case err == nil:
		m.DeliveredAt = &now
	default:
		f := fault.Of(err)
		m.Error = f.Message
		if m.Attempts <= len(alertPauses) && f.Kind != fault.Invalid && f.Kind != fault.NotFound && m.Reason != ReasonTest {
			due := now.Add(alertPauses[m.Attempts-1])
			m.DueAt = &due
		}
	}
	if err := s.store.InTx(ctx, func(tx Tx) error { return tx.SettleAlertMessage(ctx, m) }); err != nil {
		s.log.WarnContext(ctx, "cannot note that an alert was sent; it may come twice, under the same id", "message", m.ID, "error", err)
	}
}

// alertBody is what a webhook carries.
type alertBody struct {
	Type      string       `json:"type"` // alert.opened, alert.reminder, alert.closed, alert.test
	Timestamp time.Time    `json:"timestamp"`
	Data      alertPayload `json:"data"`
}

type alertPayload struct {
	ID           string     `json:"id,omitempty"`
	Rule         Rule       `json:"rule,omitempty"`
	Severity     Severity   `json:"severity,omitempty"`
	Summary      string     `json:"summary"`
	InstanceID   string     `json:"instance_id,omitempty"`
	InstanceName string     `json:"instance_name,omitempty"`
	Organization string     `json:"organization_id,omitempty"` // of an alert that is no instance's
	OrgName      string     `json:"organization_name,omitempty"`
	OpenedAt     *time.Time `json:"opened_at,omitempty"`
	ClosedAt     *time.Time `json:"closed_at,omitempty"`
	URL          string     `json:"url,omitempty"`
}

// send sends one message by its channel.
func (s *Alerts) send(ctx context.Context, m AlertMessage) error {
	var c AlertChannel
	data := alertPayload{Summary: "This is a test. Alerts of Turnkey arrive here."}
	err := s.read(ctx, func(tx Tx) (err error) {
		if c, err = tx.AnyAlertChannel(ctx, m.Channel); err != nil || m.Alert == "" {
			return err
		}
		a, name, err := tx.GetAlert(ctx, m.Alert)
		if err != nil {
			return err
		}
		data = alertPayload{ID: a.ID, Rule: a.Rule, Severity: a.Severity, Summary: a.Summary, InstanceID: a.Instance, InstanceName: name, OpenedAt: &a.OpenedAt, ClosedAt: a.ClosedAt}
		if a.Instance == "" {
			data.InstanceName, data.Organization, data.OrgName = "", a.Organization, name
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.Paused && m.Reason != ReasonTest {
		return fault.New(fault.Invalid, "channel_paused", "The channel is paused.")
	}
	if c.Kind == MailChannel {
		return s.sendMail(ctx, c, m, data)
	}
	secret, err := s.vault.Open(c.Sealed, channelLabel(c))
	if err != nil {
		return err
	}
	body, err := json.Marshal(alertBody{Type: "alert." + string(m.Reason), Timestamp: m.CreatedAt, Data: data})
	if err != nil {
		return fmt.Errorf("write an alert: %w", err)
	}
	if s.webhooks == nil {
		return fault.New(fault.Unavailable, "webhooks_unavailable", "This installation sends no webhooks.")
	}
	return s.webhooks.Send(ctx, c.Target, redact.New(string(secret)), m.ID, body)
}

func (s *Alerts) sendMail(ctx context.Context, c AlertChannel, m AlertMessage, d alertPayload) error {
	if err := s.needMail(); err != nil {
		return err
	}
	subject := "Turnkey: a test of alerts"
	if m.Alert != "" {
		subject = fmt.Sprintf("[%s] %s: %s", m.Reason, d.InstanceName+d.OrgName, d.Rule)
	}
	text := d.Summary + "\n"
	if m.Alert != "" {
		about := fmt.Sprintf("Instance: %s (%s)", d.InstanceName, d.InstanceID)
		if d.InstanceID == "" {
			about = fmt.Sprintf("Organization: %s (%s)", d.OrgName, d.Organization)
		}
		text += fmt.Sprintf("\n%s\nRule: %s\nSince: %s\n", about, d.Rule, d.OpenedAt.UTC().Format(time.RFC1123))
	}
	return s.store.InTx(ctx, func(tx Tx) error {
		return s.post(ctx, tx, Mail{Kind: "alert", To: c.Target, Subject: subject, Text: text}) // the outbox of mails tries again by itself
	})
}

// Test has a message sent to a channel, and waits for how that goes.
func (s *Alerts) Test(ctx context.Context, actor Actor, organization, channel string) (m AlertMessage, err error) {
	now := s.now()
	m = AlertMessage{Channel: channel, Reason: ReasonTest, CreatedAt: now, Attempts: 1}
	if m.ID, err = s.ids.New(prefixAlertMessage); err != nil {
		return m, err
	}
	if err := s.read(ctx, func(tx Tx) error { _, err := tx.GetAlertChannel(ctx, organization, channel); return err }); err != nil {
		return m, err
	}
	if failure := s.send(ctx, m); failure != nil { // before anything is written: no transaction waits for a receiver
		m.Error = fault.Of(failure).Message
	} else {
		m.DeliveredAt = &now
	}
	return m, s.change(ctx, actor, func(tx Tx) (Event, error) {
		c, err := tx.GetAlertChannel(ctx, organization, channel)
		if err != nil {
			return Event{}, err
		}
		return Event{Kind: AlertChannelTested, Organization: organization, Target: channel, Changes: Changes{"name": {To: c.Name}, "error": {To: m.Error}}}, tx.InsertAlertMessage(ctx, m)
	})
}

// Messages gives what was sent by channels, newest first.
func (s *Alerts) Messages(ctx context.Context, organization, channel string) (list []AlertMessage, err error) {
	err = s.read(ctx, func(tx Tx) error {
		if _, err := tx.GetAlertChannel(ctx, organization, channel); err != nil {
			return err
		}
		list, err = tx.ListAlertMessages(ctx, []string{channel}, MaxPage)
		return err
	})
	return list, err
}

// Sweep forgets tests that are long over.
func (s *Alerts) Sweep(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx Tx) error { return tx.DeleteOldAlertMessages(ctx, s.now().Add(-alertKept)) })
}
