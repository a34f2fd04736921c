package sourcetest

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// conflictTests are the life of recorded conflicts, tombstones and traces.
var conflictTests = map[string]func(*testing.T, *Harness){
	"a conflict is kept byte for byte":                 conflictKept,
	"conflicts are listed by each filter":              conflictFilters,
	"conflicts are paged in both orders":               conflictPages,
	"a conflict commits with the data or not at all":   conflictWithData,
	"closing from another state writes nothing":        closeFromElsewhere,
	"a settled rejection closes its case":              caseClosed,
	"a tombstone is found again, and replaced":         tombstoned,
	"traces are their owner's, by row":                 traced,
	"marks are read from the transaction's snapshot":   marksInSnapshot,
	"erasing removes a user's conflicts":               eraseConflicts,
	"old conflicts, traces and tombstones are swept":   sweepConflicts,
	"more conflicts than one batch are swept in turns": sweepManyConflicts,
}

// recorded is a conflict with something in every field that an open one has.
func recorded(id string) source.ConflictRecord {
	return source.ConflictRecord{ID: id, UserID: "u1", TableName: "items", RowID: "row " + id, Status: source.ConflictOpen, CreatedAt: at,
		ClientData: []byte(`{"n":1}`), ServerData: []byte(`{"n":2}`), Owner: source.Owner{1, 2, 255}, ClientID: "phone", RequestID: "req_1", Deployment: 3, Operation: 1,
		Op: "PATCH", Policy: "record", Outcome: "recorded", Provider: "firebase", Rejection: "rej_" + id,
		Fields: []source.ConflictField{{Name: "n", Policy: "record", Outcome: "recorded"}, {Name: "name", Policy: "record", Outcome: "recorded"}},
		Values: []byte(`{"base":{"n":0},"server":{"n":2},"client":{"n":1}}`), Claims: []byte(`{"role":"admin"}`)}
}

func (h *Harness) record(t *testing.T, list ...source.ConflictRecord) {
	t.Helper()
	if err := h.commit(t, source.Finish{Conflicts: list}); err != nil {
		t.Fatal(err)
	}
}

