package sourcetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func prepareTwice(t *testing.T, h *Harness) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := h.Source.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func lookup(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "twin", "code", "a")), h.insert(2, doc("name", "twin", "code", "b")))
	find := func(field, v string) (value.Value, bool, error) {
		return h.Source.Lookup(t.Context(), h.Items.Collection, map[string]value.Value{field: v}, "code")
	}
	if v, ok, err := find("code", "a"); err != nil || !ok || v != "a" {
		t.Errorf("one: %v %v %v", v, ok, err)
	}
	if v, ok, err := find("code", "z"); err != nil || ok {
		t.Errorf("none: %v %v %v", v, ok, err)
	}
	if v, ok, err := find("name", "twin"); err == nil || ok {
		t.Errorf("two: %v %v %v", v, ok, err)
	}
	if _, ok, err := find("name", "' OR '1'='1"); err != nil || ok {
		t.Errorf("injection: %v %v", ok, err)
	}
}

func failing(t *testing.T, src source.Source, want source.Class) {
	t.Helper()
	defer src.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tx, err := src.Begin(ctx, source.Session{})
	if err == nil {
		defer tx.Rollback(ctx)
		_, _, err = tx.Read(ctx, []source.Ref{{Table: &source.Table{Name: "items", Collection: "public.items", Key: "id", ID: bundle.TypeString}, ID: "x"}}, nil)
	}
	var f *source.Failure
	if !errors.As(err, &f) || f.Class != want {
		t.Errorf("reading: %v, want class %d", err, want)
	}
	if _, err := src.Rejections(ctx, source.RejectionFilter{Limit: 1}); source.FailureOf(err) == nil || source.FailureOf(err).Class != want {
		t.Errorf("listing rejections: %v, want class %d", err, want)
	}
}

func down(t *testing.T, h *Harness) { failing(t, h.Down(t), source.Down) }

func locked(t *testing.T, h *Harness) {
	if h.Locked == nil {
		t.Log("this server has no log-in; the real one is tested by the source's own suite")
		return
	}
	failing(t, h.Locked(t), source.Misconfigured)
}

func closed(t *testing.T, h *Harness) {
	if err := h.Source.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.apply(t, h.insert(1, doc("name", "x"))); source.FailureOf(err) == nil || source.FailureOf(err).Class != source.Down {
		t.Errorf("got %v", err)
	}
	if err := h.Source.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}

func connection(t *testing.T, h *Harness) {
	report, err := h.Source.Test(t.Context())
	if err != nil || !report.OK || report.Server == "" || len(report.Checks) < 3 {
		t.Fatalf("%+v %v", report, err)
	}
	bad := h.Down(t)
	defer bad.Close()
	report, err = bad.Test(t.Context())
	if err != nil || report.OK {
		t.Fatalf("a server that is down passes: %+v %v", report, err)
	}
	for _, c := range report.Checks {
		if !c.OK && c.Fix == "" {
			t.Errorf("the failed check %s names no fix", c.Name)
		}
	}
}

func inspect(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a", "n", int64(1), "at", at, "done", true, "amount", value.Decimal("1.5"))))
	found, err := h.Source.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Tables {
		if p.Table.Collection != h.Items.Collection {
			continue
		}
		want := map[string]bundle.TypeName{"name": bundle.TypeString, "n": bundle.TypeInt64, "at": bundle.TypeDate, "done": bundle.TypeBool, "amount": bundle.TypeDecimal}
		for name, typ := range want {
			if got := p.Table.Fields[name].Type.Name; got != typ {
				t.Errorf("%s is proposed as %s, want %s", name, got, typ)
			}
		}
		if p.Table.ID != h.Items.ID {
			t.Errorf("ids are proposed as %s, want %s", p.Table.ID, h.Items.ID)
		}
		return
	}
	t.Errorf("%s is not among %+v", h.Items.Collection, found.Tables)
}
