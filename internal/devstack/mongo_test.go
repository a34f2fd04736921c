package devstack

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/internal/fault"
)

func TestMongoOfTheEnvironment(t *testing.T) {
	t.Setenv("PATH", fakeBinary(t, fakeWorks)) // a given one wins
	m, err := StartMongo(t.Context(), MongoConfig{URI: "mongodb://given", Dir: t.TempDir()})
	if err != nil || m.URI() != "mongodb://given" || !strings.Contains(m.Note(), "TURNKEY_MONGODB_URI") || m.Stop() != nil {
		t.Errorf("%v %v", m, err)
	}
}

// TestDoubleKeepsData: without a mongod the double serves, says what it is, and keeps the data.
func TestDoubleKeepsData(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	var uris []string
	for n := range int64(2) {
		m, err := StartMongo(t.Context(), MongoConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		uris = append(uris, m.URI())
		if !strings.Contains(m.Note(), "double") {
			t.Errorf("it says %q", m.Note())
		}
		client, err := mongo.Connect(options.Client().ApplyURI(m.URI()))
		if err != nil {
			t.Fatal(err)
		}
		c := client.Database("d").Collection("c")
		if had, err := c.CountDocuments(t.Context(), bson.D{}); err != nil || had != n {
			t.Errorf("start %d finds %d documents, %v", n, had, err)
		}
		if _, err := c.InsertOne(t.Context(), bson.D{}); err != nil {
			t.Error(err)
		}
		_ = client.Disconnect(t.Context())
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
		if m.Moved() != "" {
			t.Errorf("start %d: %s", n, m.Moved())
		}
	}
	if uris[0] != uris[1] {
		t.Errorf("instances that people made name %s, and it is at %s now", uris[0], uris[1])
	}
}

// TestDoubleMoves when somebody has its port, and says so; from then on that is its place.
func TestDoubleMoves(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	start := func() *Mongo {
		m, err := StartMongo(t.Context(), MongoConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
		return m
	}
	first := start()
	host := strings.TrimSuffix(strings.TrimPrefix(first.URI(), "mongodb://"), "/?replicaSet="+replicaSet)
	somebody, err := net.Listen("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	second := start()
	_, port, _ := net.SplitHostPort(host)
	if second.URI() == first.URI() || !strings.Contains(second.Moved(), port) || !strings.Contains(second.Moved(), "secret") {
		t.Errorf("from %s to %s: it says %q", first.URI(), second.URI(), second.Moved())
	}
	_ = somebody.Close()
	if third := start(); third.URI() != second.URI() || third.Moved() != "" {
		t.Errorf("from %s to %s: it says %q", second.URI(), third.URI(), third.Moved())
	}
}

// TestMongodIsConfiguredOnce, with the FAKE of mongod_fake_test.go: first start, second start on the
// same port, third start on another one because somebody took it.
func TestMongodIsConfiguredOnce(t *testing.T) {
	t.Setenv("PATH", fakeBinary(t, fakeWorks)+":"+os.Getenv("PATH"))
	dir := filepath.Join(t.TempDir(), "with a space")
	var uris, said []string
	for start := range 3 {
		if start == 2 {
			host := strings.TrimSuffix(strings.TrimPrefix(uris[1], "mongodb://"), "/?replicaSet="+replicaSet)
			l, err := net.Listen("tcp", host)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
		}
		m, err := StartMongo(t.Context(), MongoConfig{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(m.Note(), "private replica set") {
			t.Errorf("it says %q", m.Note())
		}
		uris, said = append(uris, m.URI()), append(said, m.Moved())
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
	}
	if uris[0] != uris[1] || uris[1] == uris[2] || !strings.Contains(said[2], "another program") || said[1] != "" {
		t.Errorf("ports: %v, said: %q", uris, said)
	}
	log, err := os.ReadFile(filepath.Join(dir, "mongod", "mongod.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(log), "fake shutdown") != 3 || !strings.Contains(string(log), "--bind_ip 127.0.0.1") {
		t.Errorf("log:\n%s", log)
	}
}

func TestMongodThatEnds(t *testing.T) {
	_, err := StartMongo(t.Context(), MongoConfig{Dir: t.TempDir(), Binary: filepath.Join(fakeBinary(t, fakeEnds), "mongod")})
	if !fault.Is(err, "mongod_start") || !strings.Contains(err.Error(), "fake reason to end") || !strings.Contains(fault.Of(err).Hint, "TURNKEY_MONGODB_URI") {
		t.Errorf("got %v", err)
	}
}

// began says whether the fake of a folder has written that it is there, and listens.
func began(dir string) bool {
	log, _ := os.ReadFile(filepath.Join(dir, "mongod", "mongod.log"))
	return strings.Contains(string(log), "fake listens")
}

func TestMongodIsStoppedWithTheStart(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() {
		for !began(dir) && ctx.Err() == nil {
			<-time.After(10 * time.Millisecond)
		}
		cancel()
	})
	_, err := StartMongo(ctx, MongoConfig{Dir: dir, Binary: filepath.Join(fakeBinary(t, fakeHangs), "mongod")})
	log, _ := os.ReadFile(filepath.Join(dir, "mongod", "mongod.log"))
	if err == nil || !strings.Contains(string(log), "fake shutdown") {
		t.Errorf("got %v, log: %s", err, log)
	}
	if _, err := StartMongo(t.Context(), MongoConfig{Dir: dir, Binary: filepath.Join(dir, "none")}); !fault.Is(err, "mongod_start") {
		t.Errorf("no such binary: %v", err)
	}
}
