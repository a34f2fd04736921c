package sourcetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// inboxTests are the life of rejections.
var inboxTests = map[string]func(*testing.T, *Harness){
	"a rejection is kept byte for byte":              kept,
	"rejections are listed by each filter":           filters,
	"rejections are paged in both orders":            pages,
	"settling from another state writes nothing":     settleFromElsewhere,
	"a held rejection opens again with a new reason": reopened,
	"a settled rejection's rows are forgotten":       rowsForgotten,
	"accepted operations leave notes":                notes,
	"a settlement commits with the data":             settleWithData,
	"erasing removes one user's rejections":          eraseOne,
}

// commit runs one transaction with these changes and what finishes it.
func (h *Harness) commit(t *testing.T, finish source.Finish, changes ...source.Change) error {
	t.Helper()
	tx, err := h.Source.Begin(t.Context(), source.Session{UserID: "u1"})
	if err != nil {
		return err
	}
	defer tx.Rollback(t.Context())
	refs := make([]source.Ref, len(changes))
	for i, c := range changes {
		refs[i] = source.Ref{Table: c.Table, ID: c.ID}
	}
	if _, _, err := tx.Read(t.Context(), refs, nil); err != nil {
		return err
	}
	return tx.Apply(t.Context(), changes, &finish)
}

func (h *Harness) keep(t *testing.T, list ...source.Rejection) {
	t.Helper()
	for i := range list {
		if err := h.commit(t, source.Finish{Rejection: &list[i]}); err != nil {
			t.Fatal(err)
		}
	}
}

// rejected is a rejection with something in every field that a waiting one has.
func rejected(id string) source.Rejection {
	return source.Rejection{ID: id, UserID: "u1", TableName: "items", RowID: "row " + id, ErrorCode: "UNAUTHORIZED", Message: "not yours", Hint: "ask", Status: source.Open,
		CreatedAt: at, Owner: source.Owner{1, 2, 255}, ClientID: "phone", RequestID: "req_1", Deployment: 3, Operation: 1, Detail: "raw \"text\" of the database", Group: id,
		Provider: "firebase", Claims: []byte(`{"role":"admin"}`), Client: []byte(`{"id":"phone"}`), Payload: []byte(`{"a":"\u0000"}`), PayloadBytes: 14,
		Rows: []source.RejectedRow{{TableName: "items", RowID: "row " + id, Creates: true}, {TableName: "others", RowID: "x"}}}
}

// get reads one rejection, with times in one zone and rows in one order.
func (h *Harness) get(t *testing.T, id string) *source.Rejection {
	t.Helper()
	r, err := h.Source.Rejection(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return nil
	}
	r.CreatedAt, r.SettledAt = r.CreatedAt.UTC(), r.SettledAt.UTC()
	slices.SortFunc(r.Rows, func(a, b source.RejectedRow) int { return strings.Compare(a.TableName+a.RowID, b.TableName+b.RowID) })
	return r
}

func kept(t *testing.T, h *Harness) {
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	large := bytes.Repeat(binary, 9<<20/len(binary)) // in several parts, and not text
	full, big, bare := rejected("rej_1"), rejected("rej_2"), source.Rejection{ID: "rej_3", UserID: "u1", Status: source.Held, CreatedAt: at, Operation: -1, Group: "rej_1"}
	big.Payload, big.PayloadBytes, big.Message, big.Attempts = large, len(large), "Ünïcode \x1f", 2
	h.keep(t, full, big, bare)
	for _, want := range []source.Rejection{full, big, bare} {
		got := h.get(t, want.ID)
		if got == nil {
			t.Fatalf("%s is not there", want.ID)
		}
		for i := range want.Rows {
			want.Rows[i].Owner, want.Rows[i].Rejection, want.Rows[i].Group = want.Owner, want.ID, want.Group
		}
		if !bytes.Equal(got.Payload, want.Payload) {
			t.Errorf("%s has %d bytes of payload, want %d", want.ID, len(got.Payload), len(want.Payload))
		}
		got.Payload, want.Payload = nil, nil
		if !sameRejection(*got, want) {
			t.Errorf("got  %+v\nwant %+v", *got, want)
		}
	}
	if got := h.get(t, "rej_0"); got != nil {
		t.Errorf("one that was never kept: %+v", got)
	}
	before := h.count(t)
	if err := h.commit(t, source.Finish{Rejection: &full}); err != nil || h.count(t) != before {
		t.Errorf("keeping the same one again: %v, %d rejections instead of %d", err, h.count(t), before)
	}
}

