//go:build e2e

package main_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A scenario is two devices that change the same row without having seen each other's change. Both have the row
// synced. Then both write, offline. Then the first device uploads, and after it the second.
type scenario struct {
	name, table   string
	row           string   // what both have synced; "": no row
	first, second []string // what they do, see web/e2e/devices.mjs
	said          string   // what the two uploads say, if not "success, success"
	ends          string   // the row then, as every device has it after the next sync; "": it is gone
	recorded      string   // the conflicts on record: who they are of, status and outcome
	then          func(*stage)
}

// stage is where a scenario plays.
type stage struct {
	*tenant
	scenario      scenario
	id            string
	first, second *sdkDevice
}

// TestStrategies: what PowerSync's guide to custom conflict resolution and the merge rules of Atlas Device Sync
// promise, with the real SDK on two devices and no backend code but the files of testdata/strategies, on both
// databases. deploy/guides/conflicts.md explains each scenario under its name here.
//
// Previous values are tracked on every table, as our connector's documentation asks. No sync service runs; what one
// would send after each step is read from the database, put into the form that a device is sent, and given to the SDK
// the way its own stream does it (devices.mjs). So what a device reports as its base is what the SDK made of a synced row.
func TestStrategies(t *testing.T) {
	d := startDevices(t)
	for _, in := range newSources(t) {
		document, files := tenantFiles(t, "strategies", in.source)
		in.connect()
		cfg := in.createTables(document)
		in.create("Strategies", document, files)
		first, second := d.open(in.source+" first", in.url, "first", cfg), d.open(in.source+" second", in.url, "second", cfg)
		for group, list := range map[string][]scenario{"strategy": strategies, "device_sync": deviceSync} {
			for _, s := range list {
				t.Run(in.source+"/"+group+"/"+s.name, func(t *testing.T) {
					in := in.as(t)
					(&stage{in, s, in.row(), first, second}).play()
				})
			}
		}
	}
}

func (s *stage) play() {
	s.Helper()
	is := &s.scenario
	if is.row != "" {
		s.first.write(s.T, is.table, s.id, "create "+is.row)
		s.want("the creation", s.first.upload(s.T).String(), "success")
		s.sync(is.table, s.id)
	}
	s.first.write(s.T, is.table, s.id, is.first...)
	s.second.write(s.T, is.table, s.id, is.second...)
	said := s.first.upload(s.T).String() + ", " + s.second.upload(s.T).String()
	s.want("the uploads", said, cmp.Or(is.said, "success, success"))
	s.want("the row", s.sync(is.table, s.id), is.ends)
	s.want("the conflicts on record", s.onRecord(), is.recorded)
	if is.then != nil {
		is.then(s)
	}
}

// write is one more write of one device, and what its upload says.
func (s *stage) write(d *sdkDevice, steps ...string) string {
	s.Helper()
	d.write(s.T, s.scenario.table, s.id, steps...)
	return d.upload(s.T).String()
}

// sync brings a row as it is stored to both devices, and gives it as they have it then.
func (s *stage) sync(table, id string) string {
	s.Helper()
	row := s.stored(table, id)
	var have []string
	for _, d := range []*sdkDevice{s.first, s.second} {
		d.sync(s.T, table, id, row)
		have = append(have, spellRow(d.read(s.T, table, id)))
	}
	if have[0] != have[1] || have[0] != spellRow(row) {
		s.Errorf("the devices have %q, stored is %v", have, row)
	}
	return have[0]
}

// onRecord lists the recorded conflicts of the row, oldest first.
func (s *stage) onRecord() string {
	s.Helper()
	var out []string
	for _, c := range s.conflicts("row_id=" + s.id) {
		out = append(out, c.UserID+" "+c.Status+" "+c.Outcome)
	}
	return strings.Join(out, ", ")
}

// spellRow writes a row as a device has it, by column, without nulls: a=1 b="x".
func spellRow(row map[string]any) string {
	var out []string
	for _, column := range slices.Sorted(maps.Keys(row)) {
		v := row[column]
		if text, ok := v.(string); ok && strings.ContainsAny(text[:min(1, len(text))], "[{") {
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				v = text
			}
		}
		if v != nil {
			spelled, _ := json.Marshal(v) // came from JSON
			out = append(out, column+"="+string(spelled))
		}
	}
	return strings.Join(out, " ")
}
