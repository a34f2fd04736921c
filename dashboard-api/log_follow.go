package dashboardapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"turnkey/controlplane"
	"turnkey/internal/fault"
)

const (
	eventStream = "text/event-stream"
	// heartbeat keeps proxies from closing a quiet stream, and finds out that the client has gone.
	heartbeat = 15 * time.Second
	// streamFor is how long one answer goes on: whoever may no longer read the log is out by then. Browsers
	// connect again by themselves and lose nothing.
	streamFor = 5 * time.Minute
	// writeWithin is how long a client may take to accept what was written.
	writeWithin = 30 * time.Second
)

// followLog answers with entries as they arrive.
func (a *api) followLog(ctx context.Context, in *logInput) (*huma.StreamResponse, error) {
	instance, after := placeOf(ctx).Instance, int64(0)
	if id := cmp.Or(in.LastEvent, in.After); id != "" {
		var ok bool
		if after, ok = a.logIDs.seq(instance, id); !ok {
			return nil, statusProblem(ctx, http.StatusBadRequest, "invalid_event_id", "That is not the id of an entry of this log.")
		}
	}
	tail, err := a.cfg.Plane.Logs.Follow(ctx, actorOf(ctx), instance, in.filter(), after)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		defer tail.Close()
		out.SetHeader("Content-Type", eventStream)
		out.SetHeader("X-Accel-Buffering", "no") // nginx would hold entries back
		out.SetStatus(http.StatusOK)
		ctx, cancel := context.WithTimeout(ctx, a.streamFor)
		defer cancel()
		s := stream{api: a, instance: instance, out: out.BodyWriter()}
		s.run(ctx, tail)
	}}, nil
}

// stream writes server-sent events.
type stream struct {
	api      *api
	instance string
	out      io.Writer
	buf      bytes.Buffer
}

func (s *stream) run(ctx context.Context, tail *controlplane.Tail) {
	s.buf.WriteString("retry: 1000\n\n")
	for s.send() == nil {
		list, seq, more, err := tail.Next(ctx, s.api.heartbeat)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			p := newProblem(ctx, fault.Of(err))
			s.api.note(ctx, p)
			s.event("event: problem\n", "", p)
			_ = s.send() // it is the last thing that is said
			return
		}
		for _, e := range list {
			s.event("", s.api.logIDs.id(s.instance, e.Seq), s.api.shapeLogEntry(e))
		}
		if len(list) == 0 {
			s.buf.WriteString(": still here\n")
			if seq > 0 { // an event without data is not seen by the page, but the browser resumes after its id
				s.buf.WriteString("id: " + s.api.logIDs.id(s.instance, seq) + "\n")
			}
			s.buf.WriteString("\n")
		}
		if !more {
			_ = s.send()
			return
		}
	}
}

// event adds one event; JSON has no line breaks, so it is one line of data.
func (s *stream) event(name, id string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		return // our own plain types always marshal
	}
	s.buf.WriteString(name)
	if id != "" {
		s.buf.WriteString("id: " + id + "\n")
	}
	s.buf.WriteString("data: ")
	s.buf.Write(text)
	s.buf.WriteString("\n\n")
}

// send passes on what was added, at once.
func (s *stream) send() error {
	if w, ok := s.out.(http.ResponseWriter); ok {
		c := http.NewResponseController(w)
		_ = c.SetWriteDeadline(time.Now().Add(writeWithin)) // instead of the server's, which is for whole answers
		defer func() { _ = c.Flush() }()                    // an error shows at the next write
	}
	_, err := s.out.Write(s.buf.Bytes())
	s.buf.Reset()
	return err
}
