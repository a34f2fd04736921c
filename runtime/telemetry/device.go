package telemetry

import (
	"strings"
	"time"
)

// Report is what a device's connector says of itself with each upload and token exchange.
type Report struct {
	Queue  int64     // operations that wait on the device, those of this request included
	Oldest time.Time // when the first of them was written; zero: not said
	Error  string    // why the request before failed
}

// Device is what was seen of one device. What a runtime saw since it last told of it has the same form as
// all that is known of it: Join makes one of both, so that they can be merged anywhere.
//
// A device is a user and what the connector calls itself. A stock connector has no name, so all of a user's
// stock devices are one. A credential that was refused names nobody: then the device is its name alone.
type Device struct {
	Instance   string    `json:"instance"`
	UserID     string    `json:"user_id,omitempty"`
	ClientID   string    `json:"client_id,omitempty"`
	SDK        string    `json:"sdk,omitempty"`
	AppVersion string    `json:"app_version,omitempty"`
	First      time.Time `json:"first"`
	Last       time.Time `json:"last"`
	Upload     time.Time `json:"upload,omitzero"` // the last transaction that was attempted
	Token      time.Time `json:"token,omitzero"`  // the last token

	// Reported is when it last spoke of its queue. Queue is what then waited, less what has left it since.
	Reported time.Time `json:"reported,omitzero"`
	Queue    int64     `json:"queue,omitempty"`
	Oldest   time.Time `json:"oldest,omitzero"`
	Error    string    `json:"error,omitempty"`
	// Left are operations that left the queue since Reported, or, without it, altogether.
	Left int64 `json:"left,omitempty"`

	// Moved is when a transaction last left the queue. Waits is since when the first one comes back; zero: it does not.
	Moved   time.Time `json:"moved,omitzero"`
	Waits   time.Time `json:"waits,omitzero"`
	Code    string    `json:"code,omitempty"` // why it comes back
	Message string    `json:"message,omitempty"`

	Writes   int64 `json:"writes,omitempty"`   // transactions that were applied
	Rejected int64 `json:"rejected,omitempty"` // refused for good, and kept
	// With and Without are operations that could conflict, with and without previous values.
	With    int64 `json:"with,omitempty"`
	Without int64 `json:"without,omitempty"`

	// Refused is when a credential was last refused, and why.
	Refused        time.Time `json:"refused,omitzero"`
	RefusedCode    string    `json:"refused_code,omitempty"`
	RefusedMessage string    `json:"refused_message,omitempty"`
}

// Join adds what was seen later.
func (d *Device) Join(l Device) {
	for _, s := range [][2]*string{{&d.SDK, &l.SDK}, {&d.AppVersion, &l.AppVersion}} {
		if *s[1] != "" {
			*s[0] = *s[1]
		}
	}
	if d.First.IsZero() || l.First.Before(d.First) {
		d.First = l.First
	}
	latest(&d.Last, l.Last)
	latest(&d.Upload, l.Upload)
	latest(&d.Token, l.Token)
	if !l.Reported.IsZero() {
		d.Reported, d.Queue, d.Oldest, d.Error, d.Left = l.Reported, l.Queue, l.Oldest, l.Error, l.Left
	} else {
		d.leave(l.Left)
	}
	if !l.Moved.IsZero() {
		latest(&d.Moved, l.Moved)
		d.Waits, d.Code, d.Message = time.Time{}, "", ""
	}
	if !l.Waits.IsZero() {
		if d.Waits.IsZero() {
			d.Waits = l.Waits
		}
		d.Code, d.Message = l.Code, l.Message
	}
	d.Writes += l.Writes
	d.Rejected += l.Rejected
	d.With += l.With
	d.Without += l.Without
	if l.Refused.After(d.Refused) {
		d.Refused, d.RefusedCode, d.RefusedMessage = l.Refused, l.RefusedCode, l.RefusedMessage
	}
}

// leave takes operations off the queue.
func (d *Device) leave(n int64) {
	d.Left += n
	if d.Queue = max(0, d.Queue-n); d.Queue == 0 {
		d.Oldest = time.Time{}
	}
}

