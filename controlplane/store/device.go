package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"turnkey/controlplane"
	"turnkey/controlplane/store/internal/db"
	"turnkey/runtime/telemetry"
)

// device reads what is kept of one.
func device(instance, id, user, client string, seen []byte, why string) (controlplane.Device, error) {
	d := controlplane.Device{ID: id, Stuck: controlplane.Why(why)}
	if err := json.Unmarshal(seen, &d.Device); err != nil {
		return d, fmt.Errorf("read device %s: %w", id, err)
	}
	d.Instance, d.UserID, d.ClientID = instance, user, client
	return d, nil
}

// KnownDevices implements controlplane.Tx.
func (t tx) KnownDevices(ctx context.Context, instance string, ids []string) ([]controlplane.Device, error) {
	rows, err := t.q.ListKnownDevices(ctx, db.ListKnownDevicesParams{InstanceID: instance, Ids: ids})
	return tryEach(rows, err, func(r db.ListKnownDevicesRow) (controlplane.Device, error) {
		return device(r.InstanceID, r.ID, r.UserID, r.ClientID, r.Seen, "")
	})
}

// NamedDevices implements controlplane.Tx.
func (t tx) NamedDevices(ctx context.Context, instance string, clients []string) ([]controlplane.Device, error) {
	rows, err := t.q.ListNamedDevices(ctx, db.ListNamedDevicesParams{InstanceID: instance, Clients: clients})
	return tryEach(rows, err, func(r db.ListNamedDevicesRow) (controlplane.Device, error) {
		return device(r.InstanceID, r.ID, r.UserID, r.ClientID, r.Seen, "")
	})
}

// tryEach converts rows that may be unreadable.
func tryEach[R, V any](rows []R, err error, convert func(R) (V, error)) ([]V, error) {
	if err != nil {
		return nil, translate(err)
	}
	out := make([]V, len(rows))
	for i, r := range rows {
		if out[i], err = convert(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PutDevices implements controlplane.Tx.
func (t tx) PutDevices(ctx context.Context, list []controlplane.Device) error {
	if len(list) == 0 {
		return nil
	}
	var p db.PutDevicesParams
	for _, d := range list {
		seen, err := json.Marshal(d.Device)
		if err != nil {
			return fmt.Errorf("write device %s: %w", d.ID, err)
		}
		passed := d.Upload
		if d.Token.After(passed) {
			passed = d.Token
		}
		p.Instances, p.Ids, p.Users, p.Clients = append(p.Instances, d.Instance), append(p.Ids, d.ID), append(p.Users, d.UserID), append(p.Clients, d.ClientID)
		p.LastSeen, p.Passed, p.Uploaded = append(p.LastSeen, d.Last), append(p.Passed, orEpoch(passed)), append(p.Uploaded, orEpoch(d.Upload))
		p.Waits, p.Refused = append(p.Waits, orEpoch(d.Waits)), append(p.Refused, orEpoch(d.Refused))
		p.Queues, p.Oldest, p.Seen = append(p.Queues, d.Queue), append(p.Oldest, orEpoch(d.Oldest)), append(p.Seen, string(seen))
	}
	return translate(t.q.PutDevices(ctx, p))
}

// orEpoch stands for NULL in arrays.
func orEpoch(t time.Time) time.Time { return timeOr(t, time.Unix(0, 0).UTC()) }

// DeleteNameless implements controlplane.Tx.
func (t tx) DeleteNameless(ctx context.Context, instance string, clients []string) error {
	if len(clients) == 0 {
		return nil
	}
	return translate(t.q.DeleteNamelessDevices(ctx, db.DeleteNamelessDevicesParams{InstanceID: instance, Clients: clients}))
}

// TrimDevices implements controlplane.Tx.
func (t tx) TrimDevices(ctx context.Context, instance string, nameless bool, most int) error {
	return translate(t.q.TrimDevices(ctx, db.TrimDevicesParams{InstanceID: instance, Nameless: nameless, Most: int32(most)}))
}

// ListDevices implements controlplane.Tx.
func (t tx) ListDevices(ctx context.Context, instance string, f controlplane.DeviceFilter, kept time.Time, n int) ([]controlplane.Device, error) {
	p := db.ListDevicesParams{
		InstanceID: instance, OnlyStuck: f.Stuck, OnlyRefused: f.Refused, ID: f.ID, UserID: f.UserID, ClientID: f.ClientID, KeptSince: kept, MaxRows: limit(n),
	}
	var rank int
	p.WaitingBefore, p.OldestBefore, p.SilentBefore, rank, p.AfterSeen, p.AfterID = f.Judged()
	p.AfterRank = int32(rank)
	rows, err := t.q.ListDevices(ctx, p)
	return tryEach(rows, err, func(r db.ListDevicesRow) (controlplane.Device, error) {
		return device(r.InstanceID, r.ID, r.UserID, r.ClientID, r.Seen, r.Why)
	})
}

// CountDevices implements controlplane.Tx.
func (t tx) CountDevices(ctx context.Context, instance string, f controlplane.DeviceFilter, kept time.Time) (controlplane.DeviceCounts, error) {
	p := db.CountDevicesParams{InstanceID: instance, KeptSince: kept}
	p.WaitingBefore, p.OldestBefore, p.SilentBefore, _, _, _ = f.Judged()
	r, err := t.q.CountDevices(ctx, p)
	return controlplane.DeviceCounts{Known: r.Known, Refused: r.Refused, Waiting: r.Waiting, Silent: r.Silent}, translate(err)
}

// DeleteUserDevices implements controlplane.Tx.
func (t tx) DeleteUserDevices(ctx context.Context, instance, user string) (int64, error) {
	n, err := t.q.DeleteUserDevices(ctx, db.DeleteUserDevicesParams{InstanceID: instance, UserID: user})
	return n, translate(err)
}

// DeleteOldDevices implements controlplane.Tx.
func (t tx) DeleteOldDevices(ctx context.Context, at time.Time) error {
	return translate(t.q.DeleteOldDevices(ctx, at))
}

// AddSightings implements controlplane.Tx.
func (t tx) AddSightings(ctx context.Context, list []telemetry.Sighting) error {
	if len(list) == 0 {
		return nil
	}
	var p db.AddSightingsParams
	for _, s := range list {
		p.Instances, p.Whats = append(p.Instances, s.Instance), append(p.Whats, string(s.What))
		p.Firsts, p.Lasts, p.Numbers = append(p.Firsts, s.First), append(p.Lasts, s.Last), append(p.Numbers, s.N)
	}
	return translate(t.q.AddSightings(ctx, p))
}

// ListSightings implements controlplane.Tx.
func (t tx) ListSightings(ctx context.Context, instance string) ([]telemetry.Sighting, error) {
	rows, err := t.q.ListSightings(ctx, instance)
	return each(rows, sighting), translate(err)
}

func sighting(r db.InstanceSighting) telemetry.Sighting {
	return telemetry.Sighting{Instance: r.InstanceID, What: telemetry.Sight(r.What), First: r.FirstAt.UTC(), Last: r.LastAt.UTC(), N: r.N}
}

// DeleteInstanceSightings implements controlplane.Tx.
func (t tx) DeleteInstanceSightings(ctx context.Context, instance string) error {
	return translate(t.q.DeleteInstanceSightings(ctx, instance))
}
