package controlplane

import (
	"context"
	"time"
)

// Watch judges and tells until ctx ends. Every replica may run it: one judges at a time, and a message is taken by one.
func (s *Alerts) Watch(ctx context.Context) error {
	turns := time.NewTicker(judgeEvery)
	defer turns.Stop()
	for {
		if err := s.Judge(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "cannot judge what runtimes observed; alerts wait", "error", err)
		}
		if err := s.Tell(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "cannot send alerts for the moment", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-turns.C:
		}
	}
}

const (
	judgeEvery = 15 * time.Second
	// alertKept is how long closed alerts, and what was sent about them, are shown.
	alertKept = 90 * 24 * time.Hour
)

// Judge opens and closes alerts as what was observed demands, and notes what is to be sent. It does nothing
// while another replica does it.
func (s *Alerts) Judge(ctx context.Context) error {
	return s.store.InTx(ctx, func(tx Tx) error {
		mine, err := tx.TryLockAlerts(ctx)
		if err != nil || !mine {
			return err
		}
		j := &judgement{Alerts: s, tx: tx, now: s.now()}
		if err := j.read(ctx); err != nil {
			return err
		}
		if err := j.open(ctx); err != nil {
			return err
		}
		if err := j.close(ctx); err != nil {
			return err
		}
		if err := tx.CloseAlertsOfDeleted(ctx, j.now); err != nil {
			return err
		}
		return tx.DeleteOldAlerts(ctx, j.now.Add(-alertKept))
	})
}

// judgement is one turn.
type judgement struct {
	*Alerts
	tx       Tx
	now      time.Time
	observed []Observed
	tokens   []EndingToken
	channels []AlertChannel
	alerts   map[alertKey]*Alert     // open
	told     map[[2]string]time.Time // when, by alert and channel
}

type alertKey struct {
	organization, instance string
	rule                   Rule
	subject                string
}

func (j *judgement) read(ctx context.Context) (err error) {
	if j.observed, err = j.observe(ctx, j.tx, "", j.now.Add(-judgeSpan)); err != nil {
		return err
	}
	if j.tokens, err = j.tx.ListEndingTokens(ctx, j.now, j.now.Add(keyNotice), keyNotice); err != nil {
		return err
	}
	if j.channels, err = j.tx.ListAllAlertChannels(ctx); err != nil {
		return err
	}
	open, err := j.tx.ListOpenAlerts(ctx)
	if err != nil {
		return err
	}
	j.alerts = make(map[alertKey]*Alert, len(open))
	for n := range open {
		a := &open[n]
		j.alerts[alertKey{a.Organization, a.Instance, a.Rule, a.Subject}] = a
	}
	j.told, err = j.tx.LastAlertMessages(ctx)
	return err
}

// open opens new alerts, and keeps those open that still hold. What still holds is taken out of j.alerts.
func (j *judgement) open(ctx context.Context) error {
	for n := range j.observed {
		o := &j.observed[n]
		for _, f := range findings(o, j.now) {
			if err := j.found(ctx, o.Organization, o.ID, f); err != nil {
				return err
			}
		}
	}
	for _, t := range j.tokens {
		if err := j.found(ctx, t.Organization, "", tokenFinding(t)); err != nil {
			return err
		}
	}
	return nil
}

// found opens the alert of a finding, or keeps it open.
func (j *judgement) found(ctx context.Context, organization, instance string, f finding) error {
	k := alertKey{organization, instance, f.rule, f.subject}
	a := j.alerts[k]
	delete(j.alerts, k)
	switch {
	case a != nil:
		return j.keep(ctx, a, f)
	case f.opens:
		return j.begin(ctx, organization, instance, f)
	}
	return nil
}

func (j *judgement) begin(ctx context.Context, organization, instance string, f finding) error {
	id, err := j.ids.New(prefixAlert)
	if err != nil {
		return err
	}
	a := Alert{ID: id, Organization: organization, Instance: instance, Rule: f.rule, Subject: f.subject, Severity: f.severity, Summary: f.summary, OpenedAt: j.now, SeenAt: j.now}
	if err := j.tx.InsertAlert(ctx, a); err != nil {
		return err
	}
	j.log.WarnContext(ctx, "an alert opens", "organization", organization, "instance", instance, "rule", string(f.rule), "summary", f.summary)
	return j.message(ctx, &a, ReasonOpened, func(AlertChannel) bool { return true })
}

// keep notes that an alert holds, and reminds those who want it.
func (j *judgement) keep(ctx context.Context, a *Alert, f finding) error {
	if j.now.Sub(a.SeenAt) >= seenAgainEach {
		if err := j.tx.SeeAlert(ctx, a.ID, f.summary, j.now); err != nil {
			return err
		}
	}
	return j.message(ctx, a, ReasonReminder, func(c AlertChannel) bool {
		last, ever := j.told[[2]string{a.ID, c.ID}]
		return ever && c.RemindHours > 0 && j.now.Sub(last) >= time.Duration(c.RemindHours)*time.Hour
	})
}

// close closes what does not hold any more, and tells those who were told that it did.
func (j *judgement) close(ctx context.Context) error {
	for _, a := range j.alerts {
		if err := j.tx.CloseAlert(ctx, a.ID, j.now); err != nil {
			return err
		}
		err := j.message(ctx, a, ReasonClosed, func(c AlertChannel) bool {
			_, ever := j.told[[2]string{a.ID, c.ID}]
			return ever
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// message notes what is to be sent to the channels that take an alert.
func (j *judgement) message(ctx context.Context, a *Alert, reason Reason, wanted func(AlertChannel) bool) error {
	for _, c := range j.channels {
		if !c.takes(a) || !wanted(c) {
			continue
		}
		if err := j.enqueue(ctx, j.tx, c.ID, a.ID, reason, j.now); err != nil {
			return err
		}
	}
	return nil
}

func (k *core) enqueue(ctx context.Context, tx Tx, channel, alert string, reason Reason, now time.Time) error {
	id, err := k.ids.New(prefixAlertMessage)
	if err != nil {
		return err
	}
	return tx.InsertAlertMessage(ctx, AlertMessage{ID: id, Channel: channel, Alert: alert, Reason: reason, CreatedAt: now, DueAt: &now})
}
