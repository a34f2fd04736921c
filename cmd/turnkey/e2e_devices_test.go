//go:build e2e

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
)

// devices is the process of web/e2e/devices.mjs: several devices with the real SDK. How they get rows without a sync
// service is told there.
type devices struct {
	*testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

func startDevices(t *testing.T) *devices {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	cmd := nodeCommand(ctx, t, "devices.mjs", nil)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("devices.mjs: %v\n%s", err, errs.String())
		}
	})
	return &devices{T: t, in: in, out: bufio.NewReader(out)}
}

// ask sends a command and reads the answer to it.
func (d *devices) ask(t *testing.T, command map[string]any, into any) {
	t.Helper()
	line, err := json.Marshal(command)
	if err == nil {
		_, err = d.in.Write(append(line, '\n'))
	}
	if err != nil {
		t.Fatal(err)
	}
	answer, err := d.out.ReadBytes('\n')
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, answer)
	}
}

// sdkDevice is one of them.
type sdkDevice struct {
	*devices
	name string
}

// open makes a device of a user, with the tables of a configuration.
func (d *devices) open(name, url, user string, cfg *bundle.Config) *sdkDevice {
	d.Helper()
	d.ask(d.T, map[string]any{"device": name, "open": map[string]any{"url": url, "user": user, "dir": d.TempDir(), "schema": sdkSchema(cfg)}}, nil)
	return &sdkDevice{d, name}
}

// sdkSchema is what an app would declare.
func sdkSchema(cfg *bundle.Config) map[string]map[string]string {
	out := map[string]map[string]string{}
	for name, table := range cfg.Tables {
		out[name] = map[string]string{}
		for column, f := range table.Fields {
			kind := "text"
			if slices.Contains([]bundle.TypeName{bundle.TypeInt32, bundle.TypeInt64, bundle.TypeBool}, f.Type.Name) {
				kind = "integer"
			}
			out[name][column] = kind
		}
	}
	return out
}

// sync gives the device a row as a sync service would (nil: it is gone) and wants it applied.
func (d *sdkDevice) sync(t *testing.T, table, id string, row map[string]any) {
	t.Helper()
	var applied bool
	d.ask(t, map[string]any{"device": d.name, "sync": map[string]any{"table": table, "id": id, "row": row}}, &applied)
	if !applied {
		t.Fatalf("device %s did not apply what was synced to %s", d.name, table)
	}
}

// write does something on the device, each step in a transaction of its own.
func (d *sdkDevice) write(t *testing.T, table, id string, steps ...string) {
	t.Helper()
	if len(steps) > 0 {
		d.ask(t, map[string]any{"device": d.name, "write": map[string]any{"table": table, "id": id, "steps": steps}}, nil)
	}
}

// run does several things in one transaction.
func (d *sdkDevice) run(t *testing.T, statements ...[]string) {
	t.Helper()
	d.ask(t, map[string]any{"device": d.name, "run": statements}, nil)
}

func (d *sdkDevice) read(t *testing.T, table, id string) (row map[string]any) {
	t.Helper()
	d.ask(t, map[string]any{"device": d.name, "read": map[string]any{"table": table, "id": id}}, &row)
	return row
}

// uploaded is how an upload went, as the app is told.
type uploaded struct {
	Queue    int
	Rejected []struct{ Code, Message string }
	Error    string
}

// String is "success", or what was refused, or why it is not done.
func (u uploaded) String() string {
	out := make([]string, len(u.Rejected))
	for i, r := range u.Rejected {
		out[i] = r.Code
	}
	if u.Error != "" || u.Queue > 0 {
		out = append(out, fmt.Sprintf("%s, %d wait", u.Error, u.Queue))
	}
	if len(out) == 0 {
		return "success"
	}
	return strings.Join(out, " ")
}

func (d *sdkDevice) upload(t *testing.T) uploaded {
	t.Helper()
	return d.uploads(t, d)[0]
}

// uploads lets several upload at the same time.
func (d *devices) uploads(t *testing.T, list ...*sdkDevice) (out []uploaded) {
	t.Helper()
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].name
	}
	d.ask(t, map[string]any{"upload": names}, &out)
	return out
}
