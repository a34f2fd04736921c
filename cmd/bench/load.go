package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sample is one cell of one round.
type sample struct {
	operations int
	elapsed    time.Duration
	latencies  []time.Duration // one for each request
	ours, base time.Duration   // CPU time of the product (or of the bare driver), and of PostgreSQL
}

func (s sample) perSecond() float64 { return float64(s.operations) / s.elapsed.Seconds() }

// add takes in a sample of the same cell.
func (s *sample) add(more sample) {
	s.operations, s.elapsed = s.operations+more.operations, s.elapsed+more.elapsed
	s.latencies = append(s.latencies, more.latencies...)
	s.ours, s.base = s.ours+more.ours, s.base+more.base
}

// each is a time for one operation.
func (s sample) each(d time.Duration) time.Duration { return d / time.Duration(max(1, s.operations)) }

// percentile of the latencies, 0 < p < 1; zero when there are none.
func (s sample) percentile(p float64) time.Duration {
	if len(s.latencies) == 0 {
		return 0
	}
	sorted := slices.Clone(s.latencies)
	slices.Sort(sorted)
	return sorted[int(p*float64(len(sorted)-1))]
}

// worker does one request of a closed loop and says how many operations it carried.
type worker func(ctx context.Context) (operations int, err error)

// closedLoop runs every worker for the duration, each waiting for its answer before the next
// request, and adds up what they did. The first error ends the run.
func closedLoop(parent context.Context, workers []worker, d time.Duration) (sample, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var mu sync.Mutex
	var total sample
	var wg sync.WaitGroup
	start := time.Now()
	for _, work := range workers {
		wg.Go(func() {
			mine := sample{latencies: make([]time.Duration, 0, 1<<14)}
			for time.Since(start) < d && ctx.Err() == nil {
				t0 := time.Now()
				n, err := work(ctx)
				if err != nil {
					cancel(err)
					return
				}
				mine.latencies = append(mine.latencies, time.Since(t0))
				mine.operations += n
			}
			mu.Lock()
			defer mu.Unlock()
			total.operations += mine.operations
			total.latencies = append(total.latencies, mine.latencies...)
		})
	}
	wg.Wait()
	total.elapsed = time.Since(start)
	return total, context.Cause(ctx)
}

// httpConn is a keep-alive connection that spends as little as it can on being a client: on a
// machine that runs both sides, the client's work is taken from the server's figure.
type httpConn struct {
	conn   net.Conn
	reader *bufio.Reader
	out    []byte
	body   []byte
	header string
}

func dial(addr, path, token string) (*httpConn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connecting to the runtime: %w", err)
	}
	header := "POST " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\n"
	if token != "" {
		header += "Authorization: Bearer " + token + "\r\n"
	}
	return &httpConn{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10), header: header + "Content-Length: "}, nil
}

// post sends a body and checks the answer: the status, and that it says success as often as wanted.
func (c *httpConn) post(body []byte, success string, times int) error {
	c.out = append(c.out[:0], c.header...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	status, answer, err := c.answer()
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if status != "200" || bytes.Count(answer, []byte(success)) != times {
		return fmt.Errorf("answered %s: %.300s", status, answer)
	}
	return nil
}

// answer reads one response with a Content-Length, which is all that a runtime sends to uploads and
// token requests. The body is valid until the next call.
func (c *httpConn) answer() (status string, body []byte, err error) {
	length := -1
	for first := true; ; first = false {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return "", nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first && len(line) >= 12:
			status = string(line[9:12])
		case len(line) == 0:
			if length < 0 {
				return "", nil, errors.New("a response without Content-Length")
			}
			if cap(c.body) < length {
				c.body = make([]byte, length)
			}
			c.body = c.body[:length]
			_, err := io.ReadFull(c.reader, c.body)
			return status, c.body, err
		case len(line) > 15 && strings.EqualFold(string(line[:15]), "Content-Length:"):
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[15:]))); err != nil {
				return "", nil, err
			}
		}
	}
}
