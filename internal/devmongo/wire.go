package devmongo

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func (s *Server) serve(nc net.Conn) {
	defer s.forget(nc)
	c := &conn{Conn: nc, id: s.connID.Add(1)}
	r := bufio.NewReaderSize(c, 64<<10)
	var hdr [16]byte
	for {
		if _, err := io.ReadFull(r, hdr[:]); err != nil {
			return
		}
		n := int(binary.LittleEndian.Uint32(hdr[:]))
		if n < 16 || n > 48<<20+1<<16 {
			return
		}
		b := make([]byte, n-16)
		if _, err := io.ReadFull(r, b); err != nil {
			return
		}
		reqID := binary.LittleEndian.Uint32(hdr[4:])
		op := binary.LittleEndian.Uint32(hdr[12:])
		var cmd D
		var err error
		flags := uint32(0)
		switch op {
		case 2013:
			cmd, flags, err = parseMsg(b)
		case 2004:
			cmd, err = parseQuery(b)
		default:
			return
		}
		if err != nil || len(cmd) == 0 {
			return
		}
		reply, ok := s.answer(c, cmd)
		if !ok {
			return
		}
		if op == 2013 && flags&2 != 0 { // moreToCome: no answer wanted
			continue
		}
		out, err := encode(reply)
		if err != nil {
			out, _ = encode(D{{Key: "ok", Value: 0.0}, {Key: "code", Value: int32(1)}, {Key: "errmsg", Value: err.Error()}})
		}
		var m []byte
		if op == 2013 {
			m = make([]byte, 0, len(out)+21)
			m = binary.LittleEndian.AppendUint32(m, uint32(len(out)+21))
			m = binary.LittleEndian.AppendUint32(m, reqID+1)
			m = binary.LittleEndian.AppendUint32(m, reqID)
			m = binary.LittleEndian.AppendUint32(m, 2013)
			m = append(m, 0, 0, 0, 0, 0)
		} else {
			m = binary.LittleEndian.AppendUint32(m, uint32(len(out)+36))
			m = binary.LittleEndian.AppendUint32(m, reqID+1)
			m = binary.LittleEndian.AppendUint32(m, reqID)
			m = binary.LittleEndian.AppendUint32(m, 1)
			m = append(m, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0)
		}
		if _, err := c.Write(append(m, out...)); err != nil {
			return
		}
	}
}

func parseMsg(b []byte) (D, uint32, error) {
	bad := errors.New("bad message")
	if len(b) < 5 {
		return nil, 0, bad
	}
	flags := binary.LittleEndian.Uint32(b)
	end := len(b)
	if flags&1 != 0 {
		end -= 4
	}
	var cmd D
	seqs := D{}
	for p := 4; p < end; {
		kind := b[p]
		p++
		if p+4 > end {
			return nil, 0, bad
		}
		n := int(binary.LittleEndian.Uint32(b[p:]))
		if n < 5 || p+n > end {
			return nil, 0, bad
		}
		sec := b[p : p+n]
		p += n
		if kind == 0 {
			var err error
			if cmd, err = decode(sec); err != nil {
				return nil, 0, err
			}
			continue
		}
		sec = sec[4:]
		i := strings.IndexByte(string(sec), 0)
		if i < 0 {
			return nil, 0, bad
		}
		name := string(sec[:i])
		sec = sec[i+1:]
		var docs A
		for len(sec) >= 5 {
			m := int(binary.LittleEndian.Uint32(sec))
			if m < 5 || m > len(sec) {
				return nil, 0, bad
			}
			d, err := decode(sec[:m])
			if err != nil {
				return nil, 0, err
			}
			docs = append(docs, d)
			sec = sec[m:]
		}
		seqs = append(seqs, E{Key: name, Value: docs})
	}
	return append(cmd, seqs...), flags, nil
}

func parseQuery(b []byte) (D, error) {
	i := strings.IndexByte(string(b[4:]), 0)
	if i < 0 || len(b) < 4+i+1+8+5 {
		return nil, errors.New("bad query")
	}
	var d D
	err := bson.Unmarshal(b[4+i+1+8:], &d)
	if q, ok := val(d, "$query").(D); ok {
		d = q
	}
	db, _, _ := strings.Cut(string(b[4:4+i]), ".")
	return append(d, E{Key: "$db", Value: db}), err
}

func fail(e *Err) D {
	d := D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: e.Msg}, {Key: "code", Value: e.Code}, {Key: "codeName", Value: e.Name}}
	if len(e.Labels) > 0 {
		l := A{}
		for _, x := range e.Labels {
			l = append(l, x)
		}
		d = append(d, E{Key: "errorLabels", Value: l})
	}
	return append(d, e.Extra...)
}
