package upload_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"turnkey/runtime/source"
)

// begun counts the transactions of the source, and has no shortcuts.
type begun struct {
	source.Source
	n *atomic.Int64
}

func (b begun) Begin(ctx context.Context, as source.Session) (source.Tx, error) {
	b.n.Add(1)
	return b.Source.Begin(ctx, as)
}

// TestClientsShareTransactions: clients that write at the same time share transactions of the source, and each
// hears, and leaves, what it would have by itself: also those whose writes are refused by a rule or by
// the database, come again, or meet on one row.
func TestClientsShareTransactions(t *testing.T) {
	const clients, uploads = 16, 20
	onBoth(t, "", func(t *testing.T, w *world) {
		var n atomic.Int64
		e := w.newEngine(begun{w.src, &n})
		w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{9}","data":{"name":"","code":"taken"}}`)), "success")
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				row, last := 100+c, ""
				for i := range uploads {
					own := func(op string) string {
						return fmt.Sprintf(`{"op_id":%d,"op":%q,"table":"lists","id":%q,"data":{"name":"%d of %d"}}`, 2*i+1, op, w.id(row), i, c)
					}
					shared := fmt.Sprintf(`{"op_id":%d,"op":"PATCH","table":"lists","id":%q,"data":{"name":"%d"}}`, 2*i+2, w.id(9), c)
					op := "PATCH"
					if i == 0 {
						op = "PUT"
					}
					body, want := from(fmt.Sprint("c", c), crud(own(op))), "success"
					switch {
					case i%7 == 3:
						body = from(fmt.Sprint("c", c), crud(own(op), shared))
					case c == 1 && i%3 == 1:
						body, want = from("c1", crud(own(op), refused(2*i+2, 8))), "fatal_error UNAUTHORIZED 1"
					case c == 2 && i%9 == 1:
						taken := fmt.Sprintf(`{"op_id":%d,"op":"PATCH","table":"lists","id":%q,"data":{"code":"taken"}}`, 2*i+2, w.id(row))
						body, want = from("c2", crud(own(op), taken)), "fatal_error UNIQUE_VIOLATION 1"
					case c == 3 && i%2 == 1:
						body = last
					}
					last = body
					if _, answer := w.send(e, http.MethodPost, body); strings.Join(outcomes(t, answer), "; ") != want {
						t.Errorf("client %d, upload %d: %s", c, i, answer)
					}
				}
			})
		}
		wg.Wait()
		for c := range clients {
			want := uploads - 1
			if c >= 1 && c <= 3 { // the last is refused, or a repeat
				want--
			}
			if got := w.row("lists", 100+c); got != fmt.Sprintf("name=%d of %d", want, c) {
				t.Errorf("client %d: %s, want upload %d", c, got, want)
			}
		}
		if n.Load() >= clients*uploads {
			t.Errorf("%d transactions for %d uploads: nobody shared one", n.Load(), clients*uploads)
		}
		t.Logf("%d transactions for %d uploads", n.Load(), clients*uploads)
	})
}
