package upload

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"turnkey/runtime/rule"
	"turnkey/runtime/source"
)

// The fingerprints are stored in customers' databases for months: these never change. Each is the
// first half of what `printf '%s' CANONICAL | sha256sum` prints.
func TestFingerprintsArePinned(t *testing.T) {
	for name, c := range map[string]struct{ entry, want string }{
		"a PUT":                   {`{"op":"PUT","table":"todos","id":"t1","op_data":{"title":"Milk","done":0}}`, "1c592af44e23d240d8558c69c9dc7cf9"},
		"members in any order":    {`{"op_data":{"done":0,"title":"Milk"},"id":"t1","type":"todos","op":"PUT","op_id":9,"tx_id":3}`, "1c592af44e23d240d8558c69c9dc7cf9"},
		"without previous values": {`{"op":"PUT","table":"todos","id":"t1","data":{"title":"Milk","done":0},"old":{"title":"x"},"metadata":"m"}`, "1c592af44e23d240d8558c69c9dc7cf9"},
		"escapes and spaces":      {`{"op":"PUT","table":"todos","id":"t1","data":{ "title":"\u004dilk", "done":0.0}}`, "1c592af44e23d240d8558c69c9dc7cf9"},
		"a DELETE":                {`{"op":"DELETE","table":"todos","id":"t1"}`, "52d4df8b0dcdc5096fbd6ad4269011c3"},
		"a DELETE with null":      {`{"op":"DELETE","table":"todos","id":"t1","data":null}`, "52d4df8b0dcdc5096fbd6ad4269011c3"},
		"large integers":          {`{"op":"PATCH","table":"todos","id":"t1","data":{"n":9007199254740993}}`, "6ae4b9c863a9e6147f965a207cf8e420"},
		"large integers, another": {`{"op":"PATCH","table":"todos","id":"t1","data":{"n":9007199254740992}}`, "a4f079808e19483ad5278042ccde9136"},
		"text outside ASCII":      {`{"op":"PUT","table":"todos","id":"ü","data":{"ß":"€","a":null,"B":[1,{"z":1,"y":2}]}}`, "14a2f47deb25621315818f1643b4fd9d"},
	} {
		t.Run(name, func(t *testing.T) {
			op := entry([]byte(c.entry))
			if op.Refused != nil {
				t.Fatal(op.Refused)
			}
			print, canonical := fingerprint(nil, &op)
			if got := hex.EncodeToString(print[:]); got != c.want {
				t.Errorf("%s is %s, want %s", canonical, got, c.want)
			}
		})
	}
}

func identified(t *testing.T, subject, body string) []*identities {
	t.Helper()
	up, err := Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{instance: "ins_1"}
	q := &request{upload: up, user: rule.User{ID: subject}}
	out := make([]*identities, len(up.Transactions))
	for i := range up.Transactions {
		out[i] = e.identify(q, &up.Transactions[i])
	}
	return out
}

func TestWhatOperationsAreRecognisedBy(t *testing.T) {
	const put = `{"op":"PUT","table":"t","id":"a","data":{}}`
	const put7 = `{"op":"PUT","table":"t","id":"a","data":{},"op_id":7}`
	for name, c := range map[string]struct {
		body     string
		strength strength
		block    int64
	}{
		"client and operation ids":         {`{"client":{"id":"c"},"transactions":[{"crud":[` + put7 + `]}]}`, strong, 0},
		"a later block":                    {`{"client_id":"c","transactions":[{"crud":[{"op":"PUT","table":"t","id":"a","op_id":1000}]}]}`, strong, 1000 >> 5},
		"client id, one without operation": {`{"client_id":"c","transactions":[{"transaction_id":4,"crud":[` + put7 + `,` + put + `]}]}`, weak, 4},
		"stock":                            {`{"transactions":[{"transaction_id":4,"crud":[` + put + `]}]}`, weak, 4},
		"stock, by its entries":            {`{"transactions":[{"crud":[{"op":"PUT","table":"t","id":"a","tx_id":5}]}]}`, weak, 5},
		"operation ids alone":              {`{"transactions":[{"crud":[` + put7 + `]}]}`, weak, 7},
		"nothing":                          {`{"transactions":[{"crud":[` + put + `]}]}`, unknown, 0},
		"one negative id":                  {`{"client_id":"c","transactions":[{"crud":[{"op":"PUT","table":"t","id":"a","op_id":-1}]}]}`, strong, -1},
	} {
		t.Run(name, func(t *testing.T) {
			ids := identified(t, "u1", c.body)[0]
			if ids.strength != c.strength || len(ids.list) > 0 && ids.list[0].block != c.block {
				t.Errorf("strength %d, %+v", ids.strength, ids.list)
			}
			if (ids.claim() == nil) != (c.strength == unknown) {
				t.Errorf("claim %+v", ids.claim())
			}
		})
	}
}

