package controlplane

import (
	"context"
	"encoding/base64"
	"io"
	"net/mail"
	"net/url"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// ChannelKind is a way to tell people.
type ChannelKind string

// The kinds of channels.
const (
	MailChannel    ChannelKind = "mail"
	WebhookChannel ChannelKind = "webhook"
)

// AlertChannel is where an organization's alerts go.
type AlertChannel struct {
	ID, Organization, Name string
	Kind                   ChannelKind
	Target                 string   // an address or a URL
	Sealed                 []byte   // the secret of a webhook
	Rules                  []Rule   // empty: all
	Instances              []string // empty: all
	RemindHours            int      // 0: an open alert is told once
	Paused                 bool
	Version                int64
	CreatedAt, UpdatedAt   time.Time
}

// takes reports that an alert goes to the channel. What is the organization's does not go to a channel for some instances.
func (c *AlertChannel) takes(a *Alert) bool {
	return c.Organization == a.Organization && (len(c.Rules) == 0 || slices.Contains(c.Rules, a.Rule)) && (len(c.Instances) == 0 || slices.Contains(c.Instances, a.Instance))
}

type alertChannelTx interface {
	InsertAlertChannel(ctx context.Context, c AlertChannel) error
	GetAlertChannel(ctx context.Context, organization, id string) (AlertChannel, error)
	LockAlertChannel(ctx context.Context, organization, id string) (AlertChannel, error)
	ListAlertChannels(ctx context.Context, organization, after string, limit int) ([]AlertChannel, error)
	// ListAllAlertChannels gives those of all organizations that are not paused.
	ListAllAlertChannels(ctx context.Context) ([]AlertChannel, error)
	// AnyAlertChannel gives one of any organization.
	AnyAlertChannel(ctx context.Context, id string) (AlertChannel, error)
	UpdateAlertChannel(ctx context.Context, c AlertChannel) error
	DeleteAlertChannel(ctx context.Context, organization, id string) error
}

// AlertChannels is the service of where alerts go.
type AlertChannels struct{ *core }

const (
	maxChannels = 20
	maxRemind   = 7 * 24
)

func channelLabel(c AlertChannel) string { return "alert-channel/" + c.Organization + "/" + c.ID }

// check refuses what cannot be told. The address itself is looked at when it is called: names change.
func (c *AlertChannel) check() (err error) {
	bad := func(path, code, text string) error {
		return fault.New(fault.Invalid, code, text).WithDetails(fault.Detail{Path: "body." + path, Code: code, Message: text})
	}
	if c.Name, err = checkName(c.Name); err != nil {
		return err
	}
	switch c.Kind {
	case MailChannel:
		a, err := mail.ParseAddress(c.Target)
		if err != nil || a.Name != "" || len(c.Target) > 254 {
			return bad("target", "invalid_address", "That is no mail address.")
		}
		c.Target = a.Address
	case WebhookChannel:
		u, err := url.Parse(c.Target)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || len(c.Target) > 2000 {
			return bad("target", "invalid_url", "That is no URL of a webhook: https, without a user name.")
		}
	default:
		return bad("kind", "invalid_kind", "Channels are mail or webhook.")
	}
	for _, r := range c.Rules {
		if !slices.Contains(Rules, r) {
			return bad("rules", "invalid_rule", "There is no such rule.")
		}
	}
	if c.RemindHours < 0 || c.RemindHours > maxRemind {
		return bad("remind_hours", "invalid_reminder", "Reminders come after 1 to 168 hours, or never (0).")
	}
	return nil
}

// Create makes a channel. A webhook gets a secret, which is shown once.
func (s *AlertChannels) Create(ctx context.Context, actor Actor, organization string, c AlertChannel) (_ AlertChannel, secret redact.Secret, err error) {
	c.Organization, c.Version, c.CreatedAt = organization, 1, s.now()
	c.UpdatedAt = c.CreatedAt
	if err := c.check(); err != nil {
		return c, secret, err
	}
	if c.ID, err = s.ids.New(prefixChannel); err != nil {
		return c, secret, err
	}
	if c.Kind == WebhookChannel {
		var raw [32]byte
		if _, err := io.ReadFull(s.random, raw[:]); err != nil {
			return c, secret, err
		}
		secret = redact.New("whsec_" + base64.StdEncoding.EncodeToString(raw[:]))
		if c.Sealed, err = s.vault.Seal([]byte(secret.Reveal()), channelLabel(c)); err != nil {
			return c, secret, err
		}
	}
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if err := checkInstances(ctx, tx, organization, c.Instances); err != nil {
			return Event{}, err
		}
		have, err := tx.ListAlertChannels(ctx, organization, "", maxChannels)
		if err != nil {
			return Event{}, err
		}
		if len(have) >= maxChannels {
			return Event{}, fault.Newf(fault.Conflict, "too_many_channels", "An organization has at most %d alert channels.", maxChannels)
		}
		return Event{Kind: AlertChannelCreated, Organization: organization, Target: c.ID, Changes: Changes{
			"name": {To: c.Name}, "kind": {To: c.Kind}, "target": {To: c.Target}, "rules": {To: c.Rules}, "instances": {To: c.Instances}, "remind_hours": {To: c.RemindHours},
		}}, tx.InsertAlertChannel(ctx, c)
	})
	return c, secret, err
}

