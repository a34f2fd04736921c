//go:build connectors

package toolchain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// transaction is one of the queue, as it has to arrive.
type transaction struct {
	id   int
	rows []int
	wire any
}

// transactions groups a queue, and spells its entries as the contract has them.
func transactions(t *testing.T, queue []row) (list []transaction) {
	t.Helper()
	for _, r := range queue {
		var d map[string]any
		if err := exact([]byte(r.Data), &d); err != nil {
			t.Fatal(err)
		}
		entry := map[string]any{"op": d["op"], "table": d["type"], "id": d["id"], "op_id": number(r.ID), "transaction_id": number(r.TxID)}
		for theirs, ours := range map[string]string{"data": "op_data", "old": "previous_values", "metadata": "metadata"} {
			if v, ok := d[theirs]; ok {
				entry[ours] = v
			}
		}
		if n := len(list); n > 0 && list[n-1].id == r.TxID {
			last := &list[n-1]
			last.rows = append(last.rows, r.ID)
			wire := last.wire.(map[string]any)
			wire["crud"] = append(wire["crud"].([]any), entry)
			continue
		}
		list = append(list, transaction{r.TxID, []int{r.ID}, map[string]any{"transaction_id": number(r.TxID), "crud": []any{entry}}})
	}
	return list
}

func number(n int) json.Number { return json.Number(fmt.Sprint(n)) }

// sending is a request that a connector ought to send: its address, and the transactions in it.
type sending struct {
	address string
	with    []transaction
	again   bool // after an upload that failed
}

// model is what a connector ought to do. It sends so many transactions at once.
type model struct {
	scenario
	most, operations int
	left             []transaction
	signedIn         bool // has a token
	failed           bool // the last upload
	tokens, uploads  int
	sent             []sending
}

func (s scenario) expected(t *testing.T, most int) []sending {
	m := &model{scenario: s, most: most, operations: 1000, left: transactions(t, s.queue)}
	for _, st := range s.steps {
		if st.do == "credentials" {
			m.exchange()
			continue
		}
		for m.upload() {
		}
		m.failed = st.fails != ""
	}
	return m.sent
}

// exchange reports whether there is a token afterwards.
func (m *model) exchange() bool {
	if m.user == "" && m.token == "" {
		return false
	}
	m.sent = append(m.sent, sending{address: token})
	m.signedIn = at(m.scenario.tokens, m.tokens).status == 0
	m.tokens++
	return m.signedIn
}

// upload is one request; it reports whether there may be more to do.
func (m *model) upload() bool {
	var batch []transaction
	operations := 0
	for _, tx := range m.left {
		if len(batch) == m.most || operations >= m.operations {
			break
		}
		batch = append(batch, tx)
		operations += len(tx.rows)
	}
	if len(batch) == 0 {
		return false
	}
	for range 2 {
		if !m.signedIn && !m.exchange() {
			return false
		}
		m.sent = append(m.sent, sending{data, batch, m.failed})
		prepared := at(m.scenario.uploads, m.uploads)
		m.uploads++
		if prepared.status == 401 {
			m.signedIn = false
			continue
		}
		if prepared.status != 0 || prepared.body != "" {
			return false
		}
		for _, tx := range batch {
			if r := m.results[fmt.Sprint(tx.id)]; r != "" && !strings.Contains(r, `"requires_client_handling":false`) {
				return false
			}
			m.left = m.left[1:]
		}
		return true
	}
	return false
}

// TestModel holds the model to what the table says in plain words.
func TestModel(t *testing.T) {
	var want []any
	if err := exact([]byte(threeSent), &want); err != nil {
		t.Fatal(err)
	}
	for n, tx := range transactions(t, three) {
		if !same(tx.wire, want[n]) {
			t.Errorf("transaction %d would be %v, want %v", tx.id, tx.wire, want[n])
		}
	}
	for _, s := range scenarios() {
		var addresses []string
		for _, q := range s.expected(t, 50) {
			addresses = append(addresses, q.address)
		}
		if !slices.Equal(addresses, s.requests) {
			t.Errorf("%s: %v, want %v", s.name, addresses, s.requests)
		}
	}
}

// same compares by JSON, whose objects have no order and whose numbers have digits.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
