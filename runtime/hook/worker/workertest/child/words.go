package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker/child"
	"turnkey/runtime/hook/worker/wire"
)

// words is a Handler whose requests say in plain words what to do.
type words struct {
	interrupted atomic.Bool
	served      int
	prepared    int
	held        []byte
}

func (w *words) Warm()      {}
func (w *words) Idle()      { w.prepared++ }
func (w *words) Interrupt() { w.interrupted.Store(true) }

// Serve implements child.Handler.
func (w *words) Serve(kind hook.Kind, payload []byte, exchange hook.Exchange) child.Reply {
	switch kind {
	case hook.KindLoad:
		load, err := hook.Decode[hook.Load](payload)
		if err != nil || load.Program.Code == "broken" {
			return child.Reply{Kind: hook.KindBroken, Payload: []byte("{}")}
		}
		return child.Reply{Kind: hook.KindLoaded, Payload: []byte(`{"hash":"` + load.Program.Hash + `"}`)}
	case hook.KindBundle:
		return child.Reply{Kind: hook.KindBundled, Payload: w.bundle(payload)}
	}
	w.served++
	word, rest, _ := strings.Cut(string(payload), " ")
	n, _ := strconv.Atoi(rest)
	return child.Reply{Kind: hook.KindRan, Payload: []byte(w.do(word, rest, n, exchange)), Retire: word == "retire"}
}

func (w *words) do(word, rest string, n int, exchange hook.Exchange) string {
	switch word {
	case "echo", "retire":
		return rest
	case "pid": // the inode of its own life: stays the same for one process
		return fmt.Sprint(w.served)
	case "prepared":
		return fmt.Sprint(w.prepared)
	case "env":
		return fmt.Sprint(len(os.Environ()))
	case "fds":
		return descriptors()
	case "spin":
		for !w.interrupted.Load() {
		}
		return "interrupted"
	case "hang":
		for i := 0; ; i++ {
			w.served = i
		}
	case "sleep":
		time.Sleep(time.Duration(n) * time.Millisecond)
	case "burn":
		for end := time.Now().Add(time.Duration(n) * time.Millisecond); time.Now().Before(end); {
		}
	case "toil": // until the host has had enough
		for answer := "go on"; answer == "go on"; {
			for end := time.Now().Add(time.Duration(n) * time.Millisecond); time.Now().Before(end); {
			}
			answer = calls(1, rest, exchange)
		}
	case "alloc": // one giant allocation
		w.held = make([]byte, n<<20)
		return fmt.Sprint(len(w.held))
	case "hold": // many small ones, and every page of them used
		var all [][]byte
		for range n {
			all = append(all, touched())
		}
		return fmt.Sprint(len(all))
	case "recurse":
		return fmt.Sprint(recurse(0))
	case "panic":
		panic("the handler panicked on purpose")
	case "exit":
		os.Exit(n)
	case "big":
		return strings.Repeat("x", n)
	case "call":
		return calls(n, rest, exchange)
	case "tell": // one call with the words themselves
		answer, err := exchange([]byte(rest))
		if err != nil {
			return err.Error()
		}
		return string(answer)
	case "threads":
		return threads(n)
	case "raw": // what a worker writes that was taken over
		raw, _ := hex.DecodeString(rest)
		_, _ = unix.Write(wire.Out, raw)
	case "flood": // calls without waiting for an answer
		frame := wire.Append(nil, wire.Frame{Kind: hook.KindHostCall, ID: 1, Payload: make([]byte, 10_000)})
		for {
			if _, err := unix.Write(wire.Out, frame); err != nil {
				os.Exit(1)
			}
		}
	case "close":
		_ = errors.Join(unix.Close(wire.In), unix.Close(wire.Out))
		time.Sleep(time.Hour)
	case "probe":
		return probe(n)
	case "forbidden":
		forbidden(rest)
	}
	return word
}

// bundle does to a parser's worker what the source says.
func (w *words) bundle(payload []byte) []byte {
	b, err := hook.Decode[hook.Bundle](payload)
	if err != nil || len(b.Files) == 0 {
		return []byte(`{}`)
	}
	word, rest, _ := strings.Cut(b.Files[0].Text, " ")
	n, _ := strconv.Atoi(rest)
	text := w.do(word, rest, n, nil)
	return []byte(fmt.Sprintf(`{"diagnostics":[{"severity":"warning","file":"x","message":%q}]}`, text))
}

func touched() []byte {
	b := make([]byte, 1<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return b
}

func recurse(depth int) int {
	var room [1 << 10]byte
	room[depth%len(room)] = 1
	if depth < 0 {
		return 0 // never: the stack ends first
	}
	return recurse(depth+1) + int(room[0])
}

func calls(n int, text string, exchange hook.Exchange) string {
	last := ""
	for range n {
		answer, err := exchange([]byte(text))
		if err != nil {
			return err.Error()
		}
		last = string(answer)
	}
	return last
}

func descriptors() string {
	var open []string
	for fd := range 16 {
		_, read := unix.Read(fd, nil)
		_, write := unix.Write(fd, nil)
		if read != unix.EBADF || write != unix.EBADF {
			open = append(open, strconv.Itoa(fd))
		}
	}
	return strings.Join(open, " ")
}
