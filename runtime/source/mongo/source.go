package mongo

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"turnkey/internal/fault"
	"turnkey/internal/lifecycle"
	"turnkey/internal/redact"
	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
)

// Options open a Source.
type Options struct {
	URI      redact.Secret
	Database string
	// Instance owns what is kept in our collections for people: several may share a database.
	Instance string
	// Dial opens every connection: the guarded dialer in production.
	Dial DialFunc
	// Resolver looks up SRV and TXT records; nil: the system's.
	Resolver Resolver
	// AllowPrivate allows connection strings without TLS; such connections still go to private
	// addresses only. It does not loosen Dial's own rules.
	AllowPrivate bool
	// MaxPool bounds the connections to each server; 0: 8.
	MaxPool uint64
	// Runtime names this process among those that serve the database; empty: a name is made up.
	Runtime string
	Now     func() time.Time
	Log     *slog.Logger
}

const (
	defaultPool    = 8
	idleTime       = time.Minute
	commandTimeout = 20 * time.Second // for callers without a deadline
	closeTimeout   = 5 * time.Second
	hostileFor     = time.Minute
)

// Source implements source.Source over one driver client, which starts with the first use.
type Source struct {
	opt      Options
	set      *settings
	id       string        // of this source among all that use the database
	starting chan struct{} // holds one token: who starts or ends the client has it
	live     atomic.Pointer[client]
	closed   atomic.Bool
	hostile  atomic.Int64 // unix nanoseconds until which the server is not spoken to
	note     atomic.Pointer[string]
	heart    *heartbeat
	crowd    crowd
	sweeping atomic.Bool
	tasks    *lifecycle.Group
}

// client is a running driver client.
type client struct {
	*mongo.Client
	db      *mongo.Database
	hostile atomic.Bool
	// cannotKill: the server refuses killSessions.
	cannotKill atomic.Bool
}

