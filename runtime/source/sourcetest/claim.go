package sourcetest

import (
	"slices"
	"testing"

	"turnkey/runtime/source"
)

// claimedOperations: a source may leave out receipts of a claimed block, but never one that names a claimed
// operation, and never the block's last, which says how far it has come.
func claimedOperations(t *testing.T, h *Harness) {
	now := recent()
	first, second := receipt(1, 0, now, 32, 33, 40), receipt(1, 1, now, 34)
	elsewhere := receipt(1, 0, now, 96)
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{first, elsewhere}})
	h.mustFinish(t, source.Finish{Receipts: []source.Receipt{second}})
	h.must(t, h.insert(1, doc("name", "there")))
	for way, rows := range ways {
		for op, named := range map[int64][]int64{32: first.Ops, 40: first.Ops, 34: second.Ops, 35: nil} {
			for _, blocks := range [][]int64{{1}, {1, 2, 3}} {
				c := claim(1, blocks...)
				c.Ops = []int64{op, 64}
				list := h.history(t, c, rows...).Receipts
				holds := func(ops []int64) bool {
					return slices.ContainsFunc(list, func(r source.Receipt) bool { return slices.Equal(r.Ops, ops) })
				}
				if named != nil && !holds(named) {
					t.Errorf("%s: a claim of operation %d in blocks %v is not told its receipt: %+v", way, op, blocks, list)
				}
				if !holds(second.Ops) || holds(elsewhere.Ops) != (len(blocks) > 1) {
					t.Errorf("%s: a claim of operation %d in blocks %v is not told the last of each: %+v", way, op, blocks, list)
				}
			}
		}
	}
}
