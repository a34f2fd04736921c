package devmongo

import (
	"slices"
	"strings"
	"time"
)

// afterExecution is our extension of failCommand, which a real server has not: the command runs, is
// durable, and then its connection is closed without a reply. So a test loses the reply of a commit.
const afterExecution = "devmongoCloseConnectionAfterExecution"

// failPoint is MongoDB's failCommand: tests ask the server to fail chosen commands, so that they can
// see what the driver and we make of it. One at a time, as in MongoDB.
type failPoint struct {
	commands []string // lower case
	app      string   // only of clients with this appName; empty: of all
	ns       string   // only on this database.collection; empty: on all
	skip     int64    // commands to let pass first
	times    int64    // commands to fail then; -1: all
	struck   int32    // commands that it has failed
	close    bool
	after    bool
	block    time.Duration
	code     int32
	labels   A // replace the server's own; nil: not given
	concern  D // writeConcernError: the command runs, and its answer carries this
}

// configureFailPoint sets or ends the fail point, and tells how often the last one struck. The caller
// holds the store's lock.
func (s *Server) configureFailPoint(cmd D) (D, error) {
	if name := str(cmd, "configureFailPoint"); name != "failCommand" {
		return nil, lacking("fail point " + name)
	}
	f := &failPoint{times: -1}
	off, err := f.mode(val(cmd, "mode"))
	if err == nil && !off {
		err = f.data(doc(cmd, "data"))
	}
	if err != nil {
		return nil, err
	}
	reply := D{{Key: "count", Value: int32(0)}}
	if s.fail != nil {
		reply[0].Value = s.fail.struck
	}
	if s.fail = f; off {
		s.fail = nil
	}
	return reply, nil
}

func (f *failPoint) mode(mode any) (off bool, err error) {
	switch mode := mode.(type) {
	case string:
		if mode == "off" || mode == "alwaysOn" {
			return mode == "off", nil
		}
	case D:
		for _, e := range mode {
			switch e.Key {
			case "times":
				f.times = toI(e.Value)
			case "skip":
				f.skip = toI(e.Value)
			default:
				return false, lacking("fail point with mode " + e.Key)
			}
		}
		return false, nil
	}
	return false, errf(2, "BadValue", "unknown mode of a fail point: %v", mode)
}

func (f *failPoint) data(data D) error {
	for _, e := range data {
		switch e.Key {
		case "failCommands":
			for _, c := range arr(data, e.Key) {
				name, _ := c.(string)
				f.commands = append(f.commands, strings.ToLower(name))
			}
		case "closeConnection":
			f.close = truthy(e.Value)
		case afterExecution:
			f.after = truthy(e.Value)
		case "errorCode":
			f.code = int32(toI(e.Value))
		case "errorLabels":
			f.labels, _ = e.Value.(A)
		case "writeConcernError":
			f.concern, _ = e.Value.(D)
		case "appName":
			f.app, _ = e.Value.(string)
		case "namespace":
			f.ns, _ = e.Value.(string)
		case "blockConnection":
			if truthy(e.Value) {
				f.block = time.Duration(num(data, "blockTimeMS")) * time.Millisecond
			}
		case "blockTimeMS", "failInternalCommands":
		default:
			return lacking("failCommand with " + e.Key)
		}
	}
	return nil
}

// strike gives a copy of the fail point if it hits this command, and counts it.
func (s *Server) strike(c *conn, cmd D) *failPoint {
	s.St.mu.Lock()
	defer s.St.mu.Unlock()
	f := s.fail
	if f == nil || !slices.Contains(f.commands, strings.ToLower(cmd[0].Key)) || f.app != "" && f.app != c.app {
		return nil
	}
	if name, _ := cmd[0].Value.(string); f.ns != "" && f.ns != str(cmd, "$db")+"."+name {
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
	f.struck++
	struck := *f
	return &struck
}

// answer runs a command, or fails it as the fail point says; ok is false when the connection is to be
// closed instead.
func (s *Server) answer(c *conn, cmd D) (reply D, ok bool) {
	f := s.strike(c, cmd)
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
	case f.code != 0 && f.concern == nil:
		return f.label(cmd, fail(&Err{Code: f.code, Name: "FailPoint", Msg: "Failing command via 'failCommand' failpoint"}), f.code), true
	}
	if reply, ok = s.perform(c, cmd); !ok || f.after {
		return nil, false
	}
	if f.concern != nil {
		reply = f.label(cmd, append(reply, E{Key: "writeConcernError", Value: f.concern}), int32(num(f.concern, "code")))
	}
	return reply, true
}

// retryable are the codes that MongoDB labels RetryableWriteError.
var retryable = []int32{6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}

// label adds the labels that the fail point gives, else those that MongoDB adds by itself.
func (f *failPoint) label(cmd, reply D, code int32) D {
	labels := f.labels
	if labels == nil && slices.Contains(retryable, code) {
		_, numbered := get(cmd, "txnNumber")
		_, multi := get(cmd, "autocommit")
		switch ends := cmd[0].Key == "commitTransaction" || cmd[0].Key == "abortTransaction"; {
		case numbered && (!multi || ends):
			labels = A{"RetryableWriteError"}
		case multi:
			labels = A{labelTransient}
		}
	}
	if len(labels) == 0 {
		return reply
	}
	return append(reply, E{Key: "errorLabels", Value: labels})
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
