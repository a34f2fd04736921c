package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"turnkey/internal/devstack"
)

// bench is what every scenario shares: the database, a database that never answers, and a client.
type bench struct {
	dir      string
	postgres *devstack.Postgres
	database string // its host and port
	hole     net.Listener
	holding  sync.WaitGroup
	client   *http.Client
}

func newBench(ctx context.Context) (b *bench, err error) {
	b = &bench{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}, Timeout: 30 * time.Second}}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.stop())
		}
	}()
	if b.dir, err = os.MkdirTemp("", "turnkey-fairness"); err != nil {
		return b, err
	}
	if b.postgres, err = devstack.StartPostgres(ctx, devstack.PostgresConfig{Dir: filepath.Join(b.dir, "postgres")}); err != nil {
		return b, err
	}
	at, err := url.Parse(b.postgres.URL("postgres"))
	if err != nil {
		return b, err
	}
	b.database = at.Host
	if err = devstack.RunSQL(ctx, b.postgres.URL("postgres"), "CREATE TABLE notes (id uuid PRIMARY KEY, title text, done boolean)"); err != nil {
		return b, err
	}
	return b, b.digHole()
}

// digHole listens, accepts, and never says a word.
func (b *bench) digHole() (err error) {
	if b.hole, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	b.holding.Go(func() {
		for {
			conn, err := b.hole.Accept()
			if err != nil {
				return
			}
			b.holding.Go(func() { // until the other side gives up
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
			})
		}
	})
	return nil
}

func (b *bench) stop() error {
	var errs []error
	if b.hole != nil {
		b.hole.Close()
		b.holding.Wait()
	}
	if b.postgres != nil {
		errs = append(errs, b.postgres.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

// target is a running child.
type target struct {
	*bench
	cmd    *exec.Cmd
	url    string
	tokens sync.Map // by host and user
}

func (b *bench) start(ctx context.Context, instances, maxLive int, idleAfter time.Duration) (*target, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-child", addr, "-postgres", b.postgres.URL("postgres"), "-hole", b.hole.Addr().String(),
		"-instances", strconv.Itoa(instances), "-max-live", strconv.Itoa(maxLive), "-idle-after", idleAfter.String())
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &target{bench: b, cmd: cmd, url: "http://" + addr}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err = t.get("/readyz"); err == nil {
			return t, nil
		} else if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, errors.Join(err, t.end())
		}
	}
}

func (t *target) end() error {
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	return t.cmd.Wait()
}

func (t *target) get(path string) (string, error) {
	response, err := t.client.Get(t.url + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", path, response.StatusCode, body)
	}
	return string(body), err
}

func (t *target) token(host, user string) (string, error) {
	if kept, ok := t.tokens.Load(host + "/" + user); ok {
		return kept.(string), nil
	}
	body, err := t.get("/i/" + host + "/token?user_id=" + user)
	if err != nil {
		return "", err
	}
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return "", err
	}
	t.tokens.Store(host+"/"+user, answer.Token)
	return answer.Token, nil
}

// users of each instance.
const users = 8

// upload writes one new row as one of the users and tells what became of it.
func (t *target) upload(ctx context.Context, host string) (status string, err error) {
	token, err := t.token(host, "u"+strconv.Itoa(rand.IntN(users)))
	if err != nil {
		return "", err
	}
	body := `{"transactions":[{"crud":[{"op":"PUT","type":"notes","id":"` + uuid.NewString() + `","op_data":{"title":"Water the plants","done":0}}]}]}`
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url+"/i/"+host+"/upload", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	q.Header.Set("Authorization", "Bearer "+token)
	response, err := t.client.Do(q)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Results []struct{ Status string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Results) != 1 {
		return "", fmt.Errorf("answer %d without one result: %w", response.StatusCode, err)
	}
	return answer.Results[0].Status, nil
}
