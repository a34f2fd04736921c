package upload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

func (w *world) resolve(order upload.Resolve) string {
	w.t.Helper()
	order.By = "usr_1"
	out, err := w.engine.Resolve(w.t.Context(), order)
	if err != nil {
		return fault.Of(err).Code
	}
	var said []string
	for _, c := range out.Conflicts {
		said = append(said, string(c.Status))
	}
	for _, r := range out.Rejections {
		said = append(said, string(r.Status))
	}
	return strings.Join(said, " ")
}

func take(what string) upload.Choice { return upload.Choice{Take: what} }

func edited(pairs ...string) upload.Choice {
	c := upload.Choice{Values: map[string]json.RawMessage{}}
	for i := 0; i < len(pairs); i += 2 {
		c.Values[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return c
}

// inConflict leaves a conflict of device three in row 1 of a table.
func (w *world) inConflict(table, put, first, second, previous, outcome string) source.ConflictRecord {
	w.t.Helper()
	w.device("one").does("success", entryOf("PUT", table, put, ""))
	w.device("two").does("success", entryOf("PATCH", table, first, previous))
	w.device("three").does(outcome, entryOf("PATCH", table, second, previous))
	list := w.conflicts()
	if len(list) != 1 {
		w.t.Fatalf("%d conflicts", len(list))
	}
	return list[0]
}

// resolution is a case of a conflict about name, n and owner: -, 1, - was what all saw; a, 2, a is what came first;
// b, 3, b what device three wrote.
type resolution struct {
	order   upload.Resolve
	said    string
	row     string
	status  source.ConflictStatus
	because string // what Resolution has
}

func TestADecidedConflictIsDecidedOtherwise(t *testing.T) {
	eachCase(t, map[string]resolution{
		"client":                      {upload.Resolve{Choice: take("client")}, "resolved", "body=b n=3L owner=b", "resolved", `{"take":"client"}`},
		"server":                      {upload.Resolve{Choice: take("server")}, "resolved", "body=b n=2L owner=a", "resolved", `{"take":"server"}`},
		"by field":                    {upload.Resolve{Choice: upload.Choice{Fields: map[string]string{"n": "server", "owner": "client"}}}, "resolved", "body=b n=2L owner=b", "resolved", `{"fields":{"n":"server","owner":"client"}}`},
		"edited, and the rest":        {upload.Resolve{Choice: upload.Choice{Take: "client", Values: map[string]json.RawMessage{"n": json.RawMessage("50")}}}, "resolved", "body=b n=50L owner=b", "resolved", ""},
		"the same policy again":       {upload.Resolve{Choice: take("policy")}, "resolved", "body=b n=4L owner=a", "resolved", `{"take":"policy"}`},
		"nothing for a column":        {upload.Resolve{Choice: edited("n", "5")}, "choice_missing", "body=b n=4L owner=a", "decided", ""},
		"another column":              {upload.Resolve{Choice: upload.Choice{Take: "client", Fields: map[string]string{"body": "client"}}}, "choice_column", "body=b n=4L owner=a", "decided", ""},
		"another edited column":       {upload.Resolve{Choice: upload.Choice{Take: "client", Values: map[string]json.RawMessage{"body": json.RawMessage(`"x"`)}}}, "choice_column", "body=b n=4L owner=a", "decided", ""},
		"an unknown word":             {upload.Resolve{Choice: take("mine")}, "choice_unknown", "body=b n=4L owner=a", "decided", ""},
		"a value of another type":     {upload.Resolve{Choice: edited("n", `"many"`, "owner", `"x"`)}, "resolution_refused", "body=b n=4L owner=a", "decided", ""},
		"a value that cannot be read": {upload.Resolve{Choice: edited("n", `{"a":1,"a":2}`, "owner", `"x"`)}, "choice_value", "body=b n=4L owner=a", "decided", ""},
	}, func(w *world, _ string, c resolution) {
		const was, first, second = `"n":1,"owner":"-"`, `"n":2,"owner":"a"`, `"n":3,"owner":"b"`
		record := w.inConflict("merged", `"body":"b",`+was, first, second, was, "success")
		w.wantRow("merged", "body=b n=4L owner=a")
		c.order.ID = record.ID
		if got := w.resolve(c.order); got != c.said {
			w.t.Errorf("said %q, want %q", got, c.said)
		}
		w.wantRow("merged", c.row)
		got := w.conflicts()[0]
		if got.Status != c.status || c.status == "resolved" && (got.SettledBy != "usr_1" || got.SettledAt.IsZero()) || c.because != "" && string(got.Resolution) != c.because {
			w.t.Errorf("%s by %q: %s", got.Status, got.SettledBy, got.Resolution)
		}
		if c.status == "resolved" {
			if again := w.resolve(c.order); again != "conflict_settled" {
				w.t.Errorf("once more: %q", again)
			}
			w.wantRow("merged", c.row)
		}
	})
}

// TestANewPolicyDecidesOverWhatWasStoredThen, not over what the old one made of it.
func TestANewPolicyDecidesOverWhatWasStoredThen(t *testing.T) {
	for name, c := range map[string]struct {
		merge bundle.MergePolicy
		row   string
	}{"max": {bundle.MergeMax, "n=7L"}, "min": {bundle.MergeMin, "n=6L"}, "first write": {bundle.MergeFirstWrite, "n=7L"}, "last write": {bundle.MergeLastWrite, "n=6L"}, "counter": {bundle.MergeCounter, "n=3L"}} {
		t.Run(name, func(t *testing.T) {
			onBothWithConflicts(t, func(t *testing.T, w *world) {
				record := w.inConflict("merged", `"n":10`, `"n":7`, `"n":6`, `"n":10`, "success")
				w.wantRow("merged", "n=3L")
				f := w.config.Tables["merged"].Fields["n"]
				f.Merge.Policy = c.merge
				w.config.Tables["merged"].Fields["n"] = f
				w.engine = w.newEngineOf(w.src, 4)
				if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("policy")}); got != "resolved" {
					t.Errorf("said %q", got)
				}
				w.wantRow("merged", c.row)
			})
		})
	}
}

