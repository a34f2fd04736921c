package workload_test

import (
	"math/rand/v2"
	"testing"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/workload"
)

// seeded is what a device has after its first download.
func seeded(w workload.Workload) client.View {
	view := client.View{}
	for id, row := range w.Seeds {
		view[history.Key(w.Table, id)] = row
	}
	return view
}

// TestTags: no two operations of a run carry one tag, and each that writes puts its own into the row.
func TestTags(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range workload.All() {
		m := &workload.Maker{Device: w.Table, Rand: rand.New(rand.NewPCG(1, 1))}
		for range 500 {
			for _, op := range w.Next(m, seeded(w)) {
				if seen[op.Tag] {
					t.Fatalf("%s: the tag %s comes twice", w.Name, op.Tag)
				}
				seen[op.Tag] = true
				if op.Verb != "DELETE" && op.Data["tag"] != op.Tag {
					t.Fatalf("%s: %s writes the tag %v", w.Name, op.Tag, op.Data["tag"])
				}
			}
		}
	}
}

// TestTransfers: every transaction of W5 keeps the sum.
func TestTransfers(t *testing.T) {
	for _, w := range workload.All() {
		if w.Table != "accounts" {
			continue
		}
		m := &workload.Maker{Device: "d", Rand: rand.New(rand.NewPCG(2, 2))}
		for range 200 {
			ops := w.Next(m, seeded(w))
			if len(ops) != 2 || ops[0].Delta+ops[1].Delta != 0 || ops[0].ID == ops[1].ID {
				t.Fatalf("a transfer is %+v", ops)
			}
		}
		if ops := w.Next(m, client.View{}); len(ops) != 0 {
			t.Errorf("a device without rows transfers %+v", ops)
		}
	}
}

// TestForms: what merges needs previous values; what must not be cut is not given to a batch.
func TestForms(t *testing.T) {
	used := map[client.Form]bool{}
	for _, w := range workload.All() {
		for i := range w.Devices {
			form := w.Form(i)
			used[form] = true
			if w.Merge != "" && form == client.Reference || w.Whole && form == client.Batch {
				t.Errorf("%s: device %d is a %s", w.Name, i, form)
			}
		}
	}
	if len(used) != 3 {
		t.Errorf("only %v are used", used)
	}
}
