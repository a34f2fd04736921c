package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// server records bodies and answers what it is told.
type server struct {
	mu     sync.Mutex
	bodies []string
	answer func(n int) (int, string, error) // n counts from 0
}

func (s *server) Post(_ context.Context, _ string, body []byte) (int, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies = append(s.bodies, string(body))
	status, text, err := s.answer(len(s.bodies) - 1)
	return status, []byte(text), err
}

func results(list ...string) func(int) (int, string, error) {
	return func(int) (int, string, error) {
		var parts []string
		for _, s := range list {
			if s == "fatal_error" {
				s = `fatal_error","requires_client_handling":false,"failed_operation":{"error_code":"X"},"message":"`
			}
			parts = append(parts, `{"status":"`+s+`"}`)
		}
		return 200, `{"results":[` + strings.Join(parts, ",") + `]}`, nil
	}
}

type fixture struct {
	*client.Device
	server *server
	log    *history.Recorder
}

func device(form client.Form, answer func(int) (int, string, error)) *fixture {
	f := &fixture{server: &server{answer: answer}, log: history.NewRecorder(time.Now, nil)}
	f.Device = client.New(client.Options{
		Name: "d", ClientID: "c-1", Subject: "u", Form: form, Transport: f.server, Log: f.log,
		Rand: rand.New(rand.NewPCG(3, 3)), Copies: &sync.WaitGroup{}, LongestWait: time.Second,
	})
	return f
}

func patch(tag string, n, old int64) history.Op {
	return history.Op{Tag: tag, Verb: "PATCH", Table: "todos", ID: "r", Data: map[string]any{"n": n, "tag": tag}, Old: map[string]any{"n": old}}
}

func put(tag string) history.Op {
	return history.Op{Tag: tag, Verb: "PUT", Table: "todos", ID: tag, Data: map[string]any{"tag": tag}}
}

// TestSpelling: each form sends what the SDK and the connectors send, no member more or less.
func TestSpelling(t *testing.T) {
	for form, want := range map[client.Form]string{
		client.Connector: `{"client":{"id":"c-1","sdk":"turnkey-torture/1","queue_count":2},"transactions":[{"transaction_id":1,"crud":[` +
			`{"op":"PATCH","table":"todos","id":"r","op_id":1,"transaction_id":1,"op_data":{"n":2,"tag":"a"},"previous_values":{"n":1}},` +
			`{"op":"DELETE","table":"todos","id":"gone","op_id":2,"transaction_id":1}]}]}`,
		client.Reference: `{"transactions":[{"transaction_id":1,"crud":[` +
			`{"op":"PATCH","table":"todos","id":"r","transaction_id":1,"op_data":{"n":2,"tag":"a"}},` +
			`{"op":"DELETE","table":"todos","id":"gone","transaction_id":1}]}]}`,
		client.Batch: `{"batch":[{"op_id":1,"op":"PATCH","type":"todos","id":"r","tx_id":1,"data":{"n":2,"tag":"a"},"old":{"n":1}},` +
			`{"op_id":2,"op":"DELETE","type":"todos","id":"gone","tx_id":1}]}`,
	} {
		t.Run(string(form), func(t *testing.T) {
			f := device(form, results("success"))
			f.Write([]history.Op{patch("a", 2, 1), {Tag: "b", Verb: "DELETE", Table: "todos", ID: "gone"}})
			f.Upload(t.Context())
			var got, expected any
			if err := errors.Join(json.Unmarshal([]byte(f.server.bodies[0]), &got), json.Unmarshal([]byte(want), &expected)); err != nil {
				t.Fatal(err)
			}
			a, _ := json.Marshal(got)
			b, _ := json.Marshal(expected)
			if string(a) != string(b) {
				t.Errorf("sent\n%s\nwant\n%s", a, b)
			}
		})
	}
}

