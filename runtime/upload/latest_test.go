package upload_test

import (
	"fmt"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/upload"
)

// TestTheLatestWritesAreRemembered: what came last is kept as it was sent, once, with who sent it and what became of it,
// and can be rehearsed in each dialect.
func TestTheLatestWritesAreRemembered(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		latest := &upload.Latest{}
		w.engine = w.newEngineWith(w.src, 3, func(_ *bundle.Bundle, d *upload.Deps) { d.Latest = latest })
		put := func(id, op int, owner string) string {
			return fmt.Sprintf(`{"client":{"id":"c"},"transactions":[{"transaction_id":%d,"crud":[{"op_id":%d,"op":"PUT","table":"todos","id":"{%d}","op_data":{"title":"x","owner_id":"%s"}}]}]}`, op, op, id, owner)
		}
		w.upload(put(1, 1, "u1"))
		w.upload(put(1, 1, "u1")) // a repeat
		w.sendAs(w.engine, "u2", put(2, 2, "u1"))
		w.upload(`{"batch":[{"op":"PUT","table":"todos","id":"{3}","data":{"title":"y","owner_id":"u1"}}]}`)
		w.upload(strings.Replace(put(4, 4, "u1"), `"x"`, `"`+strings.Repeat("x", 40<<10)+`"`, 1)) // too large to keep
		list := latest.List()
		if len(list) != 3 {
			t.Fatalf("%d are kept: %+v", len(list), list)
		}
		refused, first := list[1], list[2]
		if first.User.ID != "u1" || first.User.Claims["sub"] != "u1" || first.Outcome != rehearsal.Applied || first.Count != 1 || first.Operations[0] != (rehearsal.LatestOperation{Op: "PUT", Table: "todos", ID: w.id(1)}) {
			t.Errorf("the first: %+v", first)
		}
		if refused.User.ID != "u2" || refused.Outcome != rehearsal.Refused || refused.Code != "UNAUTHORIZED" || refused.ID == first.ID {
			t.Errorf("the refused one: %+v", refused)
		}
		r := w.rehearsed(nil)
		for _, l := range list {
			if v := w.run(r, rehearsal.Order{Transaction: l.Transaction, User: l.User}); v.Outcome != l.Outcome || v.Code != l.Code {
				t.Errorf("%s becomes %s %s, was %s %s", l.Transaction, v.Outcome, v.Code, l.Outcome, l.Code)
			}
		}
		for n := range 30 {
			w.upload(put(5, 10+n, "u1"))
		}
		if list := latest.List(); len(list) != 20 || !strings.Contains(string(list[0].Transaction), `"op_id":39`) {
			t.Errorf("%d are kept, the newest is %s", len(list), list[0].Transaction)
		}
	})
}
