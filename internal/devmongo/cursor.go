package devmongo

import (
	"strings"
	"time"
)

type cursor struct {
	ns    string
	docs  []D
	watch *watch
}

// first makes the first batch of a cursor. bs 0: everything (for metadata) or, with watch, nothing.
func (s *Server) first(ns string, l []D, bs int64, single bool) (D, error) {
	n := min(len(l), int(bs))
	if bs == 0 && (strings.Contains(ns, "$cmd.list") || single) {
		n = len(l)
	}
	sent, err := batch(l, n)
	if err != nil {
		return nil, err
	}
	n = len(sent)
	id := int64(0)
	if n < len(l) && !single {
		s.nextCur++
		id = s.nextCur<<8 | 1
		s.cursors[id] = &cursor{ns: ns, docs: l[n:]}
	}
	return D{{Key: "cursor", Value: D{{Key: "firstBatch", Value: sent}, {Key: "id", Value: id}, {Key: "ns", Value: ns}}}}, nil
}

// batch encodes up to n documents, as many as fit into 16 MB.
func batch(l []D, n int) (A, error) {
	a, size := make(A, 0, n), 0
	for _, d := range l[:n] {
		raw, err := encode(d)
		if err != nil {
			return nil, err
		}
		if size += len(raw); size > 15<<20 && len(a) > 0 {
			break
		}
		a = append(a, raw)
	}
	return a, nil
}

func toA(l []D) A {
	a := make(A, len(l))
	for i := range l {
		a[i] = l[i]
	}
	return a
}

func (s *Server) getMore(cmd D) (D, error) {
	id := num(cmd, "getMore")
	c := s.cursors[id]
	if c == nil {
		return nil, errf(43, "CursorNotFound", "cursor id %d not found", id)
	}
	bs := num(cmd, "batchSize")
	if c.watch != nil {
		wait := time.Second
		if v, ok := get(cmd, "maxTimeMS"); ok {
			wait = time.Duration(toI(v)) * time.Millisecond
		}
		end := time.Now().Add(wait)
		for {
			evs, tok, err := s.poll(c.watch, bs)
			if err != nil {
				delete(s.cursors, id)
				return nil, err
			}
			if len(evs) > 0 || !time.Now().Before(end) || s.closing() {
				return D{{Key: "cursor", Value: D{{Key: "nextBatch", Value: toA(evs)}, {Key: "id", Value: id}, {Key: "ns", Value: c.ns}, {Key: "postBatchResumeToken", Value: tok}}}}, nil
			}
			tm := time.AfterFunc(time.Until(end), s.St.cond.Broadcast)
			s.St.cond.Wait()
			tm.Stop()
			if s.cursors[id] == nil {
				return nil, errf(237, "CursorKilled", "cursor was killed")
			}
		}
	}
	n := len(c.docs)
	if bs > 0 {
		n = min(n, int(bs))
	}
	sent, err := batch(c.docs, n)
	if err != nil {
		return nil, err
	}
	c.docs = c.docs[len(sent):]
	if len(c.docs) == 0 {
		delete(s.cursors, id)
		id = 0
	}
	return D{{Key: "cursor", Value: D{{Key: "nextBatch", Value: sent}, {Key: "id", Value: id}, {Key: "ns", Value: c.ns}}}}, nil
}
