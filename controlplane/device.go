package controlplane

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/telemetry"
)

// Why says what keeps a device's writes from arriving.
type Why string

// The reasons, the worst first.
const (
	WhyRefused Why = "refused" // its last credential was refused, and it has not got in since
	WhyWaiting Why = "waiting" // its first write comes back again and again
	WhySilent  Why = "silent"  // it has old writes in its queue and does not send them
)

// After which a device counts as stuck.
const (
	stuckWaiting = 10 * time.Minute // since its first write comes back
	stuckOldest  = time.Hour        // the age of what waits on it, while
	stuckSilent  = 15 * time.Minute // it has sent nothing
)

// Device is a device of an instance's users.
type Device struct {
	ID string
	telemetry.Device
	Stuck Why // "": nothing keeps it back
}

// DeviceFilter narrows a list of devices; empty fields match everything.
type DeviceFilter struct {
	Stuck, Refused           bool
	ID, UserID, ClientID     string
	afterRank                int
	afterSeen                time.Time
	afterID                  string
	waiting, oldest, silence time.Time
}

// Judged are the times before which a device is stuck, and the place to continue after.
func (f *DeviceFilter) Judged() (waiting, oldest, silence time.Time, rank int, seen time.Time, id string) {
	return f.waiting, f.oldest, f.silence, f.afterRank, f.afterSeen, f.afterID
}

// judge fixes the times as they are at now.
func (f *DeviceFilter) judge(now time.Time) {
	f.waiting, f.oldest, f.silence = now.Add(-stuckWaiting), now.Add(-stuckOldest), now.Add(-stuckSilent)
	f.afterRank, f.afterSeen = 2, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
}

// DeviceCounts are how many devices an instance has, and how many of them are stuck and why.
type DeviceCounts struct{ Known, Refused, Waiting, Silent int64 }

// Stuck is how many are.
func (c DeviceCounts) Stuck() int64 { return c.Refused + c.Waiting + c.Silent }

type deviceTx interface {
	// KnownDevices gives those with these ids; NamedDevices those with these client ids that a user has proven to
	// be, the ones seen last first.
	KnownDevices(ctx context.Context, instance string, ids []string) ([]Device, error)
	NamedDevices(ctx context.Context, instance string, clients []string) ([]Device, error)
	PutDevices(ctx context.Context, list []Device) error
	// DeleteNameless removes devices that no user has proven to be, by client id.
	DeleteNameless(ctx context.Context, instance string, clients []string) error
	// TrimDevices keeps the latest of an instance.
	TrimDevices(ctx context.Context, instance string, nameless bool, most int) error
	ListDevices(ctx context.Context, instance string, f DeviceFilter, kept time.Time, limit int) ([]Device, error)
	CountDevices(ctx context.Context, instance string, f DeviceFilter, kept time.Time) (DeviceCounts, error)
	DeleteUserDevices(ctx context.Context, instance, user string) (int64, error)
	DeleteOldDevices(ctx context.Context, at time.Time) error
}

// Devices reads what was seen of devices.
type Devices struct{ *core }

// List gives a page of an instance's devices, the stuck ones first, then those that were seen last. Which ones
// are stuck is judged at the time of the first page.
func (s *Devices) List(ctx context.Context, instance string, f DeviceFilter, p Page) (list []Device, next string, err error) {
	now, size := s.now(), p.size()
	f.judge(now)
	if p.After != "" {
		if now, err = f.resume(p.After); err != nil {
			return nil, "", err
		}
	}
	err = s.read(ctx, func(tx Tx) error {
		kept, err := keptSince(ctx, tx, instance, s.now())
		if err != nil {
			return err
		}
		list, err = tx.ListDevices(ctx, instance, f, kept, size+1)
		return err
	})
	if len(list) > size {
		list = list[:size]
		last := list[size-1]
		next = fmt.Sprintf("%d %d %d %s", now.UnixMicro(), last.rank(), last.Last.UnixMicro(), last.ID)
	}
	return list, next, err
}

func (d *Device) rank() int {
	if d.Stuck != "" {
		return 1
	}
	return 0
}

// resume continues a list where a page ended.
func (f *DeviceFilter) resume(after string) (time.Time, error) {
	var now, seen int64
	var rank int
	var id string
	if _, err := fmt.Sscanf(after, "%d %d %d %s", &now, &rank, &seen, &id); err != nil {
		return time.Time{}, fault.New(fault.Invalid, "invalid_cursor", "That is not a cursor of this list.")
	}
	at := time.UnixMicro(now).UTC()
	f.judge(at)
	f.afterRank, f.afterSeen, f.afterID = rank, time.UnixMicro(seen).UTC(), id
	return at, nil
}

// Get gives one device.
func (s *Devices) Get(ctx context.Context, instance, id string) (Device, error) {
	list, _, err := s.List(ctx, instance, DeviceFilter{ID: id}, Page{Limit: 1})
	if err == nil && len(list) == 0 {
		err = notFound("device")
	}
	if err != nil {
		return Device{}, err
	}
	return list[0], nil
}

// deviceID recognises a device; the same one gets the same id always.
func deviceID(instance, user, client string) string {
	sum := sha256.Sum256([]byte("turnkey device\x00" + instance + "\x00" + user + "\x00" + client))
	return "dvc_" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

// Hint says what to do about a stuck device.
func (d *Device) Hint() string {
	switch d.Stuck {
	case WhyRefused:
		return RefusalHint(telemetry.RefusedCredential{Code: d.RefusedCode})
	case WhyWaiting:
		return "Its first write is held back and everything after it waits. The code says why; the log has the request. A code under client_handling waits for the app's own decision."
	case WhySilent:
		return "It is offline, or its app does not run. What waits on it arrives when it comes back."
	}
	return ""
}
