package upload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"turnkey/internal/fault"
)

// shape is what a test expects of a decoded upload: one line for each transaction.
func shape(up *Upload) string {
	var b strings.Builder
	for _, t := range up.Transactions {
		if t.HasID {
			fmt.Fprintf(&b, "#%d ", t.ID)
		}
		if t.Refused != nil {
			fmt.Fprintf(&b, "refused:%s ", t.Refused.Code)
		}
		for _, op := range t.Operations {
			if op.Refused != nil {
				fmt.Fprintf(&b, "[refused:%s] ", op.Refused.Code)
				continue
			}
			fmt.Fprintf(&b, "[%s %s/%s", op.Op, op.Table, op.RowID)
			if op.HasOpID {
				fmt.Fprintf(&b, " op=%d", op.OpID)
			}
			for _, m := range members(op.Data) {
				fmt.Fprintf(&b, " %s=%v", m.Name, m.Value)
			}
			for _, m := range members(op.Previous) {
				fmt.Fprintf(&b, " was.%s=%v", m.Name, m.Value)
			}
			if op.Metadata != "" {
				fmt.Fprintf(&b, " meta=%s", op.Metadata)
			}
			b.WriteString("] ")
		}
		b.WriteString("| ")
	}
	return strings.TrimSpace(b.String())
}

