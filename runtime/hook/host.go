package hook

import "github.com/go-json-experiment/json/jsontext"

// HostCall is what the user's code asks of the runtime while it runs; exactly one member is set. The host
// answers with the tenant that is bound to the worker: a call says nothing about whose it is.
type HostCall struct {
	// Index is the position of the call in its Run.
	Index int           `json:"index"`
	DB    *DBRequest    `json:"db,omitzero"`
	Fetch *FetchRequest `json:"fetch,omitzero"`
}

// Method of ctx.db.
type Method string

// The methods and what they answer, as JSON.
const (
	FindOne   Method = "findOne"   // a row or null
	Find      Method = "find"      // a list of rows
	Count     Method = "count"     // a number
	InsertOne Method = "insertOne" // {insertedId}
	UpdateOne Method = "updateOne" // {matchedCount, modifiedCount}
	DeleteOne Method = "deleteOne" // {deletedCount}
)

// DBRequest is one call of ctx.db, in the transaction of the upload.
type DBRequest struct {
	Method Method `json:"method"`
	// Table is what the code named: a table of the configuration, or what it is called in the source.
	Table string `json:"table"`
	// Filter is an object: field to value (equal), or to {$eq, $ne, $gt, $gte, $lt, $lte, $in}. All must hold. Not
	// for insertOne.
	Filter jsontext.Value `json:"filter,omitzero"`
	// Document is insertOne's row; Set holds updateOne's fields and values.
	Document jsontext.Value `json:"document,omitzero"`
	Set      jsontext.Value `json:"set,omitzero"`
	// Sort, Limit, Skip and Fields are find's and findOne's options. Limit 0 leaves it to the host.
	Sort   []SortKey `json:"sort,omitzero"`
	Limit  int       `json:"limit,omitzero"`
	Skip   int       `json:"skip,omitzero"`
	Fields []string  `json:"fields,omitzero"`
}

// SortKey orders by one field.
type SortKey struct {
	Field      string `json:"field"`
	Descending bool   `json:"descending,omitzero"`
}

// FetchRequest is one HTTP request; the host guards the address and follows no redirect out of the allow-list.
type FetchRequest struct {
	URL     string   `json:"url"`
	Method  string   `json:"method"`
	Headers []Header `json:"headers,omitzero"`
	Body    []byte   `json:"body,omitzero"`
}

// Header is one header line.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// FetchResponse is the answer, read to its end.
type FetchResponse struct {
	Status     int      `json:"status"`
	StatusText string   `json:"status_text,omitzero"`
	URL        string   `json:"url,omitzero"` // after redirects
	Headers    []Header `json:"headers,omitzero"`
	Body       []byte   `json:"body,omitzero"`
}

// HostResult answers a HostCall.
type HostResult struct {
	// Value is what the method answers; for fetch a FetchResponse.
	Value jsontext.Value `json:"value,omitzero"`
	// Error becomes an exception in the user's code, which may catch it.
	Error *HostError `json:"error,omitzero"`
	// Abort ends the run at once (ClassAborted): the transaction is lost, whatever the code would say.
	Abort bool `json:"abort,omitzero"`
}

// HostError is safe to show to the hook's author; the exception carries the code.
type HostError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}