// TestAResolutionDoesNotOverwriteWhatCameAfter unless it says so.
func TestAResolutionDoesNotOverwriteWhatCameAfter(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		record := w.inConflict("merged", `"owner":"-","name":"-"`, `"owner":"a","name":"-"`, `"owner":"b","name":"n"`, `"owner":"-","name":"-"`, "success")
		w.device("four").does("success", entryOf("PATCH", "merged", `"name":"another column"`, ""))
		w.device("four").does("success", entryOf("PATCH", "merged", `"owner":"later"`, ""))
		for _, choice := range []upload.Choice{take("client"), take("server"), take("policy")} {
			if got := w.resolve(upload.Resolve{ID: record.ID, Choice: choice}); got != "conflict_moved" {
				t.Errorf("said %q", got)
			}
		}
		w.wantRow("merged", "name=another column owner=later")
		if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("client"), Overwrite: true}); got != "resolved" {
			t.Errorf("said %q", got)
		}
		w.wantRow("merged", "name=another column owner=b")
	})
}

// TestRulesAndGuardsHoldForResolutions: as for the user whose write it was. An administrator may do without rules.
func TestRulesAndGuardsHoldForResolutions(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		record := w.inConflict("merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		w.device("four").does("success", entryOf("PATCH", "merged", `"secret":"x"`, ""))
		if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("client")}); got != "resolution_refused" {
			t.Errorf("said %q", got)
		}
		w.wantRow("merged", "owner=a secret=x")
		if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("client"), WithoutRules: true}); got != "resolved" {
			t.Errorf("said %q", got)
		}
		w.wantRow("merged", "owner=b secret=x")
		if got := string(w.conflicts()[0].Resolution); got != `{"take":"client","without_rules":true}` {
			t.Error(got)
		}
	})
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		record := w.inConflict("merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		f := w.config.Tables["merged"].Fields["owner"]
		f.Immutable = true
		w.config.Tables["merged"].Fields["owner"] = f
		w.engine = w.newEngineOf(w.src, 4)
		if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("client"), WithoutRules: true}); got != "resolution_refused" {
			t.Errorf("an immutable field: %q", got)
		}
		w.wantRow("merged", "owner=a")
	})
}