func TestEveryDialectDecodesToTheSame(t *testing.T) {
	const want = `#5 [PATCH todos/u1 op=12 title=x was.title=w meta=m] |`
	for name, body := range map[string]string{
		"reference contract":   `{"transactions":[{"transaction_id":5,"crud":[{"op":"PATCH","table":"todos","id":"u1","op_id":12,"transaction_id":5,"op_data":{"title":"x"},"previous_values":{"title":"w"},"metadata":"m"}]}]}`,
		"toJSON":               `{"transactions":[{"crud":[{"op_id":12,"op":"PATCH","type":"todos","id":"u1","tx_id":5,"data":{"title":"x"},"old":{"title":"w"},"metadata":"m"}]}]}`,
		"entry fields":         `{"transactions":[{"transactionId":5,"crud":[{"clientId":12,"id":"u1","op":"PATCH","opData":{"title":"x"},"previousValues":{"title":"w"},"table":"todos","transactionId":5,"metadata":"m"}]}]}`,
		"batch":                `{"batch":[{"op_id":12,"op":"PATCH","type":"todos","id":"u1","tx_id":5,"data":{"title":"x"},"old":{"title":"w"},"metadata":"m"}]}`,
		"escaped names":        `{"b\u0061tch":[{"\u006fp":"PATCH","op_id":"12","type":"todos","id":"u1","tx_id":5,"data":{"title":"x"},"old":{"title":"w"},"metadata":"m"}]}`,
		"extras are ignored":   `{"on_fatal_error":"skip","transactions":[{"note":[1,{"a":{}}],"transaction_id":5,"crud":[{"extra":{"x":[1]},"op":"PATCH","table":"todos","id":"u1","op_id":12,"op_data":{"title":"x"},"previous_values":{"title":"w"},"metadata":"m"}]}],"more":null}`,
		"members in any order": `{"transactions":[{"crud":[{"data":{"title":"x"},"id":"u1","old":{"title":"w"},"metadata":"m","op_id":12,"table":"todos","op":"PATCH"}],"transaction_id":5}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			up, err := Decode([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(up); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestWhatIsNotAnUpload(t *testing.T) {
	many := `{"transactions":[` + strings.Repeat(`{"crud":[]},`, 50) + `{"crud":[]}]}`
	for name, body := range map[string]string{
		"empty":                   ``,
		"not JSON":                `hello`,
		"cut":                     `{"transactions":[{"crud":[`,
		"two values":              `{"batch":[]} {}`,
		"something behind":        `{"batch":[]} x`,
		"an array":                `[]`,
		"neither":                 `{"data":[]}`,
		"both":                    `{"batch":[],"transactions":[{"crud":[]}]}`,
		"transactions no array":   `{"transactions":{}}`,
		"no transactions":         `{"transactions":[]}`,
		"51 transactions":         many,
		"a transaction is text":   `{"transactions":["x"]}`,
		"no crud":                 `{"transactions":[{"transaction_id":1}]}`,
		"crud no array":           `{"transactions":[{"crud":{}}]}`,
		"crud twice":              `{"transactions":[{"crud":[],"crud":[]}]}`,
		"a later one has no crud": `{"transactions":[{"crud":[]},{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Decode([]byte(body)); !fault.IsKind(err, fault.Invalid) {
				t.Errorf("want a fault of kind Invalid, got %v", err)
			}
		})
	}
}

func TestWhatIsWrongInsideCostsOnlyItsTransaction(t *testing.T) {
	good := `{"op":"PUT","table":"t","id":"1","data":{"a":1}}`
	for name, c := range map[string]struct{ entry, code string }{
		"unknown op":        {`{"op":"UPSERT","table":"t","id":"1"}`, CodeInvalidData},
		"no table":          {`{"op":"PUT","id":"1"}`, CodeInvalidData},
		"no id":             {`{"op":"PUT","table":"t"}`, CodeInvalidData},
		"id is an object":   {`{"op":"PUT","table":"t","id":{"$gt":""}}`, CodeInvalidData},
		"not an object":     {`17`, CodeInvalidData},
		"data no object":    {`{"op":"PUT","table":"t","id":"1","data":[1]}`, CodeInvalidData},
		"duplicate member":  {`{"op":"PUT","table":"t","id":"1","data":{"a":1,"a":2}}`, CodeInvalidData},
		"lone surrogate":    {`{"op":"PUT","table":"t","id":"1","data":{"a":"\ud800"}}`, CodeInvalidData},
		"broken UTF-8":      {"{\"op\":\"PUT\",\"table\":\"t\",\"id\":\"1\",\"data\":{\"a\":\"\xff\"}}", CodeInvalidData},
		"too deep":          {`{"op":"PUT","table":"t","id":"1","data":{"a":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}}`, CodeInvalidData},
		"operation too big": {`{"op":"PUT","table":"t","id":"1","data":{"a":"` + strings.Repeat("x", 15<<20) + `"}}`, CodePayloadTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"transactions":[{"crud":[` + good + `]},{"crud":[` + good + `,` + c.entry + `]},{"crud":[` + good + `]}]}`
			up, err := Decode([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			bad := up.Transactions[1].Operations[1]
			if bad.Refused == nil || bad.Refused.Code != c.code {
				t.Errorf("want %s, got %+v", c.code, bad.Refused)
			}
			for _, i := range []int{0, 2} {
				if op := up.Transactions[i].Operations[0]; op.Refused != nil || op.RowID != "1" {
					t.Errorf("transaction %d suffered: %+v", i, op)
				}
			}
		})
	}
}

func TestSizesAreRefusedAndKept(t *testing.T) {
	entry := `{"op":"PUT","table":"t","id":"1","data":{"a":"` + strings.Repeat("x", 1<<20) + `"}}`
	big := `{"crud":[` + entry + strings.Repeat(","+entry, 16) + `]}`
	long := `{"crud":[` + strings.TrimSuffix(strings.Repeat(`{"op":"DELETE","table":"t","id":"1"},`, 5001), ",") + `]}`
	up, err := Decode([]byte(`{"transactions":[` + big + `, ` + long + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	for i, raw := range []string{big, long} {
		tx := up.Transactions[i]
		if tx.Refused == nil || tx.Refused.Code != CodePayloadTooLarge {
			t.Errorf("transaction %d: %+v", i, tx.Refused)
		}
		if string(tx.Raw) != raw {
			t.Errorf("transaction %d was not kept byte for byte", i)
		}
	}
}

func TestBatchGroupsByTransactionID(t *testing.T) {
	up, err := Decode([]byte(`{"client":{"id":"c1","queue_count":3},"batch":[
		{"op":"PUT","table":"t","id":"1","tx_id":7},{"op":"PUT","table":"t","id":"2","tx_id":7},
		{"op":"PUT","table":"t","id":"3","tx_id":8},{"op":"PUT","table":"t","id":"4"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shape(up), `#7 [PUT t/1] [PUT t/2] | #8 [PUT t/3] [PUT t/4] |`; got != want {
		t.Errorf("got %s", got)
	}
	if up.ClientID != "c1" || !bytes.Contains(up.Client, []byte("queue_count")) {
		t.Errorf("lost the client's report: %q %s", up.ClientID, up.Client)
	}
	if !json.Valid(up.Transactions[0].Raw) || !bytes.Contains(up.Transactions[0].Raw, []byte(`"id":"2"`)) {
		t.Errorf("kept bytes: %s", up.Transactions[0].Raw)
	}
}

func TestSingleOperations(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"id in data":   {`{"table":"todos","data":{"id":"u1","title":"x"}}`, `[PATCH todos/u1 id=u1 title=x] |`},
		"id beside":    {`{"table":"todos","id":"u1","data":{"title":"x"}}`, `[PATCH todos/u1 title=x] |`},
		"numeric id":   {`{"table":"todos","data":{"id":7}}`, `[PATCH todos/7 id=7] |`},
		"op is method": {`{"op":"DELETE","table":"todos","id":"u1"}`, `[PATCH todos/u1] |`},
		"no id":        {`{"table":"todos","data":{"title":"x"}}`, `[refused:INVALID_DATA] |`},
	} {
		t.Run(name, func(t *testing.T) {
			up, err := DecodeSingle(Patch, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := shape(up); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	for _, body := range []string{``, `[]`, `{"data":{"id":"1"}}`, `{"table":"t"} x`} {
		if _, err := DecodeSingle(Put, []byte(body)); !fault.IsKind(err, fault.Invalid) {
			t.Errorf("%q: want a fault of kind Invalid, got %v", body, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"transactions":[{"transaction_id":5,"crud":[{"op":"PATCH","table":"todos","id":"u1","op_data":{"title":"x"}}]}]}`))
	f.Add([]byte(`{"batch":[{"op":"PUT","type":"t","id":"1","tx_id":7,"data":{"a":[1,{"b":null}]}}]}`))
	f.Add([]byte(`{"client":{"id":"c"},"transactions":[{"crud":[17,{"op":"\ud800"}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		up, err := Decode(body)
		if err != nil {
			if !fault.IsKind(err, fault.Invalid) {
				t.Fatalf("an error that is not the client's: %v", err)
			}
			return
		}
		if up.Form == Transactions && (len(up.Transactions) < 1 || len(up.Transactions) > MaxTransactions) {
			t.Fatalf("%d transactions", len(up.Transactions))
		}
		for _, r := range []io.Reader{bytes.NewReader(body), iotest.OneByteReader(bytes.NewReader(body))} {
			form, n, err := scanBody(r)
			if err != nil || form != up.Form || form == Transactions && n != len(up.Transactions) {
				t.Fatalf("the scan disagrees: %v %d %v", form, n, err)
			}
		}
		for _, tx := range up.Transactions {
			for _, op := range tx.Operations {
				if op.Refused == nil && (op.Table == "" || op.RowID == "") {
					t.Fatalf("an operation without table or id passed: %+v", op)
				}
			}
		}
	})
}
