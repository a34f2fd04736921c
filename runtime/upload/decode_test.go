package upload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
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

func FuzzDecodeSingle(f *testing.F) {
	f.Add("PATCH", []byte(`{"table":"todos","data":{"id":"u1","title":"x"}}`))
	f.Add("DELETE", []byte(`{"table":"todos","id":7,"metadata":"\ud800"}`))
	f.Fuzz(func(t *testing.T, method string, body []byte) {
		up, err := DecodeSingle(Op(method), body)
		if err != nil {
			if !fault.IsKind(err, fault.Invalid) {
				t.Fatalf("an error that is not the client's: %v", err)
			}
			return
		}
		if len(up.Transactions) != 1 || len(up.Transactions[0].Operations) != 1 {
			t.Fatalf("not one operation: %+v", up)
		}
		op := up.Transactions[0].Operations[0]
		if op.Refused == nil && (op.Table == "" || op.RowID == "" || op.Op != Op(method)) {
			t.Fatalf("an operation without table or id, or of another method, passed: %+v", op)
		}
	})
}

// Weight must not promise less than what decoding keeps, or many bodies at once would take more
// memory than is counted.
func TestWeightCoversWhatDecodingKeeps(t *testing.T) {
	for name, data := range map[string]string{
		"strings":       strings.Repeat(`"some text of ordinary length",`, 20_000),
		"numbers":       strings.Repeat(`1,`, 200_000),
		"empty arrays":  strings.Repeat(`[],`, 200_000),
		"empty objects": strings.Repeat(`{},`, 200_000),
		"small objects": strings.Repeat(`{"a":1},`, 100_000),
		"wide objects":  strings.Repeat(`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6},`, 30_000),
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(`{"transactions":[{"crud":[{"op":"PUT","type":"t","id":"1","data":{"list":[` + strings.TrimSuffix(data, ",") + `]}}]}]}`)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			up, err := Decode(body)
			if err != nil || up.Transactions[0].Operations[0].Refused != nil {
				t.Fatalf("%v %+v", err, up.Transactions[0].Operations[0].Refused)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			if weight := Weight(body); kept > weight {
				t.Errorf("decoding %d bytes keeps %d, the weight is %d", len(body), kept, weight)
			}
			runtime.KeepAlive(up)
		})
	}
}

// heavyEntry is an operation whose decoded form takes about so many megabytes.
func heavyEntry(megabytes int) string {
	item := `{"a":1},`
	n := megabytes << 20 / int(Weight([]byte(item)))
	return `{"op":"PUT","type":"t","id":"1","data":{"list":[` + strings.TrimSuffix(strings.Repeat(item, n), ",") + `]}}`
}

func TestWhatDecodesToTooMuch(t *testing.T) {
	tx := func(crud ...string) string { return `{"crud":[` + strings.Join(crud, ",") + `]}` }
	light := `{"op":"DELETE","type":"t","id":"1"}`
	for name, c := range map[string]struct {
		body          string
		refused, good []int
		left          int
	}{
		"one transaction that is too heavy is refused": {`{"transactions":[` + tx(light) + "," + tx(heavyEntry(150)) + "," + tx(light) + `]}`, []int{1}, []int{0, 2}, 0},
		"its operations count together":                {`{"transactions":[` + tx(heavyEntry(70), heavyEntry(70), light) + `]}`, []int{0}, nil, 0},
		"what is too much at once is left":             {`{"transactions":[` + tx(heavyEntry(70)) + "," + tx(heavyEntry(70)) + "," + tx(light) + "," + tx(light) + `]}`, nil, []int{0, 1}, 2},
		"a batch cannot leave anything":                {`{"batch":[` + strings.Replace(light, `{`, `{"tx_id":1,`, 1) + "," + strings.Replace(heavyEntry(150), `{`, `{"tx_id":2,`, 1) + `]}`, []int{1}, []int{0}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			up, err := Decode([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if len(up.Transactions) != len(c.refused)+len(c.good) || up.Left != c.left {
				t.Fatalf("%d transactions, %d left", len(up.Transactions), up.Left)
			}
			for _, i := range c.refused {
				tx := up.Transactions[i]
				if tx.Refused == nil || tx.Refused.Code != CodePayloadTooLarge || len(tx.Raw) == 0 {
					t.Errorf("transaction %d: %+v", i, tx.Refused)
				}
			}
			for _, i := range c.good {
				if up.Transactions[i].Refused != nil {
					t.Errorf("transaction %d: %+v", i, up.Transactions[i].Refused)
				}
			}
		})
	}
	if _, err := Decode([]byte(`{"transactions":[` + tx(heavyEntry(70)) + "," + tx(heavyEntry(70)) + `,{"nothing":1}]}`)); !fault.IsKind(err, fault.Invalid) {
		t.Errorf("what is left is checked all the same: %v", err)
	}
}

func TestWhatIsLeftIsComeBackFor(t *testing.T) {
	ok, no := result{Status: success}, result{Status: fatal}
	for _, c := range []struct {
		results []result
		want    []status
	}{
		{[]result{ok}, []status{success, retryable, notAttempted}},
		{[]result{ok, no}, []status{success, fatal, notAttempted, notAttempted}},
	} {
		for i, r := range withLeft(c.results, 2) {
			if r.Status != c.want[i] || r.Status == retryable && r.RetryAfterMS < 1 {
				t.Errorf("result %d: %+v, want %s", i, r, c.want[i])
			}
		}
	}
}
