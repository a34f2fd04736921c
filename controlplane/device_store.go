package controlplane

import (
	"context"
	"maps"
	"slices"

	"turnkey/runtime/telemetry"
)

// The most devices of an instance: beyond them, those that were seen longest ago go.
const (
	maxDevices  = 50_000
	maxNameless = 1000 // that no user has proven to be
)

// storeDevices joins those of a batch to what is known. The caller holds the telemetry's lock, so that
// reading, joining and writing are one step.
func storeDevices(ctx context.Context, tx Tx, b telemetry.Batch, known []string, erased []Erasure) error {
	fresh := map[string]map[string]*Device{}
	for _, d := range b.Devices {
		d.Clean()
		if _, ok := slices.BinarySearch(known, d.Instance); !ok || erasedSince(erased, telemetry.Entry{Instance: d.Instance, UserID: d.UserID, At: d.Last}) {
			continue
		}
		if fresh[d.Instance] == nil {
			fresh[d.Instance] = map[string]*Device{}
		}
		joinDevice(fresh[d.Instance], d)
	}
	for instance, devices := range fresh {
		if err := storeDevicesOf(ctx, tx, instance, devices); err != nil {
			return err
		}
	}
	return nil
}

// joinDevice adds what was seen of a device to a map by id.
func joinDevice(to map[string]*Device, d telemetry.Device) {
	id := deviceID(d.Instance, d.UserID, d.ClientID)
	if have := to[id]; have != nil {
		have.Join(d)
		return
	}
	to[id] = &Device{ID: id, Device: d}
}

func storeDevicesOf(ctx context.Context, tx Tx, instance string, fresh map[string]*Device) error {
	if err := recogniseRefused(ctx, tx, instance, fresh); err != nil {
		return err
	}
	have, err := tx.KnownDevices(ctx, instance, slices.Collect(maps.Keys(fresh)))
	if err != nil {
		return err
	}
	for _, k := range have {
		all := k.Device
		all.Join(fresh[k.ID].Device)
		fresh[k.ID].Device = all
	}
	var proven []string
	list := make([]Device, 0, len(fresh))
	for _, d := range fresh {
		list = append(list, *d)
		if d.UserID != "" && d.ClientID != "" {
			proven = append(proven, d.ClientID)
		}
	}
	if err := tx.DeleteNameless(ctx, instance, proven); err != nil {
		return err
	}
	if err := tx.PutDevices(ctx, list); err != nil || len(have) == len(fresh) {
		return err
	}
	if err := tx.TrimDevices(ctx, instance, true, maxNameless); err != nil {
		return err
	}
	return tx.TrimDevices(ctx, instance, false, maxDevices)
}

// recogniseRefused gives the refusal of a credential to the device that a user has proven to be under the same
// name. A name alone proves nothing, so nothing but the refusal is taken over.
func recogniseRefused(ctx context.Context, tx Tx, instance string, fresh map[string]*Device) error {
	var clients []string
	for _, d := range fresh {
		if d.UserID == "" && d.ClientID != "" {
			clients = append(clients, d.ClientID)
		}
	}
	if len(clients) == 0 {
		return nil
	}
	named, err := tx.NamedDevices(ctx, instance, clients)
	if err != nil {
		return err
	}
	for _, n := range named {
		id := deviceID(instance, "", n.ClientID)
		d := fresh[id]
		if d == nil {
			continue // another of its devices was seen later
		}
		delete(fresh, id)
		joinDevice(fresh, telemetry.Device{
			Instance: instance, UserID: n.UserID, ClientID: n.ClientID, First: d.First, Last: d.Last,
			Refused: d.Refused, RefusedCode: d.RefusedCode, RefusedMessage: d.RefusedMessage,
		})
	}
	return nil
}