// TestADeletionThatLost is carried out after all, or given up.
func TestADeletionThatLost(t *testing.T) {
	eachCase(t, map[string]resolution{
		"client": {upload.Resolve{Choice: take("client")}, "resolved", "", "resolved", ""}, "server": {upload.Resolve{Choice: take("server")}, "resolved", "name=a", "resolved", ""},
		"policy": {upload.Resolve{Choice: take("policy")}, "choice_unknown", "name=a", "decided", ""}, "by field": {upload.Resolve{Choice: edited("name", `"x"`)}, "choice_unknown", "name=a", "decided", ""},
	}, func(w *world, _ string, c resolution) {
		w.device("one").does("success", entryOf("PUT", "merged", `"name":"-"`, ""))
		w.device("two").does("success", entryOf("PATCH", "merged", `"name":"a"`, `"name":"-"`))
		w.device("three").does("success", entryOf("DELETE", "merged", "", `"name":"-"`))
		c.order.ID = w.conflicts()[0].ID
		if got := w.resolve(c.order); got != c.said {
			w.t.Errorf("said %q, want %q", got, c.said)
		}
		w.wantRow("merged", c.row)
		w.wantConflicts("merged DELETE deletes: lose server (name=server) " + string(c.status))
	})
}

// TestAConflictOfARowThatIsGone cannot be resolved by writing.
func TestAConflictOfARowThatIsGone(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		record := w.inConflict("merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		w.device("four").does("success", entryOf("DELETE", "merged", "", ""))
		if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("client"), Overwrite: true}); got != "conflict_moved" {
			t.Errorf("said %q", got)
		}
		w.wantConflicts("merged PATCH merge server (owner=server) decided")
		if got := w.resolve(upload.Resolve{ID: "cnf_none", Choice: take("client")}); got != "not_found" {
			t.Errorf("of none: %q", got)
		}
	})
}

// twoConflicts leaves a case of one transaction with conflicts in two operations, and one write without.
func (w *world) twoConflicts() (list []source.ConflictRecord) {
	w.t.Helper()
	second := strings.NewReplacer("{1}", "{2}")
	w.device("one").does("success", entryOf("PUT", "kept", `"name":"-","n":1`, ""), second.Replace(entryOf("PUT", "kept", `"name":"-","n":1`, "")))
	w.device("two").does("success", entryOf("PATCH", "kept", `"name":"a","n":2`, ""), second.Replace(entryOf("PATCH", "kept", `"name":"a"`, "")))
	w.want(w.device("three").body([]string{entryOf("PATCH", "kept", `"name":"b","n":3`, `"name":"-","n":1`), second.Replace(entryOf("PUT", "won", `"name":"with it"`, "")),
		second.Replace(entryOf("PATCH", "kept", `"name":"b","n":5`, `"name":"-","n":1`))}), "fatal_error CONFLICT_RECORDED 0")
	all, err := w.src.Conflicts(w.t.Context(), source.ConflictFilter{OldestFirst: true, Limit: 9})
	if err != nil || len(all) != 2 || all[0].Rejection == "" || all[0].Rejection != all[1].Rejection || all[0].Operation != 0 || all[1].Operation != 2 {
		w.t.Fatalf("%+v %v", all, err)
	}
	return all
}

func (w *world) rows() string {
	return fmt.Sprintf("%s; %s; %s", w.row("kept", 1), w.row("kept", 2), w.row("won", 2))
}

const untouched = "n=2L name=a; n=1L name=a; "

func (w *world) cases() string {
	w.t.Helper()
	list, err := w.src.Conflicts(w.t.Context(), source.ConflictFilter{OldestFirst: true, Limit: 9})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, string(c.Status))
	}
	for _, r := range w.rejections(source.RejectionFilter{}) {
		out = append(out, string(r.Status))
	}
	return strings.Join(out, " ")
}

