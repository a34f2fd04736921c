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
	"turnkey/runtime/upload"
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

// TestTriggersAreSeen: where a database changes other rows in passing, clients do not share a transaction: one
// would write over what another's trigger did, and nothing would notice.
func TestTriggersAreSeen(t *testing.T) {
	const clients, each = 8, 15
	w := postgresWorld(t, `
  orders: {id: string, table: public.orders, key: id, on_conflict: merge, allow: {create: "true", update: "true"}, fields: {total: {type: int64, merge: counter}, note: {type: string}}}
  order_items: {id: string, table: public.order_items, key: id, allow: {create: "true"}, fields: {amount: {type: int64}}}
`)
	w.sql(`CREATE TABLE orders (id text PRIMARY KEY, total bigint NOT NULL, note text); CREATE TABLE order_items (id text PRIMARY KEY, amount bigint NOT NULL);
		INSERT INTO orders VALUES ('o', 0, '');
		CREATE FUNCTION add_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE orders SET total = total + NEW.amount WHERE id = 'o'; RETURN NULL; END $$;
		CREATE TRIGGER adds AFTER INSERT ON order_items FOR EACH ROW EXECUTE FUNCTION add_up()`)
	counted := countedSource{w.src, map[source.ChangeKind]int{}}
	e := w.newEngine(counted)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				op := fmt.Sprintf(`{"op_id":%d,"op":"PUT","table":"order_items","id":"%d-%d","data":{"amount":5}}`, i+1, c, i)
				if c%2 == 0 {
					op = fmt.Sprintf(`{"op_id":%d,"op":"PATCH","table":"orders","id":"o","previous_values":{"total":0},"data":{"total":1}}`, i+1)
				}
				if _, answer := w.send(e, http.MethodPost, from(fmt.Sprint("c", c), crud(op))); outcomes(t, answer)[0] != "success" {
					t.Errorf("client %d, upload %d: %s", c, i, answer)
				}
			}
		})
	}
	wg.Wait()
	if got, want := w.stored("orders", "o"), fmt.Sprintf("note= total=%dL", clients/2*each*(5+1)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if counted.done[source.Insert] > 0 {
		t.Error("rows with a trigger were written by guess")
	}
}

// TestARefusalIsReadAfterAll: what an engine remembers of a device's receipts can be out of date, when the device
// went by another runtime. A commit would notice; a refusal must not be told before it has been read.
func TestARefusalIsReadAfterAll(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		first, second := w.engine, w.newEngine(w.src)
		send := func(e *upload.Engine, body string, want ...string) {
			t.Helper()
			if _, answer := w.send(e, http.MethodPost, body); strings.Join(outcomes(t, answer), "; ") != strings.Join(want, "; ") {
				t.Errorf("%s\nanswers %s, want %v", body, answer, want)
			}
		}
		op := func(id int, data string) string {
			return fmt.Sprintf(`{"op_id":%d,"op":"PATCH","table":"todos","id":"{1}","data":{%s}}`, id, data)
		}
		send(first, from("c1", crud(`{"op_id":1,"op":"PUT","table":"todos","id":"{1}","data":{"owner_id":"u1","status":"open"}}`)), "success")
		send(first, from("c1", crud(op(2, `"title":"a"`))), "success") // from here on the first remembers
		send(second, from("c1", crud(op(3, `"status":"done"`))), "success")
		send(second, from("c2", crud(op(1, `"title":"b"`))), "success")
		// The answer was lost. Now the transition would be refused, and the app asked to decide.
		send(first, from("c1", crud(op(3, `"status":"done"`), op(4, `"title":"c"`))), "success")
		send(first, from("c1", crud(op(3, `"status":"done"`))), "success")
		send(second, from("c1", crud(op(5, `"status":"cancelled"`))), "fatal_error TRANSITION_NOT_ALLOWED 0 client")
		if got := w.row("todos", 1); !strings.Contains(got, "status=done") || !strings.Contains(got, "title=c") {
			t.Error(got)
		}
	})
}
