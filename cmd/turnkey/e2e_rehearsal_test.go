//go:build e2e

package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"turnkey/runtime/rehearsal"
)

// TestRehearsals: a draft with a hook is tried on a write, on what went wrong and on live writes, over REST and through
// real workers, and nothing of it is stored. On both databases.
func TestRehearsals(t *testing.T) {
	for _, in := range newTenants(t) {
		t.Run(in.source, func(t *testing.T) { rehearsals(in.as(t)) })
	}
}

func rehearsals(in *tenant) {
	at := "/instances/" + in.id
	put := func(path, content string) {
		in.Helper()
		if status, raw := in.ask(in.dev.file.APIToken, http.MethodPut, at+"/files/"+path, map[string]any{"content": content}); status != http.StatusOK {
			in.Fatalf("%s: %d %s", path, status, raw)
		}
	}
	put("hooks/todos.ts", `export default { beforeWrite(w, ctx) { ctx.log.info("asked"); if (w.data?.priority === 5) w.data.priority = 6; } } satisfies Hooks<"todos">;`)
	todo, user := in.row(), "rehearsing"
	operation := map[string]any{"op": "PUT", "table": "todos", "id": todo, "data": map[string]any{"owner_id": user, "priority": 5}}
	for of, want := range map[string]string{"draft": "6", "deployed": "5"} {
		var v rehearsal.Verdict
		in.api("POST", at+"/hooks/run", map[string]any{"of": of, "operation": operation, "user": map[string]any{"id": user}}, &v)
		if v.Outcome != rehearsal.Applied || len(v.Changes) != 1 || !strings.Contains(string(v.Changes[0].New), `"priority":`+want) || !v.Checked || (len(v.Hooks) == 1) != (of == "draft") {
			in.Errorf("%s: %+v", of, v)
		}
		in.want("what is stored of "+of, in.fields("todos", todo, "priority"), "")
	}
	var shadow struct {
		rehearsal.ShadowReport
		Running  bool
		Runtimes int
	}
	in.api("POST", at+"/shadow", map[string]any{"sample": 1, "minutes": 5}, &shadow)
	for n, priority := range []int{5, 4} {
		in.want("a live write", in.writes(user, "live", n+1, fmt.Sprintf(`"op":"PUT","type":"todos","id":%q,"data":{"owner_id":%q,"priority":%d}`, in.row(), user, priority)), "success")
	}
	eventually(in.T, "both writes are shadowed", func() bool {
		in.api("GET", at+"/shadow", nil, &shadow)
		return shadow.Total >= 2
	})
	if !shadow.Running || shadow.Runtimes != 1 || shadow.Total != 2 || shadow.Same != 1 || shadow.Differ != 1 || shadow.Fields["todos"]["priority"] != 1 {
		in.Errorf("the shadow: %+v", shadow)
	}
	if status, raw := in.ask(in.dev.file.APIToken, http.MethodDelete, at+"/shadow", nil); status != http.StatusOK || !strings.Contains(string(raw), `"running":false`) {
		in.Errorf("stopping it: %d %s", status, raw)
	}
	if status, raw := in.ask(in.dev.file.APIToken, http.MethodGet, at+"/shadow", nil); status != http.StatusNotFound {
		in.Errorf("it is still there: %d %s", status, raw)
	}
	in.want("a refused write", in.writes(user, "refused", 1, fmt.Sprintf(`"op":"PUT","type":"todos","id":%q,"data":{"owner_id":"other"}`, in.row())), "fatal_error UNAUTHORIZED")
	var report struct {
		rehearsal.Report
		Complete bool
	}
	in.api("POST", at+"/hooks/replay", map[string]any{}, &report)
	if !report.Complete || report.Total < 1 || report.Same != report.Total {
		in.Errorf("replayed: %+v", report)
	}
}
