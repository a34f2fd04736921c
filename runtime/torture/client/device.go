// Package client models a device as the server meets it: PowerSync's upload queue (ps_crud), the
// requests that our connector and stock ones make of it, and what goes wrong with real devices: lost
// power, restored backups, users who switch, requests that arrive twice or late. It must not know the
// server, the database or what is checked.
package client

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"turnkey/runtime/torture/history"
)

// Form is how a connector spells its uploads.
type Form string

// The three connectors that the server must serve.
const (
	Connector Form = "connector" // ours: client id, op ids, previous values; whole transactions
	Reference Form = "reference" // PowerSync's reference connector: transaction ids, nothing else
	Batch     Form = "batch"     // JSON of CrudEntry in {batch}; getCrudBatch(limit) cuts transactions
)

// Transport delivers a request. An error means that the outcome is unknown.
type Transport interface {
	Post(ctx context.Context, subject string, body []byte) (status int, answer []byte, err error)
}

// View is what a device has in its local tables, by history.Key.
type View map[string]history.Row

// entry is one row of ps_crud.
type entry struct {
	id, tx int64
	op     history.Op
	group  string // the local transaction, named across all devices
}

// state is the part of a device that its SQLite file holds.
type state struct {
	queue    []entry
	nextID   int64 // AUTOINCREMENT: rolls back with the file
	nextTx   int64
	view     View
	clientID string
}

func (s state) copy() state {
	s.queue = slices.Clone(s.queue)
	s.view = maps.Clone(s.view)
	return s
}

// Options of a device.
type Options struct {
	Name, ClientID, Subject string
	Form                    Form
	Transport               Transport
	Log                     *history.Recorder
	Rand                    *rand.Rand // the device's own
	Odds                    Odds
	// Patience is how long a request may take; 0: 30 s, as the stock connector.
	Patience time.Duration
	// LongestWait bounds how long a device obeys retry_after_ms, so that runs stay short.
	LongestWait time.Duration
	// Late bounds how much later a copy of an old request arrives.
	Late time.Duration
	// Copies counts requests that are still on their way; whoever reads the final state waits for it.
	Copies *sync.WaitGroup
}

// Odds are chances for each request, 0 to 1.
type Odds struct {
	Twice     float64 // the same request at the same time
	Late      float64 // a copy arrives later
	Impatient float64 // the client gives up after a few milliseconds
}

// Device is one installation of the app. One goroutine drives it.
type Device struct {
	opt     Options
	disk    state
	commits []state // the file after earlier commits, oldest first: what power loss may go back to
	session int     // ends with everything that breaks the user's session
	groups  int
}

// most commits that power loss can take back.
const mostRollback = 8

// New makes a device with an empty queue.
func New(opt Options) *Device {
	if opt.Patience == 0 {
		opt.Patience = patience
	}
	return &Device{opt: opt, disk: state{nextID: 1, nextTx: 1, view: View{}, clientID: opt.ClientID}}
}

// Name of the device.
func (d *Device) Name() string { return d.opt.Name }

// Pending is the length of the queue.
func (d *Device) Pending() int { return len(d.disk.queue) }

// View is the device's rows; the caller must not keep it across calls.
func (d *Device) View() View { return d.disk.view }

// commit makes the file's present content something that power loss can go back to.
func (d *Device) commit() {
	d.commits = append(d.commits, d.disk.copy())
	if len(d.commits) > mostRollback {
		d.commits = slices.Delete(d.commits, 0, 1)
	}
}

// Write commits one local transaction: the rows change at once, the operations join the queue.
func (d *Device) Write(ops []history.Op) {
	if len(ops) == 0 {
		return
	}
	d.commit()
	d.groups++
	group := d.opt.Name + "." + itoa(d.groups)
	tx := d.disk.nextTx
	d.disk.nextTx++
	ops = slices.Clone(ops)
	for i, op := range ops {
		ops[i].OpID = d.disk.nextID
		d.disk.queue = append(d.disk.queue, entry{id: d.disk.nextID, tx: tx, op: op, group: group})
		d.disk.nextID++
		apply(d.disk.view, op)
	}
	d.opt.Log.Add(history.Event{Kind: history.Queue, Device: d.opt.Name, Session: d.session, Tx: group, Ops: ops, Whole: d.opt.Form != Batch})
}

