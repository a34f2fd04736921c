package mongo

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

func TestTranslate(t *testing.T) {
	command := func(code int32, message string, labels ...string) error {
		return mongo.CommandError{Code: code, Message: message, Labels: labels}
	}
	write := func(code int, raw bson.D) error {
		b, err := bson.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Index: 3, Code: code, Message: "secret", Raw: b}}}
	}
	details := bson.D{{Key: "errInfo", Value: bson.D{{Key: "details", Value: bson.D{{Key: "operatorName", Value: "$jsonSchema"}, {Key: "schemaRulesNotSatisfied", Value: bson.A{
		bson.D{{Key: "operatorName", Value: "required"}, {Key: "missingProperties", Value: bson.A{"title"}}},
		bson.D{{Key: "operatorName", Value: "properties"}, {Key: "propertiesNotSatisfied", Value: bson.A{
			bson.D{{Key: "propertyName", Value: "n"}, {Key: "details", Value: bson.A{bson.D{{Key: "operatorName", Value: "bsonType"}, {Key: "consideredValue", Value: "secret"}}}}},
			bson.D{{Key: "propertyName", Value: "address"}, {Key: "details", Value: bson.A{bson.D{{Key: "propertiesNotSatisfied", Value: bson.A{bson.D{{Key: "propertyName", Value: "zip"}}}}}}}},
		}}},
	}}}}}}}
	for name, c := range map[string]struct {
		err    error
		class  source.Class
		code   string
		change int
		field  string
	}{
		"write conflict":         {command(112, "", labelTransient), source.Conflict, "write_conflict", -1, ""},
		"no such transaction":    {command(251, "", labelTransient), source.Conflict, "write_conflict", -1, ""},
		"network in transaction": {command(0, "broken pipe", labelTransient, "NetworkError"), source.Conflict, "connection_lost", -1, ""},
		"step down":              {command(10107, "", labelTransient), source.Conflict, "primary_changed", -1, ""},
		"shutting down":          {command(11600, "", labelTransient), source.Conflict, "primary_changed", -1, ""},
		"unauthorized":           {command(13, ""), source.Misconfigured, "source_unauthorized", -1, ""},
		"login":                  {command(18, ""), source.Misconfigured, "source_login_refused", -1, ""},
		"login at atlas":         {command(8000, ""), source.Misconfigured, "source_login_refused", -1, ""},
		"standalone":             {command(20, "Transaction numbers are only allowed on a replica set member or mongos"), source.Misconfigured, "transactions_unavailable", -1, ""},
		"capped":                 {command(263, "Collection 'a.b' is a capped collection. Writes in transactions are not allowed on capped collections.", labelTransient), source.Misconfigured, "source_collection", -1, ""},
		"time series":            {command(263, "Cannot insert into a time-series collection in a multi-document transaction: a.b"), source.Misconfigured, "source_collection", -1, ""},
		"no transactions":        {command(263, "Cannot run 'x' in a multi-document transaction."), source.Misconfigured, "transactions_unavailable", -1, ""},
		"time limit":             {command(50, ""), source.Down, "source_down", -1, ""},
		"time limit 2":           {command(262, ""), source.Down, "source_down", -1, ""},
		"bad value":              {write(2, bson.D{}), source.Refused, "INVALID_DATA", 3, ""},
		"too large":              {write(10334, bson.D{}), source.Refused, "PAYLOAD_TOO_LARGE", 3, ""},
		"never heard of":         {write(77777, bson.D{}), source.Refused, "UNCLASSIFIED_ERROR", 3, ""},
		"conflict in a write":    {write(112, bson.D{}), source.Conflict, "write_conflict", 3, ""},
		"unique":                 {write(11000, bson.D{{Key: "keyPattern", Value: bson.D{{Key: "a", Value: 1}, {Key: "b", Value: 1}}}, {Key: "keyValue", Value: bson.D{{Key: "a", Value: "secret"}}}}), source.Refused, "UNIQUE_VIOLATION", 3, "a,b"},
		"id":                     {write(11000, bson.D{{Key: "keyPattern", Value: bson.D{{Key: "_id", Value: 1}}}}), source.Conflict, "row_exists", 3, ""},
		"validator":              {write(121, details), source.Refused, "DOCUMENT_VALIDATION_FAILURE", 3, "title, n, address.zip"},
		"write concern":          {mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, source.Unknown, "write_concern", -1, ""},
		"deadline":               {context.DeadlineExceeded, source.Down, "source_down", -1, ""},
		"guarded address":        {fault.New(fault.Invalid, "address_not_allowed", "No."), source.Misconfigured, "address_not_allowed", -1, ""},
		"anything":               {errors.New("x"), source.Down, "source_error", -1, ""},
	} {
		f := translate(c.err)
		if f.Class != c.class || f.Code != c.code || f.Change != c.change || f.Field != c.field || strings.Contains(f.Message+f.Hint+f.Field, "secret") || f.Err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// Without a connection the database has not seen the write, which so is not to blame for anything.
func TestWhatTheDatabaseHasNotSeen(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		untried bool
	}{
		"no server":          {topology.ServerSelectionError{Wrapped: context.DeadlineExceeded}, true},
		"no free connection": {topology.WaitQueueTimeoutError{Wrapped: context.DeadlineExceeded}, true},
		"no answer":          {context.DeadlineExceeded, false},
	} {
		if f := translate(c.err); f.Class != source.Down || f.Untried != c.untried {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// cutter cuts connections after it forwarded a commitTransaction, so that its reply is lost: always,
// or for the first times.
type cutter struct {
	net.Conn
	cuts *atomic.Int32 // left to do
	sent func()
	cut  atomic.Bool
}

func (c *cutter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.cut.Load() {
		return 0, io.EOF
	}
	return n, err
}

func (c *cutter) Write(b []byte) (int, error) {
	if len(b) > 44 && binary.LittleEndian.Uint32(b[12:]) == 2013 && strings.HasPrefix(string(b[26:]), "commitTransaction\x00") {
		c.sent()
		if c.cuts.Add(-1) >= 0 {
			c.cut.Store(true) // the server gets the command; its answer gets nowhere
		}
	}
	return c.Conn.Write(b)
}

func TestLostCommitReplies(t *testing.T) {
	for name, c := range map[string]struct {
		cuts  int32
		want  source.Class
		until int32 // so many commits were sent, the client gives up
	}{"once": {1, 0, 1 << 20}, "three times": {3, 0, 1 << 20}, "always": {1 << 20, source.Unknown, 3}} {
		var cuts, sent atomic.Int32
		cuts.Store(c.cuts)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		w := newWorld(t, func(o *Options) {
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				return &cutter{Conn: conn, cuts: &cuts, sent: func() {
					if sent.Add(1) == c.until {
						cancel()
					}
				}}, nil
			}
		})
		x, err := w.Begin(ctx, source.Session{})
		if err != nil {
			t.Fatal(err)
		}
		err = x.Apply(ctx, []source.Change{{Kind: source.Insert, Table: todos, ID: "1", Doc: doc("n", int32(1))}}, &source.Finish{})
		cancel()
		x.Rollback(t.Context())
		if c.want == 0 && err != nil || c.want != 0 && (err == nil || source.FailureOf(err).Class != c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if sent.Load() < 2 {
			t.Errorf("%s: the commit was sent %d times", name, sent.Load())
		}
		n, err := w.bare.Collection("Todos").CountDocuments(t.Context(), bson.D{})
		if err != nil || n > 1 || c.want == 0 && n != 1 {
			t.Errorf("%s: %d documents (%v)", name, n, err)
		}
	}
}

func TestWeakConcernsInTheURIChangeNothing(t *testing.T) {
	var bodies atomic.Pointer[string]
	uri := startServer(t)
	sep := "&"
	if !strings.Contains(uri, "?") {
		sep = "/?"
	}
	s, err := Open(t.Context(), Options{URI: redact.New(uri + sep + "w=1&journal=false&readConcernLevel=local&retryWrites=false&readPreference=secondary"), Database: "t_" + bson.NewObjectID().Hex(), AllowPrivate: true, Now: time.Now,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &tap{conn, &bodies}, err
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	x, err := s.Begin(t.Context(), source.Session{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.Read(t.Context(), []source.Ref{{Table: todos, ID: "1"}}, nil); err != nil {
		t.Fatal(err)
	}
	if got := *bodies.Load(); !strings.Contains(got, `"level": "snapshot"`) || !strings.Contains(got, `"startTransaction": true`) {
		t.Errorf("the read went out as %s", got)
	}
	if err := x.Apply(t.Context(), []source.Change{{Kind: source.Insert, Table: todos, ID: "1", Doc: doc("n", value.Decimal("1.10"))}}, &source.Finish{}); err != nil {
		t.Fatal(err)
	}
	if got := *bodies.Load(); !strings.Contains(got, `"commitTransaction"`) || !strings.Contains(got, `"w": "majority"`) || !strings.Contains(got, `"j": true`) {
		t.Errorf("the commit went out as %s", got)
	}
}

// tap keeps the commands of transactions that were written.
type tap struct {
	net.Conn
	all *atomic.Pointer[string]
}

func (c *tap) Write(b []byte) (int, error) {
	if len(b) > 26 && binary.LittleEndian.Uint32(b[12:]) == 2013 {
		if text := bson.Raw(b[21:]).String(); strings.Contains(text, `"autocommit"`) {
			if before := c.all.Load(); before != nil {
				text = *before + "\n" + text
			}
			c.all.Store(&text)
		}
	}
	return c.Conn.Write(b)
}

func TestServersWithoutAReplicaSetAreNamed(t *testing.T) {
	for msg, fix := range map[string]string{"": "rs.initiate()", "isdbgrid": "not sharded"} {
		s, err := Open(t.Context(), Options{URI: redact.New("mongodb://" + liar(t, nil, "", msg)), Database: "x", AllowPrivate: true, Now: time.Now, Dial: (&net.Dialer{}).DialContext})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Test(t.Context())
		if err != nil || r.OK {
			t.Fatalf("%v %+v", err, r)
		}
		if last := r.Checks[len(r.Checks)-1]; last.Name != "replica_set" || last.OK || !strings.Contains(last.Fix, fix) {
			t.Errorf("%q: %+v", msg, r.Checks)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPrivilegesAreReadPerDatabase(t *testing.T) {
	raw, err := bson.Marshal(bson.D{{Key: "authInfo", Value: bson.D{{Key: "authenticatedUsers", Value: bson.A{bson.D{{Key: "user", Value: "u"}, {Key: "db", Value: "admin"}}}}, {Key: "authenticatedUserPrivileges", Value: bson.A{
		bson.D{{Key: "resource", Value: bson.D{{Key: "db", Value: "app"}, {Key: "collection", Value: ""}}}, {Key: "actions", Value: bson.A{"find"}}},
		bson.D{{Key: "resource", Value: bson.D{{Key: "db", Value: "other"}, {Key: "collection", Value: ""}}}, {Key: "actions", Value: bson.A{"remove"}}},
		bson.D{{Key: "resource", Value: bson.D{{Key: "db", Value: "app"}, {Key: "collection", Value: "Todos"}}}, {Key: "actions", Value: bson.A{"insert", "update"}}},
		bson.D{{Key: "resource", Value: bson.D{{Key: "cluster", Value: true}}}, {Key: "actions", Value: bson.A{"serverStatus"}}},
	}}}}})
	if err != nil {
		t.Fatal(err)
	}
	var p privileges
	if err := bson.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	have, single := p.on("app")
	if !have["find"] || have["remove"] || have["insert"] || have["serverStatus"] || len(single) != 1 || single[0] != "Todos" {
		t.Errorf("%v %v", have, single)
	}
}
