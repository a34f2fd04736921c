package devstack

import (
	"context"
	"errors"
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
	uri, note, moved string
	stop             func() error
}

// URI for the driver.
func (m *Mongo) URI() string { return m.uri }

// Note says in one sentence what this MongoDB is, for the developer's terminal.
func (m *Mongo) Note() string { return m.note }

// Moved says that a private server is not where it was at the last start, and what that means; "" when it is.
func (m *Mongo) Moved() string { return m.moved }

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
	return startDouble(filepath.Join(cfg.Dir, "mongodb.journal"), filepath.Join(cfg.Dir, "mongodb.port"))
}

// startDouble serves devmongo in this process.
func startDouble(journal, portFile string) (*Mongo, error) {
	store, err := devmongo.Open(devmongo.Options{Path: journal, Sync: true})
	if err != nil {
		if fault.Of(err).Kind == fault.Internal {
			err = fault.Wrap(err, fault.Invalid, "devmongo_journal", "The development MongoDB's journal cannot be opened.")
		}
		return nil, err
	}
	last := lastPort(portFile)
	server, port, err := listenDouble(store, portFile)
	if err != nil {
		_ = store.Close() // nothing was written
		return nil, err
	}
	stop := func() error { server.Close(); return store.Close() }
	if err := rememberPort(portFile, port); err != nil {
		return nil, errors.Join(err, stop())
	}
	return &Mongo{uri: server.URI(), note: "MongoDB: a double for development, because there is no mongod on PATH. Set TURNKEY_MONGODB_URI for a real one.",
		moved: moved("The development MongoDB", last, port), stop: stop}, nil
}

// listenDouble takes another port when somebody was faster at the steady one.
func listenDouble(store *devmongo.Store, portFile string) (*devmongo.Server, int, error) {
	for attempt := 1; ; attempt++ {
		port, err := steadyPort(portFile)
		if err != nil {
			return nil, 0, err
		}
		server, err := devmongo.Listen(store, local(port))
		if err == nil || attempt == startAttempts {
			return server, port, err
		}
	}
}