// Open checks the connection string. It dials nothing: a database that is down now may be up later.
// It returns a *fault.Error of kind Invalid.
func Open(ctx context.Context, opt Options) (*Source, error) {
	set, err := parseURI(opt.URI.Reveal())
	if err != nil {
		return nil, err
	}
	if !set.tls && !opt.AllowPrivate {
		return nil, tlsRequired()
	}
	if err := checkDatabase(opt.Database); err != nil {
		return nil, err
	}
	if opt.Dial == nil || opt.Now == nil {
		return nil, fault.New(fault.Internal, "internal", "mongo.Open needs Dial and Now.")
	}
	if opt.MaxPool == 0 {
		opt.MaxPool = defaultPool
	}
	if opt.Resolver == nil {
		opt.Resolver = net.DefaultResolver
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{opt: opt, set: set, starting: make(chan struct{}, 1)}
	// A process may have two sources on one database, while one replaces the other.
	s.id = strings.TrimPrefix(opt.Runtime+"/"+bson.NewObjectID().Hex(), "/")
	s.starting <- struct{}{}
	s.heart = newHeartbeat(s)
	s.tasks = lifecycle.NewGroup(context.WithoutCancel(ctx), opt.Log)
	s.tasks.Go("source heartbeat", s.heart.run)
	return s, nil
}

// checkDatabase refuses names that MongoDB does not take and databases that are the server's own.
func checkDatabase(name string) error {
	for _, r := range name {
		switch r {
		case '/', '\\', '.', ' ', '"', '$', '*', '<', '>', ':', '|', '?', 0:
			return fault.New(fault.Invalid, "source_database_invalid", "source.database is not a MongoDB database name.")
		}
	}
	switch {
	case name == "" || len(name) > 63:
		return fault.New(fault.Invalid, "source_database_invalid", "source.database must have 1 to 63 characters.")
	case name == "admin" || name == "local" || name == "config":
		return fault.New(fault.Invalid, "source_database_invalid", "source.database must not be one of the server's own databases.")
	}
	return nil
}

// get gives the running client and starts it if needed.
func (s *Source) get(ctx context.Context) (*client, error) {
	if c := s.live.Load(); c != nil && !c.hostile.Load() {
		return c, nil
	}
	select {
	case <-s.starting:
	case <-ctx.Done():
		return nil, down(ctx.Err())
	}
	defer func() { s.starting <- struct{}{} }()
	if s.closed.Load() {
		return nil, translate(mongo.ErrClientDisconnected)
	}
	c := s.live.Load()
	if c != nil && c.hostile.Load() {
		s.live.Store(nil)
		s.hostile.Store(s.opt.Now().Add(hostileFor).UnixNano())
		if err := disconnect(c); err != nil {
			s.opt.Log.Warn("closing a client of a hostile server", "error", err)
		}
		c = nil
	}
	if s.opt.Now().UnixNano() < s.hostile.Load() {
		return nil, failure(source.Misconfigured, "source_too_many_members", "The database names more members than a replica set can have.", nil)
	}
	if c != nil {
		return c, nil
	}
	c, err := s.start(ctx)
	if err != nil {
		return nil, translate(err)
	}
	s.live.Store(c)
	return c, nil
}

// start makes the driver's client. Nothing of the connection string reaches it but what settings has.
func (s *Source) start(ctx context.Context) (*client, error) {
	set, err := s.set.resolve(ctx, s.opt.Resolver)
	if err != nil {
		return nil, err
	}
	c := &client{}
	journal := true
	opts := options.Client().
		SetHosts(set.hosts).
		SetDialer(s.dialer(set)).
		SetDirect(set.direct).
		SetConnectTimeout(set.connect).
		SetServerSelectionTimeout(set.selection).
		SetTimeout(commandTimeout).
		SetMaxPoolSize(s.opt.MaxPool).SetMinPoolSize(0).SetMaxConnecting(2).SetMaxConnIdleTime(idleTime).
		SetServerMonitoringMode("poll").
		SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journal}).
		SetRetryWrites(true).SetRetryReads(true).
		SetHTTPClient(&http.Client{Transport: noHTTP{}}).
		SetServerMonitor(&event.ServerMonitor{TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) {
			if len(e.NewDescription.Servers) > maxSeeds {
				c.hostile.Store(true)
			}
		}})
	opts.SetAppName("turnkey")
	if set.appName != "" {
		opts.SetAppName(set.appName)
	}
	if set.replicaSet != "" {
		opts.SetReplicaSet(set.replicaSet)
	}
	if set.username != "" {
		mechanism := set.mechanism
		if mechanism == "DEFAULT" {
			mechanism = ""
		}
		opts.SetAuth(options.Credential{AuthMechanism: mechanism, AuthSource: set.credentialSource(),
			Username: set.username, Password: set.password, PasswordSet: true})
	}
	if c.Client, err = mongo.Connect(opts); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "source_uri_invalid", "The connection string cannot be used.")
	}
	c.db = c.Database(s.opt.Database)
	return c, nil
}

func (s *Source) dialer(set *settings) *dialer {
	d := &dialer{dial: s.opt.Dial}
	if set.tls {
		d.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return d
}

// noHTTP keeps the driver from fetching anything over HTTP.
type noHTTP struct{}

func (noHTTP) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("the MongoDB source makes no HTTP requests")
}

func disconnect(c *client) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return c.Disconnect(ctx)
}

// Close ends every connection and waits, at most 5 s for commands under way.
func (s *Source) Close() error {
	s.tasks.Stop()
	<-s.starting
	defer func() { s.starting <- struct{}{} }()
	s.closed.Store(true)
	c := s.live.Swap(nil)
	if c == nil {
		return nil
	}
	return disconnect(c)
}

// Columns knows nothing: documents carry their own types.
func (s *Source) Columns(context.Context, *source.Table) (map[string]bundle.Type, error) {
	return nil, nil
}

var _ source.Source = (*Source)(nil)
