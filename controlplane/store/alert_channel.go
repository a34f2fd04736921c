package store

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
)

func alertChannel(r db.AlertChannel) controlplane.AlertChannel {
	return controlplane.AlertChannel{
		ID: r.ID, Organization: r.OrganizationID, Name: r.Name, Kind: controlplane.ChannelKind(r.Kind), Target: r.Target, Sealed: r.Secret,
		Rules: each(r.Rules, func(s string) controlplane.Rule { return controlplane.Rule(s) }), Instances: r.Instances,
		RemindHours: int(r.RemindHours), Paused: r.Paused, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

func ruleNames(list []controlplane.Rule) []string {
	return each(list, func(r controlplane.Rule) string { return string(r) })
}

// InsertAlertChannel implements controlplane.Tx.
func (t tx) InsertAlertChannel(ctx context.Context, c controlplane.AlertChannel) error {
	return translate(t.q.InsertAlertChannel(ctx, db.InsertAlertChannelParams{
		ID: c.ID, OrganizationID: c.Organization, Name: c.Name, Kind: string(c.Kind), Target: c.Target, Secret: c.Sealed, Rules: ruleNames(c.Rules),
		Instances: append([]string{}, c.Instances...), RemindHours: int32(c.RemindHours), Paused: c.Paused, Version: c.Version, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}))
}

// GetAlertChannel implements controlplane.Tx.
func (t tx) GetAlertChannel(ctx context.Context, organization, id string) (controlplane.AlertChannel, error) {
	r, err := t.q.GetAlertChannel(ctx, db.GetAlertChannelParams{OrganizationID: organization, ID: id})
	return alertChannel(r), translate(err)
}

// LockAlertChannel implements controlplane.Tx.
func (t tx) LockAlertChannel(ctx context.Context, organization, id string) (controlplane.AlertChannel, error) {
	r, err := t.q.LockAlertChannel(ctx, db.LockAlertChannelParams{OrganizationID: organization, ID: id})
	return alertChannel(r), translate(err)
}

// AnyAlertChannel implements controlplane.Tx.
func (t tx) AnyAlertChannel(ctx context.Context, id string) (controlplane.AlertChannel, error) {
	r, err := t.q.GetAnyAlertChannel(ctx, id)
	return alertChannel(r), translate(err)
}

// ListAlertChannels implements controlplane.Tx.
func (t tx) ListAlertChannels(ctx context.Context, organization, after string, n int) ([]controlplane.AlertChannel, error) {
	rows, err := t.q.ListAlertChannels(ctx, db.ListAlertChannelsParams{OrganizationID: organization, After: after, MaxRows: limit(n)})
	return each(rows, alertChannel), translate(err)
}

// ListAllAlertChannels implements controlplane.Tx.
func (t tx) ListAllAlertChannels(ctx context.Context) ([]controlplane.AlertChannel, error) {
	rows, err := t.q.ListAllAlertChannels(ctx)
	return each(rows, alertChannel), translate(err)
}

// UpdateAlertChannel implements controlplane.Tx.
func (t tx) UpdateAlertChannel(ctx context.Context, c controlplane.AlertChannel) error {
	return translate(t.q.UpdateAlertChannel(ctx, db.UpdateAlertChannelParams{
		ID: c.ID, Name: c.Name, Target: c.Target, Rules: ruleNames(c.Rules), Instances: append([]string{}, c.Instances...), RemindHours: int32(c.RemindHours),
		Paused: c.Paused, Version: c.Version, UpdatedAt: c.UpdatedAt,
	}))
}

// DeleteAlertChannel implements controlplane.Tx.
func (t tx) DeleteAlertChannel(ctx context.Context, organization, id string) error {
	_, err := t.q.DeleteAlertChannel(ctx, db.DeleteAlertChannelParams{OrganizationID: organization, ID: id})
	return translate(err)
}

func alertMessage(r db.AlertMessage) controlplane.AlertMessage {
	m := controlplane.AlertMessage{
		ID: r.ID, Channel: r.ChannelID, Reason: controlplane.Reason(r.Reason), CreatedAt: r.CreatedAt, DueAt: r.DueAt, Attempts: int(r.Attempts), DeliveredAt: r.DeliveredAt, Error: r.Error,
	}
	if r.AlertID != nil {
		m.Alert = *r.AlertID
	}
	return m
}

// InsertAlertMessage implements controlplane.Tx.
func (t tx) InsertAlertMessage(ctx context.Context, m controlplane.AlertMessage) error {
	return translate(t.q.InsertAlertMessage(ctx, db.InsertAlertMessageParams{
		ID: m.ID, ChannelID: m.Channel, AlertID: m.Alert, Reason: string(m.Reason), CreatedAt: m.CreatedAt, DueAt: m.DueAt, Attempts: int32(m.Attempts),
		DeliveredAt: m.DeliveredAt, Error: m.Error,
	}))
}

// LastAlertMessages implements controlplane.Tx.
func (t tx) LastAlertMessages(ctx context.Context) (map[[2]string]time.Time, error) {
	rows, err := t.q.LastAlertMessages(ctx)
	out := make(map[[2]string]time.Time, len(rows))
	for _, r := range rows {
		out[[2]string{r.AlertID, r.ChannelID}] = r.At
	}
	return out, translate(err)
}

// ClaimAlertMessages implements controlplane.Tx.
func (t tx) ClaimAlertMessages(ctx context.Context, now, lease time.Time, n int) ([]controlplane.AlertMessage, error) {
	rows, err := t.q.ClaimAlertMessages(ctx, db.ClaimAlertMessagesParams{Moment: now, Lease: lease, MaxRows: limit(n)})
	return each(rows, alertMessage), translate(err)
}

// SettleAlertMessage implements controlplane.Tx.
func (t tx) SettleAlertMessage(ctx context.Context, m controlplane.AlertMessage) error {
	return translate(t.q.SettleAlertMessage(ctx, db.SettleAlertMessageParams{ID: m.ID, DueAt: m.DueAt, DeliveredAt: m.DeliveredAt, Error: m.Error}))
}

// ListAlertMessages implements controlplane.Tx.
func (t tx) ListAlertMessages(ctx context.Context, channels []string, n int) ([]controlplane.AlertMessage, error) {
	rows, err := t.q.ListAlertMessages(ctx, db.ListAlertMessagesParams{Channels: channels, MaxRows: limit(n)})
	return each(rows, alertMessage), translate(err)
}

// DeleteOldAlertMessages implements controlplane.Tx.
func (t tx) DeleteOldAlertMessages(ctx context.Context, before time.Time) error {
	return translate(t.q.DeleteOldAlertMessages(ctx, before))
}
