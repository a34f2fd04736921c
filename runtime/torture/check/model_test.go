package check_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/workload"
)

// bug is one way in which a write backend goes wrong.
type bug string

const (
	noBug              bug = "none"
	noReceipts         bug = "no receipts: every repeat is applied"
	ackBeforeCommit    bug = "acknowledged before the commit, which then fails"
	watermark          bug = "a watermark instead of receipts: lower op ids are taken for repeats"
	noFingerprint      bug = "receipts without a fingerprint: a re-used op id is taken for a repeat"
	noSubject          bug = "receipts that forget the fingerprint and whose they are"
	halfTransaction    bug = "a crash in mid-transaction leaves its first half"
	twiceOnRetry       bug = "an inner retry applies the transaction twice"
	forgetsRejection   bug = "a refused transaction is not kept"
	keepsTwice         bug = "a repeat of a refused transaction is kept again"
	reorders           bug = "the transactions of a request are applied last first"
	resurrects         bug = "a PATCH of a deleted row creates it"
	staleMerge         bug = "a counter is set to the client's value: concurrent updates are lost"
	losesTail          bug = "the end of a long request is acknowledged and not applied"
	receiptWithoutData bug = "a crash after the receipt and before the data"
	dataWithoutReceipt bug = "a crash after the data and before the receipt"
	appliesRefused     bug = "a refused transaction's other operations are applied"
	flaps              bug = "a repeat of a refused transaction is answered with success"
	poisons            bug = "bad data is answered 400"
	wrongRow           bug = "a change lands on a neighbouring row"
	staleSnapshot      bug = "a device downloads an old checkpoint after its upload"
	tornSnapshot       bug = "readers see half of a transaction"
	sticks             bug = "one user is told to try again for ever"
	lostDelete         bug = "deletes are acknowledged and forgotten"
	appendsTwice       bug = "an append is repeated on retry"
	splitsCommit       bug = "each operation commits by itself"
	silentRewrite      bug = "a row changes without any write"
	skipsHook          bug = "a change is made without its hook"
	hookApart          bug = "what a hook writes is committed by itself"
	hookTwice          bug = "what a hook of a lost attempt wrote stays"
	hookUnheard        bug = "a hook's refusal is not heard"
	hookBlamed         bug = "a write is refused because its worker died"
	losesEvent         bug = "an event is forgotten by a crash after the commit"
	eventTooEarly      bug = "an event is sent before the commit, which then fails"
	eventOfRefused     bug = "what the hook of a refused write enqueued is sent"
	eventRenamed       bug = "a repeated delivery has another id"
	eventRewritten     bug = "a repeated delivery has other content"
	followUpTwice      bug = "another attempt of afterCommit enqueues anew"
)

// server is a correct write backend in memory, with one bug that can be switched on. It is also the
// database: its log of changes is what a trigger or an oplog would have.
type server struct {
	mu       sync.Mutex
	bug      bug
	random   *rand.Rand
	rows     map[string]history.Row
	old      map[string]history.Row // an earlier state
	changes  []history.Change
	commits  int
	receipts map[string]string // to the stored result
	high     map[string]int64
	kept     []history.Rejection
	rejected map[string]bool
	arrivals []history.Arrival
	sent     int // events
}

func newServer(b bug, random *rand.Rand, seeds map[string]history.Row) *server {
	return &server{bug: b, random: random, rows: maps.Clone(seeds), old: maps.Clone(seeds), receipts: map[string]string{},
		high: map[string]int64{}, kept: []history.Rejection{}, rejected: map[string]bool{}}
}

// sent are the members of both spellings.
type sentEntry struct {
	OpID   *int64         `json:"op_id"`
	Op     string         `json:"op"`
	Type   string         `json:"type"`
	Table  string         `json:"table"`
	ID     string         `json:"id"`
	TxID   int64          `json:"tx_id"`
	Tx     int64          `json:"transaction_id"`
	Data   map[string]any `json:"data"`
	OpData map[string]any `json:"op_data"`
	Old    map[string]any `json:"old"`
	Prev   map[string]any `json:"previous_values"`
}

type sentUpload struct {
	Client       struct{ ID string }
	Transactions []struct{ Crud []sentEntry }
	Batch        []sentEntry
}

var errLost = errors.New("the answer was lost")

