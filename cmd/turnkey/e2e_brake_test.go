//go:build e2e

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/internal/devstack"
)

// TestBrake: 20 devices with the real SDK write, and a deployment refuses all of it, by its rules or by a hook that
// throws. The one before serves again within ten seconds, and after one replay every row equals, column by column, that
// of a run in which there was no such deployment.
func TestBrake(t *testing.T) {
	in := install(t)
	nodes := []*runtimeNode{in.startRuntime()}
	f := startFleet(t)
	for _, source := range []string{"mongodb", "postgres"} {
		twin := in.twin(source, nodes[0])
		for _, how := range []string{"rules that refuse everything", "a hook that throws"} {
			t.Run(source+"/"+how, func(t *testing.T) {
				r := in.brakeRounds(t, source, nodes)
				r.hook, r.twin = how == "a hook that throws", twin
				r.round(t, newWriters(t, source, nodes[0].url(r.host)).sail(f), true)
			})
		}
	}
}

const twinTable = "twin_lists"

// twin is an instance that never has a bad deployment, with a table of its own. It is where the run takes place that
// the database must equal.
type twin struct {
	*installation
	source, url string
	runs        int
}

func (in *installation) twin(source string, node *runtimeNode) *twin {
	in.Helper()
	if source == "postgres" {
		if err := devstack.RunSQL(in.Context(), stack.sources[source], "CREATE TABLE "+twinTable+" (LIKE lists INCLUDING ALL)"); err != nil {
			in.Fatal(err)
		}
	}
	document := strings.NewReplacer("table: public.lists", "table: public."+twinTable, "collection: lists", "collection: "+twinTable).
		Replace(brakeConfig(in.T, source, false))
	id, host := in.provisionAs(source, document)
	in.ready(id)
	return &twin{installation: in, source: source, url: node.url(host)}
}

// begin gives the twin the rows as they are before a run.
func (w *twin) begin(t *testing.T) {
	t.Helper()
	if w.source == "postgres" {
		if err := devstack.RunSQL(t.Context(), stack.sources[w.source], "TRUNCATE "+twinTable+"; INSERT INTO "+twinTable+" SELECT * FROM lists"); err != nil {
			t.Fatal(err)
		}
		return
	}
	inMongo(t, func(db *mongo.Database) error {
		if err := db.Collection(twinTable).Drop(t.Context()); err != nil {
			return err
		}
		found, err := db.Collection("lists").Find(t.Context(), bson.M{})
		if err != nil {
			return err
		}
		var rows []bson.D
		if err := found.All(t.Context(), &rows); err != nil {
			return err
		}
		_, err = db.Collection(twinTable).InsertMany(t.Context(), rows)
		return err
	})
}

// run uploads edits, each a transaction, in their order.
func (w *twin) run(t *testing.T, edits []*edit) {
	t.Helper()
	token, err := mint(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	w.runs++
	const most = 50
	for from := 0; from < len(edits); from += most {
		var list []any
		for i, e := range edits[from:min(from+most, len(edits))] {
			op := map[string]any{"op_id": from + i + 1, "op": e.op, "table": "lists", "id": e.row, "op_data": e.data(), "previous_values": e.old}
			list = append(list, map[string]any{"crud": []any{op}})
		}
		body, err := json.Marshal(map[string]any{"client": map[string]any{"id": fmt.Sprintf("twin-%d", w.runs)}, "transactions": list})
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Results []struct{ Status string } }
		if err := fetch(t.Context(), http.MethodPost, w.url+"/api/data", token, string(body), &answer); err != nil || len(answer.Results) != len(list) {
			t.Fatalf("the run without the bad deployment: %v %v", err, answer)
		}
		for i, r := range answer.Results {
			if r.Status != "success" {
				t.Fatalf("the run without the bad deployment: %v: %s", list[i], r.Status)
			}
		}
	}
}

// compareWithTwin makes the same edits where there was no bad deployment, in an order of arrival that explains what is
// stored, and holds every column of every row against what that came to.
func compareWithTwin(t *testing.T, w *writers, twin *twin, before map[string]modelRow) {
	t.Helper()
	after, _ := storedRows(t, w.source)
	byRow := map[string][]*edit{}
	for _, e := range w.edits {
		byRow[e.row] = append(byRow[e.row], e)
	}
	var edits []*edit
	for row, list := range byRow {
		order, ok := arrival(before[row], after[row], list)
		if !ok {
			return // compareWithModel has said so
		}
		edits = append(edits, order...)
	}
	twin.run(t, edits)
	got, want := wholeRows(t, w.source, "lists"), wholeRows(t, w.source, twinTable)
	for id := range want {
		if got[id] != want[id] {
			t.Errorf("row %s is\n%s, and in a run without the bad deployment\n%s", id, got[id], want[id])
		}
	}
	if len(got) != len(want) || len(got) < hotRows+sharedRows/2 {
		t.Errorf("%d rows, and %d in a run without the bad deployment", len(got), len(want))
	}
	t.Logf("%d rows are the same in a run without the bad deployment", len(got))
}

// wholeRows spells all columns of every row of the writers.
func wholeRows(t *testing.T, source, table string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if source == "mongodb" {
		inMongo(t, func(db *mongo.Database) error {
			found, err := db.Collection(table).Find(t.Context(), bson.M{})
			if err != nil {
				return err
			}
			var rows []bson.M
			err = found.All(t.Context(), &rows)
			for _, row := range rows {
				if id, ok := row["_id"].(bson.ObjectID); ok && strings.HasPrefix(id.Hex(), "7e57") {
					out[id.Hex()] = fmt.Sprint(map[string]any(row)) // with its keys in order
				}
			}
			return err
		})
		return out
	}
	conn, err := pgx.Connect(t.Context(), stack.sources[source])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	found, err := conn.Query(t.Context(), "SELECT id::text, to_jsonb(r)::text FROM "+table+" r WHERE id::text LIKE '7e57%'")
	if err != nil {
		t.Fatal(err)
	}
	var id, row string
	if _, err := pgx.ForEachRow(found, []any{&id, &row}, func() error { out[id] = row; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// inMongo does something with the sources' MongoDB.
func inMongo(t *testing.T, do func(*mongo.Database) error) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(stack.sources["mongodb"]))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(context.Background())
	if err := do(client.Database("todo")); err != nil {
		t.Fatal(err)
	}
}
