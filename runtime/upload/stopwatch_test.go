package upload_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/telemetry"
	"turnkey/runtime/upload"
)

// stepsOf spells the steps of a trace.
func stepsOf(d *telemetry.Trace) string {
	var out []string
	for _, s := range d.Steps {
		text := string(s.Kind) + " " + s.Name
		if s.Failed {
			text += " failed"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// TestDatabaseTimeIsTold: a trace says what was asked of the database, when and for how long, over all tries; and of a
// refused transaction the keeping of the rejection, too.
func TestDatabaseTimeIsTold(t *testing.T) {
	w := postgresWorld(t, "")
	e, told := w.observed(&contended{w.src, 1})
	send := func(op string) telemetry.Entry {
		t.Helper()
		w.send(e, http.MethodPost, transactions(crud(op)))
		return told()[0]
	}
	for op, want := range map[string]string{
		`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"a"},"previous_values":{"name":"z"}}`: "write and commit",
		`{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"x"}}`:                            "write and commit",
	} {
		x := send(op)
		d := x.Trace
		if d == nil || d.Database == nil || d.Database.Requests < 1 || d.Database.DurationUS < 1000*int64(d.Database.Requests) || x.DatabaseUS != d.Database.DurationUS || x.DatabaseUS >= x.DurationUS {
			t.Fatalf("%s: %+v, %+v", op, x, d)
		}
		if !strings.HasSuffix(stepsOf(d), want) {
			t.Errorf("%s: the steps are %s", op, stepsOf(d))
		}
		last := int64(0)
		for n, s := range d.Steps {
			if s.AtUS < last || s.DurationUS < 1000 || s.AtUS+s.DurationUS > x.DurationUS {
				t.Errorf("%s: step %d is %+v, of %d us", op, n, s, x.DurationUS)
			}
			last = s.AtUS + s.DurationUS
		}
	}
}

// TestFailedRequestsAreTold: a database that does not answer shows as a step that failed.
func TestFailedRequestsAreTold(t *testing.T) {
	w := postgresWorld(t, "")
	e, told := w.observed(&switched{w.src, true})
	w.send(e, http.MethodPost, transactions(crud(`{"op":"DELETE","table":"lists","id":"{1}"}`)))
	if d := told()[0].Trace; d == nil || stepsOf(d) != "database begin failed" || d.Database.Requests != 1 {
		t.Errorf("traced as %+v", d)
	}
}

// TestTimeOfGroups: transactions that shared one of the database's say with how many, and the time that all of them waited for.
func TestTimeOfGroups(t *testing.T) {
	w := postgresWorld(t, "")
	var mu sync.Mutex
	var list []telemetry.Entry
	e, err := upload.New(&bundle.Bundle{Instance: bundle.Instance{ID: "ins_test"}, Deployment: 3, Config: *w.config}, begun{w.src, &atomic.Int64{}}, upload.Deps{
		Now: time.Now, NewID: func() string { return fmt.Sprintf("rej_%08d", w.ids.Add(1)) }, Pause: func(ctx context.Context, _ int) error { return ctx.Err() },
		Log: slog.New(slog.DiscardHandler), Observe: func(x telemetry.Entry) { mu.Lock(); defer mu.Unlock(); list = append(list, x) },
	})
	if err != nil {
		t.Fatal(err)
	}
	const writers = 16
	together := 0
	for round := 0; round < 50 && together == 0; round++ { // who meets whom is a matter of time
		var wg sync.WaitGroup
		for n := range writers {
			wg.Go(func() {
				w.send(e, http.MethodPost, from(fmt.Sprint("c", n), crud(fmt.Sprintf(`{"op_id":%d,"op":"PUT","table":"lists","id":%q,"data":{"name":"%d"}}`, round+1, w.id(100+n), round))))
			})
		}
		wg.Wait()
		for _, x := range list {
			d := x.Trace
			if x.Outcome != telemetry.Success || x.DatabaseUS < 0 || x.DatabaseUS > x.DurationUS {
				t.Fatalf("%+v spent %d of %d us in the database", x, x.DatabaseUS, x.DurationUS)
			}
			if d == nil || d.Database == nil || d.Database.Together < 2 {
				continue
			}
			together++
			if d.Database.Together > writers || !strings.Contains(stepsOf(d), "write and commit") {
				t.Errorf("traced as %+v: %s", d.Database, stepsOf(d))
			}
		}
		list = nil
	}
	if together < 2 {
		t.Errorf("%d transactions say that they shared one of the database's", together)
	}
}
