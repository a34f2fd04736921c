package upload_test

import (
	"encoding/json"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// TestBeforeWrite: each thing that beforeWrite can say about each kind of operation, and what becomes of it.
func TestBeforeWrite(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	put := `{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":" a ","count":1,"status":"open"}}`
	patch := `{"op":"PATCH","table":"todos","id":"{1}","data":{"title":" b "}}`
	remove := `{"op":"DELETE","table":"todos","id":"{1}"}`
	type outcome struct {
		name, body string
		uploads    []string
		want       []string
		row        string
	}
	cases := []outcome{
		{"nothing", `beforeWrite() {}`, []string{put, patch}, []string{"success", "success"}, "count=1 owner_id=u1 status=open title= b "},
		{"changed in place", `beforeWrite(w) { w.data.title = w.data.title.trim() }`, []string{put, patch}, []string{"success", "success"}, "count=1 owner_id=u1 status=open title=b"},
		{"returned", `beforeWrite(w) { return { ...w.data, serial: "s-" + w.op } }`, []string{put}, []string{"success"}, "count=1 owner_id=u1 serial=s-PUT status=open title= a "},
		{"sees the row", `beforeWrite(w) { if (w.op === "PATCH") return { title: w.old.title + w.data.title, count: w.old.count + 1 } }`, []string{put, patch}, []string{"success", "success"},
			"count=2 owner_id=u1 status=open title= a  b "},
		{"takes a column out", `beforeWrite(w) { delete w.data.count }`, []string{put}, []string{"success"}, "owner_id=u1 status=open title= a "},
		{"dropped", `beforeWrite(w, ctx) { if (w.op !== "PUT") return ctx.drop("no") }`, []string{put, patch, remove}, []string{"success", "success", "success"}, "count=1 owner_id=u1 status=open title= a "},
		{"deleted", `beforeWrite(w) { if (w.data !== null && w.op === "DELETE") throw 1 }`, []string{put, remove}, []string{"success", "success"}, ""},
		{"a missing row is nobody's business", `beforeWrite(w) { throw 1 }`, []string{patch, remove}, []string{"success", "success"}, ""},
		{"rejected", `beforeWrite(w, ctx) { if (w.op === "PATCH") ctx.reject("TOO_LATE", "Not now.", { at: 1 }) }`, []string{put, patch}, []string{"success", "fatal_error TOO_LATE 0"},
			"count=1 owner_id=u1 status=open title= a "},
		{"async", `async beforeWrite(w) { await null; w.data.title = "x" }`, []string{put}, []string{"success"}, "count=1 owner_id=u1 status=open title=x"},
		{"the rule is asked first", `beforeWrite(w) { throw 1 }`, []string{`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u2"}}`}, []string{"fatal_error UNAUTHORIZED 0"}, ""},
		{"the rule is asked again", `beforeWrite(w) { w.data.owner_id = "u2" }`, []string{put}, []string{"fatal_error UNAUTHORIZED 0"}, ""},
		{"guards hold", `beforeWrite(w) { if (w.op === "PATCH") w.data.status = "no" }`, []string{put, patch}, []string{"success", "fatal_error TRANSITION_NOT_ALLOWED 0 client"}, "count=1 owner_id=u1 status=open title= a "},
		{"types are checked", `beforeWrite(w) { w.data.count = "many" }`, []string{put}, []string{"fatal_error hook_invalid_result 0"}, ""},
		{"columns are known", `beforeWrite(w) { w.data.titel = 1 }`, []string{put}, []string{"fatal_error hook_invalid_result 0"}, ""},
		{"the key stays", `beforeWrite(w) { return { ...w.data, ` + "[w.table === 'todos' ? KEY : '']" + `: "other" } }`, []string{put}, []string{"fatal_error hook_invalid_result 0"}, ""},
		{"throws", `beforeWrite(w) { null.x }`, []string{put}, []string{"fatal_error hook_error 0"}, ""},
		{"nonsense", `beforeWrite(w) { return 7 }`, []string{put}, []string{"fatal_error hook_invalid_result 0"}, ""},
		{"runs for ever", `beforeWrite(w) { for (;;); }`, []string{put}, []string{"fatal_error hook_timeout 0"}, ""},
		{"takes all memory", `beforeWrite(w) { const a = []; for (;;) a.push(new Uint8Array(1 << 25)) }`, []string{put}, []string{"fatal_error hook_out_of_memory 0"}, ""},
	}
	onBoth(t, "", func(t *testing.T, w *world) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				w.t, w.offset = t, w.offset+10
				w.hook(p, todos(strings.ReplaceAll(c.body, "KEY", `"`+w.config.Tables["todos"].Key+`"`))...)
				for i, u := range c.uploads {
					w.want(transactions(crud(u)), c.want[i])
				}
				if got := w.row("todos", 1); got != c.row {
					t.Errorf("the row is %q, want %q", got, c.row)
				}
			})
		}
	})
}

