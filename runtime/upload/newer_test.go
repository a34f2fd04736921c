package upload_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// refusing is the number of a deployment that refuses everything, and says so in its own engine.
const refusing = 4

// braked is a world whose deployment was taken back: bad refuses, and w.engine serves.
type braked struct {
	*world
	bad  *upload.Engine
	next int // operation id
}

func newBraked(w *world) *braked {
	w.t.Helper()
	good := w.config
	bad := *good
	bad.Tables = maps.Clone(good.Tables)
	for name, t := range bad.Tables {
		t.Allow = bundle.Allow{Create: "false", Update: "false", Delete: "false"}
		bad.Tables[name] = t
	}
	w.config = &bad
	e := w.newEngineOf(w.src, refusing)
	w.config = good
	return &braked{world: w, bad: e, next: 1}
}

// step is "A PUT 1 title=x,city=y": who does what to which row. "!" in front: under the deployment that
// refuses.
func (b *braked) step(s string) {
	b.t.Helper()
	e := b.engine
	if s[0] == '!' {
		e, s = b.bad, s[1:]
	}
	parts := strings.SplitN(s, " ", 4)
	var data []string
	if parts[1] == "PUT" {
		data = append(data, `"owner_id":"u1"`)
	}
	if len(parts) == 4 {
		for _, pair := range strings.Split(parts[3], ",") {
			name, text, _ := strings.Cut(pair, "=")
			if name != "count" {
				text = fmt.Sprintf("%q", text)
			}
			data = append(data, fmt.Sprintf("%q:%s", name, text))
		}
	}
	body := fmt.Sprintf(`{"client":{"id":%q},"transactions":[{"crud":[{"op_id":%d,"op":%q,"table":"todos","id":"{%s}","data":{%s}}]}]}`,
		parts[0], b.next, parts[1], parts[2], strings.Join(data, ","))
	b.next++
	code, answer := b.send(e, http.MethodPost, body)
	if code != http.StatusOK || strings.Contains(answer, "retryable") {
		b.t.Fatalf("%s: %d %s", s, code, answer)
	}
}

// What a deployment refused is replayed into the state of a run without it: each scenario runs with the
// deployment and without, and both must end alike.
func TestAReplayedDeploymentLeavesTheStateOfARunWithoutIt(t *testing.T) {
	for name, steps := range map[string][]string{
		"the same value, written again since":            {"A PUT 1 title=x", "!A PATCH 1 title=y,city=y", "B PATCH 1 title=x"},
		"the same value by a PUT":                        {"A PUT 1 title=x,city=c", "!A PATCH 1 title=y", "B PUT 1 title=x"},
		"fields are apart":                               {"A PUT 1 title=x,city=c", "!A PATCH 1 title=y,city=y", "B PATCH 1 city=b"},
		"a creation, deleted by another since":           {"!A PUT 1 title=x", "B DELETE 1"},
		"a creation, deleted and made anew":              {"!A PUT 1 title=x,city=c", "B DELETE 1", "B PUT 1 title=b"},
		"a creation, made by another since":              {"!A PUT 1 title=x,city=c", "B PUT 1 title=b"},
		"a change, then deleted and made anew":           {"A PUT 1 title=x", "!A PATCH 1 city=c", "B DELETE 1", "B PUT 1 title=b"},
		"a deletion":                                     {"A PUT 1 title=x", "!A DELETE 1"},
		"a deletion, changed since":                      {"A PUT 1 title=x", "!A DELETE 1", "B PATCH 1 title=b"},
		"a deletion, put anew since":                     {"A PUT 1 title=x,city=c,serial=s", "!A DELETE 1", "B PUT 1 title=b"},
		"a deletion, put anew and changed since":         {"A PUT 1 title=x,city=c", "!A DELETE 1", "B PUT 1 title=b", "C PATCH 1 city=b"},
		"a deletion and a refused PUT, changed since":    {"A PUT 1 title=x,city=c,status=open", "!A DELETE 1", "!B PUT 1 title=b,city=b", "C PATCH 1 title=c"},
		"a deletion, deleted since and put anew":         {"A PUT 1 title=x", "!A DELETE 1", "B DELETE 1", "B PUT 1 title=b"},
		"a whole life of a row, refused":                 {"!A PUT 1 title=x,city=c", "!A PATCH 1 title=y", "!A DELETE 1", "!A PUT 1 title=z", "!A PATCH 1 city=d"},
		"a whole life of a row, refused, then followed":  {"!A PUT 1 title=x,city=c", "!A DELETE 1", "!A PUT 1 title=z", "A PATCH 1 city=d", "A PATCH 1 title=w"},
		"what followed under the deployment that serves": {"!A PUT 1 title=x,city=c", "A PATCH 1 title=y", "A PATCH 1 count=3"},
		"the row is gone for what followed":              {"!A PUT 1 title=x", "A PATCH 1 title=y", "A DELETE 1"},
		"a client's change before its own creation":      {"A PUT 1 title=x", "!A DELETE 1", "!B PATCH 1 title=b", "!B PUT 1 title=c"},
		"two clients' creations of one row":              {"!A PUT 1 title=a,city=a", "!B PUT 1 title=b", "A PATCH 1 city=c", "B PATCH 1 title=d"},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				b := newBraked(w)
				for _, s := range steps {
					b.step(s)
				}
				done, _, more, err := b.engine.ReplayDeployment(t.Context(), refusing, "", "usr_1")
				if err != nil || more {
					t.Fatalf("more %v, %v", more, err)
				}
				for _, o := range done {
					if o.Status != source.Replayed {
						t.Errorf("%+v", o)
					}
				}
				if got := b.rejections(source.RejectionFilter{Status: []source.RejectionStatus{source.Open, source.Held}}); len(got) > 0 {
					t.Errorf("%d wait, the first: %+v", len(got), got[0])
				}
				with := b.row("todos", 1)
				for i := range steps { // the same life on another row, without the deployment
					b.step(strings.Replace(strings.TrimPrefix(steps[i], "!"), " 1", " 2", 1))
				}
				if without := b.row("todos", 2); with != without {
					t.Errorf("with the deployment and its replay: %q; without: %q", with, without)
				}
			})
		})
	}
}

// A counter adds up whenever its changes arrive.
func TestAReplayAddsToACounterThatCountedSince(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		todos := w.config.Tables["todos"]
		todos.OnConflict.Policy = bundle.RowMerge
		todos.Fields = maps.Clone(todos.Fields)
		count := todos.Fields["count"]
		count.Merge.Policy = bundle.MergeCounter
		todos.Fields["count"] = count
		w.config.Tables["todos"] = todos
		w.engine = w.newEngine(w.src)
		b := newBraked(w)
		b.step("A PUT 1 count=1")
		add := `{"client":{"id":%q},"transactions":[{"crud":[{"op_id":%d,"op":"PATCH","table":"todos","id":"{1}","data":{"count":%d},"previous_values":{"count":1}}]}]}`
		b.send(b.bad, http.MethodPost, fmt.Sprintf(add, "A", 2, 6))
		b.want(fmt.Sprintf(add, "B", 1, 3), "success")
		if _, _, _, err := b.engine.ReplayDeployment(t.Context(), refusing, "", "usr_1"); err != nil {
			t.Fatal(err)
		}
		if got := b.row("todos", 1); got != "count=8 owner_id=u1" {
			t.Errorf("1+5+2 is not in %s", got)
		}
	})
}
