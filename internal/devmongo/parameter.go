package devmongo

import "time"

// lifetimeParameter is MongoDB's name of the longest life of a transaction, in seconds.
const lifetimeParameter = "transactionLifetimeLimitSeconds"

// setParameter changes what MongoDB lets change at run time, as far as we have it.
func (s *Server) setParameter(cmd D) (D, error) {
	v, ok := get(cmd, lifetimeParameter)
	if !ok {
		return nil, lacking("setParameter for anything but " + lifetimeParameter)
	}
	n := toI(v)
	if n < 1 {
		return nil, errf(2, "BadValue", "%s must be at least 1", lifetimeParameter)
	}
	was := s.St.lifetime
	s.St.lifetime = time.Duration(n) * time.Second
	return D{{Key: "was", Value: int32(was / time.Second)}}, nil
}
