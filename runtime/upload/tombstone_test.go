package upload_test

import (
	"testing"
	"time"

	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// TestDeletesOfEachKind: what a deletion does to a row that changed since its device saw it, and to writes that
// arrive after it.
func TestDeletesOfEachKind(t *testing.T) {
	const name = `"name":"-"`
	put := func(table string) string { return entryOf("PUT", table, name, "") }
	eachCase(t, map[string]deletion{
		"win: a delete beats an update that came before": {[]step{{"one", put("won"), ""}, {"two", entryOf("PATCH", "won", `"name":"a"`, name), ""}, {"three", entryOf("DELETE", "won", "", name), ""}}, "won", "", ""},
		"win: an update that comes after has no effect":  {[]step{{"one", put("won"), ""}, {"two", entryOf("DELETE", "won", "", ""), ""}, {"three", entryOf("PATCH", "won", `"name":"a"`, name), ""}}, "won", "", ""},
		"win: a creation makes the row again":            {[]step{{"one", put("won"), ""}, {"two", entryOf("DELETE", "won", "", ""), ""}, {"three", entryOf("PUT", "won", `"name":"b"`, ""), ""}}, "won", "name=b", ""},

		"tombstone: a late creation is refused":                {[]step{{"one", put("buried"), ""}, {"two", entryOf("DELETE", "buried", "", ""), ""}, {"three", entryOf("PUT", "buried", `"name":"b"`, ""), "ROW_DELETED"}}, "buried", "", ""},
		"tombstone: what follows the creation is held":         {[]step{{"one", put("buried"), ""}, {"two", entryOf("DELETE", "buried", "", ""), ""}, {"three", put("buried"), "ROW_DELETED"}, {"three", entryOf("PATCH", "buried", `"name":"c"`, ""), "DEPENDS_ON_REJECTED"}}, "buried", "", ""},
		"tombstone: a late update has no effect":               {[]step{{"one", put("buried"), ""}, {"two", entryOf("DELETE", "buried", "", ""), ""}, {"three", entryOf("PATCH", "buried", `"name":"b"`, name), ""}}, "buried", "", ""},
		"tombstone: who deleted it may make it again":          {[]step{{"one", put("buried"), ""}, {"one", entryOf("DELETE", "buried", "", ""), ""}, {"one", entryOf("PUT", "buried", `"name":"b"`, ""), ""}}, "buried", "name=b", ""},
		"tombstone: of a row that was made again":              {[]step{{"one", put("buried"), ""}, {"one", entryOf("DELETE", "buried", "", ""), ""}, {"one", put("buried"), ""}, {"two", entryOf("PUT", "buried", `"name":"b"`, ""), ""}}, "buried", "name=b", ""},
		"tombstone: a delete of a missing row leaves none":     {[]step{{"one", entryOf("DELETE", "buried", "", ""), ""}, {"two", put("buried"), ""}}, "buried", "name=-", ""},
		"tombstone: two deletes":                               {[]step{{"one", put("buried"), ""}, {"two", entryOf("DELETE", "buried", "", ""), ""}, {"three", entryOf("DELETE", "buried", "", ""), ""}}, "buried", "", ""},
		"tombstone: a device that is not known is late":        {[]step{{"one", put("buried"), ""}, {"", entryOf("DELETE", "buried", "", ""), ""}, {"", put("buried"), "ROW_DELETED"}}, "buried", "", ""},
		"lose: a delete of what it has seen":                   {[]step{{"one", put("merged"), ""}, {"two", entryOf("DELETE", "merged", "", name), ""}}, "merged", "", ""},
		"lose: a delete of what changed since is dropped":      {[]step{{"one", put("merged"), ""}, {"two", entryOf("PATCH", "merged", `"name":"a"`, name), ""}, {"three", entryOf("DELETE", "merged", "", name), ""}}, "merged", "name=a", "merged DELETE deletes: lose server (name=server) decided"},
		"lose: without previous values it passes":              {[]step{{"one", put("merged"), ""}, {"two", entryOf("PATCH", "merged", `"name":"a"`, name), ""}, {"three", entryOf("DELETE", "merged", "", ""), ""}}, "merged", "", ""},
		"lose: what only other columns say":                    {[]step{{"one", put("merged"), ""}, {"two", entryOf("PATCH", "merged", `"name":"a"`, name), ""}, {"three", entryOf("DELETE", "merged", "", `"owner":null`), ""}}, "merged", "", ""},
		"lose: its own merge is no change":                     {[]step{{"one", entryOf("PUT", "merged", `"n":10`, ""), ""}, {"two", entryOf("PATCH", "merged", `"n":7`, `"n":10`), ""}, {"three", entryOf("PATCH", "merged", `"n":6`, `"n":10`), ""}, {"three", entryOf("DELETE", "merged", "", `"n":6`), ""}}, "merged", "", "merged PATCH merge merged (n=merged) decided"},
		"lose: an update that comes after a delete":            {[]step{{"one", put("merged"), ""}, {"two", entryOf("DELETE", "merged", "", name), ""}, {"three", entryOf("PATCH", "merged", `"name":"a"`, name), ""}}, "merged", "", ""},
		"a creation that meets a row is an update":             {[]step{{"one", put("merged"), ""}, {"two", entryOf("PUT", "merged", `"n":5,"owner":"b"`, ""), ""}}, "merged", "n=5L name=- owner=b", ""},
		"a creation that meets a row, where nothing may merge": {[]step{{"one", put("kept"), ""}, {"two", entryOf("PUT", "kept", `"name":"b"`, ""), ""}}, "kept", "name=b", ""},
		"a creation with a greater or lesser maximum":          {[]step{{"one", entryOf("PUT", "merged", `"best":5`, ""), ""}, {"two", entryOf("PUT", "merged", `"best":4`, ""), ""}}, "merged", "best=5L", "merged PUT merge server (best=server) decided"},
		"a creation that is older by its clock":                {[]step{{"one", entryOf("PUT", "timed", `"name":"-","at":"2026-01-03T00:00:00Z"`, ""), ""}, {"two", entryOf("PUT", "timed", `"name":"b","at":"2026-01-02T00:00:00Z"`, ""), ""}}, "timed", "at=2026-01-03T00:00:00.000Z name=-", "timed PUT timestamp server (at=server name=server) decided"},
		"a creation against a version":                         {[]step{{"one", entryOf("PUT", "versioned", `"name":"-","rev":4`, ""), ""}, {"two", entryOf("PUT", "versioned", `"name":"b","rev":1`, ""), "CONFLICT"}}, "versioned", "name=- rev=4L", ""},
	}, func(w *world, _ string, c deletion) {
		devices := map[string]*device{}
		for _, s := range c.steps {
			w.take(devices, s)
		}
		w.wantRow(c.table, c.row)
		w.wantConflicts(c.recorded)
	})
}

// deletion is a case of TestDeletesOfEachKind.
type deletion struct {
	steps                []step
	table, row, recorded string
}

// step is one transaction of a device; a device without a name sends nothing that it is known by.
type step struct{ device, entry, refused string }

func (w *world) take(devices map[string]*device, s step) {
	w.t.Helper()
	want := "success"
	if s.refused != "" {
		want = "fatal_error " + s.refused + " 0"
	}
	if s.device == "" {
		w.want(transactions(crud(s.entry)), want)
		return
	}
	if devices[s.device] == nil {
		devices[s.device] = w.device(s.device)
	}
	devices[s.device].does(want, s.entry)
}

// TestATransactionThatDeletesAndCreates leaves no tombstone: the row is there.
func TestATransactionThatDeletesAndCreates(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		d := w.device("one")
		d.does("success", entryOf("PUT", "buried", `"name":"-"`, ""))
		w.want(d.body([]string{entryOf("DELETE", "buried", "", ""), entryOf("PUT", "buried", `"name":"b"`, "")}), "success")
		w.wantRow("buried", "name=b")
		w.want(d.body([]string{entryOf("PUT", "buried", `"name":"c"`, ""), entryOf("DELETE", "buried", "", "")}), "success")
		w.device("two").does("fatal_error ROW_DELETED 0", entryOf("PUT", "buried", `"name":"d"`, ""))
	})
}

