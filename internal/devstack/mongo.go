package devstack

import (
	"context"
	"os/exec"
	"path/filepath"

	"turnkey/internal/devmongo"
	"turnkey/internal/fault"
)

// MongoConfig says which MongoDB development uses.
type MongoConfig struct {
	// Dir is the project's folder for the data of a private server.
	Dir string
	// URI of a server that is given (TURNKEY_MONGODB_URI): it is used as it is.
	URI string
	// Binary is the mongod to start. Empty: the one on PATH, if there is one.
	Binary string
}

// Mongo is the MongoDB of a development stack. Its owner calls Stop.
type Mongo struct {
	uri, note string
	stop      func() error
}

// URI for the driver.
func (m *Mongo) URI() string { return m.uri }

// Note says in one sentence what this MongoDB is, for the developer's terminal.
func (m *Mongo) Note() string { return m.note }

// Stop ends a private server and waits for its end; a given one goes on. Call it once.
func (m *Mongo) Stop() error { return m.stop() }

// StartMongo chooses in this order: the given server; a mongod of this machine, started as a private
// replica set of one member; else the double of internal/devmongo. Errors are faults with a hint. A
// mongod that is there and does not start is an error: the double would hide it, and other data.
func StartMongo(ctx context.Context, cfg MongoConfig) (*Mongo, error) {
	if cfg.URI != "" {
		return &Mongo{uri: cfg.URI, note: "MongoDB: the server that TURNKEY_MONGODB_URI names.", stop: func() error { return nil }}, nil
	}
	binary := cfg.Binary
	if binary == "" {
		binary, _ = exec.LookPath("mongod")
	}
	if binary != "" {
		return startMongod(ctx, binary, filepath.Join(cfg.Dir, "mongod"))
	}
	return startDouble(filepath.Join(cfg.Dir, "mongodb.journal"))
}

// startDouble serves devmongo in this process.
func startDouble(journal string) (*Mongo, error) {
	store, err := devmongo.Open(devmongo.Options{Path: journal, Sync: true})
	if err != nil {
		if fault.Of(err).Kind == fault.Internal {
			err = fault.Wrap(err, fault.Invalid, "devmongo_journal", "The development MongoDB's journal cannot be opened.")
		}
		return nil, err
	}
	server, err := devmongo.Listen(store, "127.0.0.1:0")
	if err != nil {
		_ = store.Close() // nothing was written
		return nil, err
	}
	return &Mongo{uri: server.URI(), note: "MongoDB: a double for development, because there is no mongod on PATH. Set TURNKEY_MONGODB_URI for a real one.",
		stop: func() error { server.Close(); return store.Close() }}, nil
}
