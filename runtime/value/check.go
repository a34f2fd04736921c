package value

import (
	"strconv"
	"strings"
	"time"
)

// What PowerSync replicates: more than this stops a customer's whole replication.
const (
	MaxDocumentBytes = 15 << 20
	MaxLevels        = 20 // containers below a column's value
)

// Check refuses a row that would break PowerSync's replication: over MaxDocumentBytes (an
// estimate of its BSON or JSON, whichever is larger), a column nested over MaxLevels, or dates that devices cannot
// represent. Errors are *TypeError with CodeInvalidData or CodePayloadTooLarge.
func Check(doc *Object) error {
	if doc == nil {
		return nil
	}
	c := checker{}
	for i := range doc.Members {
		if e := c.member(&doc.Members[i], 0); e != nil {
			return e
		}
	}
	if c.bytes > MaxDocumentBytes {
		return &TypeError{Code: CodePayloadTooLarge, Message: "The row would be larger than 15 MB, which PowerSync cannot replicate."}
	}
	return nil
}

type checker struct{ bytes int }

func (c *checker) member(m *Member, depth int) *TypeError {
	if strings.IndexByte(m.Name, 0) >= 0 {
		return invalid("", "A member's name has a zero byte.")
	}
	c.bytes += len(m.Name) + 4
	if e := c.value(m.Value, depth); e != nil {
		return e.under(m.Name)
	}
	return nil
}

func (c *checker) value(v Value, depth int) *TypeError {
	if depth > MaxLevels {
		return tooDeep(MaxLevels)
	}
	switch v := v.(type) {
	case string:
		c.bytes += len(v) + 5
	case JSON:
		c.bytes += len(v)
	case Decimal:
		c.bytes += len(v) + 16
	case []byte:
		c.bytes += len(v) + 5
	case time.Time:
		c.bytes += 26
		return checkDate(v)
	case Array:
		for i, e := range v {
			c.bytes += 6
			if e := c.value(e, depth+1); e != nil {
				return e.under(strconv.Itoa(i))
			}
		}
	case *Object:
		for i := range v.Members {
			if e := c.member(&v.Members[i], depth+1); e != nil {
				return e
			}
		}
	default:
		c.bytes += 20
	}
	return nil
}