func TestOwnersNeverMeet(t *testing.T) {
	seen := map[source.Owner]string{}
	for _, o := range [][4]string{
		{"ins_1", "u1", "c", "client"}, {"ins_1", "u2", "c", "client"}, {"ins_2", "u1", "c", "client"}, {"ins_1", "u1", "", "client"},
		{"ins_1", "u1c", "", "client"}, {"ins_1", "u1", "c", "transaction"}, {"ins_1", "u1", "c", "operation"}, {"ins_1u1", "", "c", "client"},
	} {
		h := owner(o[0], o[1], o[2], o[3])
		if other, taken := seen[h]; taken {
			t.Errorf("%v and %s are one owner", o, other)
		}
		seen[h] = o[1]
	}
}

// Repeats are found among what is stored; equal operations of one request are not repeats of each other.
func TestRecall(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	const remove, other = `{"op":"DELETE","table":"t","id":"a","op_id":1}`, `{"op":"PATCH","table":"t","id":"b","data":{"n":3},"op_id":2}`
	const a, b = `{"op":"PATCH","table":"t","id":"a","data":{"n":1},"op_id":1}`, `{"op":"PATCH","table":"t","id":"a","data":{"n":2},"op_id":2}`
	strongly := func(entries string) string { return `{"client_id":"c","transactions":[{"crud":[` + entries + `]}]}` }
	weakly := func(entries string) string { return `{"transactions":[{"transaction_id":9,"crud":[` + entries + `]}]}` }
	// store runs a request and adds its receipts; those are in any order, as a source may give them.
	after := func(out []source.Receipt, body string, at time.Time, told []byte) []source.Receipt {
		for _, ids := range identified(t, "u1", body) {
			m := ids.recall(&source.History{Receipts: out}, len(ids.list), at)
			out = append(out, ids.receipts(m, at, told)...)
		}
		slices.Reverse(out)
		return out
	}
	store := func(body string, at time.Time, told []byte) []source.Receipt { return after(nil, body, at, told) }
	// At 31 and 32 two blocks meet.
	const last, next, else32 = `{"op":"DELETE","table":"t","id":"a","op_id":31}`, `{"op":"DELETE","table":"t","id":"b","op_id":32}`, `{"op":"DELETE","table":"t","id":"c","op_id":32}`
	for name, c := range map[string]struct {
		stored  []source.Receipt
		floor   int64
		body    string
		known   string // y or n for each operation
		expired int
	}{
		"nothing stored":                              {nil, 0, strongly(a + "," + b), "nn", -1},
		"all of it":                                   {store(strongly(a+","+b), now, nil), 0, strongly(a + "," + b), "yy", -1},
		"cut elsewhere":                               {store(strongly(a), now, nil), 0, strongly(a + "," + b), "yn", -1},
		"another content under the id":                {store(strongly(a), now, nil), 0, strongly(`{"op":"PATCH","table":"t","id":"a","data":{"n":3},"op_id":1}`), "n", -1},
		"at the floor, unknown":                       {nil, 2, strongly(a + "," + b), "nn", 0},
		"at the floor, known":                         {store(strongly(a), now, nil), 1, strongly(a + "," + b), "yn", -1},
		"months later":                                {store(strongly(a), now.AddDate(0, -2, 0), nil), 0, strongly(a), "y", -1},
		"stock, the same day":                         {store(weakly(a), now.Add(-23*time.Hour), nil), 0, weakly(a), "y", -1},
		"stock, the next day":                         {store(weakly(a), now.Add(-25*time.Hour), nil), 0, weakly(a), "n", -1},
		"stock, twice in one":                         {nil, 0, weakly(a + "," + a), "nn", -1},
		"stock, twice in one, again":                  {store(weakly(a+","+a), now, nil), 0, weakly(a + "," + a), "yy", -1},
		"stock, a third":                              {store(weakly(a+","+a), now, nil), 0, weakly(a + "," + a + "," + a), "yyn", -1},
		"the same id and content, twice":              {store(strongly(a), now, nil), 0, strongly(a + "," + a), "yn", -1},
		"counted again, an equal one among others":    {store(strongly(remove+","+b), now, nil), 0, strongly(remove + "," + other), "nn", -1},
		"counted again, the repeat of that":           {after(store(strongly(remove+","+b), now, nil), strongly(remove+","+other), now, nil), 0, strongly(remove + "," + other), "yy", -1},
		"counted again, a late copy from before":      {after(store(strongly(remove+","+b), now, nil), strongly(remove+","+other), now, nil), 0, strongly(remove + "," + b), "yy", -1},
		"counted again, the beginning came before":    {after(after(store(strongly(b), now, nil), strongly(remove), now, nil), strongly(remove), now, nil), 0, strongly(remove + "," + other), "yn", -1},
		"counted again, over two blocks":              {store(strongly(last+","+next), now, nil), 0, strongly(last + "," + else32), "nn", -1},
		"over two blocks, the beginning came before":  {after(store(strongly(next), now, nil), strongly(last), now.Add(time.Second), nil), 0, strongly(last + "," + else32), "yn", -1},
		"equal to an old one as a whole":              {store(strongly(remove), now, nil), 0, strongly(remove), "y", -1},
		"the beginning of a transaction that went on": {store(strongly(remove), now, nil), 0, strongly(remove + "," + other), "yn", -1},
	} {
		t.Run(name, func(t *testing.T) {
			ids := identified(t, "u1", c.body)[0]
			m := ids.recall(&source.History{Receipts: c.stored, Floor: c.floor, HasFloor: c.floor > 0}, len(ids.list), now)
			got, fresh := "", 0
			for _, known := range m.known {
				if known {
					got += "y"
				} else {
					got += "n"
					fresh++
				}
			}
			if got != c.known || m.fresh != fresh || m.expired != c.expired {
				t.Errorf("known %s, fresh %d, expired %d; want %s, expired %d", got, m.fresh, m.expired, c.known, c.expired)
			}
		})
	}
}

