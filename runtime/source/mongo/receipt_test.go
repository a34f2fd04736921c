package mongo

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// Ranges of _id are ranges of blocks only if the ids order as the numbers do.
func TestReceiptIDsOrderAsTheirNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	edge := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt32, math.MaxInt64 - 1, math.MaxInt64}
	pick := func() int64 {
		if r.IntN(2) == 0 {
			return edge[r.IntN(len(edge))]
		}
		return r.Int64() - r.Int64()
	}
	owners := []source.Owner{{}, {1}, {0, 255}, {255}}
	for range 20_000 {
		o1, o2, b1, b2, s1, s2 := owners[r.IntN(4)], owners[r.IntN(4)], pick(), pick(), r.Int32(), r.Int32()
		if r.IntN(2) == 0 {
			b2 = b1
		}
		x, y := receiptID(o1, b1, s1), receiptID(o2, b2, s2)
		want := bytes.Compare(o1[:], o2[:])
		if want == 0 {
			want = slices.Compare([]int64{b1, int64(s1)}, []int64{b2, int64(s2)})
		}
		if got := bytes.Compare(x, y); got != want {
			t.Fatalf("%v %d %d and %v %d %d order %d, want %d", o1, b1, s1, o2, b2, s2, got, want)
		}
		if bytes.Compare(x, receiptID(o1, b1, -1)) >= 0 || bytes.Compare(x, receiptID(o1, b1, 0)) < 0 {
			t.Fatalf("%d %d is outside of its block's range", b1, s1)
		}
		if o, b, s, err := parseReceiptID(x); err != nil || o != o1 || b != b1 || s != s1 {
			t.Fatalf("%v %d %d comes back as %v %d %d: %v", o1, b1, s1, o, b, s, err)
		}
	}
}

func TestDamagedReceiptsAreErrors(t *testing.T) {
	good := encodeReceipt(&source.Receipt{Ops: []int64{1, 2}, Prints: []source.Print{{1}, {2}}})
	for name, damage := range map[string]func(*receiptDoc){
		"short id":         func(d *receiptDoc) { d.ID = d.ID[1:] },
		"half a print":     func(d *receiptDoc) { d.Prints = d.Prints[:24] },
		"an op too many":   func(d *receiptDoc) { d.Ops = append(d.Ops, 3) },
		"a print too many": func(d *receiptDoc) { d.Prints = append(d.Prints, make([]byte, 16)...) },
	} {
		d := good
		d.Ops, d.Prints = slices.Clone(d.Ops), slices.Clone(d.Prints)
		damage(&d)
		if r, err := d.decode(); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestClaimedBlocksAreFewRanges(t *testing.T) {
	for _, c := range []struct {
		blocks []int64
		want   int
	}{{[]int64{5}, 1}, {[]int64{5, 6, 7}, 1}, {[]int64{-1, 0, 2}, 2}, {[]int64{1, 3, 5}, 3}, {[]int64{math.MaxInt64 - 1, math.MaxInt64}, 1}} {
		if got := len(blockRanges(&source.Claim{Blocks: c.blocks})); got != c.want {
			t.Errorf("%v: %d ranges, want %d", c.blocks, got, c.want)
		}
	}
}

// upload makes a transaction of n inserts with ids from first on, with its claim and receipts.
func upload(owner source.Owner, first int64, n int) (refs []source.Ref, claim *source.Claim, changes []source.Change, finish *source.Finish) {
	claim, finish = &source.Claim{Owner: owner}, &source.Finish{}
	for op := first; op < first+int64(n); op++ {
		if last := len(claim.Blocks) - 1; last < 0 || claim.Blocks[last] != op>>5 {
			claim.Blocks = append(claim.Blocks, op>>5)
			finish.Receipts = append(finish.Receipts, source.Receipt{Owner: owner, Block: op >> 5, At: time.Now().UTC()})
		}
		r := &finish.Receipts[len(finish.Receipts)-1]
		r.Ops, r.Prints = append(r.Ops, op), append(r.Prints, source.Print{byte(op)})
		refs = append(refs, source.Ref{Table: todos, ID: fmt.Sprint(op)})
		changes = append(changes, source.Change{Kind: source.Insert, Table: todos, ID: fmt.Sprint(op), Doc: doc("n", op)})
	}
	return refs, claim, changes, finish
}

// Each command is a round trip while rows are locked: their number must not grow with the operations.
func TestATransactionTakesSevenCommands(t *testing.T) {
	var bodies atomic.Pointer[string]
	w := newWorld(t, func(o *Options) {
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &tap{conn, &bodies}, err
		}
	})
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{1, 10, 100, 1000} {
		refs, claim, changes, finish := upload(source.Owner{1}, int64(i)*5000, n)
		bodies.Store(nil)
		x, err := w.Begin(t.Context(), source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := x.Read(t.Context(), refs, claim); err != nil {
			t.Fatal(err)
		}
		if err := x.Apply(t.Context(), changes, finish); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, text := range strings.Split(*bodies.Load(), "\n") {
			first, _, _ := strings.Cut(strings.TrimPrefix(text, "{"), ",")
			names = append(names, strings.ReplaceAll(first, `"`, ""))
		}
		want := []string{"find: turnkey_receipts", "find: turnkey_clients", "find: Todos", "find: turnkey_rejected_rows", "insert: Todos", "insert: turnkey_receipts"}
		if len(names) != 7 || !slices.Equal(names[:6], want) || !strings.HasPrefix(names[6], "commitTransaction") {
			t.Errorf("%d operations: %q", n, names)
		}
	}
}

func TestOurOwnRecordsAreNeverBlamedOnTheClient(t *testing.T) {
	w := newWorld(t)
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	validator := bson.D{{Key: "collMod", Value: receiptsName}, {Key: "validator", Value: bson.D{{Key: "owner", Value: "somebody"}}}}
	if err := w.bare.RunCommand(t.Context(), validator).Err(); err != nil {
		t.Fatal(err)
	}
	_, _, changes, finish := upload(source.Owner{1}, 0, 1)
	x, err := w.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	f := source.FailureOf(x.Apply(t.Context(), changes, finish))
	if f == nil || f.Class != source.Misconfigured || f.Change != -1 || !strings.Contains(f.Hint, "turnkey_") {
		t.Errorf("%+v", f)
	}
	if n, err := w.bare.Collection("Todos").CountDocuments(t.Context(), bson.D{}); n != 0 || err != nil {
		t.Errorf("%d rows without a receipt (%v)", n, err)
	}
}