// Post implements client.Transport: with an unreliable network around a server that has one bug.
func (s *server) Post(_ context.Context, subject string, body []byte) (int, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.IntN(10) == 0 {
		return 0, nil, errors.New("the request was lost")
	}
	var up sentUpload
	if err := json.Unmarshal(body, &up); err != nil {
		return 400, []byte(err.Error()), nil
	}
	results := s.upload(subject, up)
	if s.random.IntN(8) == 0 {
		return 0, nil, errLost
	}
	if s.bug == poisons && slices.ContainsFunc(results, func(r map[string]any) bool { return r["status"] == "fatal_error" }) {
		return 400, []byte("bad data"), nil
	}
	answer, err := json.Marshal(map[string]any{"results": results})
	return 200, answer, err
}

func (s *server) upload(subject string, up sentUpload) []map[string]any {
	var groups [][]sentEntry
	for _, t := range up.Transactions {
		groups = append(groups, t.Crud)
	}
	for i, e := range up.Batch {
		if i == 0 || e.TxID != up.Batch[i-1].TxID {
			groups = append(groups, nil)
		}
		e.Table, e.OpData, e.Tx, e.Prev = e.Type, e.Data, e.TxID, e.Old
		groups[len(groups)-1] = append(groups[len(groups)-1], e)
	}
	results := make([]map[string]any, len(groups))
	at := make([]int, len(groups))
	for i := range at {
		at[i] = i
	}
	if s.bug == reorders {
		slices.Reverse(at)
	}
	for _, i := range at {
		if s.bug == losesTail && i >= 3 {
			results[i] = map[string]any{"status": "success"}
			continue
		}
		status := s.transaction(subject, up.Client.ID, groups[i])
		results[i] = map[string]any{"status": status}
		if status == "fatal_error" {
			results[i]["requires_client_handling"] = false
			results[i]["failed_operation"] = map[string]any{"error_code": "UNAUTHORIZED"}
		}
	}
	return results
}

// receipt names an operation as the product must.
func (s *server) receipt(subject, device string, e sentEntry) string {
	content, _ := json.Marshal([]any{e.Op, e.Table, e.ID, e.OpData})
	switch {
	case e.OpID != nil && device != "" && s.bug == noFingerprint:
		return fmt.Sprint(subject, device, *e.OpID)
	case e.OpID != nil && device != "" && s.bug == noSubject:
		return fmt.Sprint(device, *e.OpID)
	case e.OpID != nil && device != "":
		return fmt.Sprint(subject, device, *e.OpID, string(content))
	}
	return fmt.Sprint(subject, e.Tx, string(content))
}

func (s *server) transaction(subject, device string, crud []sentEntry) string {
	if s.bug == sticks && subject == "user-0" {
		return "retryable_error"
	}
	var fresh []sentEntry
	worst := "success"
	for _, e := range crud {
		name := s.receipt(subject, device, e)
		if s.bug == watermark && e.OpID != nil && device != "" {
			if *e.OpID <= s.high[subject+device] {
				continue
			}
			s.high[subject+device] = *e.OpID
			fresh = append(fresh, e)
			continue
		}
		switch stored, known := s.receipts[name]; {
		case !known || s.bug == noReceipts:
			fresh = append(fresh, e)
		case stored == "fatal_error" && s.bug == flaps:
		case stored == "fatal_error":
			worst = stored
			if s.bug == keepsTwice {
				s.keep(subject, crud)
			}
		}
	}
	if len(fresh) == 0 {
		return worst
	}
	refused := slices.ContainsFunc(fresh, bad)
	switch deeds := fresh[0].Table == workload.Deeds; {
	case deeds && s.bug == hookUnheard:
		refused = false
	case deeds && s.bug == hookBlamed && s.random.IntN(12) == 0:
		refused = true
	}
	status := "success"
	if refused {
		status = "fatal_error"
		if s.bug != forgetsRejection {
			s.keep(subject, fresh)
		}
		if s.bug == appliesRefused {
			s.apply(fresh[:1])
		}
		if s.bug == eventOfRefused {
			s.tellAll(fresh)
		}
	}
	if crash := s.random.IntN(12) == 0; crash && s.bug == receiptWithoutData {
		s.note(subject, device, fresh, status)
		return "retryable_error"
	}
	if !refused && s.commit(fresh) {
		return "retryable_error"
	}
	if !(s.bug == dataWithoutReceipt && s.random.IntN(12) == 0) {
		s.note(subject, device, fresh, status)
	}
	if worst == "fatal_error" {
		return worst
	}
	return status
}

// bad is what the rule of W8's table refuses.
func bad(e sentEntry) bool {
	n := number(e.OpData["n"])
	return e.Table == "orders" && n == workload.Refused || e.Table == workload.Deeds && e.Op == "PUT" && strings.HasPrefix(e.ID, "bad-")
}

