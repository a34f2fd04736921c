package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

// alert is something that was told, or would have been had there been a channel.
type alert struct {
	ID         string     `json:"id"`
	InstanceID string     `json:"instance_id,omitempty" doc:"Absent: it is about the organization"`
	Rule       string     `json:"rule" enum:"first_rejection,rejection_rate,deployment_brake,source_down,credentials_failing,key_expiring,token_expiring,stuck_device"`
	Subject    string     `json:"subject,omitempty" doc:"What of it, where a rule tells several apart"`
	Severity   string     `json:"severity" enum:"critical,warning,notice"`
	Summary    string     `json:"summary"`
	OpenedAt   time.Time  `json:"opened_at"`
	SeenAt     time.Time  `json:"seen_at" doc:"When it last held, to some minutes"`
	ClosedAt   *time.Time `json:"closed_at" doc:"null: it is open"`
}

func shapeAlert(a controlplane.Alert) alert {
	return alert{a.ID, a.Instance, string(a.Rule), a.Subject, string(a.Severity), a.Summary, a.OpenedAt, a.SeenAt, a.ClosedAt}
}

type alertsInput struct {
	OrganizationPage
	Open     bool   `query:"open" doc:"Only open ones"`
	Instance string `query:"instance" maxLength:"100"`
}

func (a *api) listAlerts(ctx context.Context, in *alertsInput) (*pageOutput[alert], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.Alerts.List(ctx, placeOf(ctx).Organization, controlplane.AlertFilter{Open: in.Open, Instance: in.Instance}, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeAlert), nil
}

// alertChannel is where alerts go.
type alertChannel struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Kind        string    `json:"kind" enum:"mail,webhook"`
	Target      string    `json:"target" doc:"An address or a URL"`
	Rules       []string  `json:"rules" nullable:"false" doc:"Empty: all"`
	Instances   []string  `json:"instances" nullable:"false" doc:"Empty: all of the organization"`
	RemindHours int       `json:"remind_hours" doc:"An open alert is told again after so many hours; 0: never"`
	Paused      bool      `json:"paused"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Secret      string    `json:"secret,omitempty" doc:"Of a webhook: the key of its signatures (Standard Webhooks); shown once"`
}

func shapeAlertChannel(c controlplane.AlertChannel) alertChannel {
	out := alertChannel{
		ID: c.ID, Name: c.Name, Kind: string(c.Kind), Target: c.Target, Rules: make([]string, len(c.Rules)), Instances: append([]string{}, c.Instances...),
		RemindHours: c.RemindHours, Paused: c.Paused, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
	}
	for n, r := range c.Rules {
		out.Rules[n] = string(r)
	}
	return out
}

func (a *api) listAlertChannels(ctx context.Context, in *OrganizationPage) (*pageOutput[alertChannel], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	list, next, err := a.cfg.Plane.AlertChannels.List(ctx, placeOf(ctx).Organization, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeAlertChannel), nil
}

type alertChannelOutput struct {
	ETag string `header:"ETag"`
	Body alertChannel
}

type createAlertChannelInput struct {
	OrganizationPath
	Body struct {
		Name        string   `json:"name" minLength:"1" maxLength:"100"`
		Kind        string   `json:"kind" enum:"mail,webhook"`
		Target      string   `json:"target" minLength:"3" maxLength:"2000" doc:"An address or a URL"`
		Rules       []string `json:"rules,omitempty" maxItems:"20" doc:"Empty: all"`
		Instances   []string `json:"instances,omitempty" maxItems:"200" doc:"Empty: all of the organization"`
		RemindHours int      `json:"remind_hours,omitempty" minimum:"0" maximum:"168"`
	}
}

func rulesOf(names []string) []controlplane.Rule {
	out := make([]controlplane.Rule, len(names))
	for n, name := range names {
		out[n] = controlplane.Rule(name)
	}
	return out
}

func (a *api) createAlertChannel(ctx context.Context, in *createAlertChannelInput) (*alertChannelOutput, error) {
	c := controlplane.AlertChannel{
		Name: in.Body.Name, Kind: controlplane.ChannelKind(in.Body.Kind), Target: in.Body.Target, Rules: rulesOf(in.Body.Rules), Instances: in.Body.Instances, RemindHours: in.Body.RemindHours,
	}
	c, secret, err := a.cfg.Plane.AlertChannels.Create(ctx, actorOf(ctx), placeOf(ctx).Organization, c)
	if err != nil {
		return nil, err
	}
	out := &alertChannelOutput{etag(c.Version), shapeAlertChannel(c)}
	out.Body.Secret = secret.Reveal()
	return out, nil
}

// AlertChannelPath is the path of one channel.
type AlertChannelPath struct {
	OrganizationPath
	Channel string `path:"channel" maxLength:"100"`
}

func (a *api) getAlertChannel(ctx context.Context, in *AlertChannelPath) (*alertChannelOutput, error) {
	c, err := a.cfg.Plane.AlertChannels.Get(ctx, placeOf(ctx).Organization, in.Channel)
	if err != nil {
		return nil, err
	}
	return &alertChannelOutput{etag(c.Version), shapeAlertChannel(c)}, nil
}

type updateAlertChannelInput struct {
	AlertChannelPath
	Body struct {
		Name        *string   `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Target      *string   `json:"target,omitempty" minLength:"3" maxLength:"2000"`
		Rules       *[]string `json:"rules,omitempty" maxItems:"20"`
		Instances   *[]string `json:"instances,omitempty" maxItems:"200"`
		RemindHours *int      `json:"remind_hours,omitempty" minimum:"0" maximum:"168"`
		Paused      *bool     `json:"paused,omitempty"`
	}
}

