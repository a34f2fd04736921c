package devmongo

import (
	"slices"
	"strings"
	"time"
)

// failPoint is MongoDB's failCommand: tests ask the server to fail chosen commands, so that they can
// see what the driver and we make of it. One at a time, as in MongoDB.
type failPoint struct {
	commands []string // lower case
	skip     int64    // commands to let pass first
	times    int64    // commands to fail then; -1: all
	close    bool
	block    time.Duration
	code     int32
	labels   []string
	concern  D // writeConcernError: the command runs, and its answer carries this
}

// configureFailPoint sets or ends the fail point. The caller holds the store's lock.
func (s *Server) configureFailPoint(cmd D) (D, error) {
	if name := str(cmd, "configureFailPoint"); name != "failCommand" {
		return nil, lacking("fail point " + name)
	}
	f := &failPoint{times: -1}
	switch mode := val(cmd, "mode").(type) {
	case string:
		if mode == "off" {
			s.fail = nil
			return D{}, nil
		}
		if mode != "alwaysOn" {
			return nil, errf(2, "BadValue", "unknown mode of a fail point: %s", mode)
		}
	case D:
		if v, ok := get(mode, "times"); ok {
			f.times = toI(v)
		}
		f.skip = num(mode, "skip")
	}
	data := doc(cmd, "data")
	for _, c := range arr(data, "failCommands") {
		name, _ := c.(string)
		f.commands = append(f.commands, strings.ToLower(name))
	}
	f.close, f.code = truthy(val(data, "closeConnection")), int32(num(data, "errorCode"))
	if truthy(val(data, "blockConnection")) {
		f.block = time.Duration(num(data, "blockTimeMS")) * time.Millisecond
	}
	for _, l := range arr(data, "errorLabels") {
		label, _ := l.(string)
		f.labels = append(f.labels, label)
	}
	f.concern = doc(data, "writeConcernError")
	s.fail = f
	return D{}, nil
}

// strike gives the fail point if it hits this command, and counts it.
func (s *Server) strike(command string) *failPoint {
	s.St.mu.Lock()
	defer s.St.mu.Unlock()
	f := s.fail
	if f == nil || !slices.Contains(f.commands, strings.ToLower(command)) {
		return nil
	}
	if f.skip > 0 {
		f.skip--
		return nil
	}
	if f.times == 0 {
		return nil
	}
	if f.times > 0 {
		f.times--
	}
	return f
}

// answer runs a command, or fails it as the fail point says; ok is false when the connection is to be
// closed instead.
func (s *Server) answer(c *conn, cmd D) (reply D, ok bool) {
	f := s.strike(cmd[0].Key)
	if f == nil {
		return s.perform(c, cmd)
	}
	if f.block > 0 {
		select { // the store's lock is not held: other connections go on
		case <-time.After(f.block):
		case <-s.stop:
			return nil, false
		}
	}
	switch {
	case f.close:
		return nil, false
	case f.code != 0:
		return fail(&Err{Code: f.code, Name: "FailPoint", Msg: "Failing command via 'failCommand' failpoint", Labels: f.labels}), true
	}
	if reply, ok = s.perform(c, cmd); ok && f.concern != nil {
		reply = append(reply, E{Key: "writeConcernError", Value: f.concern})
		if len(f.labels) > 0 {
			labels := A{}
			for _, l := range f.labels {
				labels = append(labels, l)
			}
			reply = append(reply, E{Key: "errorLabels", Value: labels})
		}
	}
	return reply, ok
}

// perform runs a command and waits until what its reply tells can't be lost. If the journal fails there
// is no reply: the outcome is unknown, and the client must not be told otherwise.
func (s *Server) perform(c *conn, cmd D) (reply D, ok bool) {
	reply, after := s.run(c, cmd)
	if err := s.St.durable(after); err != nil {
		s.failing.Do(func() { close(s.failed) })
		return nil, false
	}
	return reply, true
}
