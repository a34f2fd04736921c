package devmongo

import (
	"sort"
	"time"
)

// hello says what a primary with our limits is, and keeps the name of the client's app.
func (s *Server) hello(r *request) (D, error) {
	st := s.St
	if client := doc(r.cmd, "client"); client != nil {
		r.conn.app = str(doc(client, "application"), "name")
	}
	return D{{Key: "helloOk", Value: true}, {Key: "ismaster", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "secondary", Value: false}, {Key: "setName", Value: "rs0"}, {Key: "setVersion", Value: int32(1)}, {Key: "electionId", Value: s.elect},
		{Key: "hosts", Value: A{s.addr}}, {Key: "me", Value: s.addr}, {Key: "primary", Value: s.addr}, {Key: "lastWrite", Value: D{{Key: "opTime", Value: D{{Key: "ts", Value: st.last}, {Key: "t", Value: int64(1)}}}, {Key: "lastWriteDate", Value: now()}}},
		{Key: "maxBsonObjectSize", Value: int32(16 << 20)}, {Key: "maxMessageSizeBytes", Value: int32(48000000)}, {Key: "maxWriteBatchSize", Value: int32(100000)}, {Key: "localTime", Value: now()},
		{Key: "logicalSessionTimeoutMinutes", Value: int32(30)}, {Key: "connectionId", Value: r.conn.id}, {Key: "minWireVersion", Value: int32(0)}, {Key: "maxWireVersion", Value: int32(21)}, {Key: "readOnly", Value: false}}, nil
}

// nothing answers commands that have nothing to do here.
func (*Server) nothing(*request) (D, error) {
	return D{}, nil
}

func (*Server) buildInfo(*request) (D, error) {
	return D{{Key: "modules", Value: A{Marker}}, {Key: "version", Value: "7.0.0"}, {Key: "versionArray", Value: A{int32(7), int32(0), int32(0), int32(0)}}, {Key: "bits", Value: int32(64)}, {Key: "maxBsonObjectSize", Value: int32(16 << 20)}}, nil
}

func (s *Server) serverStatus(*request) (D, error) {
	return D{{Key: "host", Value: s.addr}, {Key: "version", Value: "7.0.0"}, {Key: "process", Value: "turnkey-devmongo"}, {Key: "repl", Value: D{{Key: "setName", Value: "rs0"}}}}, nil
}

func (*Server) connectionStatus(*request) (D, error) {
	return D{{Key: "authInfo", Value: D{{Key: "authenticatedUsers", Value: A{}}, {Key: "authenticatedUserRoles", Value: A{}}, {Key: "authenticatedUserPrivileges", Value: A{}}}}}, nil
}

func (s *Server) getParameter(*request) (D, error) {
	st := s.St
	return D{{Key: "featureCompatibilityVersion", Value: D{{Key: "version", Value: "7.0"}}}, {Key: lifetimeParameter, Value: int32(st.lifetime / time.Second)}}, nil
}

func (s *Server) replSetGetStatus(*request) (D, error) {
	return D{{Key: "set", Value: "rs0"}, {Key: "myState", Value: int32(1)}, {Key: "members", Value: A{D{{Key: "_id", Value: int32(0)}, {Key: "name", Value: s.addr}, {Key: "state", Value: int32(1)}, {Key: "stateStr", Value: "PRIMARY"}, {Key: "self", Value: true}}}}}, nil
}

func (s *Server) listDatabases(*request) (D, error) {
	st := s.St
	var l A
	for n, cs := range st.dbs {
		if len(cs) > 0 {
			l = append(l, D{{Key: "name", Value: n}, {Key: "sizeOnDisk", Value: int64(1)}, {Key: "empty", Value: false}})
		}
	}
	sort.Slice(l, func(i, j int) bool { return str(l[i].(D), "name") < str(l[j].(D), "name") })
	return D{{Key: "databases", Value: l}, {Key: "totalSize", Value: int64(1)}}, nil
}
