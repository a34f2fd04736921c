//go:build e2e

package main_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// connected is what web/e2e/connect.mjs prints.
type connected struct {
	Streams struct {
		Tables []string
		Made   []struct {
			Bucket, Table, ID string
			Columns           []string
		}
	}
	Connector struct{ Name, Version, Saved, Address string }
	Runs      map[string]connectedRun
}

// connectedRun is what one SDK's files sent, and what came of it.
type connectedRun struct {
	Bodies []struct {
		Client       struct{ ID, SDK string }
		Transactions []struct {
			TransactionID int `json:"transaction_id"`
			Crud          []struct {
				Op, Table, ID  string
				TransactionID  int            `json:"transaction_id"`
				OpID           int            `json:"op_id"`
				OpData         map[string]any `json:"op_data"`
				PreviousValues map[string]any `json:"previous_values"`
				Metadata       string
			}
		}
	}
	Rejected []string
	Queue    int
	Endpoint string
}

// TestConnect: npm installs our connector from the binary by the line that the Connect page prints, what the page gives for
// JavaScript compiles against the real SDKs and runs as it is, PowerSync's own compiler takes the sync streams, and what
// came of it shows in the checklist.
func TestConnect(t *testing.T) {
	for _, in := range newTenants(t) {
		t.Run(in.source, func(t *testing.T) {
			in := in.as(t)
			var document json.RawMessage
			in.api("GET", "/instances/"+in.id+"/connect", nil, &document)
			id := map[string]string{"mongodb": "65f0c0ffee00000000000001", "postgres": "0190a6b0-0000-7000-8000-00000000c0ee"}[in.source]
			key := map[string]string{"mongodb": "_id", "postgres": "id"}[in.source]
			out := node(t, "connect.mjs", map[string]any{
				"document": document, "dir": t.TempDir(), "id": id,
				"row": map[string]any{"schema": map[string]string{"mongodb": "todo", "postgres": "public"}[in.source], "table": "lists",
					"record": map[string]any{key: id, "name": "Trip", "owner_id": "ann", "position": 1, "archived": 0, "created_at": "2026-01-01", "secret": "not declared"}},
			})
			var c connected
			if err := json.Unmarshal(out, &c); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			in.wantStreams(c)
			if c.Connector.Name != "@turnkey/powersync-connector" || c.Connector.Saved != c.Connector.Address || !strings.HasPrefix(c.Connector.Address, "http") || !strings.Contains(c.Connector.Address, c.Connector.Version) {
				t.Errorf("npm installed %+v", c.Connector)
			}
			for _, sdk := range []string{"node", "web", "react-native"} {
				in.wantRequests(sdk, c.Runs[sdk])
			}
			in.wantChecklist()
		})
	}
}

func (in *tenant) wantStreams(c connected) {
	in.Helper()
	for _, name := range []string{"lists", "todos", "turnkey_rejections", "turnkey_conflicts"} {
		if !slices.Contains(c.Streams.Tables, name) {
			in.Errorf("no stream reads %s: %v", name, c.Streams.Tables)
		}
	}
	if len(c.Streams.Made) != 1 {
		in.Fatalf("a row of lists goes to %+v", c.Streams.Made)
	}
	made := c.Streams.Made[0]
	if made.Table != "lists" || !strings.Contains(made.Bucket, `"ann"`) || slices.Contains(made.Columns, "secret") || !slices.Contains(made.Columns, "position") {
		in.Errorf("the row becomes %+v", made)
	}
}

// wantRequests holds the uploads to what exactly-once and conflicts need.
func (in *tenant) wantRequests(sdk string, c connectedRun) {
	in.Helper()
	if len(c.Bodies) != 3 || c.Queue != 0 || c.Endpoint != "http://localhost:8081" || !slices.Equal(c.Rejected, []string{"UNAUTHORIZED"}) {
		in.Fatalf("%s: %d uploads, %d queued, endpoint %s, rejected %v", sdk, len(c.Bodies), c.Queue, c.Endpoint, c.Rejected)
	}
	for n, body := range c.Bodies {
		for _, tx := range body.Transactions {
			if tx.TransactionID == 0 || len(tx.Crud) != 1 || tx.Crud[0].TransactionID != tx.TransactionID || tx.Crud[0].Table != "lists" || tx.Crud[0].ID != c.Bodies[0].Transactions[0].Crud[0].ID {
				in.Errorf("%s: upload %d sends %+v", sdk, n, tx)
			}
		}
	}
	if create := c.Bodies[0].Transactions[0].Crud[0]; create.Op != "PUT" || !reflect.DeepEqual(create.OpData, map[string]any{"name": "Trip", "owner_id": "ann", "position": 1.0}) || create.PreviousValues != nil {
		in.Errorf("%s: the create was sent as %+v", sdk, create)
	}
	update := c.Bodies[1].Transactions[0].Crud
	if len(update) != 1 || update[0].Op != "PATCH" || update[0].Metadata != "by hand" || update[0].OpID == 0 || len(update[0].OpData) != 1 || update[0].OpData["position"] != 2.0 || update[0].PreviousValues["position"] != 1.0 {
		in.Errorf("%s: the update was sent as %+v", sdk, update)
	}
	if client := c.Bodies[1].Client; client.ID == "" || !strings.HasPrefix(client.SDK, "turnkey-js/") {
		in.Errorf("%s: the device says of itself %+v", sdk, client)
	}
}

// wantChecklist waits until the control plane has heard of it.
func (in *tenant) wantChecklist() {
	in.Helper()
	eventually(in.T, "the checklist is done", func() bool {
		var list struct {
			Steps []struct {
				Code string
				Done bool
			}
		}
		in.api("GET", "/instances/"+in.id+"/checklist", nil, &list)
		for _, s := range list.Steps {
			if !s.Done && s.Code != "keys" { // no sync service runs here
				return false
			}
		}
		return len(list.Steps) == 5
	})
}
