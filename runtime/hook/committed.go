package hook

// Committed is the payload of an afterCommit delivery: everything that the call needs, written with the
// data. Whoever delivers makes the call of it, under the delivery's id; each attempt makes the same one.
type Committed struct {
	User   User   `json:"user"`
	Change Change `json:"change"`
	NowMS  int64  `json:"now_ms"`
	Seed   string `json:"seed"`
}

// Call is the afterCommit call of a delivery.
func (c *Committed) Call(deliveryID string) (Call, error) {
	return CallAfterCommit(Moment{NowMS: c.NowMS, Seed: c.Seed}, c.Change, deliveryID)
}