// List gives an organization's channels.
func (s *AlertChannels) List(ctx context.Context, organization string, p Page) (list []AlertChannel, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListAlertChannels(ctx, organization, p.After, p.size()+1)
		return err
	})
	list, next = cut(p, list, func(c AlertChannel) string { return c.ID })
	return list, next, err
}

// Get gives one.
func (s *AlertChannels) Get(ctx context.Context, organization, id string) (c AlertChannel, err error) {
	err = s.read(ctx, func(tx Tx) error {
		c, err = tx.GetAlertChannel(ctx, organization, id)
		return err
	})
	return c, err
}

// ChannelEdit is what changes of a channel; nil members stay.
type ChannelEdit struct {
	Name, Target *string
	Rules        *[]Rule
	Instances    *[]string
	RemindHours  *int
	Paused       *bool
}

// Update edits a channel that is still of the version that the editor saw.
func (s *AlertChannels) Update(ctx context.Context, actor Actor, organization, id string, seen int64, edit ChannelEdit) (c AlertChannel, err error) {
	err = s.change(ctx, actor, func(tx Tx) (Event, error) {
		if c, err = tx.LockAlertChannel(ctx, organization, id); err != nil {
			return Event{}, err
		}
		if err := checkVersion(seen, c.Version); err != nil {
			return Event{}, err
		}
		changes := Changes{}
		set(changes, "name", &c.Name, edit.Name)
		set(changes, "target", &c.Target, edit.Target)
		set(changes, "rules", &c.Rules, edit.Rules)
		set(changes, "instances", &c.Instances, edit.Instances)
		set(changes, "remind_hours", &c.RemindHours, edit.RemindHours)
		set(changes, "paused", &c.Paused, edit.Paused)
		if err := c.check(); err != nil {
			return Event{}, err
		}
		if edit.Instances != nil {
			if err := checkInstances(ctx, tx, organization, c.Instances); err != nil {
				return Event{}, err
			}
		}
		c.Version, c.UpdatedAt = c.Version+1, s.now()
		return Event{Kind: AlertChannelUpdated, Organization: organization, Target: id, Changes: changes}, tx.UpdateAlertChannel(ctx, c)
	})
	return c, err
}

// set takes an edited value over, and notes the change.
func set[V any](changes Changes, name string, to, from *V) {
	if from != nil {
		changes[name] = Change{From: *to, To: *from}
		*to = *from
	}
}

// Delete removes a channel with what it was to send.
func (s *AlertChannels) Delete(ctx context.Context, actor Actor, organization, id string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		c, err := tx.LockAlertChannel(ctx, organization, id)
		if err != nil {
			return Event{}, err
		}
		return Event{Kind: AlertChannelDeleted, Organization: organization, Target: id, Changes: Changes{"name": {From: c.Name}}}, tx.DeleteAlertChannel(ctx, organization, id)
	})
}
