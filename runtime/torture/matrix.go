package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
	"turnkey/runtime/torture/stand"
)

// matrix has two devices write one row, in every pair of verbs and every way in which the first one's
// request can meet the second one's: 36 cells on each database. Deletes win, and a repeat brings
// nothing back.
type matrix struct {
	*single
	wrong []string
}

// schedule is how the first device's request meets the second's.
type schedule string

const (
	inOrder    schedule = "in order"
	retried    schedule = "first again, its answer was lost"
	lateCopy   schedule = "late copy of the first"
	concurrent schedule = "at once, each twice"
)

var verbs = []string{"PUT", "PATCH", "DELETE"}

func everyPair(ctx context.Context, s settings, database string) (held bool, err error) {
	m := &matrix{}
	if m.single, err = openSingle(ctx, s, database, "matrix", stand.Options{Runtimes: 2}); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	cells := 0
	for _, first := range verbs {
		for _, second := range verbs {
			for _, how := range []schedule{inOrder, retried, lateCopy, concurrent} {
				cells++
				if err := m.cell(ctx, first, second, how); err != nil {
					return false, err
				}
			}
		}
	}
	fmt.Printf("\n%s: two devices on one row: %d of %d cells are exact\n", m.database, cells-len(m.wrong), cells)
	for _, w := range m.wrong {
		fmt.Println("  WRONG:", w)
		*m.found = append(*m.found, w)
	}
	held, err = m.verdict(ctx, os.Stdout)
	return held && len(m.wrong) == 0, err
}

// cell plays one meeting on a row of its own.
func (m *matrix) cell(ctx context.Context, first, second string, how schedule) error {
	m.made++
	row := fmt.Sprintf("cell%d", m.made)
	a, b := m.writer(row+".a"), m.writer(row+".b")
	start := operation(row+".a#0", "PUT", row)
	a.Write([]history.Op{start})
	if err := m.drain(ctx, a, drainWithin, "cell"); err != nil {
		return err
	}
	x, y := operation(row+".a#1", first, row), operation(row+".b#1", second, row)
	y.Optional = true // the other may have deleted the row
	x.Optional = how == concurrent
	a.Write([]history.Op{x})
	b.Write([]history.Op{y})
	if err := m.play(ctx, a, b, how); err != nil {
		return err
	}
	m.copies.Wait()
	view, err := m.stand.Database.View(ctx, singleTable)
	if err != nil {
		return err
	}
	allowed := []string{after(start, x, y)}
	if how == concurrent {
		allowed = append(allowed, after(start, y, x))
	}
	if got := view[history.Key(singleTable, row)].Tag; !slices.Contains(allowed, got) {
		m.wrong = append(m.wrong, fmt.Sprintf("%s, then %s, %s: the row is %q, not %s", first, second, how, got, strings.Join(allowed, " or ")))
	}
	return nil
}

func (m *matrix) play(ctx context.Context, a, b *client.Device, how schedule) error {
	switch how {
	case inOrder:
	case retried, lateCopy:
		// The device hears nothing, or hears it and a copy is under way: for the server it is the same
		// request again after the other device's.
		a.Resend(ctx)
	case concurrent:
		var both sync.WaitGroup
		for _, d := range []*client.Device{a, b} {
			both.Go(func() { d.Resend(ctx) })
		}
		both.Wait()
	}
	if how == lateCopy {
		copied := a.Copy()
		if err := m.drain(ctx, a, drainWithin, string(how)); err != nil {
			return err
		}
		if err := m.drain(ctx, b, drainWithin, string(how)); err != nil {
			return err
		}
		copied(ctx)
		return nil
	}
	devices := []*client.Device{a, b}
	if how == retried {
		devices = []*client.Device{b, a}
	}
	for _, d := range devices {
		if err := m.drain(ctx, d, drainWithin, string(how)); err != nil {
			return err
		}
	}
	return nil
}

func (m *matrix) writer(name string) *client.Device {
	return client.New(client.Options{
		Name: name, ClientID: name, Subject: name, Form: client.Connector, Transport: m.stand.HTTP, Log: m.log, Rand: m.random(), Copies: &m.copies,
	})
}

func operation(tag, verb, row string) history.Op {
	op := history.Op{Tag: tag, Verb: verb, Table: singleTable, ID: row}
	if verb != "DELETE" {
		op.Data = map[string]any{"tag": tag, "n": int64(startValue)}
	}
	return op
}

// after is the tag of a row after operations in this order; "" when it is gone.
func after(ops ...history.Op) (tag string) {
	for _, op := range ops {
		switch {
		case op.Verb == "DELETE":
			tag = ""
		case op.Verb == "PUT" || tag != "":
			tag = op.Tag
		}
	}
	return tag
}
