package upload_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"turnkey/runtime/source"
	"turnkey/runtime/upload"
)

// from makes an upload of our connector's: client id and operation ids.
func from(client string, list ...string) string {
	return `{"client":{"id":"` + client + `"},"transactions":[` + strings.Join(list, ",") + `]}`
}

// name is an operation on lists/n that writes a name.
func name(op string, opID, n int, text string) string {
	return fmt.Sprintf(`{"op_id":%d,"op":%q,"table":"lists","id":"{%d}","data":{"name":%q}}`, opID, op, n, text)
}

// refused is an operation that no rule allows: somebody else's todo.
func refused(opID, n int) string {
	return fmt.Sprintf(`{"op_id":%d,"op":"PUT","table":"todos","id":"{%d}","data":{"owner_id":"somebody"}}`, opID, n)
}

// A repeat changes nothing and hears what the first copy heard, also when others wrote in between.
func TestARepeatIsToldWhatWasToldAndChangesNothing(t *testing.T) {
	onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
		first := from("c1", crud(name("PUT", 1, 1, "first")), crud(refused(2, 1)), crud(name("PATCH", 3, 1, "second"), name("PUT", 4, 2, "other")))
		want := []string{"success", "fatal_error UNAUTHORIZED 0", "success"}
		w.want(first, want...)
		_, told := w.upload(first)
		w.want(transactions(crud(name("PATCH", 0, 1, "by somebody else"))), "success")
		w.want(transactions(crud(`{"op":"DELETE","table":"lists","id":"{2}"}`)), "success")
		_, again := w.upload(first)
		if again != told {
			t.Errorf("told\n%s\nand then\n%s", told, again)
		}
		if got := w.row("lists", 1); got != "name=by somebody else" {
			t.Errorf("a repeat wrote: %s", got)
		}
		if got := w.row("lists", 2); got != "" {
			t.Errorf("a repeat brought a deleted row back: %s", got)
		}
		if n := len(w.rejections(source.RejectionFilter{})); n != 1 {
			t.Errorf("%d rejections of one refused write", n)
		}
	})
}

func TestWhatCountsAsARepeat(t *testing.T) {
	const first, second = "first", "second"
	for label, c := range map[string]struct {
		uploads []string
		row     string // lists/1 afterwards
	}{
		"the same id, another content: the device lost power and counts again": {
			[]string{from("c1", crud(name("PUT", 1, 1, first))), from("c1", crud(name("PUT", 1, 1, second)))}, second},
		"the same id and content of another device": {
			[]string{from("c1", crud(name("PUT", 1, 1, first))), from("c1", crud(name("PATCH", 2, 1, second))), from("c2", crud(name("PUT", 1, 1, first)))}, first},
		"cut into other transactions, the rest is applied": {
			[]string{from("c1", crud(name("PUT", 1, 1, first))), from("c1", crud(name("PATCH", 2, 1, second))), from("c1", crud(name("PUT", 1, 1, first), name("PUT", 3, 2, "x")))}, second},
		"lower ids and gaps are new": {
			[]string{from("c1", crud(name("PUT", 900, 1, first))), from("c1", crud(name("PATCH", 7, 1, second)))}, second},
		"equal operations of one request are both applied": {
			[]string{from("c1", crud(name("PUT", 1, 1, first)), crud(name("PATCH", 2, 1, second)), crud(name("PUT", 1, 1, first)))}, first},
		"and are both known when the request comes again": {
			[]string{from("c1", crud(name("PUT", 1, 1, first)), crud(name("PUT", 1, 1, first))), from("c1", crud(name("PATCH", 2, 1, second))), from("c1", crud(name("PUT", 1, 1, first)), crud(name("PUT", 1, 1, first)))}, second},
		"a stock client's transaction": {
			[]string{stock(1, name("PUT", 0, 1, first)), stock(2, name("PATCH", 0, 1, second)), stock(1, name("PUT", 0, 1, first))}, second},
		"a stock client's next transaction": {
			[]string{stock(1, name("PUT", 0, 1, first)), stock(2, name("PATCH", 0, 1, second)), stock(3, name("PUT", 0, 1, first))}, first},
		"without any id nothing is a repeat": {
			[]string{bare(name("PUT", 0, 1, first)), bare(name("PATCH", 0, 1, second)), bare(name("PUT", 0, 1, first))}, first},
		"a PATCH of a missing row is processed, too": {
			[]string{from("c1", crud(name("PATCH", 1, 1, first))), from("c1", crud(name("PUT", 2, 1, second))), from("c1", crud(name("PATCH", 1, 1, first)))}, second},
	} {
		t.Run(label, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				for _, body := range c.uploads {
					if _, answer := w.upload(body); strings.Contains(answer, "error") {
						t.Fatalf("%s\n%s", body, answer)
					}
				}
				if got := w.row("lists", 1); got != "name="+c.row {
					t.Errorf("got %s, want %s", got, c.row)
				}
			})
		})
	}
}