func (h *Harness) conflict(t *testing.T, id string) *source.ConflictRecord {
	t.Helper()
	c, err := h.Source.Conflict(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func conflictKept(t *testing.T, h *Harness) {
	full, big, bare := recorded("cnf_1"), recorded("cnf_2"), source.ConflictRecord{ID: "cnf_3", UserID: "u1", Status: source.ConflictDecided, CreatedAt: at, ClientData: []byte("null")}
	big.Values = bytes.Repeat([]byte("\x00\xff\"big"), 2<<20) // in several parts, and not text
	big.ClientData = []byte(`{"n":"Ünïcode"}`)
	h.record(t, full, big, bare)
	for _, want := range []source.ConflictRecord{full, big, bare} {
		got := h.conflict(t, want.ID)
		if got == nil {
			t.Fatalf("%s is not there", want.ID)
		}
		if !bytes.Equal(got.Values, want.Values) {
			t.Errorf("%s has %d bytes of values, want %d", want.ID, len(got.Values), len(want.Values))
		}
		got.Values, want.Values = nil, nil
		if len(got.Fields) == 0 {
			got.Fields = nil
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
	}
	if got := h.conflict(t, "cnf_0"); got != nil {
		t.Errorf("one that was never recorded: %+v", got)
	}
	again := full
	again.UserID = "somebody"
	h.record(t, again)
	if got := h.conflict(t, "cnf_1"); got.UserID != "u1" {
		t.Errorf("recording the same one again changed it: %+v", got)
	}
}

func (h *Harness) conflictIDs(t *testing.T, f source.ConflictFilter) string {
	t.Helper()
	list, err := h.Source.Conflicts(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		if c.Values != nil || c.Claims != nil {
			t.Errorf("the list carries more than it should: %+v", c)
		}
		out = append(out, c.ID)
	}
	return strings.Join(out, " ")
}

func conflictFilters(t *testing.T, h *Harness) {
	if got := h.conflictIDs(t, source.ConflictFilter{Limit: 10}); got != "" {
		t.Errorf("an empty archive lists %q", got)
	}
	a, b, c := recorded("cnf_1"), recorded("cnf_2"), recorded("cnf_3")
	b.Status, b.UserID, b.ClientID, b.Deployment, b.Rejection = source.ConflictDecided, "u2", "tablet", 4, ""
	c.TableName, c.RowID, c.Policy, c.Outcome, c.CreatedAt = "others", "x", "merge", "merged", at.Add(time.Hour)
	h.record(t, a, b, c)
	for name, f := range map[string]struct {
		filter source.ConflictFilter
		want   string
	}{
		"all":             {source.ConflictFilter{}, "cnf_3 cnf_2 cnf_1"},
		"oldest first":    {source.ConflictFilter{OldestFirst: true}, "cnf_1 cnf_2 cnf_3"},
		"a state":         {source.ConflictFilter{Status: []source.ConflictStatus{source.ConflictDecided}}, "cnf_2"},
		"either state":    {source.ConflictFilter{Status: source.ResolvableStates()}, "cnf_3 cnf_2 cnf_1"},
		"a state of none": {source.ConflictFilter{Status: []source.ConflictStatus{source.ConflictResolved}}, ""},
		"a user":          {source.ConflictFilter{UserID: "u1"}, "cnf_3 cnf_1"},
		"a client":        {source.ConflictFilter{ClientID: "tablet"}, "cnf_2"},
		"a table":         {source.ConflictFilter{TableName: "items"}, "cnf_2 cnf_1"},
		"a row":           {source.ConflictFilter{TableName: "others", RowID: "x"}, "cnf_3"},
		"a policy":        {source.ConflictFilter{Policy: "record"}, "cnf_2 cnf_1"},
		"an outcome":      {source.ConflictFilter{Outcome: "merged"}, "cnf_3"},
		"a case":          {source.ConflictFilter{Rejection: "rej_cnf_1"}, "cnf_1"},
		"a deployment":    {source.ConflictFilter{Deployment: 3}, "cnf_3 cnf_1"},
		"from an instant": {source.ConflictFilter{From: at.Add(time.Hour)}, "cnf_3"},
		"before it":       {source.ConflictFilter{To: at.Add(time.Hour)}, "cnf_2 cnf_1"},
		"nothing has all": {source.ConflictFilter{ClientID: "tablet", UserID: "u1"}, ""},
		"an injection":    {source.ConflictFilter{UserID: "' OR '1'='1"}, ""},
	} {
		f.filter.Limit = 10
		if got := h.conflictIDs(t, f.filter); got != f.want {
			t.Errorf("%s: %q, want %q", name, got, f.want)
		}
	}
	list, err := h.Source.Conflicts(t.Context(), source.ConflictFilter{ClientID: "tablet", Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	if b.Values, b.Claims = nil, nil; !reflect.DeepEqual(list[0], b) {
		t.Errorf("listed as %+v\nwant %+v", list[0], b)
	}
}

func conflictPages(t *testing.T, h *Harness) {
	const n = 11
	for i := range n {
		c := recorded(fmt.Sprintf("cnf_%02d", i))
		c.Deployment = 1 + i%2
		h.record(t, c)
	}
	for _, f := range []source.ConflictFilter{{}, {Deployment: 2}} {
		for _, f.OldestFirst = range []bool{false, true} {
			f.Limit, f.After = n, ""
			want := strings.Fields(h.conflictIDs(t, f))
			var got []string
			for f.Limit = 2; ; f.After = got[len(got)-1] {
				page := strings.Fields(h.conflictIDs(t, f))
				if got = append(got, page...); len(page) < f.Limit {
					break
				}
			}
			if !slices.Equal(got, want) || len(want) < n/2 || f.OldestFirst != slices.IsSorted(want) {
				t.Errorf("%+v in pages: %v, want %v", f, got, want)
			}
		}
	}
}

func conflictWithData(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a", "code", "taken")))
	refused := h.commit(t, source.Finish{Conflicts: []source.ConflictRecord{recorded("cnf_1")}}, h.insert(2, doc("code", "taken")))
	if source.FailureOf(refused) == nil || source.FailureOf(refused).Code != "UNIQUE_VIOLATION" {
		t.Fatalf("%v", refused)
	}
	if h.conflict(t, "cnf_1") != nil {
		t.Error("a conflict is there without its data")
	}
	if err := h.commit(t, source.Finish{Conflicts: []source.ConflictRecord{recorded("cnf_2")}, Receipts: []source.Receipt{receipt(1, 0, at, 7)}}, h.insert(3, doc("name", "c"))); err != nil {
		t.Fatal(err)
	}
	h.want(t, 3, "name", "c")
	if h.conflict(t, "cnf_2") == nil {
		t.Error("the conflict did not commit with its data")
	}
}

func closing(id string, from ...source.ConflictStatus) source.Closing {
	return source.Closing{ID: id, From: from, To: source.ConflictResolved, By: "admin", At: at.Add(time.Minute), Resolution: []byte(`{"take":"client"}`)}
}

func closeFromElsewhere(t *testing.T, h *Harness) {
	h.record(t, recorded("cnf_1"), recorded("cnf_2"))
	if err := h.Source.CloseConflicts(t.Context(), []source.Closing{closing("cnf_1", source.ConflictOpen)}); err != nil {
		t.Fatal(err)
	}
	got := h.conflict(t, "cnf_1")
	if got.Status != source.ConflictResolved || got.SettledBy != "admin" || !got.SettledAt.Equal(at.Add(time.Minute)) || string(got.Resolution) != `{"take":"client"}` {
		t.Errorf("closed as %+v", got)
	}
	err := h.commit(t, source.Finish{Close: []source.Closing{closing("cnf_2", source.ConflictOpen), closing("cnf_1", source.ResolvableStates()...)}}, h.insert(1, doc("name", "a")))
	if f := source.FailureOf(err); f == nil || f.Class != source.Conflict || f.Code != source.CodeConflictMoved {
		t.Errorf("closing twice: %v", err)
	}
	if h.row(t, 1) != nil || h.conflict(t, "cnf_2").Status != source.ConflictOpen {
		t.Error("a part of it was written")
	}
	if list := h.conflictIDs(t, source.ConflictFilter{Status: []source.ConflictStatus{source.ConflictResolved}, Limit: 9}); list != "cnf_1" {
		t.Errorf("resolved are %q", list)
	}
}

func caseClosed(t *testing.T, h *Harness) {
	for to, want := range map[source.RejectionStatus]source.ConflictStatus{source.Replayed: source.ConflictResolved, source.Discarded: source.ConflictDismissed,
		source.Superseded: source.ConflictDismissed, source.Open: source.ConflictOpen} {
		id := string(to)
		r, named, other, stranger := rejected("rej_"+id), recorded("cnf_a"+id), recorded("cnf_b"+id), recorded("cnf_c"+id)
		named.Rejection, other.Rejection = r.ID, r.ID
		if err := h.commit(t, source.Finish{Rejection: &r, Conflicts: []source.ConflictRecord{named, other, stranger}}); err != nil {
			t.Fatal(err)
		}
		finish := source.Finish{Settle: []source.Settlement{{ID: r.ID, From: source.WaitingStates(), To: to, By: "bob", At: at}}}
		if want != source.ConflictOpen {
			finish.Close = []source.Closing{closing(named.ID, source.ConflictOpen)}
		}
		if err := h.commit(t, finish); err != nil {
			t.Fatal(err)
		}
		if got := h.conflict(t, named.ID); want != source.ConflictOpen && (got.Status != source.ConflictResolved || got.SettledBy != "admin" || got.Resolution == nil) {
			t.Errorf("%s: the one that was closed by name is %+v", to, got)
		}
		if got := h.conflict(t, other.ID); got.Status != want || want != source.ConflictOpen && got.SettledBy != "bob" {
			t.Errorf("%s: the other one of the case is %s, by %q", to, got.Status, got.SettledBy)
		}
		if got := h.conflict(t, stranger.ID); got.Status != source.ConflictOpen {
			t.Errorf("%s: one of another case is %s", to, got.Status)
		}
	}
}

// marks reads what is noted about rows of items.
func (h *Harness) marks(t *testing.T, owner byte, rows ...string) map[string]source.Mark {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	names := make([]source.RowName, len(rows))
	for i, r := range rows {
		names[i] = source.RowName{TableName: "items", RowID: r}
	}
	list, err := tx.Marks(t.Context(), source.Owner{owner}, names)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]source.Mark{}
	for _, m := range list {
		if m.TableName != "items" || out[m.RowID].RowID != "" {
			t.Errorf("%+v was not asked for, or twice", m)
		}
		out[m.RowID] = m
	}
	return out
}

func stone(row string, when time.Time) source.Tombstone {
	return source.Tombstone{TableName: "items", RowID: row, At: when, Owner: source.Owner{9}, UserID: "u1", ClientID: "phone"}
}

func tombstoned(t *testing.T, h *Harness) {
	elsewhere := stone("a", at)
	elsewhere.TableName = "others"
	if err := h.commit(t, source.Finish{Tombstones: []source.Tombstone{stone("a", at), stone("b", at), elsewhere}}); err != nil {
		t.Fatal(err)
	}
	newer := stone("a", at.Add(time.Hour))
	newer.UserID, newer.Owner = "u2", source.Owner{8}
	if err := h.commit(t, source.Finish{Tombstones: []source.Tombstone{newer}}); err != nil {
		t.Fatal(err)
	}
	got := h.marks(t, 1, "a", "b", "c", "a")
	if len(got) != 2 || got["a"].Deleted == nil || *got["a"].Deleted != newer || got["b"].Deleted == nil || *got["b"].Deleted != stone("b", at) || len(got["a"].Left) > 0 {
		t.Errorf("found %+v", got)
	}
	if got := h.marks(t, 1); len(got) != 0 {
		t.Errorf("of no rows: %+v", got)
	}
}

func trace(owner byte, row string, when time.Time, left map[string]source.Print) source.Trace {
	return source.Trace{Owner: source.Owner{owner}, TableName: "items", RowID: row, Left: left, At: when}
}

func traced(t *testing.T, h *Harness) {
	first, second := map[string]source.Print{"n": {1}, "place.city": {2, 255}}, map[string]source.Print{"n": {3}}
	for _, list := range [][]source.Trace{{trace(1, "a", at, first), trace(1, "b", at, second)}, {trace(2, "a", at, second)}, {trace(1, "b", at, first)}} {
		if err := h.commit(t, source.Finish{Traces: list, Tombstones: []source.Tombstone{stone("b", at)}}); err != nil {
			t.Fatal(err)
		}
	}
	got := h.marks(t, 1, "a", "b")
	if len(got) != 2 || !maps.Equal(got["a"].Left, first) || !maps.Equal(got["b"].Left, first) || got["a"].Deleted != nil || got["b"].Deleted == nil {
		t.Errorf("of the one: %+v", got)
	}
	if got := h.marks(t, 2, "a", "b"); !maps.Equal(got["a"].Left, second) || got["b"].Left != nil {
		t.Errorf("of the other: %+v", got)
	}
}

func marksInSnapshot(t *testing.T, h *Harness) {
	h.must(t, h.insert(1, doc("name", "a")))
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	row := source.Ref{Table: h.Items, ID: h.ID(1)}
	if _, _, err := tx.Read(t.Context(), []source.Ref{row, {Table: h.Others, ID: h.ID(1)}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.commit(t, source.Finish{Tombstones: []source.Tombstone{stone("a", at)}}, source.Change{Kind: source.Delete, Table: h.Items, ID: h.ID(1)}); err != nil {
		t.Fatal(err)
	}
	list, err := tx.Marks(t.Context(), source.Owner{1}, []source.RowName{{TableName: "items", RowID: "a"}})
	if err != nil || len(list) != 0 {
		t.Errorf("a later tombstone is seen beside an earlier row: %+v %v", list, err)
	}
}

func eraseConflicts(t *testing.T, h *Harness) {
	mine, theirs := recorded("cnf_1"), recorded("cnf_2")
	theirs.UserID = "u2"
	h.keep(t, rejected("rej_1"))
	other := stone("b", at)
	other.UserID = "u2"
	if err := h.commit(t, source.Finish{Conflicts: []source.ConflictRecord{mine, theirs}, Tombstones: []source.Tombstone{stone("a", at), other}}); err != nil {
		t.Fatal(err)
	}
	if n, err := h.Source.Erase(t.Context(), "u1"); n != 2 || err != nil {
		t.Errorf("erased %d %v, want a rejection and a conflict", n, err)
	}
	if h.conflict(t, "cnf_1") != nil || h.conflict(t, "cnf_2") == nil || h.count(t) != 0 {
		t.Error("another user's conflict is gone, or this one's is not")
	}
	got := h.marks(t, 1, "a", "b")
	if got["a"].Deleted == nil || got["a"].Deleted.UserID != "" || got["a"].Deleted.ClientID != "" || got["b"].Deleted == nil || got["b"].Deleted.UserID != "u2" {
		t.Errorf("the tombstones are %+v", got)
	}
}

func sweepConflicts(t *testing.T, h *Harness) {
	old, young := recorded("cnf_1"), recorded("cnf_2")
	young.CreatedAt = at.Add(2 * time.Hour)
	left := map[string]source.Print{"n": {1}}
	if err := h.commit(t, source.Finish{Conflicts: []source.ConflictRecord{old, young}, Tombstones: []source.Tombstone{stone("a", at), stone("b", at.Add(2*time.Hour))},
		Traces: []source.Trace{trace(1, "c", at, left), trace(1, "d", at.Add(2*time.Hour), left)}}); err != nil {
		t.Fatal(err)
	}
	keep := source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour, Conflicts: time.Hour, Tombstones: time.Hour}
	swept, err := h.Source.Sweep(t.Context(), at.Add(150*time.Minute), keep)
	if err != nil || swept.Conflicts != 1 || swept.Tombstones != 1 || swept.More || swept.Busy {
		t.Errorf("swept %+v %v", swept, err)
	}
	if h.conflict(t, "cnf_1") != nil || h.conflict(t, "cnf_2") == nil {
		t.Error("the young conflict is gone, or the old one is not")
	}
	if got := h.marks(t, 1, "a", "b", "c", "d"); len(got) != 2 || got["b"].Deleted == nil || got["d"].Left == nil {
		t.Errorf("left are %+v", got)
	}
}

func sweepManyConflicts(t *testing.T, h *Harness) {
	const n = 250 // more than a batch of either source
	var list []source.ConflictRecord
	for i := range n {
		c := recorded(fmt.Sprintf("cnf_%03d", i))
		c.Rejection = ""
		list = append(list, c)
	}
	h.record(t, list...)
	keep := source.Retention{Receipts: time.Hour, Rejections: time.Hour, Clients: time.Hour, Conflicts: time.Hour, Tombstones: time.Hour}
	if swept, err := h.Source.Sweep(t.Context(), at.Add(2*time.Hour), keep); err != nil || swept.Conflicts != n {
		t.Errorf("swept %+v %v", swept, err)
	}
	if got := h.conflictIDs(t, source.ConflictFilter{Limit: 9}); got != "" {
		t.Errorf("left are %s", got)
	}
}
