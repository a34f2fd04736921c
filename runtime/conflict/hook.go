package conflict

import "turnkey/runtime/value"

// Decided is what resolveConflict's value for a change comes to.
func (c *Change) Decided(v value.Value) Resolved { return c.take(v, true) }