// TestQueue: only a prefix that has a result leaves the queue.
func TestQueue(t *testing.T) {
	for _, c := range []struct {
		name   string
		form   client.Form
		answer func(int) (int, string, error)
		left   int
		ok     []string
	}{
		{"all accepted", client.Connector, results("success", "success", "success"), 0, []string{"a", "b", "c"}},
		{"a refused one is passed", client.Connector, results("success", "fatal_error", "success"), 0, []string{"a", "c"}},
		{"a retryable one stops", client.Connector, results("success", "retryable_error", "not_attempted"), 2, []string{"a"}},
		{"nothing after the answer was lost", client.Connector, func(int) (int, string, error) { return 0, "", errors.New("reset") }, 3, nil},
		{"a short answer completes nothing", client.Connector, results("success"), 3, nil},
		{"an unknown status completes nothing", client.Connector, results("success", "done", "success"), 3, nil},
		{"a 400 completes nothing", client.Connector, func(int) (int, string, error) { return 400, "", nil }, 3, nil},
		{"a batch goes by the status code", client.Batch, results("success", "fatal_error", "success"), 0, []string{"a", "c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := device(c.form, c.answer)
			for _, tag := range []string{"a", "b", "c"} {
				f.Write([]history.Op{put(tag)})
			}
			f.untilThree(t)
			if f.Pending() != c.left {
				t.Errorf("%d operations are left, want %d", f.Pending(), c.left)
			}
			events, err := f.log.Close()
			if err != nil {
				t.Fatal(err)
			}
			var ok []string
			for _, e := range events {
				if e.Kind == history.OK {
					ok = append(ok, e.Tags...)
				}
			}
			if !slices.Equal(ok, c.ok) {
				t.Errorf("acknowledged %v, want %v", ok, c.ok)
			}
		})
	}
}

// untilThree asks for the first request that carries all three transactions; how many travel together
// is the device's choice.
func (f *fixture) untilThree(t *testing.T) {
	t.Helper()
	answer := f.server.answer
	f.server.answer = func(n int) (int, string, error) {
		if strings.Count(f.server.bodies[n], `"tag"`) < 3 {
			return 503, "", nil
		}
		return answer(n)
	}
	for range 100 {
		f.Upload(t.Context())
		if strings.Count(f.server.bodies[len(f.server.bodies)-1], `"tag"`) == 3 {
			return
		}
	}
	t.Fatal("the device never sent three transactions at once")
}

// TestPowerLoss: the last commits are gone, and with them the counter: the next operation re-uses an id.
func TestPowerLoss(t *testing.T) {
	f := device(client.Batch, func(int) (int, string, error) { return 503, "", nil })
	f.Write([]history.Op{put("a")})
	f.Write([]history.Op{put("b")})
	f.PowerLoss(1)
	f.Write([]history.Op{put("c")})
	f.Upload(t.Context())
	for len(f.server.bodies[len(f.server.bodies)-1]) < 100 { // both entries at once
		f.Upload(t.Context())
	}
	body := f.server.bodies[len(f.server.bodies)-1]
	if !strings.Contains(body, `"op_id":2,"op":"PUT","type":"todos","id":"c"`) || strings.Contains(body, `"b"`) {
		t.Errorf("after the power loss it sent %s", body)
	}
	if _, here := f.View()["todos/b"]; here {
		t.Error("the row of the lost commit is still there")
	}
}

// TestPowerLossAfterAnswer: the deletion from the queue can be lost as well; then it is sent again.
func TestPowerLossAfterAnswer(t *testing.T) {
	f := device(client.Connector, results("success"))
	f.Write([]history.Op{put("a")})
	f.Upload(t.Context())
	f.PowerLoss(1)
	if f.Pending() != 1 {
		t.Fatalf("%d operations are in the queue, want the acknowledged one", f.Pending())
	}
	f.Upload(t.Context())
	if len(f.server.bodies) != 2 || f.server.bodies[0] != f.server.bodies[1] {
		t.Errorf("sent %q", f.server.bodies)
	}
}

// TestClone: two devices, one client id, and op ids that mean different things.
func TestClone(t *testing.T) {
	f := device(client.Connector, func(int) (int, string, error) { return 503, "", nil })
	f.Write([]history.Op{put("a")})
	c := f.Clone("d'", 0, rand.New(rand.NewPCG(1, 1)))
	f.Write([]history.Op{put("b")})
	c.Write([]history.Op{put("c")})
	for range 50 {
		f.Upload(t.Context())
		c.Upload(t.Context())
	}
	all := strings.Join(f.server.bodies, "\n")
	for _, want := range []string{`"id":"b"`, `"id":"c"`} {
		if !strings.Contains(all, `"op_id":2,"op":"PUT","table":"todos",`+want) {
			t.Errorf("nobody sent %s under op id 2", want)
		}
	}
	if strings.Count(all, `"client":{"id":"c-1"`) != len(f.server.bodies) {
		t.Error("not every request has the one client id")
	}
}

// TestSwitchUser: log-out clears queue and rows, never the counter.
func TestSwitchUser(t *testing.T) {
	f := device(client.Connector, results("success"))
	f.Write([]history.Op{put("a")})
	f.SwitchUser("somebody else")
	if f.Pending() != 0 || len(f.View()) != 0 {
		t.Error("something of the first user is left")
	}
	f.Write([]history.Op{put("b")})
	f.Upload(t.Context())
	if !strings.Contains(f.server.bodies[0], `"op_id":2`) {
		t.Errorf("sent %s, want op id 2", f.server.bodies[0])
	}
}
