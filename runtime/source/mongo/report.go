package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"turnkey/internal/fault"
	"turnkey/runtime/source"
)

// oldest is the first major version that PowerSync replicates from.
const oldest = 6

// doubleMark is what the development server says among its build's modules.
const doubleMark = "turnkey-devmongo"

const doubleNote = "The server is Turnkey's development double, not MongoDB: for development and tests only."

// Mode tells the guarantee. It asks the server once whether it is the development double; while that
// is not known the note is empty.
func (s *Source) Mode() source.Mode {
	mode := source.Mode{Atomicity: "transactions"}
	if note := s.note.Load(); note != nil {
		mode.Note = *note
		return mode
	}
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if c, err := s.get(ctx); err == nil {
		if b, err := s.build(ctx, c); err == nil {
			mode.Note = b.note()
		}
	}
	return mode
}

// build is what buildInfo says.
type build struct {
	Version string   `bson:"version"`
	Modules []string `bson:"modules"`
}

func (b build) note() string {
	if slices.Contains(b.Modules, doubleMark) || strings.HasSuffix(b.Version, "-lite") {
		return doubleNote
	}
	return ""
}

func (b build) product() string {
	if b.note() != "" {
		return "Turnkey development double " + b.Version
	}
	return "MongoDB " + b.Version
}

func (s *Source) build(ctx context.Context, c *client) (build, error) {
	var b build
	err := c.db.RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&b)
	if err == nil {
		note := b.note()
		s.note.Store(&note)
	}
	return b, err
}

// Test goes from the socket to a transaction and stops where nothing further can work.
func (s *Source) Test(ctx context.Context) (*source.TestReport, error) {
	r := &source.TestReport{Mode: source.Mode{Atomicity: "transactions"}}
	s.test(ctx, r)
	r.OK = !slices.ContainsFunc(r.Checks, func(c source.Check) bool { return !c.OK })
	return r, nil
}

func add(r *source.TestReport, name string, err error, message, fix string) bool {
	c := source.Check{Name: name, OK: err == nil, Message: message}
	if err != nil {
		f := translate(err)
		c.Message, c.Fix = f.Message, fix
		if fix == "" {
			c.Fix = f.Hint
		}
	}
	r.Checks = append(r.Checks, c)
	return c.OK
}

func (s *Source) test(ctx context.Context, r *source.TestReport) {
	if !s.testSockets(ctx, r) {
		return
	}
	c, err := s.get(ctx)
	if err == nil {
		r.Latency, err = latency(ctx, c)
	}
	if f := translateOrNil(err); f != nil && f.Code == "source_down" {
		add(r, "replica_set", err, "", "No primary answered. Check that replicaSet in the connection string is the set's own name and that the set has a primary (rs.status()).")
		return
	}
	if !add(r, "credentials", err, "The log-in works.", "") {
		return
	}
	b, err := s.build(ctx, c)
	if !add(r, "version", err, b.product(), "") {
		return
	}
	r.Server, r.Mode.Note = b.product(), b.note()
	if major, _, _ := strings.Cut(b.Version, "."); atoi(major) < oldest {
		last := &r.Checks[len(r.Checks)-1]
		last.OK, last.Fix = false, "PowerSync needs MongoDB 6.0 or newer: upgrade the server."
	}
	if !testReplicaSet(ctx, c, r) {
		return
	}
	found, err := c.layout(ctx)
	if !add(r, "transactions", s.probe(ctx), "Transactions work.", "") {
		return
	}
	testPrivileges(ctx, c, s.opt.Database, found >= layout, r)
	s.testPrepared(r, found, err)
}