// commit applies a transaction; true: it crashed half-way.
func (s *server) commit(fresh []sentEntry) (crashed bool) {
	if s.random.IntN(6) == 0 {
		s.old = maps.Clone(s.rows)
	}
	rare := s.random.IntN(12) == 0
	switch {
	case s.bug == ackBeforeCommit && rare:
		return false
	case s.bug == eventTooEarly && rare:
		s.tellAll(fresh)
		return true
	case s.bug == halfTransaction && rare && len(fresh) > 1:
		s.apply(fresh[:1])
		return true
	case s.bug == splitsCommit:
		for i := range fresh {
			s.apply(fresh[i : i+1])
		}
		return false
	case (s.bug == twiceOnRetry || s.bug == appendsTwice) && rare:
		if s.bug == twiceOnRetry || fresh[0].Table == "lists" {
			s.apply(fresh)
		}
	}
	s.apply(fresh)
	if s.bug == silentRewrite && rare {
		key := slices.Sorted(maps.Keys(s.rows))[0]
		row := s.rows[key]
		row.Tag = "somebody"
		s.rows[key] = row
	}
	return false
}

func (s *server) note(subject, device string, fresh []sentEntry, status string) {
	for _, e := range fresh {
		s.receipts[s.receipt(subject, device, e)] = status
	}
}

func (s *server) keep(subject string, crud []sentEntry) {
	for _, e := range crud {
		if bad(e) {
			s.kept = append(s.kept, history.Rejection{User: subject, Row: history.Key(e.Table, e.ID)})
			return
		}
	}
}

// apply is one commit.
func (s *server) apply(crud []sentEntry) {
	s.commits++
	for _, e := range crud {
		if s.bug == wrongRow && s.random.IntN(30) == 0 {
			e.ID += "0"
			e.Op = "PUT"
		}
		s.operation(e)
	}
}

func (s *server) operation(e sentEntry) {
	key := history.Key(e.Table, e.ID)
	row, here := s.rows[key]
	change := history.Change{Commit: strconv.Itoa(s.commits), Verb: "update", Table: e.Table, ID: e.ID}
	switch {
	case e.Op == "DELETE" && s.bug == lostDelete, e.Op == "DELETE" && !here:
		return
	case e.Op == "DELETE":
		change.Verb, change.Row = "delete", row
		delete(s.rows, key)
		s.changes = append(s.changes, change)
		return
	case !here && e.Op == "PATCH" && s.bug != resurrects:
		return
	case !here:
		change.Verb = "insert"
	}
	row.Tag, _ = e.OpData["tag"].(string)
	if n, ok := e.OpData["n"]; ok {
		if e.Table == workload.Deeds {
			n = number(n) + workload.HookAdds
		}
		row.N = s.merge(e, row.N, number(n))
	}
	if text, ok := e.OpData["items"].(string); ok {
		row.Items = appended(row.Items, text, e.Prev["items"])
	}
	s.rows[key], change.Row = row, row
	s.changes = append(s.changes, change)
	if e.Table == workload.Deeds {
		s.hook(row.Tag)
	}
}

// merge is the policy counter for two of the tables.
func (s *server) merge(e sentEntry, server, sent int64) int64 {
	base, ok := e.Prev["n"]
	if !ok || s.bug == staleMerge || e.Table != "counters" && e.Table != "accounts" {
		return sent
	}
	return server + sent - number(base)
}

// appended is the policy append: what the client has added goes to the end.
func appended(server []string, text string, previous any) []string {
	var sent, base []string
	_ = json.Unmarshal([]byte(text), &sent)
	if old, ok := previous.(string); ok {
		_ = json.Unmarshal([]byte(old), &base)
	}
	return append(slices.Clone(server), sent[len(base):]...)
}

func number(v any) int64 {
	if n, ok := v.(int64); ok {
		return n
	}
	f, _ := v.(float64)
	return int64(f)
}

// view is what a device downloads.
func (s *server) view(table string) client.View {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.rows
	if s.bug == staleSnapshot && s.random.IntN(4) == 0 {
		from = s.old
	}
	view := client.View{}
	for key, row := range from {
		if len(key) > len(table) && key[:len(table)+1] == table+"/" {
			if s.bug == tornSnapshot && s.random.IntN(10) == 0 {
				row = s.old[key]
			}
			view[key] = row
		}
	}
	return view
}