// same compares rejections; lists without elements are as good as nil.
func sameRejection(a, b source.Rejection) bool {
	for _, r := range []*source.Rejection{&a, &b} {
		r.Rows = slices.Clone(r.Rows)
		for i := range r.Rows {
			if len(r.Rows[i].Written) == 0 {
				r.Rows[i].Written = nil
			}
		}
		if len(r.Rows) == 0 {
			r.Rows = nil
		}
		if len(r.Client) == 0 {
			r.Client = nil
		}
		if len(r.Claims) == 0 {
			r.Claims = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// ids lists and gives the ids.
func (h *Harness) ids(t *testing.T, f source.RejectionFilter) string {
	t.Helper()
	list, err := h.Source.Rejections(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		if r.Payload != nil || r.Claims != nil || r.Rows != nil {
			t.Errorf("the list carries more than it should: %+v", r)
		}
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

func filters(t *testing.T, h *Harness) {
	if got := h.ids(t, source.RejectionFilter{Limit: 10}); got != "" {
		t.Errorf("an empty inbox lists %q", got)
	}
	a, b, c := rejected("rej_1"), rejected("rej_2"), rejected("rej_3")
	b.Status, b.UserID, b.ClientID, b.Deployment, b.Group = source.Held, "u2", "tablet", 4, "rej_1"
	c.TableName, c.RowID, c.ErrorCode, c.CreatedAt = "others", "x", "INVALID_DATA", at.Add(time.Hour)
	h.keep(t, a, b, c)
	for name, f := range map[string]struct {
		filter source.RejectionFilter
		want   string
	}{
		"all":                {source.RejectionFilter{}, "rej_3 rej_2 rej_1"},
		"oldest first":       {source.RejectionFilter{OldestFirst: true}, "rej_1 rej_2 rej_3"},
		"a state":            {source.RejectionFilter{Status: []source.RejectionStatus{source.Held}}, "rej_2"},
		"either state":       {source.RejectionFilter{Status: []source.RejectionStatus{source.Held, source.Open}}, "rej_3 rej_2 rej_1"},
		"a state of none":    {source.RejectionFilter{Status: []source.RejectionStatus{source.Replayed}}, ""},
		"a user":             {source.RejectionFilter{UserID: "u1"}, "rej_3 rej_1"},
		"a client":           {source.RejectionFilter{ClientID: "tablet"}, "rej_2"},
		"a table":            {source.RejectionFilter{TableName: "items"}, "rej_2 rej_1"},
		"a row":              {source.RejectionFilter{TableName: "others", RowID: "x"}, "rej_3"},
		"a code":             {source.RejectionFilter{ErrorCode: "INVALID_DATA"}, "rej_3"},
		"a deployment":       {source.RejectionFilter{Deployment: 3}, "rej_3 rej_1"},
		"a group":            {source.RejectionFilter{Group: "rej_1"}, "rej_2 rej_1"},
		"from an instant":    {source.RejectionFilter{From: at.Add(time.Hour)}, "rej_3"},
		"before it":          {source.RejectionFilter{To: at.Add(time.Hour)}, "rej_2 rej_1"},
		"both halves":        {source.RejectionFilter{Deployment: 3, ErrorCode: "UNAUTHORIZED"}, "rej_1"},
		"both, oldest first": {source.RejectionFilter{Group: "rej_1", TableName: "items", OldestFirst: true}, "rej_1 rej_2"},
		"nothing has all":    {source.RejectionFilter{ClientID: "tablet", UserID: "u1"}, ""},
		"an injection":       {source.RejectionFilter{UserID: "' OR '1'='1"}, ""},
	} {
		f.filter.Limit = 10
		if got := h.ids(t, f.filter); got != f.want {
			t.Errorf("%s: %q, want %q", name, got, f.want)
		}
	}
	list, err := h.Source.Rejections(t.Context(), source.RejectionFilter{ClientID: "tablet", Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	got := list[0]
	if got.Message != b.Message || got.Owner != b.Owner || got.Operation != b.Operation || got.Provider != b.Provider || got.PayloadBytes != b.PayloadBytes || !got.CreatedAt.Equal(b.CreatedAt) || got.RequestID != b.RequestID {
		t.Errorf("listed as %+v", got)
	}
}

func pages(t *testing.T, h *Harness) {
	const n = 23
	var all []string
	for i := range n {
		r := source.Rejection{ID: fmt.Sprintf("rej_%02d", i), UserID: "u1", Status: source.Open, CreatedAt: at, Deployment: 1 + i%2, Group: "g", ErrorCode: fmt.Sprint("CODE_", i%3)}
		h.keep(t, r)
		all = append(all, r.ID)
	}
	for name, f := range map[string]source.RejectionFilter{"everything": {}, "the one half": {ErrorCode: "CODE_1"}, "the other half": {Deployment: 2}, "both halves": {Deployment: 1, ErrorCode: "CODE_2"}} {
		for _, f.OldestFirst = range []bool{false, true} {
			f.Limit, f.After = n, ""
			want := strings.Fields(h.ids(t, f))
			if f.OldestFirst != slices.IsSorted(want) || len(want) < 3 {
				t.Errorf("%s: %v is not in order", name, want)
			}
			var got []string
			for f.Limit = 2; len(got) <= n; f.After = got[len(got)-1] {
				page := strings.Fields(h.ids(t, f))
				if len(page) > f.Limit {
					t.Errorf("%s: a page of %d", name, len(page))
				}
				if got = append(got, page...); len(page) < f.Limit {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in pages: %v, want %v", name, got, want)
			}
			if name == "everything" && len(want) != len(all) {
				t.Errorf("%d of %d are listed", len(want), len(all))
			}
		}
	}
}

func settleFromElsewhere(t *testing.T, h *Harness) {
	h.keep(t, rejected("rej_1"), rejected("rej_2"))
	discard := func(id string, from ...source.RejectionStatus) source.Settlement {
		return source.Settlement{ID: id, From: from, To: source.Discarded, By: "admin", At: at.Add(time.Minute)}
	}
	if err := h.Source.Settle(t.Context(), []source.Settlement{discard("rej_1", source.Open, source.Held)}); err != nil {
		t.Fatal(err)
	}
	got := h.get(t, "rej_1")
	if got.Status != source.Discarded || got.SettledBy != "admin" || !got.SettledAt.Equal(at.Add(time.Minute)) || len(got.Payload) == 0 {
		t.Errorf("discarded: %+v", got)
	}
	for name, list := range map[string][]source.Settlement{
		"one that was settled":  {discard("rej_1", source.Open, source.Held)},
		"one of two":            {discard("rej_2", source.Open), discard("rej_1", source.Open)},
		"one that is elsewhere": {discard("rej_2", source.Held)},
		"one that is not there": {discard("rej_2", source.Open), discard("rej_9", source.Open)},
	} {
		f := source.FailureOf(h.Source.Settle(t.Context(), list))
		if f == nil || f.Class != source.Conflict || f.Code != "rejection_moved" {
			t.Errorf("%s: %v", name, f)
		}
		f = source.FailureOf(h.commit(t, source.Finish{Settle: list}, h.insert(1, doc("name", "x"))))
		if f == nil || f.Class != source.Conflict || f.Code != "rejection_moved" {
			t.Errorf("%s, with data: %v", name, f)
		}
	}
	if got := h.get(t, "rej_2"); got.Status != source.Open || got.SettledBy != "" || len(got.Rows) != 2 {
		t.Errorf("a settlement that failed left %+v", got)
	}
	if h.row(t, 1) != nil {
		t.Error("data of a transaction whose rejection had moved is stored")
	}
}

func settleWithData(t *testing.T, h *Harness) {
	h.keep(t, rejected("rej_1"))
	err := h.commit(t, source.Finish{Settle: []source.Settlement{{ID: "rej_1", From: []source.RejectionStatus{source.Open}, To: source.Replayed, By: "admin", At: at}}}, h.insert(1, doc("name", "x")))
	if err != nil {
		t.Fatal(err)
	}
	h.want(t, 1, "name", "x")
	if got := h.get(t, "rej_1"); got.Status != source.Replayed {
		t.Errorf("it is %s", got.Status)
	}
}

func reopened(t *testing.T, h *Harness) {
	r := rejected("rej_1")
	r.Status, r.Group = source.Held, "rej_0"
	h.keep(t, r)
	again := source.Settlement{ID: "rej_1", From: []source.RejectionStatus{source.Held, source.Open}, To: source.Open, At: at, Failed: true,
		ErrorCode: "UNIQUE_VIOLATION", Message: "taken", Hint: "another", Detail: "raw again", Operation: 4, Group: "rej_1"}
	for attempts := 1; attempts <= 2; attempts++ {
		if err := h.Source.Settle(t.Context(), []source.Settlement{again}); err != nil {
			t.Fatal(err)
		}
		got := h.get(t, "rej_1")
		if got.Status != source.Open || got.ErrorCode != "UNIQUE_VIOLATION" || got.Message != "taken" || got.Hint != "another" || got.Detail != "raw again" || got.Operation != 4 || got.Group != "rej_1" || got.Attempts != attempts {
			t.Errorf("try %d: %+v", attempts, got)
		}
		if !bytes.Equal(got.Payload, r.Payload) || !bytes.Equal(got.Claims, r.Claims) || len(got.Rows) != 2 || got.Rows[0].Group != "rej_1" {
			t.Errorf("try %d lost something: %+v", attempts, got)
		}
		again.Group = "" // stays
	}
	again.Failed, again.To, again.Detail = false, source.Held, ""
	if err := h.Source.Settle(t.Context(), []source.Settlement{again}); err != nil {
		t.Fatal(err)
	}
	if got := h.get(t, "rej_1"); got.Status != source.Held || got.Attempts != 2 || got.Detail != "" || got.Group != "rej_1" {
		t.Errorf("held again: %+v", got)
	}
}

func eraseOne(t *testing.T, h *Harness) {
	other := rejected("rej_0")
	other.UserID = "u2"
	h.keep(t, other)
	const n = 12
	for i := range n {
		r := rejected(fmt.Sprintf("rej_1%02d", i)) // their ids begin like one another's
		if i%2 == 1 {
			r.Status, r.Rows = source.Discarded, nil
		}
		h.keep(t, r)
	}
	if erased, err := h.Source.Erase(t.Context(), "u1"); err != nil || erased != n {
		t.Fatalf("%d %v", erased, err)
	}
	if got := h.ids(t, source.RejectionFilter{Limit: 100}); got != "rej_0" {
		t.Errorf("left: %s", got)
	}
	for i := range n {
		if got := h.get(t, fmt.Sprintf("rej_1%02d", i)); got != nil {
			t.Errorf("still there: %+v", got)
		}
	}
	if got := h.get(t, "rej_0"); got == nil || len(got.Payload) == 0 || len(got.Rows) != 2 {
		t.Errorf("another user's is %+v", got)
	}
	if rows, any := h.waiting(t, source.RowName{TableName: "others", RowID: "x"}); !any || len(rows) != 1 {
		t.Errorf("rows left: %+v", rows)
	}
	if erased, err := h.Source.Erase(t.Context(), "u1"); err != nil || erased != 0 {
		t.Errorf("again: %d %v", erased, err)
	}
}