func (a *api) updateAlertChannel(ctx context.Context, in *updateAlertChannelInput) (*alertChannelOutput, error) {
	b := in.Body
	edit := controlplane.ChannelEdit{Name: b.Name, Target: b.Target, Instances: b.Instances, RemindHours: b.RemindHours, Paused: b.Paused}
	if b.Rules != nil {
		rules := rulesOf(*b.Rules)
		edit.Rules = &rules
	}
	c, err := a.cfg.Plane.AlertChannels.Update(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Channel, versionSeen(ctx), edit)
	if err != nil {
		return nil, err
	}
	return &alertChannelOutput{etag(c.Version), shapeAlertChannel(c)}, nil
}

func (a *api) deleteAlertChannel(ctx context.Context, in *AlertChannelPath) (*struct{}, error) {
	return nil, a.cfg.Plane.AlertChannels.Delete(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Channel)
}

// alertMessage is what a channel was, or is to be, told.
type alertMessage struct {
	ID          string     `json:"id" doc:"Receivers of webhooks get it as webhook-id with every attempt"`
	AlertID     string     `json:"alert_id,omitempty"`
	Reason      string     `json:"reason" enum:"opened,reminder,closed,test"`
	CreatedAt   time.Time  `json:"created_at"`
	DueAt       *time.Time `json:"due_at,omitempty" doc:"When the next attempt is made; absent: it is over"`
	Attempts    int        `json:"attempts"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
	Error       string     `json:"error,omitempty" doc:"Of the last attempt"`
}

func shapeAlertMessage(m controlplane.AlertMessage) alertMessage {
	return alertMessage{m.ID, m.Alert, string(m.Reason), m.CreatedAt, m.DueAt, m.Attempts, m.DeliveredAt, m.Error}
}

type alertMessageOutput struct{ Body alertMessage }

func (a *api) testAlertChannel(ctx context.Context, in *AlertChannelPath) (*alertMessageOutput, error) {
	m, err := a.cfg.Plane.Alerts.Test(ctx, actorOf(ctx), placeOf(ctx).Organization, in.Channel)
	if err != nil {
		return nil, err
	}
	return &alertMessageOutput{shapeAlertMessage(m)}, nil
}

type alertMessagesOutput struct {
	Body struct {
		Data []alertMessage `json:"data" nullable:"false" doc:"The newest 100"`
	}
}

func (a *api) listAlertMessages(ctx context.Context, in *AlertChannelPath) (*alertMessagesOutput, error) {
	list, err := a.cfg.Plane.Alerts.Messages(ctx, placeOf(ctx).Organization, in.Channel)
	if err != nil {
		return nil, err
	}
	out := &alertMessagesOutput{}
	out.Body.Data = make([]alertMessage, len(list))
	for n, m := range list {
		out.Body.Data[n] = shapeAlertMessage(m)
	}
	return out, nil
}
