package source

import (
	"strconv"
	"strings"

	"turnkey/runtime/value"
)

// Bounds of a Query.
const (
	DefaultFound  = 100
	MaxFound      = 1000
	MaxSkip       = 10_000
	MaxFoundBytes = 512 << 10 // as stored, all rows together
	MaxConditions = 100
	MaxIn         = 1000
)

// Query selects rows of one table by their fields, which have the source's names. What it holds reaches a
// database as names that were checked and as values, never as text of a command.
//
// Null and absent are the same: {x, Eq, nil} finds rows whose x is null and, where a database knows
// that, rows without x; {x, Ne, v} finds those too. Null has no order. In MongoDB a condition on a list also
// holds when it holds for an element.
type Query struct {
	Table *Table
	Where []Condition // all must hold
	// Sort orders the rows; null comes first. Those that are equal are ordered by their key, and so are all
	// where nothing is said: a repeated transaction sees the same rows.
	Sort  []SortKey
	Limit int // up to MaxFound; 0: DefaultFound
	Skip  int // up to MaxSkip
}

// Condition compares one field.
type Condition struct {
	// Path of the field. More than one step leads into a document, which PostgreSQL does not do.
	Path   []string
	Op     Comparison
	Values []value.Value // exactly one; for In any number
}

// SortKey orders by one field.
type SortKey struct {
	Path       []string
	Descending bool
}

// Comparison is what a Condition asks.
type Comparison uint8

// The comparisons.
const (
	Eq Comparison = iota + 1
	Ne
	Gt
	Gte
	Lt
	Lte
	In
)

// Check refuses what no source carries out.
func (q *Query) Check() error {
	if q.Limit < 0 || q.Limit > MaxFound {
		return badQuery("A query asks for at most " + strconv.Itoa(MaxFound) + " rows.")
	}
	if q.Skip < 0 || q.Skip > MaxSkip {
		return badQuery("A query skips at most " + strconv.Itoa(MaxSkip) + " rows; continue after the last row's key instead.")
	}
	if len(q.Where) > MaxConditions || len(q.Sort) > MaxConditions {
		return badQuery("A query has at most " + strconv.Itoa(MaxConditions) + " conditions.")
	}
	for i := range q.Where {
		if err := q.Where[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Condition) check() error {
	name := strings.Join(c.Path, ".")
	switch c.Op {
	case Eq, Ne:
	case Gt, Gte, Lt, Lte:
		if len(c.Values) == 1 && c.Values[0] == nil {
			return badQuery("The field " + strconv.Quote(name) + " is compared with null, which is neither less nor greater.")
		}
	case In:
		if len(c.Values) > MaxIn {
			return badQuery("The field " + strconv.Quote(name) + " is compared with more than " + strconv.Itoa(MaxIn) + " values.")
		}
		return nil
	default:
		return badQuery("A comparison is not known.")
	}
	if len(c.Values) != 1 {
		return badQuery("The field " + strconv.Quote(name) + " is not compared with one value.")
	}
	return nil
}

// Most is the number of rows that the query asks for.
func (q *Query) Most() int {
	if q.Limit == 0 {
		return DefaultFound
	}
	return q.Limit
}

func badQuery(message string) *Failure {
	return &Failure{Class: Refused, Code: "INVALID_DATA", Message: message, Change: -1}
}

// UnknownField is the failure of a query that names what a table does not have.
func UnknownField(table *Table, path []string) *Failure {
	return &Failure{Class: Refused, Code: "SCHEMA_MISMATCH", Change: -1, Field: strings.Join(path, "."),
		Message: "The table " + strconv.Quote(table.Name) + " has no field " + strconv.Quote(strings.Join(path, ".")) + "."}
}
