package dashboardapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"turnkey/controlplane"
)

// read gives the draft with all that belongs to it.
func (s *shop) read(path string) (d draftWhole) {
	s.Helper()
	if err := json.Unmarshal(s.must(call{method: get, path: path + "/draft", as: s.ann}).Body.Bytes(), &d); err != nil {
		s.Fatal(err)
	}
	return d
}

// changes are a draft's changes in one line.
func (d draftWhole) changes() string {
	list := []string{}
	for _, c := range d.Changes {
		list = append(list, c.Change+" "+c.Path)
	}
	if d.ConfigChanged {
		list = append(list, "config")
	}
	return strings.Join(list, ", ")
}

// TestWhatWouldBeDeployed: the draft says how it differs from what is deployed, and what was deployed can be put back.
func TestWhatWouldBeDeployed(t *testing.T) {
	s := newShop(t, newWorkers(t).with)
	id, path := s.made()
	if d := s.read(path); d.Deployment == nil || *d.Deployment != 1 || d.changes() != "" || d.Files == nil || d.ConfigETag == "" {
		t.Errorf("as deployed: %+v", d)
	}
	s.save(path, map[string]string{"hooks/todos.ts": "export default {}", "lib/a.ts": "export const a = 1;", "lib/b.ts": "export const b = 1;"})
	if got := s.read(path).changes(); got != "added hooks/todos.ts, added lib/a.ts, added lib/b.ts" {
		t.Errorf("three new files: %s", got)
	}
	s.must(s.deploy(path)) // number 2
	before := s.read(path)
	s.save(path, map[string]string{"lib/a.ts": "export const a = 2;", "lib/c.ts": "export const c = 1;"})
	s.must(call{method: remove, path: path + "/files/lib/b.ts", as: s.ann})
	s.configure(path, workingConfig+"rejections: {ttl: 30d}\n")
	edited := s.read(path)
	if got := edited.changes(); got != "changed lib/a.ts, removed lib/b.ts, added lib/c.ts, config" {
		t.Errorf("after editing: %s", got)
	}
	if f := edited.Files[0]; f.Path != "hooks/todos.ts" || f.Content != "export default {}" || f.UpdatedBy != s.ann.UserID || f.Author != "ann" {
		t.Errorf("a file: %+v", f)
	}
	restore := func(n int, body map[string]any) reply {
		return s.do(call{method: post, path: fmt.Sprintf("%s/deployments/%d/restore", path, n), as: s.ann, body: body})
	}
	if r := restore(2, map[string]any{}); r.Code != http.StatusUnprocessableEntity || r.text("code") != "invalid_body" {
		t.Errorf("nothing to restore: %d %s", r.Code, r.Body)
	}
	if r := restore(9, map[string]any{"files": true}); r.Code != http.StatusNotFound {
		t.Errorf("no such deployment: %d %s", r.Code, r.Body)
	}
	since := s.lastEvent()
	if r := restore(2, map[string]any{"files": true}); r.Code != http.StatusOK {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	after := s.read(path)
	if got := after.changes(); got != "config" {
		t.Errorf("files put back: %s", got)
	}
	if e := s.events(since); len(e) != 1 || e[0].Kind != controlplane.DraftRestored || !strings.Contains(string(e[0].Changes), `"files":{"to":3}`) {
		t.Errorf("events %+v", e)
	}
	for _, f := range after.Files {
		at := slices.IndexFunc(before.Files, func(b draftFile) bool { return b.Path == f.Path })
		if same := f.Path == "hooks/todos.ts"; at < 0 || same != (before.Files[at].ETag == f.ETag) && f.Path != "lib/b.ts" {
			t.Errorf("%s has version %s, before %+v", f.Path, f.ETag, before.Files)
		}
	}
	if r := restore(2, map[string]any{"config": true}); r.Code != http.StatusOK || s.read(path).changes() != "" {
		t.Errorf("configuration put back: %d, %s", r.Code, s.read(path).changes())
	}
	if r := restore(1, map[string]any{"files": true, "config": true}); r.Code != http.StatusOK || s.read(path).changes() != "removed hooks/todos.ts, removed lib/a.ts, removed lib/b.ts" {
		t.Errorf("to the time before: %d, %s", r.Code, s.read(path).changes())
	}
	if b := s.newest(id); b.Deployment != 2 {
		t.Errorf("restoring deployed %d", b.Deployment)
	}
	list := s.must(call{method: get, path: path + "/deployments", as: s.ann})
	if strings.Count(list.Body.String(), `"created_by_name":"ann"`) != 2 {
		t.Errorf("who deployed: %s", list.Body)
	}
}

// TestTypesOfAnInstance: an editor knows the draft's tables, and none where the draft says nothing.
func TestTypesOfAnInstance(t *testing.T) {
	s := newShop(t)
	_, path := s.made()
	types := call{method: get, path: path + "/hooks/types.d.ts", as: s.ann}
	r := s.must(types)
	for _, text := range []string{"interface Hooks<", "interface Tables {\n  todos: TodosRow;", "  done: boolean | null;", "  done?: boolean | null;", `Todos: "todos";`} {
		if !strings.Contains(r.Body.String(), text) {
			t.Errorf("no %q in %s", text, r.Body.String()[len(r.Body.String())-700:])
		}
	}
	if kind := r.Header().Get("Content-Type"); kind != "text/plain; charset=utf-8" {
		t.Errorf("it is %s", kind)
	}
	s.configure(path, strings.Replace(workingConfig, "done: {type: bool}", "title: {type: string}, items: {type: array, of: {due: date}}", 1))
	if r := s.must(types); !strings.Contains(r.Body.String(), "title?: string | null;") || strings.Contains(r.Body.String(), "done?:") {
		t.Errorf("the types are not the draft's")
	}
	var tables struct{ Data []draftTable }
	if err := json.Unmarshal(s.must(call{method: get, path: path + "/tables", as: s.ann}).Body.Bytes(), &tables); err != nil {
		t.Fatal(err)
	}
	if len(tables.Data) != 1 || tables.Data[0].Key != "_id" || tables.Data[0].OnConflict != "last_write" || len(tables.Data[0].Columns) != 2 {
		t.Fatalf("%+v", tables.Data)
	}
	if items := tables.Data[0].Columns[0]; items.Type != "array" || items.Of.Element.Members["due"].Type != "date" || items.Merge != "last_write" {
		t.Errorf("%+v", items)
	}
	empty := s.must(call{method: post, path: "/projects/" + s.project + "/instances", as: s.ann, body: map[string]any{"name": "Empty", "kind": "development"}}).text("id")
	types.path = "/instances/" + empty + "/hooks/types.d.ts"
	if r := s.must(types); !strings.Contains(r.Body.String(), "interface Tables {}") {
		t.Error("an instance without a configuration has tables")
	}
	if d := s.read("/instances/" + empty); d.Deployment != nil || d.Config != "" || len(d.Files) != 0 {
		t.Errorf("an instance without anything: %+v", d)
	}
}
