package stand

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/internal/devmongo"
	"turnkey/runtime/torture/client"
	"turnkey/runtime/torture/history"
)

// Mongo is the double of MongoDB as a process of its own, its journal synced before it acknowledges.
// The journal is also the log of changes: it has every commit in order.
type Mongo struct {
	addr    string
	journal string
	process *Process
	client  *mongo.Client
	tables  []Table
}

const (
	mongoDatabase = "torture"
	mongoOptions  = "/?replicaSet=rs0&directConnection=true"
)

// neverCompact: the journal is our log of changes.
const neverCompact = "1000000000000"

// StartMongo runs turnkey devmongo.
func StartMongo(ctx context.Context, dir, binary string) (*Mongo, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "mongodb.log"))
	if err != nil {
		return nil, err
	}
	m := &Mongo{addr: addr, journal: filepath.Join(dir, "mongodb.journal")}
	m.process = &Process{
		Name: "MongoDB's double", binary: binary, log: log, ready: listens(addr),
		args: []string{"devmongo", "--listen", addr, "--journal", m.journal, "--compact-after", neverCompact},
	}
	if err := m.process.Start(ctx); err != nil {
		return nil, err
	}
	m.client, err = mongo.Connect(options.Client().ApplyURI(m.URI(addr)).SetServerSelectionTimeout(2 * time.Second).SetTimeout(10 * time.Second))
	return m, err
}

// Name implements Database.
func (m *Mongo) Name() string { return "mongodb" }

// Addr implements Database.
func (m *Mongo) Addr() string { return m.addr }

// URI implements Database. A direct connection: the server would advertise its own address, past the
// proxy.
func (m *Mongo) URI(addr string) string { return "mongodb://" + addr + mongoOptions }

// Prepare implements Database.
func (m *Mongo) Prepare(ctx context.Context, tables []Table) error {
	m.tables = tables
	db := m.client.Database(mongoDatabase)
	for _, t := range tables {
		if err := db.CreateCollection(ctx, t.Name); err != nil {
			return fmt.Errorf("making collection %s: %w", t.Name, err)
		}
		var docs []any
		for id, row := range t.Seeds {
			docs = append(docs, bson.D{{Key: "_id", Value: id}, {Key: "tag", Value: row.Tag}, {Key: "n", Value: row.N}, {Key: "items", Value: bson.A{}}})
		}
		if len(docs) == 0 {
			continue
		}
		if _, err := db.Collection(t.Name).InsertMany(ctx, docs); err != nil {
			return fmt.Errorf("seeding %s: %w", t.Name, err)
		}
	}
	return nil
}

// Restart implements Database.
func (m *Mongo) Restart(ctx context.Context, crash bool) error {
	if crash {
		m.process.Kill()
	} else {
		m.process.Stop()
	}
	return m.process.Start(ctx)
}

// Terminate implements Database: the double has no sessions to end but by the network, which the
// proxies do; here the next commands of everybody fail, as they do after a step-down.
func (m *Mongo) Terminate(ctx context.Context) (int, error) {
	const times = 4
	err := m.client.Database("admin").RunCommand(ctx, bson.D{
		{Key: "configureFailPoint", Value: "failCommand"}, {Key: "mode", Value: bson.D{{Key: "times", Value: times}}},
		{Key: "data", Value: bson.D{
			{Key: "failCommands", Value: bson.A{"find", "insert", "update", "delete", "findAndModify", "bulkWrite", "commitTransaction"}},
			{Key: "closeConnection", Value: true},
		}},
	}).Err()
	return times, err
}

// stored is a row as the product stores it.
type stored struct {
	ID    string `bson:"_id"`
	Tag   string
	N     int64
	Items []string
}

func (s stored) row() history.Row { return history.Row{Tag: s.Tag, N: s.N, Items: s.Items} }

// View implements Database.
func (m *Mongo) View(ctx context.Context, table string) (client.View, error) {
	cursor, err := m.client.Database(mongoDatabase).Collection(table).Find(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	var docs []stored
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	view := make(client.View, len(docs))
	for _, d := range docs {
		view[history.Key(table, d.ID)] = d.row()
	}
	return view, nil
}

// Touch implements Database.
func (m *Mongo) Touch(ctx context.Context, table string, ids []string) error {
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	for _, id := range ids { // each by itself: one that a transaction holds must not stop the others
		_, err := m.client.Database(mongoDatabase).Collection(table).UpdateByID(ctx, id, bson.D{{Key: "$set", Value: bson.D{{Key: "tag", Value: "foreign"}}}})
		if err != nil {
			return err
		}
	}
	return nil
}

// Changes implements Database.
func (m *Mongo) Changes(context.Context) ([]history.Change, error) {
	ours, seeded := map[string]bool{}, map[string]bool{}
	for _, t := range m.tables {
		ours[t.Name] = true
		for id := range t.Seeds {
			seeded[history.Key(t.Name, id)] = true
		}
	}
	var out []history.Change
	now := map[string]history.Row{}
	commit := 0
	err := devmongo.ReadCommits(m.journal, func(writes []devmongo.Write) error {
		commit++
		for _, w := range writes {
			table, ok := strings.CutPrefix(w.Namespace, mongoDatabase+".")
			if !ok || !ours[table] {
				continue
			}
			id, _ := w.ID.(string)
			key := history.Key(table, id)
			c := history.Change{Commit: strconv.Itoa(commit), Verb: "update", Table: table, ID: id}
			before, here := now[key]
			if w.Doc == nil {
				if c.Verb, c.Row = "delete", before; here {
					out = append(out, c)
				}
				delete(now, key)
				continue
			}
			var doc stored
			if err := bson.Unmarshal(w.Doc, &doc); err != nil {
				return fmt.Errorf("reading the journal: %w", err)
			}
			if c.Row = doc.row(); !here {
				c.Verb = "insert"
			}
			now[key] = c.Row
			if seeded[key] && c.Row.Tag == "seed" && c.Verb == "insert" {
				continue
			}
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

// Hasten implements Database.
func (m *Mongo) Hasten(ctx context.Context) (int, error) {
	due := bson.D{{Key: "$set", Value: bson.D{{Key: "due_at", Value: time.Now().Add(-time.Minute)}}}}
	done, err := m.client.Database(mongoDatabase).Collection("turnkey_outbox").UpdateMany(ctx, bson.D{{Key: "status", Value: "pending"}}, due)
	if err != nil {
		return 0, err
	}
	return int(done.MatchedCount), nil
}

// Rejections implements Database.
func (m *Mongo) Rejections(ctx context.Context) ([]history.Rejection, error) {
	cursor, err := m.client.Database(mongoDatabase).Collection("turnkey_rejections").Find(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	var docs []struct {
		User  string `bson:"user_id"`
		Table string `bson:"table_name"`
		Row   string `bson:"row_id"`
	}
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	out := make([]history.Rejection, len(docs))
	for i, d := range docs {
		out[i] = history.Rejection{User: d.User, Row: history.Key(d.Table, d.Row)}
	}
	return out, nil
}

// Close implements Database.
func (m *Mongo) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := m.client.Disconnect(ctx)
	m.process.Stop()
	return errors.Join(err, m.process.log.Close())
}