func translateOrNil(err error) *source.Failure {
	if err == nil {
		return nil
	}
	return translate(err)
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// testSockets dials the seeds by itself, so that an address, a firewall and a certificate can be told
// apart; the driver would call all three a server selection timeout.
func (s *Source) testSockets(ctx context.Context, r *source.TestReport) bool {
	set, err := s.set.resolve(ctx, s.opt.Resolver)
	if err != nil {
		return add(r, "dial", err, "", "Check the host name in the connection string.")
	}
	d := s.dialer(set)
	var lastDial, lastTLS error
	dialled := false
	for _, host := range set.hosts {
		dctx, cancel := context.WithTimeout(ctx, set.connect)
		conn, err := d.dial(dctx, "tcp", host)
		if err != nil {
			lastDial = err
			cancel()
			continue
		}
		dialled = true
		secured, err := d.secure(dctx, conn, host)
		cancel()
		if err != nil {
			lastTLS = err
			continue
		}
		_ = secured.Close()
		add(r, "dial", nil, "A server accepts connections.", "")
		message := "The certificate is valid."
		if !set.tls {
			message = "No TLS: allowed on this private network."
		}
		return add(r, "tls", nil, message, "")
	}
	if !dialled {
		return add(r, "dial", unreached(lastDial), "", dialFix(lastDial))
	}
	add(r, "dial", nil, "A server accepts connections.", "")
	return add(r, "tls", lastTLS, "", "")
}

// unreached says in words what a dial came to, where the dialer has none of its own.
func unreached(err error) error {
	var dns *net.DNSError
	switch f := fault.Of(err); {
	case f != nil && f.Kind != fault.Internal:
		return err
	case errors.As(err, &dns):
		return failure(source.Down, "source_down", "The host name does not resolve.", err)
	}
	return failure(source.Down, "source_down", "No server accepts connections there.", err)
}

func dialFix(err error) string {
	var dns *net.DNSError
	switch f := fault.Of(err); {
	case f != nil && f.Kind != fault.Internal && f.Hint != "":
		return f.Hint
	case errors.As(err, &dns):
		return "Check its spelling in the connection string."
	}
	return "Check host and port, and let this runtime's addresses in: in Atlas under Network Access, IP Access List; elsewhere in the firewall."
}

// latency is the median of five pings, in microseconds.
func latency(ctx context.Context, c *client) (int64, error) {
	var times []int64
	for range 5 {
		start := time.Now() // a measurement, not a decision
		if err := c.Ping(ctx, nil); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start).Microseconds())
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

func testReplicaSet(ctx context.Context, c *client, r *source.TestReport) bool {
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
	}
	err := c.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	switch {
	case err != nil:
		return add(r, "replica_set", err, "", "")
	case hello.Msg == "isdbgrid":
		return add(r, "replica_set", failure(source.Misconfigured, "sharded", "The server is a sharded cluster's router, which PowerSync cannot replicate from.", nil), "",
			"Use a replica set that is not sharded.")
	case hello.SetName == "":
		f := noTransactions()
		f.Message = "The server is a standalone, without transactions and change streams."
		return add(r, "replica_set", f, "", "")
	}
	return add(r, "replica_set", nil, "Replica set "+hello.SetName+".", "")
}

// probe reads in a transaction and aborts it.
func (s *Source) probe(ctx context.Context) error {
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.Rollback(ctx)
	if err := t.start(ctx); err != nil {
		return err
	}
	err = t.client.db.Collection(metaName).FindOne(mongo.NewSessionContext(ctx, t.sess), bson.D{{Key: "_id", Value: "layout"}}).Err()
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil
	}
	return nilOr(err)
}

// privileges is the part of connectionStatus that we read.
type privileges struct {
	Info struct {
		Users []struct {
			User string `bson:"user"`
			DB   string `bson:"db"`
		} `bson:"authenticatedUsers"`
		Granted []struct {
			Resource struct {
				DB         *string `bson:"db"`
				Collection *string `bson:"collection"`
				Any        bool    `bson:"anyResource"`
			} `bson:"resource"`
			Actions []string `bson:"actions"`
		} `bson:"authenticatedUserPrivileges"`
	} `bson:"authInfo"`
}