// apply does to the local row what SQLite does.
func apply(view View, op history.Op) {
	key := history.Key(op.Table, op.ID)
	if op.Verb == "DELETE" {
		delete(view, key)
		return
	}
	row, ok := view[key]
	if !ok && op.Verb == "PATCH" {
		return
	}
	if tag, ok := op.Data["tag"].(string); ok {
		row.Tag = tag
	}
	if n, ok := op.Data["n"].(int64); ok {
		row.N = n
	}
	if items, ok := op.Data["items"].([]string); ok {
		row.Items = items
	}
	view[key] = row
}

// Sync replaces the local rows by a checkpoint, as PowerSync does only while the queue is empty.
func (d *Device) Sync(view View) bool {
	if len(d.disk.queue) > 0 {
		return false
	}
	d.disk.view = maps.Clone(view)
	return true
}

// Read records what the device sees in some rows; note "final" says that all is quiet.
func (d *Device) Read(note string, keys []string) {
	seen := make(map[string]string, len(keys))
	for _, key := range keys {
		seen[key] = d.disk.view[key].Tag
	}
	d.opt.Log.Add(history.Event{Kind: history.Read, Device: d.opt.Name, Session: d.session, Seen: seen, Note: note})
}

// PowerLoss takes back the last n commits of the device's file, the AUTOINCREMENT counter included:
// with synchronous=NORMAL, SQLite's default in the SDKs, they may never have reached the disk.
func (d *Device) PowerLoss(n int) {
	n = min(n, len(d.commits))
	if n == 0 {
		return
	}
	before := d.disk
	d.disk = d.commits[len(d.commits)-n]
	d.commits = slices.Clone(d.commits[:len(d.commits)-n])
	d.forget(before, "power loss")
}

// forget records what was in the queue and no longer is, unless it was delivered.
func (d *Device) forget(before state, why string) {
	still := map[string]bool{}
	for _, e := range d.disk.queue {
		still[e.op.Tag] = true
	}
	var gone []string
	for _, e := range before.queue {
		if !still[e.op.Tag] {
			gone = append(gone, e.op.Tag)
		}
	}
	d.session++
	d.opt.Log.Add(history.Event{Kind: history.Drop, Device: d.opt.Name, Session: d.session, Tags: gone, Note: why})
}

// SwitchUser logs out, which clears the queue and the rows, and logs in as somebody else. The client
// id and the counter stay: that is what disconnectAndClear does.
func (d *Device) SwitchUser(subject string) {
	before := d.disk.copy()
	d.opt.Subject = subject
	d.disk.queue, d.disk.view = nil, View{}
	d.commits = nil
	d.forget(before, "log-out")
}

// Clone is a second device that was restored from a backup of this one: same client id, same counter.
// The backup is up to n commits old.
func (d *Device) Clone(name string, n int, random *rand.Rand) *Device {
	c := &Device{opt: d.opt, disk: d.disk.copy()}
	if n = min(n, len(d.commits)); n > 0 {
		c.disk = d.commits[len(d.commits)-n].copy()
	}
	c.opt.Name, c.opt.Rand = name, random
	var tags []string
	for _, e := range c.disk.queue {
		tags = append(tags, e.op.Tag)
	}
	d.opt.Log.Add(history.Event{Kind: history.Clone, Device: name, Note: d.opt.Name, Tags: tags})
	return c
}

// Report records something about the device with what is in its queue.
func (d *Device) Report(kind history.Kind, note string) {
	var tags []string
	for _, e := range d.disk.queue {
		tags = append(tags, e.op.Tag)
	}
	d.opt.Log.Add(history.Event{Kind: kind, Device: d.opt.Name, Session: d.session, Tags: tags, Note: note})
}
