package check_test

import (
	"strings"
	"testing"

	"turnkey/runtime/torture/check"
	"turnkey/runtime/torture/history"
)

// Each refused transaction is kept, but one that equals an earlier refused one in ids and contents: its device lost power and
// counted again, and it is a repeat to everybody else.
func TestEachRefusedTransactionIsKept(t *testing.T) {
	remove := func(tag string, id int64, row string) history.Op {
		return history.Op{Tag: tag, OpID: id, Verb: "DELETE", Table: "orders", ID: row}
	}
	put := history.Op{Tag: "d#9", OpID: 6, Verb: "PUT", Table: "orders", ID: "b", Data: map[string]any{"tag": "d#9"}}
	for name, c := range map[string]struct {
		again []history.Op
		holds bool
	}{
		"the same under the same id":          {[]history.Op{remove("d#2", 5, "a")}, true},
		"the same under another id":           {[]history.Op{remove("d#2", 7, "a")}, false},
		"another row under the same id":       {[]history.Op{remove("d#2", 5, "c")}, false},
		"the same, and something that is new": {[]history.Op{remove("d#2", 5, "a"), put}, false},
	} {
		t.Run(name, func(t *testing.T) {
			run := &history.Run{Rejections: []history.Rejection{{User: "u", Row: "orders/a"}}}
			for i, ops := range [][]history.Op{{remove("d#1", 5, "a")}, c.again} {
				var tags []string
				for _, o := range ops {
					tags = append(tags, o.Tag)
				}
				of := history.Event{Device: "d", User: "u", Tags: tags, Whole: true, Tx: strings.Repeat("x", i+1), Ops: ops}
				for _, kind := range []history.Kind{history.Queue, history.Send, history.Rejected} {
					of.Kind = kind
					run.Events = append(run.Events, of)
				}
			}
			_, counts := check.Run(run, check.Settings{})
			if got := counts["rejections"] == 0; got != c.holds {
				t.Errorf("%d violations", counts["rejections"])
			}
		})
	}
}