// TestACaseIsOne: resolving replays the whole transaction with what was decided, and closes both halves;
// replaying or discarding the rejection closes the conflicts.
func TestACaseIsOne(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(w *world, list []source.ConflictRecord) string
		said  string
		rows  string
		cases string
	}{
		"client": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client")})
		},
			"resolved resolved replayed", "n=3L name=b; n=5L name=b; name=with it", "resolved resolved replayed"},
		"server": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[1].ID, Choice: take("server")})
		},
			"resolved resolved replayed", "n=2L name=a; n=5L name=a; name=with it", "resolved resolved replayed"},
		"each by itself": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: upload.Choice{Fields: map[string]string{"n": "client"}, Values: map[string]json.RawMessage{"name": json.RawMessage(`"c"`)}},
				Also: map[string]upload.Choice{l[1].ID: take("client")}})
		}, "resolved resolved replayed", "n=3L name=c; n=5L name=b; name=with it", "resolved resolved replayed"},
		"one of another case": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client"), Also: map[string]upload.Choice{l[1].ID: take("client"), "cnf_other": take("server")}})
		}, "choice_conflict", untouched, "open open open"},
		"itself once more": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client"), Also: map[string]upload.Choice{l[0].ID: take("server")}})
		}, "choice_conflict", untouched, "open open open"},
		"another column, and nothing for these": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: upload.Choice{Fields: map[string]string{"nam": "client"}}})
		}, "choice_column", untouched, "open open open"},
		"nothing for the other": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: edited("n", "1", "name", `"x"`)})
		}, "choice_missing", untouched, "open open open"},
		"the same policy": {func(w *world, l []source.ConflictRecord) string {
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("policy")})
		},
			"resolution_refused", untouched, "superseded superseded open open open"},
		"another policy": {func(w *world, l []source.ConflictRecord) string {
			k := w.config.Tables["kept"]
			k.OnConflict.Policy = bundle.RowLastWrite
			w.config.Tables["kept"] = k
			w.engine = w.newEngineOf(w.src, 4)
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("policy")})
		}, "resolved resolved replayed", "n=3L name=b; n=5L name=b; name=with it", "resolved resolved replayed"},
		"the rejection is replayed, edited": {func(w *world, l []source.ConflictRecord) string {
			return string(w.replayed(upload.Replay{ID: l[0].Rejection, By: "usr_1", Payload: []byte(w.expand(crud(entryOf("PATCH", "kept", `"n":9`, ""))))})[0].Status)
		}, "replayed", "n=9L name=a; n=1L name=a; ", "resolved resolved replayed"},
		"the rejection is replayed as it is": {func(w *world, l []source.ConflictRecord) string {
			return string(w.replayed(upload.Replay{ID: l[0].Rejection, By: "usr_1"})[0].Status)
		}, "open", untouched, "superseded superseded open open open"},
		"the rejection is discarded": {func(w *world, l []source.ConflictRecord) string {
			w.settled(l[0].Rejection, source.Discarded)
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client")})
		}, "conflict_settled", untouched, "dismissed dismissed discarded"},
		"the row moved on": {func(w *world, l []source.ConflictRecord) string {
			w.device("four").does("success", entryOf("PATCH", "kept", `"n":7`, ""))
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client")})
		}, "conflict_moved", "n=7L name=a; n=1L name=a; ", "open open open"},
		"the row moved on, and that is overwritten": {func(w *world, l []source.ConflictRecord) string {
			w.device("four").does("success", entryOf("PATCH", "kept", `"n":7`, ""))
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client"), Overwrite: true})
		}, "resolved resolved replayed", "n=3L name=b; n=5L name=b; name=with it", "resolved resolved replayed"},
		"a column that was no conflict has become one": {func(w *world, l []source.ConflictRecord) string {
			w.device("four").does("success", strings.ReplaceAll(entryOf("PATCH", "kept", `"n":7`, ""), "{1}", "{2}"))
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client")})
		}, "resolution_refused", "n=2L name=a; n=7L name=a; ", "superseded superseded open open"},
		"the rules have changed": {func(w *world, l []source.ConflictRecord) string {
			w.device("four").does("success", entryOf("PATCH", "kept", `"secret":"x"`, ""))
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client")})
		}, "resolution_refused", "n=2L name=a secret=x; n=1L name=a; ", "open open open"},
		"the rules have changed, and are passed over": {func(w *world, l []source.ConflictRecord) string {
			w.device("four").does("success", entryOf("PATCH", "kept", `"secret":"x"`, ""))
			return w.resolve(upload.Resolve{ID: l[0].ID, Choice: take("client"), WithoutRules: true})
		}, "resolved resolved replayed", "n=3L name=b secret=x; n=5L name=b; name=with it", "resolved resolved replayed"},
	} {
		t.Run(name, func(t *testing.T) {
			onBothWithConflicts(t, func(t *testing.T, w *world) {
				list := w.twoConflicts()
				if got := w.rows(); got != untouched {
					t.Fatalf("before: %s", got)
				}
				if got := c.do(w, list); got != c.said {
					t.Errorf("said %q, want %q", got, c.said)
				}
				if got := w.rows(); got != c.rows {
					t.Errorf("rows %q, want %q", got, c.rows)
				}
				if got := w.cases(); got != c.cases {
					t.Errorf("cases %q, want %q", got, c.cases)
				}
			})
		})
	}
}

