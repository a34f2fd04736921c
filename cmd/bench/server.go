package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// server is one process of the product over the stack's database.
type server struct {
	name    string
	process *exec.Cmd
	log     *bytes.Buffer
	addr    string
	token   string
	devices []*device // one for each connection
}

const instancePath = "/i/serve"

// start runs `turnkey serve` on the stack's folder until the process is ready; its instance is not live yet.
func (st *stack) start(ctx context.Context, name, binary string, env ...string) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &server{name: name, log: &bytes.Buffer{}, addr: fmt.Sprintf("127.0.0.1:%d", port)}
	for i := range connections {
		s.devices = append(s.devices, newDevice(name, i))
	}
	s.process = exec.CommandContext(ctx, binary, "serve", st.folder, "--listen", s.addr, "--development", "--allow-private-networks")
	s.process.Env = append(append(os.Environ(), "SOURCE_URI="+st.postgres.URL("postgres"), "BENCH_HS256="+hs256Key), env...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *server) pid() int { return s.process.Process.Pid }

// await asks the process, not the instance, which the first request for it brings to life.
func (s *server) await(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		response, err := http.Get("http://" + s.addr + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("the runtime did not become ready within 30 s")
}

// fetchToken gets a token that all servers of this folder take, and makes the instance live.
func (s *server) fetchToken() error {
	response, err := http.Get("http://" + s.addr + instancePath + "/token?user_id=" + benchUser)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var answer struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Token == "" {
		return fmt.Errorf("no token: %d %s", response.StatusCode, body)
	}
	s.token = answer.Token
	return nil
}

func (s *server) dial(path, token string) (*httpConn, error) {
	return dial(s.addr, instancePath+path, token)
}

// stop ends the process as a supervisor does.
func (s *server) stop() error {
	_ = s.process.Process.Signal(syscall.SIGTERM) // an error means that it has ended already
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the runtime (%s) ended badly: %w\n%s", s.name, err, s.log)
	}
	return nil
}
