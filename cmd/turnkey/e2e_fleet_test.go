//go:build e2e

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"sync"
	"testing"
	"time"
)

const fleetProcesses = 4

// fleet is 20 devices with the real SDK and our connector, in a few processes of web/e2e/fleet.mjs. What they see
// becomes the edits of the writers that it drives.
type fleet struct {
	*testing.T
	ships []*ship

	mu      sync.Mutex
	writers *writers // that it drives now
}

// ship is one of the processes.
type ship struct {
	in   io.WriteCloser
	done chan string
}

func startFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{T: t}
	for n := range fleetProcesses {
		folders := map[string]string{}
		for i := n; i < brakeWriters; i += fleetProcesses {
			folders[strconv.Itoa(i)] = t.TempDir()
		}
		f.ships = append(f.ships, f.launch(folders))
	}
	f.wait("open")
	return f
}

func (f *fleet) launch(folders map[string]string) *ship {
	f.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	cmd := nodeCommand(ctx, f.T, "fleet.mjs", map[string]any{"devices": folders})
	var errs bytes.Buffer
	cmd.Stderr = &errs
	s := &ship{done: make(chan string, 8)}
	var err error
	if s.in, err = cmd.StdinPipe(); err != nil {
		f.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { f.read(s, bufio.NewReader(out)) })
	f.Cleanup(func() {
		defer cancel()
		_ = s.in.Close()
		reading.Wait()
		if err := cmd.Wait(); err != nil {
			f.Errorf("fleet.mjs: %v\n%s", err, errs.String())
		}
	})
	return s
}

// seen is one line of a process.
type seen struct {
	Done, Wrong, Retry string
	Edit               *struct {
		Op, Row, Fate  string
		Data, Old      map[string]any
		Sent, Answered int64
	}
}

// read hears what the devices see until their process ends.
func (f *fleet) read(s *ship, out *bufio.Reader) {
	defer close(s.done)
	for {
		line, err := out.ReadBytes('\n')
		if err != nil {
			return
		}
		var is seen
		if err := json.Unmarshal(line, &is); err != nil {
			is = seen{Wrong: fmt.Sprintf("%v: %s", err, line)}
		}
		if is.Done != "" {
			s.done <- is.Done
			continue
		}
		f.mu.Lock()
		w := f.writers
		f.mu.Unlock()
		w.hear(is)
	}
}

// hear takes down what a device of the fleet saw.
func (w *writers) hear(is seen) {
	switch {
	case is.Wrong != "":
		w.fail(is.Wrong)
	case is.Retry != "":
		w.retried(is.Retry)
	case is.Edit != nil:
		s := is.Edit
		e := &edit{op: s.Op, row: s.Row, raw: s.Data, old: s.Old, sent: time.UnixMilli(s.Sent), answered: time.UnixMilli(s.Answered + 1)}
		e.name, _ = s.Data["name"].(string)
		if archived, ok := s.Data["archived"].(float64); ok {
			e.archived = strconv.FormatBool(archived == 1)
		}
		if to, ok := s.Data["position"].(float64); ok {
			from, _ := s.Old["position"].(float64)
			e.add = int(to - from)
		}
		w.decided(e, s.Fate)
	}
}

// tell sends a command to every process.
func (f *fleet) tell(command map[string]any) {
	f.Helper()
	line, err := json.Marshal(command)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range f.ships {
		if _, err := s.in.Write(append(line, '\n')); err != nil {
			f.Fatal(err)
		}
	}
}

// wait waits until every process has done something.
func (f *fleet) wait(what string) {
	f.Helper()
	late := time.After(2 * time.Minute)
	for _, s := range f.ships {
		select {
		case done, ok := <-s.done:
			if !ok || done != what {
				f.Fatalf("the fleet ends instead of: %s (%s)", what, done)
			}
		case <-late:
			f.Fatalf("the fleet never answers: %s", what)
		}
	}
}

// aim points the devices at an instance; what they see is told to the writers from now on.
func (f *fleet) aim(w *writers) {
	f.Helper()
	f.mu.Lock()
	f.writers = w
	f.mu.Unlock()
	list := func(kind, n int) (ids []string) {
		for i := range n {
			ids = append(ids, rowID(w.source, kind, i))
		}
		return ids
	}
	own := map[string][]string{}
	for n := range brakeWriters {
		own[strconv.Itoa(n)] = list(0xc0+n, ownRows)
	}
	f.tell(map[string]any{"aim": map[string]any{"url": w.urls[0], "user": "e2e", "shared": list(0xb2, sharedRows), "hot": list(0xb1, hotRows), "own": own}})
}

func (f *fleet) seed() {
	f.Helper()
	f.tell(map[string]any{"seed": true})
	f.wait("seed")
}

func (f *fleet) stop() {
	f.Helper()
	f.tell(map[string]any{"stop": true})
	f.wait("stop")
}
