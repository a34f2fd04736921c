package upload_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

func withOutbox(b *bundle.Bundle, _ *upload.Deps) {
	b.Config.Outbox = map[string]bundle.Outbox{"crm": {}}
}

// TestEnqueue: what hooks enqueue commits with the data, or not at all.
func TestEnqueue(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	own := `"owner_id":"u1","title":"a"`
	onBoth(t, "", func(t *testing.T, w *world) {
		for _, c := range []struct {
			name, body string
			ops        []string
			want       string
			deliveries string // payloads
		}{
			{"with the row", `beforeWrite(w, ctx) { ctx.enqueue("crm", { id: 1 }); ctx.enqueue("crm", 2) }, afterWrite(c, ctx) { ctx.enqueue("crm", c.fields) }`, []string{todo("PUT", 1, own)}, "success", `2 ["owner_id","title"] {"id":1}`},
			{"refused later", `beforeWrite(w, ctx) { ctx.enqueue("crm", 1); if (w.data.title === "no") ctx.reject("NO") }`, []string{todo("PUT", 1, own), todo("PUT", 2, `"owner_id":"u1","title":"no"`)}, "fatal_error NO 1", ""},
			{"refused by a rule", `beforeWrite(w, ctx) { ctx.enqueue("crm", 1); w.data.owner_id = "u2" }`, []string{todo("PUT", 1, own)}, "fatal_error UNAUTHORIZED 0", ""},
			{"refused by the database", `beforeWrite(w, ctx) { ctx.enqueue("crm", 1) }`, []string{`{"op":"PUT","table":"lists","id":"{1}","data":{"code":"x"}}`, todo("PUT", 1, own), `{"op":"PUT","table":"lists","id":"{2}","data":{"code":"x"}}`}, "fatal_error UNIQUE_VIOLATION 2", ""},
			{"dropped, which is what a command is", `beforeWrite(w, ctx) { ctx.enqueue("crm", w.data.title); return ctx.drop() }`, []string{todo("PUT", 1, own)}, "success", `"a"`},
			{"a row that is as it was", `beforeWrite(w, ctx) { if (w.old) ctx.enqueue("crm", 1) }`, []string{todo("PUT", 1, own), todo("PATCH", 1, `"title":"a"`)}, "success", ""},
			{"an outbox that nobody knows", `beforeWrite(w, ctx) { ctx.enqueue("nobody", 1) }`, []string{todo("PUT", 1, own)}, "fatal_error hook_error 0", ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				w.t, w.offset = t, w.offset+10
				w.engine = w.hooked(p, w.src, withOutbox, todos(c.body)...)
				known := len(w.deliveries())
				w.want(transactions(crud(c.ops...)), c.want)
				var got []string
				for _, d := range w.deliveries()[known:] {
					got = append(got, string(d.Payload))
					if d.Kind != source.Webhook || d.Lane != "crm" || d.UserID != "u1" || d.TableName != "todos" || d.RowID != w.id(1) || d.RequestID != "req_1" || d.Deployment != 3 {
						t.Errorf("%+v", d)
					}
				}
				slices.Sort(got)
				if strings.Join(got, " ") != c.deliveries {
					t.Errorf("got %q, want %q", got, c.deliveries)
				}
			})
		}
	})
}

// TestAfterCommit: every operation that changed its row leaves a delivery with all that its call needs, also where no
// other hook runs, and only with the data.
func TestAfterCommit(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	for name, members := range map[string]string{"alone": `afterCommit() {}`, "beside others": `beforeWrite() {}, afterCommit() {}`} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				w.hook(p, todos(members)...)
				began := time.Now()
				w.want(transactions(crud(todo("PUT", 1, `"owner_id":"u1","title":"a","big":9007199254740993`)), crud(todo("PATCH", 1, `"title":"b"`), todo("PATCH", 1, `"title":"b"`), todo("DELETE", 1, "")),
					crud(todo("PUT", 2, `"owner_id":"u1"`), todo("PUT", 3, `"owner_id":"u2"`))), "success", "success", "fatal_error UNAUTHORIZED 1")
				list := w.deliveries()
				var told []string
				seeds := map[string]bool{}
				for _, d := range list {
					c, err := hook.Decode[hook.Committed](d.Payload)
					if err != nil {
						t.Fatal(err)
					}
					call, err := c.Call(d.ID)
					if err != nil || call.Function != hook.AfterCommit || call.Name != "todos" || call.DeliveryID != d.ID || c.User.ID != "u1" {
						t.Errorf("%+v, %v", call, err)
					}
					if at := time.UnixMilli(c.NowMS); at.Before(began.Add(-time.Second)) || at.After(time.Now()) {
						t.Errorf("its clock says %v", at)
					}
					seeds[c.Seed] = true
					told = append(told, c.Change.Op+" "+strings.Join(c.Change.Fields, ","))
					if d.Kind != source.AfterCommit || d.Lane != source.AfterCommitLane || d.RowID != w.id(1) {
						t.Errorf("%+v", d)
					}
				}
				slices.Sort(told) // those of one instant are in no order
				if got := strings.Join(told, "; "); got != "DELETE owner_id,title,big; PATCH title; PUT owner_id,title,big" {
					t.Errorf("told %s", got)
				}
				if len(seeds) != len(list) {
					t.Errorf("%d seeds of %d deliveries", len(seeds), len(list))
				}
				if all := w.enqueued(); !strings.Contains(all, `"big":"9007199254740993"`) || !strings.Contains(all, `"old":null`) || !strings.Contains(all, `"new":null`) {
					t.Errorf("the payloads are %s", all)
				}
			})
		})
	}
}