// testPrivileges looks for what serving needs on the whole database; grants on single collections are
// named, as only the configuration knows which ones it needs.
func testPrivileges(ctx context.Context, c *client, database string, prepared bool, r *source.TestReport) {
	var p privileges
	err := c.Database("admin").RunCommand(ctx, bson.D{{Key: "connectionStatus", Value: 1}, {Key: "showPrivileges", Value: true}}).Decode(&p)
	if err != nil {
		add(r, "privileges", err, "", "")
		return
	}
	r.Powers = p.powers(database)
	if len(p.Info.Users) == 0 {
		add(r, "privileges", nil, "The server asks for no log-in.", "")
		return
	}
	need := []string{"find", "insert", "update", "remove"}
	if !prepared {
		need = append(need, "createCollection", "createIndex")
	}
	have, single := p.on(database)
	var missing []string
	for _, action := range need {
		if !have[action] {
			missing = append(missing, action)
		}
	}
	if len(missing) == 0 {
		add(r, "privileges", nil, "The database user may read and write "+database+".", "")
		return
	}
	u := p.Info.Users[0]
	fix := fmt.Sprintf("Run in mongosh: use %s; db.grantRolesToUser(%q, [{role: \"readWrite\", db: %q}]); in Atlas: Database Access, edit the user, role readWrite@%s.", u.DB, u.User, database, database)
	if len(single) > 0 && prepared {
		add(r, "privileges", nil, "The database user may write these collections only: "+strings.Join(single, ", ")+".", "")
		return
	}
	f := failure(source.Misconfigured, "source_unauthorized", "On the database "+database+" the user lacks: "+strings.Join(missing, ", ")+".", nil)
	add(r, "privileges", f, "", fix)
}

// powers are what is granted beyond reading and writing one database.
func (p *privileges) powers(database string) []string {
	if len(p.Info.Users) == 0 {
		return []string{"the server asks for no log-in, so whoever reaches it may do everything"}
	}
	out := []string{}
	say := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, g := range p.Info.Granted {
		db := g.Resource.DB
		writes := slices.ContainsFunc(g.Actions, func(a string) bool { return a == "insert" || a == "update" || a == "remove" })
		switch {
		case g.Resource.Any, db != nil && *db == "" && writes:
			say("it may write every database")
		case db != nil && *db != database && *db != "" && writes:
			say("it may write the database " + *db)
		}
		if slices.Contains(g.Actions, "grantRole") || slices.Contains(g.Actions, "createUser") {
			say("it may make users and give roles")
		}
		if slices.Contains(g.Actions, "dropDatabase") {
			say("it may drop databases")
		}
	}
	return out
}

// on gives the actions granted on all of a database, and collections that are granted by name.
func (p *privileges) on(database string) (have map[string]bool, single []string) {
	have = map[string]bool{}
	for _, g := range p.Info.Granted {
		db, col := g.Resource.DB, g.Resource.Collection
		whole := g.Resource.Any || db != nil && col != nil && *col == "" && (*db == "" || *db == database)
		if whole {
			for _, a := range g.Actions {
				have[a] = true
			}
		} else if db != nil && col != nil && *db == database && slices.Contains(g.Actions, "update") && slices.Contains(g.Actions, "insert") {
			single = append(single, *col)
		}
	}
	return have, single
}

func (s *Source) testPrepared(r *source.TestReport, found int64, err error) {
	switch {
	case err != nil:
		add(r, "prepared", err, "", "")
	case found >= layout:
		add(r, "prepared", nil, "Turnkey's collections are there.", "")
	case slices.ContainsFunc(r.Checks, func(c source.Check) bool { return c.Name == "privileges" && !c.OK }):
		add(r, "prepared", failure(source.Misconfigured, "SOURCE_NOT_PREPARED", "Turnkey's own collections are missing.", nil), "",
			"Grant the privileges above, or run the statements as a user who may.")
		r.Checks[len(r.Checks)-1].Statements = s.statements()
	default:
		add(r, "prepared", nil, "Turnkey's collections will be made when the first deployment is activated.", "")
	}
}
