package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// drains records what it is told, and lets the request under way end when draining begins.
type drains struct{ begun chan struct{} }

func (d drains) Drain() { close(d.begun) }

func (drains) Abort() {}

// A signal first tells the gateway, then closes the door, and waits for what is under way.
func TestTheEndIsToldBeforeTheDoorCloses(t *testing.T) {
	l, err := listen("--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, entered := drains{make(chan struct{})}, make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-d.begun
		_, _ = io.WriteString(w, "finished")
	})
	ctx, signal := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveOn(ctx, slog.New(slog.DiscardHandler), l, h, d) }()
	answer := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-entered
	signal()
	if got := <-answer; got != "finished" {
		t.Errorf("what was under way got %q", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(drainFor):
		t.Error("the server did not end")
	}
	if _, err := http.Get("http://" + l.Addr().String()); err == nil {
		t.Error("the door is still open")
	}
}
