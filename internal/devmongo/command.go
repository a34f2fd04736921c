package devmongo

// commands are what clients may ask for, by their names in small letters.
var commands = map[string]func(*Server, *request) (D, error){
	"hello": (*Server).hello, "ismaster": (*Server).hello, "buildinfo": (*Server).buildInfo, "serverstatus": (*Server).serverStatus,
	"connectionstatus": (*Server).connectionStatus, "replsetgetstatus": (*Server).replSetGetStatus, "getparameter": (*Server).getParameter,
	"ping": (*Server).nothing, "refreshsessions": (*Server).nothing, "fsync": (*Server).nothing, "logrotate": (*Server).nothing,

	"setparameter":       func(s *Server, r *request) (D, error) { return s.setParameter(r.cmd) },
	"configurefailpoint": func(s *Server, r *request) (D, error) { return s.configureFailPoint(r.cmd) },

	"endsessions": (*Server).endSessions, "killsessions": (*Server).endSessions, "killallsessions": (*Server).endSessions,
	"committransaction": (*Server).endTransaction, "aborttransaction": (*Server).endTransaction,

	"listdatabases": (*Server).listDatabases, "listcollections": (*Server).listCollections, "create": (*Server).create, "collmod": (*Server).collMod,
	"drop": (*Server).dropCollection, "dropdatabase": (*Server).dropDatabase,
	"createindexes": (*Server).createIndexes, "listindexes": (*Server).listIndexes, "dropindexes": (*Server).dropIndexes,

	"insert": (*Server).insertAll, "update": (*Server).updateAll, "delete": (*Server).removeAll,
	"findandmodify": func(s *Server, r *request) (D, error) {
		return s.findAndModify(r, s.St.coll(r.db, r.collection(), true))
	},

	"find": (*Server).find, "count": (*Server).count, "distinct": (*Server).distinct, "aggregate": (*Server).aggregate,
	"getmore":     func(s *Server, r *request) (D, error) { return s.getMore(r.cmd) },
	"killcursors": (*Server).killCursors,
}

// dispatch carries out a command.
func (s *Server) dispatch(r *request) (D, error) {
	if do := commands[r.name]; do != nil {
		return do(s, r)
	}
	return nil, unknown("command", r.name, theirCommands, errf(59, "CommandNotFound", "no such command: '%s'", r.cmd[0].Key))
}

// collection is what most commands name first.
func (r *request) collection() string {
	name, _ := r.cmd[0].Value.(string)
	return name
}

func (s *Server) endSessions(r *request) (D, error) { return D{}, s.St.killSessions(r) }

func (s *Server) endTransaction(r *request) (D, error) { return D{}, s.St.end(r) }

func (s *Server) insertAll(r *request) (D, error) {
	return s.writes(r, arr(r.cmd, "documents"), func(x D) (outcome, error) {
		o := outcome{n: 1}
		return o, s.insert(r, s.St.coll(r.db, r.collection(), true), x, o)
	})
}

func (s *Server) updateAll(r *request) (D, error) {
	return s.writes(r, arr(r.cmd, "updates"), func(x D) (outcome, error) { return s.update(r, s.St.coll(r.db, r.collection(), true), x) })
}

func (s *Server) removeAll(r *request) (D, error) {
	return s.writes(r, arr(r.cmd, "deletes"), func(x D) (outcome, error) { return s.remove(r, s.St.coll(r.db, r.collection(), false), x) })
}
