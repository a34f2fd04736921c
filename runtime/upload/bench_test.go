package upload

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// nowhere is a stand-in for a database that takes everything in no time: what is left is ours.
type nowhere struct {
	source.Source
	stored *value.Object
}

func (n nowhere) Begin(context.Context, source.Session) (source.Tx, error) { return n, nil }

func (n nowhere) Alone(context.Context, *source.Table) (bool, error) { return false, nil }

func (n nowhere) Columns(context.Context, *source.Table) (map[string]bundle.Type, error) {
	return nil, nil
}

func (n nowhere) Read(_ context.Context, refs []source.Ref, _ *source.Claim) ([]source.Row, source.History, error) {
	rows := make([]source.Row, len(refs))
	for i := range rows {
		rows[i].Doc = n.stored
	}
	return rows, source.History{}, nil
}

func (n nowhere) ReadAll(ctx context.Context, refs []source.Ref, claims []*source.Claim) ([]source.Row, []source.History, error) {
	rows, _, err := n.Read(ctx, refs, nil)
	return rows, make([]source.History, len(claims)), err
}

func (n nowhere) Find(context.Context, *source.Query) ([]source.Row, bool, error) {
	return []source.Row{{Doc: n.stored}}, true, nil
}

func (nowhere) Describe(context.Context, *source.Table) (map[string]bundle.Type, bool, error) {
	return nil, false, nil
}

func (nowhere) Count(context.Context, *source.Query) (int64, error) { return 1, nil }

func (nowhere) Apply(context.Context, []source.Change, *source.Finish) error { return nil }

func (nowhere) Rejected(context.Context, []source.RowName) ([]source.RejectedRow, error) {
	return nil, nil
}

func (nowhere) Marks(context.Context, source.Owner, []source.RowName) ([]source.Mark, error) {
	return nil, nil
}

func (nowhere) Rollback(context.Context) {}

func benchBody(op string, n int) string {
	var b strings.Builder
	b.WriteString(`{"client":{"id":"c"},"transactions":[{"transaction_id":1,"crud":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"op_id":%d,"op":%q,"table":"todos","id":"0190a6b0-0000-7000-8000-%012d","op_data":{"owner_id":"u1","title":"Water the plants, number %d","done":0,"priority":%d,"due":"2026-05-01T08:30:00.000Z"}}`, i, op, i, i, i%10)
	}
	b.WriteString(`]}]}`)
	return b.String()
}

func BenchmarkUpload(b *testing.B) {
	stored := &value.Object{Members: []value.Member{
		{Name: "id", Value: value.UUID{}}, {Name: "owner_id", Value: "u1"}, {Name: "title", Value: "Old"}, {Name: "done", Value: true},
		{Name: "priority", Value: int32(99)}, {Name: "due", Value: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)},
	}}
	cfg := bundle.Config{Source: bundle.Source{Type: bundle.PostgreSQL}, Tables: map[string]bundle.Table{"todos": {
		Collection: "public.todos", Key: "id", ID: bundle.TypeUUID,
		Allow: bundle.Allow{Create: "new.owner_id == user.id", Update: `old.owner_id == user.id && !("owner_id" in changed)`},
		Fields: map[string]bundle.Field{
			"owner_id": {Path: "owner_id", Type: bundle.Type{Name: bundle.TypeString}}, "title": {Path: "title", Type: bundle.Type{Name: bundle.TypeString}},
			"done": {Path: "done", Type: bundle.Type{Name: bundle.TypeBool}}, "priority": {Path: "priority", Type: bundle.Type{Name: bundle.TypeInt32}},
			"due": {Path: "due", Type: bundle.Type{Name: bundle.TypeDate}},
		},
	}}}
	for name, src := range map[string]nowhere{"PUT new": {}, "PATCH": {stored: stored}} {
		for _, n := range []int{1, 100} {
			b.Run(fmt.Sprintf("%s x%d", name, n), func(b *testing.B) {
				e, err := New(&bundle.Bundle{Config: cfg}, src, Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					b.Fatal(err)
				}
				op, _, _ := strings.Cut(name, " ")
				body := benchBody(op, n)
				b.ReportAllocs()
				for b.Loop() {
					rec := httptest.NewRecorder()
					e.Apply(rec, httptest.NewRequest(http.MethodPost, "/", nil), []byte(body), rule.User{ID: "u1"}, "r")
					if rec.Code != 200 || !strings.Contains(rec.Body.String(), "success") {
						b.Fatal(rec.Body)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/operation")
			})
		}
	}
}