func latest(a *time.Time, b time.Time) {
	if b.After(*a) {
		*a = b
	}
}

// deviceKey is a device within an instance.
type deviceKey struct{ user, client string }

// meet notes what an entry shows of its device.
func (m *meter) meet(r *Recorder, minute int64, e *Entry) {
	switch e.Kind {
	case Transaction, Token:
	default:
		return
	}
	if e.UserID == "" && e.ClientID == "" || e.Outcome == NotAttempted {
		return
	}
	d := m.device(r, minute, e)
	if d == nil {
		return
	}
	if e.At.After(d.Last) {
		d.Last = e.At
	}
	if e.SDK != "" && e.SDK != d.SDK {
		d.SDK = strings.Clone(e.SDK)
	}
	if e.AppVersion != "" && e.AppVersion != d.AppVersion {
		d.AppVersion = strings.Clone(e.AppVersion)
	}
	if e.Report != nil {
		d.Reported, d.Queue, d.Oldest, d.Error, d.Left = e.At, max(0, e.Report.Queue), e.Report.Oldest, strings.Clone(e.Report.Error), 0
		if d.Oldest.After(e.At) { // its clock is ahead of ours
			d.Oldest = e.At
		}
		d.leave(0)
	}
	if e.Kind == Transaction {
		d.wrote(e)
		return
	}
	switch e.Outcome {
	case Issued:
		latest(&d.Token, e.At)
	case Refused:
		d.Refused, d.RefusedCode, d.RefusedMessage = e.At, e.Code, e.Message
	}
}

// wrote notes a transaction.
func (d *Device) wrote(e *Entry) {
	latest(&d.Upload, e.At)
	if e.Waits {
		if d.Waits.IsZero() {
			d.Waits = e.At
		}
		d.Code, d.Message = e.Code, e.Message
		return
	}
	with, without := e.previous()
	d.With += with
	d.Without += without
	var operations int64
	for i := range e.Operations {
		operations += e.Operations[i].total()
	}
	d.leave(operations)
	latest(&d.Moved, e.At)
	d.Waits, d.Code, d.Message = time.Time{}, "", ""
	if e.Outcome == Success {
		d.Writes++
	} else {
		d.Rejected++
	}
}

// device finds an entry's device, or makes room for it; nil when there is none, which is counted.
func (m *meter) device(r *Recorder, minute int64, e *Entry) *Device {
	if d := m.latest; d != nil && d.ClientID == e.ClientID && d.UserID == e.UserID { // uploads of several transactions
		return d
	}
	k := deviceKey{e.UserID, e.ClientID}
	clip(&k.user, maxUserID)
	clip(&k.client, maxName)
	if d := m.devices[k]; d != nil {
		m.latest = d
		return d
	}
	if len(m.devices) >= r.bounds.InstanceDevices || r.devices.Load() >= int64(r.bounds.Devices) {
		m.add(0, cell{minute, Series{Name: DroppedDevices}}, 1)
		return nil
	}
	if m.devices == nil {
		m.devices = map[deviceKey]*Device{}
	}
	d := &Device{Instance: e.Instance, UserID: k.user, ClientID: k.client, First: e.At}
	m.devices[k], m.latest = d, d
	r.devices.Add(1)
	return d
}

// takeDevices gives what was seen of devices since the last call.
func (m *meter) takeDevices() map[deviceKey]*Device {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.devices
	m.devices, m.latest = nil, nil
	return out
}

// Clean makes every text of a device safe and bounded.
func (d *Device) Clean() {
	for _, s := range []*string{&d.Instance, &d.ClientID, &d.SDK, &d.AppVersion, &d.Code, &d.RefusedCode} {
		*s = Clean(*s, maxName)
	}
	d.UserID = Clean(d.UserID, maxUserID)
	d.Error, d.Message, d.RefusedMessage = Clean(d.Error, maxMessage), Clean(d.Message, maxMessage), Clean(d.RefusedMessage, maxMessage)
	d.Queue, d.Left = max(0, d.Queue), max(0, d.Left)
}
