package controlplane

import (
	"context"
	"fmt"
	"strings"
	"time"

	"turnkey/runtime/telemetry"
)

// Rule is a reason to alert somebody.
type Rule string

// The rules.
const (
	FirstRejection     Rule = "first_rejection"     // a write was refused after a day without
	RejectionRate      Rule = "rejection_rate"      // many of the last 15 minutes' writes were
	DeploymentTaken    Rule = "deployment_brake"    // a deployment was taken back by itself
	SourceDown         Rule = "source_down"         // writes wait for the database, or for a setting of it
	CredentialsFailing Rule = "credentials_failing" // the database refuses ours, or we refuse most of the apps'
	KeyExpiring        Rule = "key_expiring"        // an API key of an instance ends within a week
	TokenExpiring      Rule = "token_expiring"      // an API token of the organization does, and lived longer than that
	StuckDevice        Rule = "stuck_device"        // a device's first write comes back, or it does not get in
)

// Rules lists them.
var Rules = []Rule{FirstRejection, RejectionRate, DeploymentTaken, SourceDown, CredentialsFailing, KeyExpiring, TokenExpiring, StuckDevice}

// Alert is something that somebody was, or would have been, told. It is open while it holds.
type Alert struct {
	ID, Organization, Instance string // Instance is empty for what is the organization's
	Rule                       Rule
	Subject                    string // what of it, where a rule tells several apart
	Severity                   Severity
	Summary                    string
	OpenedAt, SeenAt           time.Time
	ClosedAt                   *time.Time
}

// AlertFilter narrows a list of alerts.
type AlertFilter struct {
	Open     bool
	Instance string
}

type alertTx interface {
	// TryLockAlerts reports that nobody else judges until the transaction ends.
	TryLockAlerts(ctx context.Context) (bool, error)
	InsertAlert(ctx context.Context, a Alert) error
	SeeAlert(ctx context.Context, id, summary string, at time.Time) error
	CloseAlert(ctx context.Context, id string, at time.Time) error
	ListOpenAlerts(ctx context.Context) ([]Alert, error)
	// ListAlerts gives an organization's, newest first, below an id.
	ListAlerts(ctx context.Context, organization, before string, f AlertFilter, limit int) ([]Alert, error)
	// GetAlert gives one with the name of its instance, or of its organization.
	GetAlert(ctx context.Context, id string) (a Alert, name string, err error)
	CloseAlertsOfDeleted(ctx context.Context, at time.Time) error
	DeleteOldAlerts(ctx context.Context, before time.Time) error
}

// Alerts judges what was observed, and tells people by their channels.
//
//	observed ──► findings ──► alerts (open, closed) ──► messages, one for each channel ──► mail, webhook
//	             one replica at a time, every 15 s                 any replica, with back-off
type Alerts struct {
	*core
	webhooks WebhookSender
}

// List gives an organization's alerts, newest first.
func (s *Alerts) List(ctx context.Context, organization string, f AlertFilter, p Page) (list []Alert, next string, err error) {
	before := p.After
	if before == "" {
		before = "~" // above every id
	}
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListAlerts(ctx, organization, before, f, p.size()+1)
		return err
	})
	list, next = cut(p, list, func(a Alert) string { return a.ID })
	return list, next, err
}

// finding is a rule that holds.
type finding struct {
	rule     Rule
	subject  string
	severity Severity
	summary  string
	// opens says that it is enough to open an alert; otherwise it only keeps an open one from closing.
	opens bool
}

// Bounds of the rules: what opens an alert is more than what keeps it open, so that it does not flutter.
const (
	judgeSpan     = 15 * time.Minute
	judgeLeast    = 20 // transactions or tokens, without which a rate says nothing
	quietDay      = 24 * time.Hour
	troubleLasts  = 30 * time.Second // before it is told; a database that elects a primary is down for less
	seenAgainEach = 5 * time.Minute
)

// findings judges one instance.
func findings(o *Observed, now time.Time) (list []finding) {
	add := func(rule Rule, subject string, severity Severity, opens bool, format string, args ...any) {
		list = append(list, finding{rule, subject, severity, fmt.Sprintf(format, args...), opens})
	}
	if last := o.Sights[telemetry.SightRejection].Last; !last.IsZero() && now.Sub(last) < quietDay {
		add(FirstRejection, "", Warning, now.Sub(last) < judgeSpan, "A write was refused, the first for a day. It is kept and can be corrected and replayed.")
	}
	fatal, applied := o.Outcomes[telemetry.Transactions][string(telemetry.Fatal)], o.Outcomes[telemetry.Transactions][string(telemetry.Success)]
	if fatal >= judgeLeast/4 && 10*fatal >= fatal+applied {
		add(RejectionRate, "", Critical, fatal >= judgeLeast && 5*fatal >= fatal+applied, "%d of %d transactions of the last 15 minutes were refused.", fatal, fatal+applied)
	}
	if o.Braked > 0 {
		add(DeploymentTaken, fmt.Sprint(o.Braked), Critical, true, "Deployment %d refused what the one before it took, and was taken back.", o.Braked)
	}
	if c := o.trouble(false); c != nil {
		add(SourceDown, "", Critical, now.Sub(c.Since) >= troubleLasts, "Writes are held back: %s", c.Message)
	}
	if c := o.trouble(true); c != nil {
		add(CredentialsFailing, "source", Critical, now.Sub(c.Since) >= troubleLasts, "The database refuses our credentials: %s", c.Message)
	}
	refused, issued := o.Outcomes[telemetry.Tokens][string(telemetry.Refused)], o.Outcomes[telemetry.Tokens][string(telemetry.Issued)]
	if refused >= judgeLeast/4 && 4*refused >= refused+issued {
		add(CredentialsFailing, "tokens", Warning, refused >= judgeLeast && 2*refused >= refused+issued, "%d of %d token requests of the last 15 minutes were refused.", refused, refused+issued)
	}
	for _, k := range o.Keys {
		add(KeyExpiring, k.ID, Warning, true, "The API key %q ends at %s.", k.Name, k.Ends.UTC().Format(time.RFC3339))
	}
	if n := o.Waiting + o.Refused; n > 0 {
		add(StuckDevice, "", Warning, true, "%s", stuckSummary(o))
	}
	return list
}

// tokenFinding is about a token of an organization.
func tokenFinding(t EndingToken) finding {
	return finding{TokenExpiring, t.ID, Warning, fmt.Sprintf("The API token %q ends at %s.", t.Name, t.Ends.UTC().Format(time.RFC3339)), true}
}

func stuckSummary(o *Observed) string {
	var parts []string
	if o.Waiting > 0 {
		parts = append(parts, count(o.Waiting, "device sends", "devices send")+" the same write again and again")
	}
	if o.Refused > 0 {
		parts = append(parts, count(o.Refused, "device is", "devices are")+" turned away with a refused credential")
	}
	return strings.Join(parts, "; ") + "."
}
