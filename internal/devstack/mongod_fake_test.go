package devstack

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// There is no mongod where this was written. This FAKE stands in for one to test how we start, configure
// and stop it: it takes mongod's options, keeps the configuration of its replica set in its data folder,
// answers hello, ping and the replSet commands, and nothing else. It proves nothing about MongoDB.

const (
	fakeMode  = "TURNKEY_TEST_FAKE_MONGOD"
	fakeWorks = "works"
	fakeEnds  = "ends"
	fakeHangs = "never primary"
)

// TestMain: the test binary is the fake, too.
func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" && slices.Contains(os.Args, "--dbpath") {
		os.Exit(fakeMongod(mode, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeBinary puts an executable mongod into a folder of its own.
func fakeBinary(t *testing.T, mode string) (folder string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s='%s' exec '%s' \"$@\"\n", fakeMode, mode, self)
	if err := os.WriteFile(filepath.Join(folder, "mongod"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

type fakeServer struct {
	mode, file, host string
	config           bson.D // of the replica set; nil: none yet
}

func fakeMongod(mode string, args []string) int {
	option := func(name string) string { return args[slices.Index(args, name)+1] }
	log, err := os.OpenFile(option("--logpath"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 2
	}
	fmt.Fprintln(log, "fake mongod", strings.Join(args, " "))
	if mode == fakeEnds {
		fmt.Fprintln(log, "fake reason to end")
		return 14
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	f := &fakeServer{mode: mode, file: filepath.Join(option("--dbpath"), "replicaset"), host: "127.0.0.1:" + option("--port")}
	if raw, err := os.ReadFile(f.file); err == nil {
		if err := bson.Unmarshal(raw, &f.config); err != nil {
			return 3
		}
	}
	l, err := net.Listen("tcp", f.host)
	if err != nil {
		return 48
	}
	fmt.Fprintln(log, "fake listens")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(c) // ends with the process
		}
	}()
	<-ended
	fmt.Fprintln(log, "fake shutdown")
	return 0
}

func (f *fakeServer) answer(cmd bson.D) bson.D {
	refuse := func(code int32) bson.D {
		return bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: code}, {Key: "errmsg", Value: "fake"}}
	}
	ok := bson.D{{Key: "ok", Value: 1.0}}
	switch strings.ToLower(cmd[0].Key) {
	case "hello", "ismaster":
		primary := f.mode == fakeWorks && fmt.Sprint(f.config) != "" && strings.Contains(fmt.Sprint(f.config), f.host)
		return append(bson.D{{Key: "helloOk", Value: true}, {Key: "ismaster", Value: primary}, {Key: "isWritablePrimary", Value: primary}, {Key: "secondary", Value: !primary}, {Key: "setName", Value: replicaSet},
			{Key: "hosts", Value: bson.A{f.host}}, {Key: "maxBsonObjectSize", Value: int32(16 << 20)}, {Key: "maxMessageSizeBytes", Value: int32(48000000)}, {Key: "maxWriteBatchSize", Value: int32(1000)},
			{Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(21)}}, ok...)
	case "replsetgetconfig":
		if f.config == nil {
			return refuse(codeNotInitialized)
		}
		return append(bson.D{{Key: "config", Value: f.config}}, ok...)
	case "replsetinitiate", "replsetreconfig":
		if f.config = cmd[0].Value.(bson.D); len(f.config) == 2 {
			f.config = append(f.config, bson.E{Key: "version", Value: int32(1)})
		}
		raw, err := bson.Marshal(f.config)
		if err == nil {
			err = os.WriteFile(f.file, raw, 0o600)
		}
		if err != nil {
			return refuse(1)
		}
	}
	return ok
}

// serve speaks just enough of the wire protocol: OP_MSG with one section, and the first OP_QUERY.
func (f *fakeServer) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		var header [16]byte
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(header[:])-16)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		opcode, skip, lead := binary.LittleEndian.Uint32(header[12:]), 5, make([]byte, 5)
		if opcode == 2004 {
			opcode, skip, lead = 1, 4+len("admin.$cmd")+1+8, make([]byte, 20)
			lead[0], lead[16] = 8, 1
		}
		var cmd bson.D
		if bson.Unmarshal(body[skip:], &cmd) != nil {
			return
		}
		reply, err := bson.Marshal(f.answer(cmd))
		if err != nil {
			return
		}
		out := binary.LittleEndian.AppendUint32(nil, uint32(16+len(lead)+len(reply)))
		out = append(append(out, 0, 0, 0, 0), header[4:8]...)
		out = append(append(binary.LittleEndian.AppendUint32(out, opcode), lead...), reply...)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}