// TestATombstoneEnds when its time is over, and an administrator need not wait for that.
func TestATombstoneEnds(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "buried", `"name":"-"`, ""), entryOf("DELETE", "buried", "", ""))
		late := w.device("two")
		late.does("fatal_error ROW_DELETED 0", entryOf("PUT", "buried", `"name":"b"`, ""))
		id := w.rejections(source.RejectionFilter{})[0].ID
		if out := w.replayed(upload.Replay{ID: id, By: "usr_1"}); out[0].Status != source.Open || out[0].ErrorCode != "ROW_DELETED" {
			t.Errorf("replayed: %+v", out)
		}
		if out := w.replayed(upload.Replay{ID: id, By: "usr_1", WithoutRules: true}); out[0].Status != source.Replayed {
			t.Errorf("forced: %+v", out)
		}
		w.wantRow("buried", "name=b")
		w.device("three").does("success", entryOf("DELETE", "buried", "", ""))
		if swept, err := w.src.Sweep(t.Context(), time.Now().Add(time.Hour), source.Retention{Receipts: 9 * time.Hour, Rejections: 9 * time.Hour, Clients: 9 * time.Hour, Conflicts: 9 * time.Hour, Tombstones: time.Minute}); err != nil || swept.Tombstones != 1 {
			t.Fatalf("%+v %v", swept, err)
		}
		late.does("success", entryOf("PUT", "buried", `"name":"c"`, ""))
		w.wantRow("buried", "name=c")
	})
}

