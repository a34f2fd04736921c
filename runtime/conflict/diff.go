package conflict

// The difference of two sequences by Myers' greedy algorithm (E. Myers, "An O(ND) Difference Algorithm
// and Its Variations", 1986), with a bound on D instead of a clock: the result must depend on nothing
// but the texts, and the libraries at hand bound their work by time or not at all.

// maxEdits bounds the search; sequences further apart are taken to differ from their first to their
// last difference. With it memory stays below 2 MB and the work below tokens * maxEdits.
const maxEdits = 600

// hunk says that base[from:to] became other[start:end]; either may be empty.
type hunk struct{ from, to, start, end int }

// diff lists the differences in order; between two hunks the sequences are equal.
func diff(base, other []int) []hunk {
	lo := 0
	for lo < len(base) && lo < len(other) && base[lo] == other[lo] {
		lo++
	}
	end, tail := len(base), len(other)
	for end > lo && tail > lo && base[end-1] == other[tail-1] {
		end, tail = end-1, tail-1
	}
	if lo == end && lo == tail {
		return nil
	}
	if lo == end || lo == tail {
		return []hunk{{lo, end, lo, tail}}
	}
	hunks, ok := myers(base[lo:end], other[lo:tail])
	if !ok {
		return []hunk{{lo, end, lo, tail}}
	}
	for i := range hunks {
		hunks[i] = hunk{hunks[i].from + lo, hunks[i].to + lo, hunks[i].start + lo, hunks[i].end + lo}
	}
	return hunks
}

// myers searches the shortest script; reach[d] holds, for each diagonal k = x - y from -d to d, how far
// along a (x) one comes with d edits.
func myers(a, b []int) ([]hunk, bool) {
	var reach [][]int32
	for d := 0; d <= min(maxEdits, len(a)+len(b)); d++ {
		row := make([]int32, 2*d+1)
		for k := -d; k <= d; k += 2 {
			x := furthest(reach, d, k)
			y := x - k
			for x < len(a) && y < len(b) && y >= 0 && a[x] == b[y] {
				x, y = x+1, y+1
			}
			row[k+d] = int32(x)
			if x >= len(a) && y >= len(b) {
				return script(append(reach, row), a, b), true
			}
		}
		reach = append(reach, row)
	}
	return nil, false
}

// furthest is where d edits on diagonal k begin to slide: one step down from k+1, or right from k-1.
func furthest(reach [][]int32, d, k int) int {
	if d == 0 {
		return 0
	}
	if down(reach, d, k) {
		return at(reach, d-1, k+1)
	}
	return at(reach, d-1, k-1) + 1
}

func down(reach [][]int32, d, k int) bool {
	return k == -d || k != d && at(reach, d-1, k-1) < at(reach, d-1, k+1)
}

func at(reach [][]int32, d, k int) int { return int(reach[d][k+d]) }

// script walks back from the end and joins edits that touch into hunks.
func script(reach [][]int32, a, b []int) []hunk {
	var backward []hunk
	x, y := len(a), len(b)
	for d := len(reach) - 1; d > 0; d-- {
		k := x - y
		start := furthest(reach, d, k) // after the edit, before the slide
		edit := hunk{start - 1, start, start - k, start - k}
		if down(reach, d, k) {
			edit = hunk{start, start, start - k - 1, start - k}
		}
		if n := len(backward); n > 0 && backward[n-1].from == edit.to && backward[n-1].start == edit.end {
			backward[n-1].from, backward[n-1].start = edit.from, edit.start
		} else {
			backward = append(backward, edit)
		}
		x, y = edit.from, edit.start
	}
	for i, j := 0, len(backward)-1; i < j; i, j = i+1, j-1 {
		backward[i], backward[j] = backward[j], backward[i]
	}
	return backward
}