// A device that lost power counts again. What it then deletes is deleted, and what is refused then is kept by itself, though
// an operation of the same look had the same id before.
func TestADeviceThatCountsAgainWritesAnew(t *testing.T) {
	remove := func(op int) string { return fmt.Sprintf(`{"op_id":%d,"op":"DELETE","table":"lists","id":"{1}"}`, op) }
	onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
		w.want(from("c0", crud(name("PUT", 1, 1, "start"))), "success")
		w.want(from("c1", crud(remove(5), name("PUT", 6, 1, "anew"))), "success")
		counted := from("c1", crud(remove(5), name("PUT", 6, 2, "x")))
		w.want(counted, "success")
		if got := w.row("lists", 1); got != "" {
			t.Errorf("the row is not deleted: %s", got)
		}
		w.want(from("c0", crud(name("PUT", 2, 1, "by somebody else"))), "success")
		w.want(counted, "success")
		if got := w.row("lists", 1); got != "name=by somebody else" {
			t.Errorf("the repeat of that deleted again: %q", got)
		}

		w.want(from("c2", crud(remove(5), refused(6, 3))), "fatal_error UNAUTHORIZED 1")
		w.want(from("c2", crud(remove(5), refused(6, 4))), "fatal_error UNAUTHORIZED 1")
		if n := len(w.rejections(source.RejectionFilter{})); n != 2 {
			t.Errorf("%d rejections of two refused transactions", n)
		}
		if got := w.row("lists", 1); got != "name=by somebody else" {
			t.Errorf("half of a refused transaction was applied: %q", got)
		}
	})
}

// stock is what the reference connector sends: transaction ids, no client id, no operation ids.
func stock(id int, entries ...string) string {
	return fmt.Sprintf(`{"transactions":[{"transaction_id":%d,"crud":[%s]}]}`, id, strings.ReplaceAll(strings.Join(entries, ","), `"op_id":0,`, ""))
}

// bare has no ids at all.
func bare(entries ...string) string {
	return strings.ReplaceAll(transactions(crud(entries...)), `"op_id":0,`, "")
}

// Copies of one request that arrive at once: one of them is applied, all of them are told so.
func TestCopiesAtOnceAreAppliedOnce(t *testing.T) {
	onBoth(t, "on_failure: skip\n", func(t *testing.T, w *world) {
		w.want(from("c0", crud(name("PUT", 1, 1, "start"))), "success")
		for round := range 10 {
			base := 100 * (round + 1)
			body := from("c1", crud(name("PATCH", base, 1, "a"), name("PUT", base+1, 2+round%4, "b")), crud(refused(base+2, 5)), crud(name("PATCH", base+3, 1, fmt.Sprint(round))))
			var wg sync.WaitGroup
			answers := make([]string, 4)
			for i := range answers {
				wg.Go(func() { _, answers[i] = w.upload(body) })
			}
			wg.Wait()
			for _, a := range answers {
				if a != answers[0] || !strings.Contains(a, "fatal_error") || strings.Contains(a, "retryable") {
					t.Fatalf("round %d: copies are told different things:\n%s\n%s", round, answers[0], a)
				}
			}
		}
		if n := len(w.rejections(source.RejectionFilter{})); n != 10 {
			t.Errorf("%d rejections of 10 refused writes", n)
		}
	})
}

// A commit whose reply is lost is found by its receipt, not done again: the row that the first commit
// made was deleted by somebody in between.
func TestALostReplyIsNotASecondWrite(t *testing.T) {
	onBoth(t, "", func(t *testing.T, w *world) {
		lossy := &forgetful{Source: w.src, between: func() {
			w.want(transactions(crud(`{"op":"DELETE","table":"lists","id":"{1}"}`)), "success")
		}}
		e := w.newEngine(lossy)
		_, answer := w.send(e, "POST", from("c1", crud(name("PUT", 1, 1, "x"), name("PUT", 2, 2, "y"))))
		if got := outcomes(t, answer); got[0] != "success" || lossy.lost != 1 {
			t.Errorf("got %s after %d lost replies", answer, lossy.lost)
		}
		if w.row("lists", 1) != "" || w.row("lists", 2) != "name=y" {
			t.Errorf("the write was done again: %q, %q", w.row("lists", 1), w.row("lists", 2))
		}
	})
}

