package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// What receipts cost: the same binary twice over the same database, one that leaves receipts and one
// that does not, which only a build with the tag bench can. The two halves of a pair are cut into slices that take turns,
// and the second pair begins with the other:
//
//	on off off on  on off off on        off on on off  off on on off
//
// So a machine that slows down, a table that grows or a checkpoint is in both halves alike: it would have to
// come and go in step with the slices not to be. After each change there is a moment that counts for neither, in which
// caches become those of who is at work. Nothing else is left out.
const (
	slicesEach = 4 // a multiple of two
	changeover = 60 * time.Millisecond
)

// pair is one cell measured once with receipts and once without.
type pair struct{ with, without sample }

// cost is the share of the operations per second that receipts take.
func (p pair) cost() float64 { return 1 - p.with.perSecond()/p.without.perSecond() }

// cpuCost is by how much they raise the CPU time of the product and PostgreSQL together.
func (p pair) cpuCost() float64 {
	with, without := p.with.each(p.with.ours+p.with.base), p.without.each(p.without.ours+p.without.base)
	return float64(with)/float64(max(1, without)) - 1
}

// ours and base are what they add to the CPU time of an operation, in the product and in PostgreSQL.
func (p pair) ours() float64 { return us(p.with.each(p.with.ours) - p.without.each(p.without.ours)) }
func (p pair) base() float64 { return us(p.with.each(p.with.base) - p.without.each(p.without.base)) }

// costs are the pairs of each cell.
type costs struct {
	cells []cell
	pairs map[cell][]pair
}

// costCells have new rows without rules and changed ones with them, as the bars do.
func costCells(only int) (out []cell) {
	for _, size := range sizes {
		if only != 0 && only != size {
			continue
		}
		out = append(out, cell{work: puts, size: size, table: "open"}, cell{work: patches, size: size, table: "ruled"})
	}
	return out
}

func measureCosts(ctx context.Context, st *stack, with, without *server, set settings) (*costs, error) {
	out := &costs{cells: costCells(set.size), pairs: map[cell][]pair{}}
	for n := range set.pairs {
		fmt.Fprintf(os.Stderr, "receipts on and off, pair %d of %d\n", n+1, set.pairs)
		for _, c := range out.cells {
			p, err := st.pair(ctx, with, without, c, set.turn, n%2)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name(), err)
			}
			out.pairs[c] = append(out.pairs[c], p)
		}
	}
	return out, nil
}

// pair measures a cell, beginning with receipts for first 0, and without them for 1. Each half takes d.
func (st *stack) pair(ctx context.Context, with, without *server, c cell, d time.Duration, first int) (p pair, err error) {
	halves := []struct {
		s       *server
		into    *sample
		workers []worker
	}{{s: with, into: &p.with}, {s: without, into: &p.without}}
	for i := range halves {
		workers, closeAll, err := uploadWorkers(st, halves[i].s, c)
		if err != nil {
			return p, err
		}
		defer closeAll()
		halves[i].workers = workers
	}
	for n := range 2 * slicesEach {
		h := &halves[(first+(n+1)/2)%2]
		if n == 0 || n%2 == 1 { // else the same goes on
			if _, err := closedLoop(ctx, h.workers, changeover); err != nil {
				return p, fmt.Errorf("receipts %s: %w", h.s.name, err)
			}
		}
		one, err := st.watch(ctx, h.s.pid(), h.workers, d/slicesEach)
		if err != nil {
			return p, fmt.Errorf("receipts %s: %w", h.s.name, err)
		}
		h.into.add(one)
	}
	return p, nil
}

// checkSwitch makes sure that the two servers are what they are taken for: one that leaves receipts,
// and one that does not.
func checkSwitch(ctx context.Context, st *stack, with, without *server) error {
	for _, s := range []*server{with, without} {
		before, err := st.receipts(ctx)
		if err != nil {
			return err
		}
		if _, err := firstUpload(st, s, "ruled"); err != nil {
			return err
		}
		after, err := st.receipts(ctx)
		if err != nil {
			return err
		}
		if left := after - before; left > 0 != (s == with) {
			return fmt.Errorf("the server with receipts %s left %d of them: the measurement would say nothing", s.name, left)
		}
	}
	return nil
}

func (st *stack) receipts(ctx context.Context) (n int, err error) {
	if err = st.pool.QueryRow(ctx, "SELECT count(*) FROM turnkey.receipts").Scan(&n); err != nil {
		err = fmt.Errorf("counting receipts: %w", err)
	}
	return n, err
}