// TestALostDeletionIsNotCarriedOutOverWhatCameAfter unless the order says so.
func TestALostDeletionIsNotCarriedOutOverWhatCameAfter(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "merged", `"name":"-"`, ""))
		w.device("two").does("success", entryOf("PATCH", "merged", `"name":"a"`, `"name":"-"`))
		w.device("three").does("success", entryOf("DELETE", "merged", "", `"name":"-"`))
		w.device("two").does("success", entryOf("PATCH", "merged", `"name":"later"`, ""))
		id := w.conflicts()[0].ID
		if got := w.resolve(upload.Resolve{ID: id, Choice: take("client")}); got != "conflict_moved" {
			t.Errorf("said %q", got)
		}
		w.wantRow("merged", "name=later")
		if got := w.resolve(upload.Resolve{ID: id, Choice: take("client"), Overwrite: true}); got != "resolved" {
			t.Errorf("said %q", got)
		}
		w.wantRow("merged", "")
	})
}

// TestADroppedDeleteShowsWhatItMet only where the update rule lets the user touch the row.
func TestADroppedDeleteShowsWhatItMet(t *testing.T) {
	for secret, want := range map[string]string{`"y"`: `{"name":"a"}`, `"x"`: ""} {
		onBothWithConflicts(t, func(t *testing.T, w *world) {
			w.config.Conflicts.ShowServer = true
			w.engine = w.newEngine(w.src)
			w.device("one").does("success", entryOf("PUT", "merged", `"name":"-"`, ""))
			w.device("two").does("success", entryOf("PATCH", "merged", `"name":"a","secret":`+secret, `"name":"-"`))
			w.device("three").does("success", entryOf("DELETE", "merged", "", `"name":"-"`))
			c := w.wantConflicts("merged DELETE deletes: lose server (name=server) decided")[0]
			if string(c.ClientData) != "null" || string(c.ServerData) != want {
				t.Errorf("secret %s: %s %q", secret, c.ClientData, c.ServerData)
			}
		})
	}
}