// TestAChainOfCases: a device that was offline wrote again and again over what is in conflict. Its cases are resolved in
// order, each on top of the one before, and nothing has to be overwritten.
func TestAChainOfCases(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		w.device("one").does("success", entryOf("PUT", "kept", `"name":"-"`, ""))
		w.device("two").does("success", entryOf("PATCH", "kept", `"name":"a"`, `"name":"-"`))
		w.device("three").does("success", entryOf("PUT", "won", `"name":"-"`, ""))
		d := w.device("four")
		for n, was := range []string{"-", "0", "1"} {
			d.does("fatal_error CONFLICT_RECORDED 0", entryOf("PATCH", "kept", fmt.Sprintf(`"name":"%d"`, n), fmt.Sprintf(`"name":%q`, was)))
		}
		for n, c := range w.conflicts() {
			if got := w.resolve(upload.Resolve{ID: c.ID, Choice: take("client")}); got != "resolved replayed" {
				t.Errorf("case %d said %q", n, got)
			}
			w.wantRow("kept", fmt.Sprintf("name=%d", n))
		}
		if got := w.cases(); got != "resolved resolved resolved replayed replayed replayed" {
			t.Error(got)
		}
	})
}

// TestAResolutionIsNobodysOwn: a device that does not count versions has not seen what an administrator wrote.
func TestAResolutionIsNobodysOwn(t *testing.T) {
	onBothWithConflicts(t, func(t *testing.T, w *world) {
		record := w.inConflict("merged", `"owner":"-","n":1`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success")
		table := w.config.Tables["merged"]
		table.OnConflict = bundle.OnConflict{Policy: bundle.RowVersion, Field: "n"}
		w.config.Tables["merged"] = table
		w.engine = w.newEngineOf(w.src, 4)
		if got := w.resolve(upload.Resolve{ID: record.ID, Choice: take("client")}); got != "resolved" {
			t.Errorf("said %q", got)
		}
		w.wantRow("merged", "n=2L owner=b")
		late := &device{w: w, name: "three", op: 1}
		late.does("fatal_error CONFLICT 0", entryOf("PATCH", "merged", `"owner":"c"`, `"owner":"b","n":1`))
		w.wantRow("merged", "n=2L owner=b")
	})
}

// TestManyResolveAtOnce: one of them does, exactly once, and all others hear that it is done.
func TestManyResolveAtOnce(t *testing.T) {
	for name, leave := range map[string]func(w *world) string{
		"decided": func(w *world) string {
			return w.inConflict("merged", `"owner":"-"`, `"owner":"a"`, `"owner":"b"`, `"owner":"-"`, "success").ID
		},
		"open": func(w *world) string { return w.twoConflicts()[0].ID },
	} {
		t.Run(name, func(t *testing.T) {
			onBothWithConflicts(t, func(t *testing.T, w *world) {
				id := leave(w)
				said := make(chan string, 8)
				var all sync.WaitGroup
				for range cap(said) {
					all.Go(func() { said <- w.resolve(upload.Resolve{ID: id, Choice: take("client")}) })
				}
				all.Wait()
				close(said)
				count := map[string]int{}
				for s := range said {
					count[s]++
				}
				done := count["resolved"] + count["resolved resolved replayed"]
				if refused := count["conflict_settled"] + count["rejection_settled"]; done != 1 || done+refused != cap(said) {
					t.Errorf("said %v", count)
				}
			})
		})
	}
}