// rejections lists what waits or is settled.
func (w *world) rejections(f source.RejectionFilter) []source.Rejection {
	w.t.Helper()
	f.Limit, f.OldestFirst = 1000, true
	list, err := w.src.Rejections(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// What counts as a repeat where an operation id has had several contents.
func TestADeviceThatCountsAgainInOtherTransactions(t *testing.T) {
	put := func(op, n int, text string) string { return name("PUT", op, n, text) }
	remove := func(op, n int) string {
		return fmt.Sprintf(`{"op_id":%d,"op":"DELETE","table":"lists","id":"{%d}"}`, op, n)
	}
	batch := func(entries ...string) string {
		return `{"client_id":"c1","batch":[` + strings.Join(entries, ",") + `]}`
	}
	for label, c := range map[string]struct {
		uploads []string // before each, somebody else writes "else" into lists/1
		row     string   // lists/1 afterwards
	}{
		"two transactions before, one now": {
			[]string{from("c1", crud(put(5, 2, "a")), crud(remove(6, 1))), from("c1", crud(put(5, 2, "b"), remove(6, 1)))}, ""},
		"two of three histories have one half each": {
			[]string{from("c1", crud(put(5, 2, "a"), remove(6, 1))), from("c1", crud(put(5, 2, "b"), remove(6, 3))), from("c1", crud(put(5, 2, "b"), remove(6, 1)))}, ""},
		"and the repeat of that": {
			[]string{from("c1", crud(put(5, 2, "a"), remove(6, 1))), from("c1", crud(put(5, 2, "b"), remove(6, 3))), from("c1", crud(put(5, 2, "b"), remove(6, 1))), from("c1", crud(put(5, 2, "b"), remove(6, 1)))}, "name=else"},
		"the end of a piece of the queue was lost": {
			[]string{batch(put(1, 1, "a"), put(2, 2, "b")), batch(put(1, 1, "a"), put(2, 2, "c"))}, "name=else"},
		"and what is behind it, too": {
			[]string{batch(put(1, 2, "a"), put(2, 2, "b"), remove(3, 1)), batch(put(1, 2, "a"), put(2, 2, "c"), remove(3, 1))}, ""},
	} {
		t.Run(label, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				for _, body := range c.uploads {
					w.want(transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"else"}}`)), "success")
					if _, answer := w.upload(body); strings.Contains(answer, "error") {
						t.Fatalf("%s\n%s", body, answer)
					}
				}
				if got := w.row("lists", 1); got != c.row {
					t.Errorf("got %q, want %q", got, c.row)
				}
			})
		})
	}
}

// A replay does what was refused, whatever else has had the same id and content; what was applied before the rest was refused stays as it is,
// also when that was edited.
func TestAReplayDoesWhatWasRefusedAndNothingElse(t *testing.T) {
	remove := `{"op_id":5,"op":"DELETE","table":"lists","id":"{1}"}`
	elsewhere := transactions(crud(`{"op":"PUT","table":"lists","id":"{1}","data":{"name":"else"}}`))
	for label, c := range map[string]struct {
		uploads []string
		edited  string
		row     string // lists/1 afterwards
	}{
		"a part of it came again, by itself": {
			[]string{from("c1", crud(remove, refused(6, 3))), from("c1", crud(remove, name("PUT", 6, 2, "x")))}, "", ""},
		"a part of it was applied before": {
			[]string{from("c1", crud(remove)), from("c1", crud(remove, refused(6, 3)))}, "", "name=else"},
		"a part of it was applied before, the rest is edited": {
			[]string{from("c1", crud(remove)), from("c1", crud(remove, refused(6, 3)))}, crud(remove, name("PUT", 6, 2, "x")), "name=else"},
	} {
		t.Run(label, func(t *testing.T) {
			onBoth(t, "", func(t *testing.T, w *world) {
				for _, body := range c.uploads {
					w.want(elsewhere, "success")
					w.upload(body)
				}
				w.want(elsewhere, "success")
				order := upload.Replay{ID: w.rejections(source.RejectionFilter{})[0].ID, WithoutRules: true}
				if c.edited != "" {
					order.Payload = []byte(w.expand(c.edited))
				}
				if out := w.replayed(order); out[0].Status != source.Replayed {
					t.Fatalf("%+v", out)
				}
				if got := w.row("lists", 1); got != c.row {
					t.Errorf("got %q, want %q", got, c.row)
				}
			})
		})
	}
}
