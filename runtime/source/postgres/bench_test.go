package postgres

import (
	"strconv"
	"testing"
	"time"

	"turnkey/internal/pgtest"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// What receipts add to the three ways of an upload: run with -bench and compare with=... The number of
// operations in a transaction is size.
func BenchmarkReceipts(b *testing.B) {
	uri := pgtest.URL(b)
	sql(b, uri, `CREATE TABLE orders (id uuid PRIMARY KEY, owner_id text, title text, done boolean, priority integer, due timestamptz)`)
	s := open(b, uri)
	if err := s.Prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	sql(b, uri, "INSERT INTO orders SELECT ('0190a6b0-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'u1', 'title', false, 3, now() FROM generate_series(0, 9999) i")
	orders := &source.Table{Name: "orders", Collection: "public.orders", Key: "id", ID: bundle.TypeUUID}
	op, row := int64(0), 10_000
	for _, size := range []int{1, 10, 100} {
		for _, with := range []bool{false, true} {
			name := "size=" + strconv.Itoa(size) + "/with=" + strconv.FormatBool(with)
			b.Run("patch/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for i := range b.N {
					patchOrders(b, s, orders, op, i*size%10_000, size, with)
					op += int64(size)
				}
			})
			b.Run("put/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					putOrders(b, s, orders, op, row, size, with)
					op, row = op+int64(size), row+size
				}
			})
		}
	}
}

// receiptsOf are those of size operations from op on; every block's operations follow each other.
func receiptsOf(op int64, size int, known *source.History) (list []source.Receipt, claim *source.Claim) {
	claim = &source.Claim{Owner: source.Owner{7}}
	for i := range int64(size) {
		block := (op + i) >> 5
		if n := len(list); n == 0 || list[n-1].Block != block {
			claim.Blocks = append(claim.Blocks, block)
			list = append(list, source.Receipt{Owner: claim.Owner, Block: block, At: time.Now()})
		}
		r := &list[len(list)-1]
		claim.Ops = append(claim.Ops, op+i)
		r.Ops, r.Prints = append(r.Ops, op+i), append(r.Prints, source.Print{1})
	}
	for i := range list {
		for _, r := range known.Receipts {
			if r.Block == list[i].Block {
				list[i].Seq = max(list[i].Seq, r.Seq+1)
			}
		}
	}
	return list, claim
}

func patchOrders(b testing.TB, s *Source, orders *source.Table, op int64, row, size int, with bool) {
	refs, changes := make([]source.Ref, size), make([]source.Change, size)
	for i := range refs {
		refs[i] = source.Ref{Table: orders, ID: rowID(row + i)}
	}
	var finish source.Finish
	var claim *source.Claim
	if with {
		_, claim = receiptsOf(op, size, &source.History{})
	}
	tx, err := s.Begin(b.Context(), source.Session{UserID: "u1"})
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Rollback(b.Context())
	rows, known, err := tx.Read(b.Context(), refs, claim)
	if err != nil {
		b.Fatal(err)
	}
	if with {
		finish.Receipts, _ = receiptsOf(op, size, &known)
	}
	title := "title " + strconv.FormatInt(op, 10)
	for i := range refs {
		doc := rows[i].Doc.Clone()
		doc.Set("title", title)
		doc.Set("done", true)
		changes[i] = source.Change{Kind: source.Update, Table: orders, ID: refs[i].ID, Doc: doc,
			Set: []source.Assignment{{Path: []string{"title"}, Value: title}, {Path: []string{"done"}, Value: true}}}
	}
	if err := tx.Apply(b.Context(), changes, &finish); err != nil {
		b.Fatal(err)
	}
}

func putOrders(b testing.TB, s *Source, orders *source.Table, op int64, row, size int, with bool) {
	changes := make([]source.Change, size)
	for i := range changes {
		doc := &value.Object{}
		doc.Set("owner_id", "u1")
		doc.Set("title", "title "+strconv.Itoa(i))
		doc.Set("done", false)
		doc.Set("priority", int32(3))
		doc.Set("due", time.Date(2026, 5, 1, 8, 30, 0, 0, time.UTC))
		changes[i] = source.Change{Kind: source.Insert, Table: orders, ID: rowID(row + i), Doc: doc}
	}
	var receipts []source.Receipt
	if with {
		receipts, _ = receiptsOf(op, size, &source.History{})
	}
	done, err := s.Write(b.Context(), source.Session{UserID: "u1"}, changes, receipts, false)
	if err != nil || !done {
		b.Fatal(done, err)
	}
}
