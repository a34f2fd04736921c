package upload

import (
	"strings"
	"testing"

	"turnkey/internal/fault"
)

// JSON that nests deeper than the decoder goes is JSON: it costs its own transaction, or nothing where nobody reads it.
func TestDepthsCostOnlyTheirTransaction(t *testing.T) {
	good, deep := `{"op":"PUT","table":"t","id":"1","data":{"a":1}}`, strings.Repeat(`{"a":[`, 20_000)+`"]"`+strings.Repeat(`]}`, 20_000)
	bad := `{"op":"PUT","table":"t","id":"1","data":{"a":` + deep + `}}`
	extra := `{"op":"PUT","table":"t","id":"1","data":{"a":1},"more":` + deep + `}`
	for name, c := range map[string]struct{ body, kept, want string }{
		"transactions":          {`{"transactions":[{"crud":[` + good + `]},{"crud":[` + bad + `]}]}`, `{"crud":[` + bad + `]}`, `[PUT t/1 a=1] | [refused:INVALID_DATA] |`},
		"a batch":               {`{"batch":[` + good + `,` + bad + `]}`, `[` + good + `,` + bad + `]`, `[PUT t/1 a=1] [refused:INVALID_DATA] |`},
		"in what is not read":   {`{"x":` + deep + `,"transactions":[{"y":` + deep + `,"crud":[` + good + `]}]}`, `{"y":` + deep + `,"crud":[` + good + `]}`, `[PUT t/1 a=1] |`},
		"beside an entry's own": {`{"batch":[` + extra + `]}`, `[` + extra + `]`, `[refused:INVALID_DATA] |`},
	} {
		t.Run(name, func(t *testing.T) {
			up, err := Decode([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(up); got != c.want {
				t.Errorf("got  %.200s\nwant %s", got, c.want)
			}
			last := up.Transactions[len(up.Transactions)-1]
			if string(last.Raw) != c.kept {
				t.Error("what is kept is not what was sent")
			}
			again, err := decodeKept(last.Raw)
			if err != nil || len(again.Operations) != len(last.Operations) {
				t.Errorf("what is kept cannot be read: %v", err)
			}
			if form, n, err := scanBody(strings.NewReader(c.body)); err != nil || form != up.Form || form == Transactions && n != len(up.Transactions) {
				t.Errorf("the scan disagrees: %v %d %v", form, n, err)
			}
		})
	}
	up, err := DecodeSingle(Put, []byte(`{"table":"t","id":"1","data":{"a":`+deep+`}}`))
	if err != nil || up.Transactions[0].Operations[0].Refused == nil {
		t.Errorf("a single operation: %v", err)
	}
	if _, err := Decode([]byte(`{"transactions":[{"crud":[` + bad)); !fault.IsKind(err, fault.Invalid) {
		t.Errorf("cut in its depths: %v", err)
	}
}

// The name of a device is no number of an operation, whatever it looks like, and clientId does not stand over op_id.
func TestNamesOfDevicesAreNoOperationIDs(t *testing.T) {
	for entry, want := range map[string]string{
		`"client_id":"7"`:           `[DELETE t/1] |`,
		`"op_id":3,"client_id":"7"`: `[DELETE t/1 op=3] |`,
		`"op_id":"3","clientId":7`:  `[DELETE t/1 op=3] |`,
		`"clientId":7`:              `[DELETE t/1 op=7] |`,
		`"clientId":7,"op_id":3`:    `[DELETE t/1 op=3] |`,
		`"client_id":7,"op_id":"x"`: `[DELETE t/1 op=7] |`,
	} {
		up, err := Decode([]byte(`{"batch":[{"op":"DELETE","table":"t","id":"1",` + entry + `}]}`))
		if err != nil || shape(up) != want {
			t.Errorf("%s: %v %s", entry, err, shape(up))
		}
	}
}

// An operation may hold anything, also what a transaction is known by.
func TestAKeptOperationIsNoTransaction(t *testing.T) {
	for payload, want := range map[string]string{
		`{"op":"PUT","table":"t","id":"1","data":{"crud":"x"}}`:            `[PUT t/1 crud=x] |`,
		`{"op":"PUT","table":"t","id":"1","data":{"a":"\"crud\""}}`:        `[PUT t/1 a="crud"] |`,
		`{"cr\u0075d":[{"op":"PUT","table":"t","id":"1","data":{"a":1}}]}`: `[PUT t/1 a=1] |`,
		`[{"op":"PUT","table":"t","id":"1","data":{"crud":1}}]`:            `[PUT t/1 crud=1] |`,
	} {
		kept, err := decodeKept([]byte(payload))
		if err != nil || shape(&Upload{Transactions: []Transaction{*kept}}) != want {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
