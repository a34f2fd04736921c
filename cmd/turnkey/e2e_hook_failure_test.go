//go:build e2e

package main_test

import (
	"fmt"
	"strings"
	"testing"
)

// failure is a way in which a hook does not accept a write, and what comes of it.
type failure struct {
	kind, code string
	told       string // the device
	logged     string // for the developer, at this line of the TypeScript
}

// failures are those of testdata/fragile/hooks/fragile.ts. What ends workers has an instance of its own: at the third death
// within a minute, an instance's hooks rest.
var failures = map[string][]failure{
	"lives": {
		{"throw", "hook_error", "The hook beforeWrite of fragile failed.", "hooks/fragile.ts:9:"},
		{"time", "hook_timeout", "The hook beforeWrite of fragile ran too long.", "hooks/fragile.ts:"},
		{"nonsense", "hook_invalid_result", "The hook beforeWrite of fragile gave a result that cannot be used.", "hooks/fragile.ts:7:"},
		{"reject", "NOT_TODAY", "Come back tomorrow.", ""},
	},
	"dies": {{"memory", "hook_out_of_memory", "The hook beforeWrite of fragile used too much memory.", "hooks/fragile.ts:7:"}},
}

// TestHookFailures: each way in which a hook can fail is told to the device clearly and differently, and to the
// developer with the line; nothing of its transaction is stored; and the queue moves as on_error says.
func TestHookFailures(t *testing.T) {
	d := startDevices(t)
	for _, in := range newSources(t) {
		document, files := tenantFiles(t, "fragile", in.source)
		in.connect()
		cfg := in.createTables(document)
		for worker, list := range failures {
			in.create("Fragile "+worker, document, files)
			one := d.open(in.source+" "+worker, in.url, "one", cfg)
			t.Run(in.source+"/reject/"+worker, func(t *testing.T) { in.as(t).failsAndGoesOn(one, list) })

			retrying := strings.Replace(document, "on_error: reject", "on_error: retry", 1)
			in.create("Patient "+worker, retrying, files)
			var each []*sdkDevice
			for _, f := range list {
				each = append(each, d.open(in.source+" "+f.kind, in.url, f.kind, cfg))
			}
			t.Run(in.source+"/retry/"+worker, func(t *testing.T) { in.as(t).failsAndWaits(retrying, each, list) })
		}
	}
}

// fails writes, in one transaction, a row that is fine and one on which the hook fails.
func (in *tenant) fails(d *sdkDevice, kind string) (rows [2]string) {
	in.Helper()
	rows = [2]string{in.row(), in.row()}
	const sql = `INSERT INTO fragile (id, title) VALUES (?, ?)`
	d.run(in.T, []string{sql, rows[0], "fine"}, []string{sql, rows[1], kind})
	return rows
}

// failsAndGoesOn: under on_error: reject, the default, every failing transaction leaves the queue, and what follows it is stored.
func (in *tenant) failsAndGoesOn(d *sdkDevice, failures []failure) {
	var gone, stored []string
	for _, f := range failures {
		rows := in.fails(d, f.kind)
		gone = append(gone, rows[:]...)
		after := in.row()
		d.write(in.T, "fragile", after, `create {"title": "after"}`)
		stored = append(stored, after)
	}
	said := d.upload(in.T)
	in.want("what waits", fmt.Sprint(said.Queue, said.Error), "0")
	if len(said.Rejected) != len(failures) {
		in.Fatalf("rejected: %v", said.Rejected)
	}
	for i, f := range failures {
		in.want("what the device is told of "+f.kind, said.Rejected[i].Code+": "+said.Rejected[i].Message, f.code+": "+f.told)
	}
	for _, id := range gone {
		in.want("a row of a failed transaction", in.fields("fragile", id, "title"), "")
	}
	for _, id := range stored {
		in.want("a row after it", in.fields("fragile", id, "title"), "after")
	}
	for _, f := range failures {
		in.logsLine(f)
	}
}

// logsLine wants the log to name the line of the hook's source.
func (in *tenant) logsLine(f failure) {
	in.Helper()
	query := "/instances/" + in.id + "/logs?code=" + f.code
	if f.logged != "" {
		query += "&kind=hook"
	}
	var page struct {
		Data []struct{ Kind, Level, Code, Message string }
	}
	eventually(in.T, f.kind+" is in the log", func() bool {
		in.api("GET", query, nil, &page)
		return len(page.Data) > 0
	})
	for _, line := range page.Data {
		if !strings.HasPrefix(line.Message, f.logged) {
			in.Errorf("of %s the log says %+v, want %s", f.kind, line, f.logged)
		}
	}
}

// failsAndWaits: under on_error: retry, what fails stays in its device's queue and is applied when the hook is corrected;
// what the hook rejects leaves the queue all the same.
func (in *tenant) failsAndWaits(document string, list []*sdkDevice, failures []failure) {
	rows := make([][2]string, len(list))
	for i, f := range failures {
		rows[i] = in.fails(list[i], f.kind)
	}
	for i, said := range list[0].uploads(in.T, list...) {
		f := failures[i]
		want := f.code + ", 2 wait"
		if f.kind == "reject" {
			want = f.code
		}
		in.want("the upload of "+f.kind, said.String(), want)
		in.want("the rows of "+f.kind, in.fields("fragile", rows[i][0], "title")+in.fields("fragile", rows[i][1], "title"), "")
	}
	in.deploy(document, map[string]string{"hooks/fragile.ts": `export default { beforeWrite(write) { write.data.title += ", corrected" } } satisfies Hooks<"fragile">;`})
	for i, said := range list[0].uploads(in.T, list...) {
		in.want("the upload of "+failures[i].kind+" after the correction", said.String(), "success")
		want := "fine, corrected " + failures[i].kind + ", corrected"
		if failures[i].kind == "reject" {
			want = " "
		}
		in.want("the rows of "+failures[i].kind, in.fields("fragile", rows[i][0], "title")+" "+in.fields("fragile", rows[i][1], "title"), want)
	}
}