// A receipt's number is above every one that its block has, also when older ones were swept.
func TestReceiptsOfOneBlockAreNumbered(t *testing.T) {
	now := time.Now()
	ids := identified(t, "u1", `{"client_id":"c","transactions":[{"crud":[{"op":"DELETE","table":"t","id":"a","op_id":31},{"op":"DELETE","table":"t","id":"b","op_id":32},{"op":"DELETE","table":"t","id":"c","op_id":33}]}]}`)[0]
	m := ids.recall(&source.History{Receipts: []source.Receipt{{Block: 1, Seq: 6, Ops: []int64{40}, Prints: make([]source.Print, 1)}}}, 3, now)
	list := ids.receipts(m, now, nil)
	if len(list) != 2 || list[0].Block != 0 || list[0].Seq != 0 || len(list[0].Ops) != 1 || list[1].Block != 1 || list[1].Seq != 7 || len(list[1].Prints) != 2 {
		t.Errorf("%+v", list)
	}
}

func TestAStoredOutcomeIsToldAgain(t *testing.T) {
	first := fatalResult((&Refusal{Code: CodeUnauthorized, Message: "No.", Hint: "Ask.", Operation: 0}), false)
	first.RejectionID = "rej_1"
	again := retold(&source.Receipt{Result: toldResult(first)})
	if again.Status != fatal || again.RejectionID != "rej_1" || again.FailedOperation.ErrorCode != CodeUnauthorized || *again.FailedOperation.OperationIndex != 0 || *again.RequiresClientHandling {
		t.Errorf("%+v", again)
	}
	if got := retold(&source.Receipt{Result: []byte(`{}`)}); got.Status != fatal {
		t.Errorf("a damaged receipt turned into %s", got.Status)
	}
	if got := retold(nil); got.Status != success {
		t.Errorf("%+v", got)
	}
}
