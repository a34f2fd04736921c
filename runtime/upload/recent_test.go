package upload

import (
	"testing"
	"time"

	"turnkey/runtime/source"
)

// device makes the identities of consecutive operations of one client.
func device(ops ...int64) *identities {
	ids := &identities{strength: strong, owner: source.Owner{7}}
	for _, op := range ops {
		ids.list = append(ids.list, identity{block: op >> blockBits, op: op, print: source.Print{byte(op)}, nth: 1})
	}
	return ids
}

func TestRecents(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	read := source.History{HasNewest: true, Newest: 1, HasFloor: true, Floor: 20,
		Receipts: []source.Receipt{{Block: 1, Seq: 2, Ops: []int64{40}, Prints: []source.Print{{40}}}}}
	for name, c := range map[string]struct {
		read  source.History
		wrote *identities
		then  *identities
		after time.Duration
		seqs  map[int64]int32 // of the receipts that are left then; nil: it has to be read
	}{
		"the same block goes on":          {read, device(41), device(42), 0, map[int64]int32{1: 4}},
		"the next block begins":           {read, device(41), device(70, 96), 0, map[int64]int32{2: 0, 3: 0}},
		"both":                            {read, device(41), device(43, 64), 0, map[int64]int32{1: 4, 2: 0}},
		"a new device":                    {source.History{}, device(1), device(2), 0, map[int64]int32{0: 1}},
		"several blocks at once":          {read, device(41, 64, 65), device(66), 0, map[int64]int32{2: 1}},
		"what we wrote comes again":       {read, device(41), device(41), 0, nil},
		"what was there comes again":      {read, device(41), device(40), 0, nil},
		"another content of a known id":   {read, device(41), &identities{strength: strong, owner: source.Owner{7}, list: []identity{{block: 1, op: 41, print: source.Print{9}, nth: 1}}}, 0, map[int64]int32{1: 4}},
		"an older block":                  {read, device(41), device(30), 0, nil},
		"an operation below the floor":    {source.History{HasFloor: true, Floor: 60}, device(61), device(50), 0, nil},
		"it is too long ago":              {read, device(41), device(42), recentFor, nil},
		"the clock went back":             {read, device(41), device(42), -time.Second, nil},
		"there was a newer block":         {source.History{HasNewest: true, Newest: 9}, device(41), device(42), 0, nil},
		"an operation twice":              {read, device(41), &identities{strength: strong, owner: source.Owner{7}, list: []identity{{block: 1, op: 42, nth: 2}}}, 0, nil},
		"a device without ids of its own": {read, device(41), &identities{strength: weak, owner: source.Owner{7}, list: device(42).list}, 0, nil},
		"another device":                  {read, device(41), &identities{strength: strong, owner: source.Owner{8}, list: device(42).list}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rs := &recents{of: map[source.Owner]*recent{}}
			rs.wrote(c.wrote, c.wrote.recall(&c.read, len(c.wrote.list), now))
			m := rs.recall(c.then, now.Add(c.after))
			if (m == nil) != (c.seqs == nil) {
				t.Fatalf("remembered: %v", m != nil)
			}
			if m == nil {
				return
			}
			left := c.then.receipts(m, now, nil)
			if len(left) != len(c.seqs) {
				t.Fatalf("%+v", left)
			}
			for _, r := range left {
				if r.Seq != c.seqs[r.Block] {
					t.Errorf("block %d goes on with %d, want %d", r.Block, r.Seq, c.seqs[r.Block])
				}
			}
		})
	}
}

func TestRecentsAreBounded(t *testing.T) {
	now := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	rs := &recents{of: map[source.Owner]*recent{}}
	write := func(ids *identities) {
		m := rs.recall(ids, now)
		if m == nil {
			m = ids.recall(&source.History{HasNewest: true, Newest: 0}, len(ids.list), now)
		}
		rs.wrote(ids, m)
	}
	for i := range 2 * mostRecent {
		ids := device(1)
		ids.owner = source.Owner{byte(i), byte(i >> 8)}
		write(ids)
	}
	if len(rs.of) != mostRecent {
		t.Errorf("%d devices are remembered", len(rs.of))
	}
	// A device that counts the same numbers again and again, with other contents.
	for i := range 3 * mostNamed {
		ids := device(1)
		ids.list[0].print = source.Print{byte(i), byte(i >> 8)}
		write(ids)
		if r := rs.of[ids.owner]; r != nil && len(r.named) > mostNamed {
			t.Fatalf("%d operations are remembered", len(r.named))
		}
	}
	rs.forget(device(1))
	if rs.recall(device(2), now) != nil {
		t.Error("it is remembered after all")
	}
}
