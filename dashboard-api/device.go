package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
)

// device is what was seen of a device of an instance's users.
type device struct {
	ID         string     `json:"id"`
	UserID     string     `json:"user_id" doc:"Empty: no credential of it was ever accepted"`
	ClientID   string     `json:"client_id" doc:"What its connector calls itself; empty: a stock connector, and then all of the user's stock devices are this one"`
	SDK        string     `json:"sdk,omitempty"`
	AppVersion string     `json:"app_version,omitempty"`
	FirstSeen  time.Time  `json:"first_seen_at"`
	LastSeen   time.Time  `json:"last_seen_at"`
	LastUpload *time.Time `json:"last_upload_at,omitempty"`
	LastToken  *time.Time `json:"last_token_at,omitempty"`

	Stuck string `json:"stuck,omitempty" enum:"refused,waiting,silent" doc:"refused: its last credential was refused, and it has not got in since. waiting: its first write has come back for 10 minutes. silent: it has writes older than an hour and has sent nothing for 15 minutes"`
	Hint  string `json:"hint,omitempty" doc:"What to do about it"`

	Queue          *deviceQueue       `json:"queue,omitempty" doc:"What its connector last said, less what has left the queue since; absent: it says nothing"`
	Waiting        *deviceWaiting     `json:"waiting,omitempty" doc:"Its first write comes back"`
	Refused        *deviceRefused     `json:"last_refused,omitempty" doc:"The last time a credential of it was refused"`
	PreviousValues *previousValues    `json:"previous_values,omitempty" doc:"Of the operations that could conflict; absent: there were none"`
	Transactions   deviceTransactions `json:"transactions" doc:"Since it was first seen"`
}

type deviceQueue struct {
	Count     int64      `json:"count" doc:"Operations"`
	Oldest    *time.Time `json:"oldest_op_at,omitempty"`
	Reported  time.Time  `json:"reported_at"`
	LastError string     `json:"last_error,omitempty" doc:"Why its request before failed, in its own words"`
}

type deviceWaiting struct {
	Since   time.Time `json:"since"`
	Code    string    `json:"code"`
	Message string    `json:"message,omitempty"`
}

type deviceRefused struct {
	At      time.Time `json:"at"`
	Code    string    `json:"code"`
	Message string    `json:"message,omitempty"`
}

type previousValues struct {
	With    int64 `json:"with"`
	Without int64 `json:"without"`
}

type deviceTransactions struct {
	Applied  int64 `json:"applied"`
	Rejected int64 `json:"rejected" doc:"Refused for good, and kept"`
}

func shapeDevice(d controlplane.Device) device {
	out := device{
		ID: d.ID, UserID: d.UserID, ClientID: d.ClientID, SDK: d.SDK, AppVersion: d.AppVersion, FirstSeen: d.First, LastSeen: d.Last,
		LastUpload: orNil(d.Upload), LastToken: orNil(d.Token), Stuck: string(d.Stuck), Hint: d.Hint(), Transactions: deviceTransactions{d.Writes, d.Rejected},
	}
	if !d.Reported.IsZero() {
		out.Queue = &deviceQueue{d.Queue, orNil(d.Oldest), d.Reported, d.Error}
	}
	if !d.Waits.IsZero() {
		out.Waiting = &deviceWaiting{d.Waits, d.Code, d.Message}
	}
	if !d.Refused.IsZero() {
		out.Refused = &deviceRefused{d.Refused, d.RefusedCode, d.RefusedMessage}
	}
	if d.With+d.Without > 0 {
		out.PreviousValues = &previousValues{d.With, d.Without}
	}
	return out
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type devicesInput struct {
	InstancePage
	Stuck    bool   `query:"stuck" doc:"Only those whose writes do not arrive"`
	Refused  bool   `query:"refused" doc:"Only those whose last credential was refused"`
	UserID   string `query:"user_id" maxLength:"512"`
	ClientID string `query:"client_id" maxLength:"128"`
}

func (a *api) listDevices(ctx context.Context, in *devicesInput) (*pageOutput[device], error) {
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	f := controlplane.DeviceFilter{Stuck: in.Stuck, Refused: in.Refused, UserID: in.UserID, ClientID: in.ClientID}
	list, next, err := a.cfg.Plane.Devices.List(ctx, placeOf(ctx).Instance, f, p)
	if err != nil {
		return nil, err
	}
	return paged(ctx, a, list, next, shapeDevice), nil
}

// DevicePath is the path of one device.
type DevicePath struct {
	InstancePath
	Device string `path:"device" maxLength:"100"`
}

type deviceOutput struct{ Body device }

func (a *api) getDevice(ctx context.Context, in *DevicePath) (*deviceOutput, error) {
	d, err := a.cfg.Plane.Devices.Get(ctx, placeOf(ctx).Instance, in.Device)
	if err != nil {
		return nil, err
	}
	return &deviceOutput{shapeDevice(d)}, nil
}

// refusedToken is one cause for which credentials are refused.
type refusedToken struct {
	Where     string    `json:"where" enum:"token,upload" doc:"Where it was sent"`
	Code      string    `json:"code"`
	Message   string    `json:"message,omitempty"`
	Hint      string    `json:"hint,omitempty" doc:"The setting to look at"`
	Issuer    string    `json:"issuer,omitempty" doc:"What the credential says of itself, not proven. (other): there were too many different ones to tell apart"`
	KeyID     string    `json:"key_id,omitempty"`
	Audience  string    `json:"audience,omitempty"`
	Count     int64     `json:"count"`
	FirstSeen time.Time `json:"first_seen_at"`
	LastSeen  time.Time `json:"last_seen_at"`
	RequestID string    `json:"request_id,omitempty" doc:"The last one's, as in the log"`
}

type refusedTokensOutput struct {
	Body struct {
		Data []refusedToken `json:"data" nullable:"false" doc:"The ones seen last first; at most 200 causes are told apart"`
	}
}

func (a *api) listRefusedTokens(ctx context.Context, _ *InstancePath) (*refusedTokensOutput, error) {
	list, err := a.cfg.Plane.Credentials.Refused(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	out := &refusedTokensOutput{}
	out.Body.Data = make([]refusedToken, len(list))
	for n, c := range list {
		out.Body.Data[n] = refusedToken{
			Where: "token", Code: c.Code, Message: c.Message, Hint: controlplane.RefusalHint(c), Issuer: c.Issuer, KeyID: c.KeyID, Audience: c.Audience,
			Count: c.N, FirstSeen: c.First, LastSeen: c.Last, RequestID: c.RequestID,
		}
		if c.Where != "token" {
			out.Body.Data[n].Where = "upload"
		}
	}
	return out, nil
}