// TestHookFailure: what a device, an operator and a log hear of a hook that refuses or fails.
func TestHookFailure(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, todos(`beforeWrite(w, ctx) {
			if (w.data.title === "r") ctx.reject("TOO_LATE", "Not now.", { at: [1] });
			const secret = "xyzzy";
			throw new Error(secret);
		}`)...)
		_, answer := w.upload(transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"r"}}`)))
		if !strings.Contains(answer, `"error_code":"TOO_LATE","message":"Not now.","details":{"at":[1]}`) {
			t.Errorf("the user's own words: %s", answer)
		}
		_, answer = w.upload(transactions(crud(`{"op":"PUT","table":"todos","id":"{2}","data":{"owner_id":"u1","title":"t"}}`)))
		if strings.Contains(answer, "xyzzy") || strings.Contains(answer, "todos.ts") {
			t.Errorf("a device learns what the code says of itself: %s", answer)
		}
		kept := w.rejections(source.RejectionFilter{})
		if len(kept) != 2 || kept[0].ErrorCode != "TOO_LATE" || kept[1].ErrorCode != "hook_error" {
			t.Fatalf("%+v", kept)
		}
		full, err := w.src.Rejection(t.Context(), kept[1].ID)
		if want := "hooks/todos.ts:5:"; err != nil || !strings.Contains(full.Detail, want) || !strings.Contains(full.Detail, "xyzzy") {
			t.Errorf("the operator reads %q, without %q; %v", full.Detail, want, err)
		}
	})
}

// TestHookRetry: under on_error: retry what fails is held back, and what is rejected is not.
func TestHookRetry(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.engine = w.hooked(p, w.src, func(b *bundle.Bundle, _ *upload.Deps) { b.Config.Hooks.OnError = bundle.HookRetry }, todos(`beforeWrite(w, ctx) {
			if (w.data.title === "reject") ctx.reject("NO");
			if (w.data.title === "loop") for (;;);
			if (w.data.title === "nonsense") return 7;
			throw 1;
		}`)...)
		for title, want := range map[string]string{"throw": "retryable_error hook_error", "nonsense": "retryable_error hook_invalid_result", "loop": "retryable_error hook_timeout", "reject": "fatal_error NO 0"} {
			w.want(transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"`+title+`"}}`)), want)
		}
		if kept := w.rejections(source.RejectionFilter{}); len(kept) != 1 || w.row("todos", 1) != "" {
			t.Errorf("%d rejections", len(kept))
		}
	})
}

// TestHookCode: the codes of rejections are the user's, but words of ours do not do what ours do.
func TestHookCode(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, todos(`beforeWrite(w, ctx) { ctx.reject(w.data.title, "m") }`)...)
		for code, want := range map[string]string{
			"A_1": "fatal_error A_1 0", "a.b:c-d": "fatal_error a.b:c-d 0", "two words": "fatal_error hook_invalid_result 0", "1A": "fatal_error hook_invalid_result 0",
			"CONFLICT_RECORDED": "fatal_error CONFLICT_RECORDED 0", "TRANSITION_NOT_ALLOWED": "fatal_error TRANSITION_NOT_ALLOWED 0 client",
		} {
			w.want(transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"`+code+`"}}`)), want)
		}
		list, err := w.src.Conflicts(t.Context(), source.ConflictFilter{Limit: 10})
		if err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

// TestHookArgument: what beforeWrite is given.
func TestHookArgument(t *testing.T) {
	p := &pooled{Pool: newPool(t)}
	onBoth(t, "", func(t *testing.T, w *world) {
		w.hook(p, todos(`beforeWrite(w, ctx) { ctx.reject("SEEN", JSON.stringify({ ...w, user: ctx.user, old: w.old && { city: w.old.place, big: w.old.big, title: w.old.title, due: w.old.due } })) }`)...)
		plain := w.newEngine(w.src)
		w.send(plain, "POST", transactions(crud(`{"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","title":"a","city":"x","big":9007199254740993,"due":"2026-01-02 03:04:05Z"}}`)))
		_, answer := w.upload(transactions(crud(`{"op":"PATCH","table":"todos","id":"{1}","metadata":"m","data":{"done":1,"city":"y","big":"9007199254740995","cost":"1.50"},"old":{"done":0,"city":"x"}}`)))
		var got struct {
			Results []struct {
				Failed struct{ Message string } `json:"failed_operation"`
			}
		}
		if err := json.Unmarshal([]byte(answer), &got); err != nil {
			t.Fatal(err)
		}
		want := `{"op":"PATCH","table":"todos","id":"` + w.id(1) + `","data":{"done":true,"place":{"city":"y"},"big":"9007199254740995","cost":"1.50"},` +
			`"previousValues":{"done":false,"place":{"city":"x"}},"metadata":"m","old":{"city":{"city":"x"},"big":"9007199254740993","title":"a","due":"2026-01-02T03:04:05.000Z"},` +
			`"user":{"id":"u1","claims":{"sub":"u1"}}}`
		if got.Results[0].Failed.Message != want {
			t.Errorf("beforeWrite is given\n%s\nwant\n%s", got.Results[0].Failed.Message, want)
		}
	})
}
