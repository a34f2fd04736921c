package workload_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/workload"
)

func all(merges bool) []workload.Workload {
	return workload.All(func(string) bool { return merges })
}

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
	for _, w := range all(true) {
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

// TestTransfers: every transaction of W5 keeps the sum, and without counters each pair of accounts does.
func TestTransfers(t *testing.T) {
	for _, merges := range []bool{true, false} {
		for _, w := range all(merges) {
			if w.Table != "accounts" {
				continue
			}
			m := &workload.Maker{Device: "d", Rand: rand.New(rand.NewPCG(2, 2))}
			for range 200 {
				ops := w.Next(m, seeded(w))
				if len(ops) != 2 || ops[0].Delta+ops[1].Delta != 0 || ops[0].ID == ops[1].ID {
					t.Fatalf("merges %t: a transfer is %+v", merges, ops)
				}
				if !merges && number(t, ops[0].ID)/2 != number(t, ops[1].ID)/2 {
					t.Fatalf("without counters %s pays %s", ops[0].ID, ops[1].ID)
				}
			}
			if ops := w.Next(m, client.View{}); len(ops) != 0 {
				t.Errorf("merges %t: a device without rows transfers %+v", merges, ops)
			}
		}
	}
}

// number of an account.
func number(t *testing.T, id string) int {
	t.Helper()
	n, err := strconv.Atoi(id[1:])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestForms: what merges needs previous values; what must not be cut is not given to a batch.
func TestForms(t *testing.T) {
	used := map[client.Form]bool{}
	for _, w := range all(true) {
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

// TestWithoutPolicies: what the product cannot merge is named, not passed over.
func TestWithoutPolicies(t *testing.T) {
	for _, w := range all(false) {
		if w.Merge != "" && !w.NotRun {
			t.Errorf("%s asks for %s, which is not there", w.Name, w.Merge)
		}
		switch w.Table {
		case "counters", "accounts":
			if w.Short == "" {
				t.Errorf("%s does not say what it cannot show", w.Name)
			}
		case "lists":
			if !w.NotRun {
				t.Error("lists run without append")
			}
		}
	}
}
